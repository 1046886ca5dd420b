import Foundation
import Optimizers
import Testing

struct RacePictureTests {
  private func drawing(
    _ function: String, _ optimizers: [any Optimizer], start: [Double]? = nil, steps: Int = 30
  ) throws -> Drawing {
    try Drawing(RacePicture(Race(TestFunction.named(function), optimizers, start: start, steps: steps)).svg)
  }

  private let wordy = SGD(learningRate: 0.001, momentum: 0.9, nesterov: true, dampening: 0.125, convention: .torch)
    .with { $0.weightDecay = 0.0625; $0.clipnorm = 12.5; $0.useEMA = true; $0.emaMomentum = 0.9375; $0.decay = 0.001 }

  @Test func panels() throws {
    for count in [1, 2, 3, 4, 5, 8] {
      let drawing = try drawing("ravine", Array(repeating: Adam(learningRate: 0.1), count: count), steps: 5)
      let panels = drawing.all("panel")
      #expect(panels.count == count)
      #expect(Set(panels.map { "\($0.x) \($0.y)" }).count == count)
      #expect(drawing.all("name").map(\.text) == Array(repeating: "Adam", count: count))
      #expect(drawing.all("start").count == count)
      #expect(drawing.all("end").count == count)
    }
  }

  @Test func `Texts do not overlap`() throws {
    for function in TestFunction.all {
      for optimizers in [[wordy], Race.standardOptimizers() + [wordy, SGD(learningRate: 100)]] as [[any Optimizer]] {
        let drawing = try drawing(function.name, optimizers)
        let picture = drawing.elements[0]
        let boxes = drawing.texts.map { ($0.text, $0.box) }
        for (index, (text, box)) in boxes.enumerated() {
          #expect(
            box.left >= 0 && box.right <= picture.number("width") && box.top >= 0 && box.bottom <= picture.number("height"),
            "\(function.name): '\(text)' is cut off")
          for (other, otherBox) in boxes[(index + 1)...] {
            let isBeside = box.right <= otherBox.left || otherBox.right <= box.left
            let isAbove = box.bottom <= otherBox.top || otherBox.bottom <= box.top
            #expect(isBeside || isAbove, "\(function.name): '\(text)' and '\(other)'")
          }
        }
      }
    }
  }

  @Test func `Long settings are shortened`() throws {
    let lines = try drawing("beale", [wordy], steps: 2).all("settings").map(\.text)
    #expect(lines.count == 2)
    #expect(lines[0].hasPrefix("learning_rate 0.001, "))
    #expect(lines[1].hasSuffix("…"))
  }

  /// Level lines of a function whose level lines are known: circles.
  @Test func levels() throws {
    let lines = try drawing("sphere", [SGD()], steps: 1).elements.filter { $0.name == "polyline" }
    var radii: Set<Int> = []
    for line in lines {
      let points = line.attributes["points"]!.split(separator: " ").map { $0.split(separator: ",").map { Double($0)! } }
      // −5 … 5 along both axes, over 480 units.
      let distances = points.map { (($0[0] - 240) * ($0[0] - 240) + ($0[1] - 240) * ($0[1] - 240)).squareRoot() }
      let mean = distances.reduce(0, +) / Double(distances.count)
      #expect(distances.allSatisfy { abs($0 - mean) < 0.5 })
      radii.insert(Int(mean.rounded()))
    }
    #expect(radii.count == 14)
  }

  @Test func `Places are places`() throws {
    // From (−4, 3) by half the way to the centre at each step.
    let drawing = try drawing("sphere", [SGD(learningRate: 0.25)], steps: 2)
    let start = try #require(drawing.all("start").first), end = try #require(drawing.all("end").first)
    #expect([start.number("cx"), start.number("cy")] == [48, 96])
    #expect([end.number("x") + 4, end.number("y") + 4] == [192, 204])
    #expect(drawing.all("way").first?.attributes["d"] == "M48 96L144 168L192 204")
  }

  @Test func `Paths that leave`() throws {
    let lost = try drawing("rosenbrock", [SGD(learningRate: 100)])
    let note = try #require(lost.all("note").first?.text)
    #expect(note.hasPrefix("leaves the picture at step 1, not finite from step "))
    #expect(lost.all("end").isEmpty)
    #expect(lost.all("result").first?.text == "after 30 steps: f = nan")
    // What is drawn ends at the panel's edge.
    let way = try #require(lost.all("way").first?.attributes["d"])
    let numbers = way.split { "ML ".contains($0) }.map { Double($0)! }
    #expect(numbers.count == 4)
    #expect(numbers.allSatisfy { $0 >= 0 && $0 <= 480 })

    // Doubles at each step: 0.001 · 2¹² is the first past 3.
    let slides = try drawing("saddle", [SGD(learningRate: 0.5)], start: [0, 0.001], steps: 20)
    #expect(slides.all("note").map(\.text) == ["leaves the picture at step 12"])
    let arrives = try drawing("sphere", [SGD(learningRate: 0.25)], start: [30, 0], steps: 6)
    #expect(arrives.all("note").map(\.text) == ["comes into the picture at step 3"])
    #expect(arrives.all("start").isEmpty && arrives.all("end").count == 1)
    let far = try drawing("sphere", [SGD(learningRate: 0)], start: [1e200, 1e200], steps: 2)
    #expect(far.all("note").map(\.text) == ["never in the picture"])
    #expect(far.all("way").isEmpty)
    // Mirrored and three times as far at each step, then back by the cut of the rate.
    let rates = PiecewiseConstantDecay(boundaries: [2], values: [2, 0.5])
    let returns = try drawing("sphere", [SGD(learningRate: rates)], start: [1, 0], steps: 4)
    #expect(returns.all("note").map(\.text) == ["leaves the picture and comes back"])
    #expect(try drawing("sphere", [SGD(learningRate: 0.25)]).all("note").isEmpty)
  }

  @Test func `Long paths have no dots`() throws {
    let dots = { (steps: Int) in
      try drawing("sphere", [SGD(learningRate: 0.01)], steps: steps).elements.filter { $0.name == "circle" }.count
    }
    #expect(try dots(50) - dots(20) == 30)
    #expect(try dots(1000) < 10)
  }
}

struct RaceFromSeveralStartsTests {
  @Test func `A panel has the ways from all starts, and the curve the first one's`() throws {
    let race = try Race(TestFunction.named("himmelblau"), [SGD(learningRate: 0.01), Adam(learningRate: 0.1)], starts: [[0, 0], [-4, 1], [3, -3]], steps: 10)
    #expect(race.runs.count == 6 && race.runsByOptimizer.map(\.count) == [3, 3])
    let drawing = try Drawing(RacePicture(race, isAnimated: true).svg)
    #expect(drawing.all("panel").count == 2 && drawing.all("start").count == 6 && drawing.all("f").count == 2)
    #expect(drawing.all("ball").count == 6 && drawing.elements.filter { $0.name == "animate" }.count == 12)
    #expect(drawing.elements.allSatisfy { $0.name != "script" })
    #expect(drawing.all("note").map(\.text) == Array(repeating: "3 starts; the number is the first one's", count: 2))
    #expect(try Drawing(RacePicture(Race(TestFunction.named("sphere"), [SGD()])).svg).all("ball").isEmpty)
  }

  @Test func `Functions of many pits have few level lines`() throws {
    func lines(_ function: String) throws -> Int {
      try Drawing(RacePicture(Race(TestFunction.named(function), [SGD()], steps: 1)).svg).elements.filter { $0.name == "g" && $0.attributes["stroke"]?.hasPrefix("rgb") == true }.count
    }
    #expect(try lines("ravine") == 14)
    #expect(try lines("rastrigin") < 8)
  }
}
