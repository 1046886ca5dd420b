import Descent
import DescentTestSupport
import Foundation
import Testing

/// Layers that change images: what they compute is Keras's, what they draw has the distribution that Keras's has.
@Suite struct ImageLayerTests {
  static let fixtures = try! ["image-layers": Fixture("image-layers"), "color-layers": Fixture("color-layers"), "augmentation-layers": Fixture("augmentation-layers")]
  static let cases = fixtures.sorted { $0.key < $1.key }.flatMap { name, fixture in fixture.cases.indices.map { (name, $0) } }

  @Test func `there are cases`() { #expect(Self.cases.count == 89 + 47 + 53) }

  @Test(arguments: cases)
  func `as Keras`(_ file: String, _ number: Int) throws {
    let fixture = try needed(Self.fixtures[file])
    let entry = fixture.cases[number]
    let json = try needed(entry["layer"])
    let layer = try Layer.deserialize(json)
    let what = "\(layer.kerasClassName) \(number)"
    let x = try Fixture.tensor(fixture.json["inputs"]?[needed(entry["x"]?.string)])
    let isTraining = entry["training"]?.bool == true
    var y = try layer(x, training: isTraining)
    if let drawn = entry["drawn"]?.array {
      let random = try #require(layer as? RandomImageLayer)
      let isLast = random.dataFormat == .channelsLast
      let values = try drawn.map { value in
        let tensor = try Fixture.tensor(value)
        let isChoice = layer is RandomFlip || layer is RandomGrayscale || layer is RandomInvert
        return layer is RandomCrop ? tensor.cast(to: .int32) : isChoice ? tensor .> 0 : tensor
      }
      y = random.changed(isLast ? x : x.transposed([0, 2, 3, 1]), by: values)
      if !isLast { y = y.transposed([0, 3, 1, 2]) }
    }
    #expect(y.shape == (try Fixture.integers(entry["y"]?["shape"])), "\(what)")
    // Keras turns hues, and finds perspectives, in float32.
    let tolerance = layer is RandomHue || (layer as? RandomColorJitter)?.hueFactor != nil ? 1e-4 : layer is RandomPerspective ? 2e-3 : 1e-9
    expectClose(y, try Fixture.numbers(entry["y"]?["values"]), tolerance: tolerance, what)
    // What is written says the same.
    let written = try needed(layer.serialize()["config"]?.object)
    let again = try needed(Layer.deserialize(layer.serialize()).serialize()["config"])
    for (key, value) in try needed(json["config"]?.object).members where key != "dtype" {
      let own = written[key] ?? .null
      let isSame = own == value || (own.double != nil && own.double == value.double)
        || (own.array != nil && own.array?.map(\.double) == value.array?.map(\.double))
      #expect(isSame, "\(what): '\(key)' is \(own), Keras writes \(value)")
      #expect(again[key] == written[key], "\(what): '\(key)' read back")
    }
  }

  /// A layer with the least and greatest of what it draws.
  private static func ranges() -> [(RandomImageLayer, [ClosedRange<Double>])] {
    [
      (RandomRotation(0.25), [-Double.pi / 2...Double.pi / 2]), (RandomRotation([0.5, 0.1]), [0.2 * Double.pi...Double.pi]),
      (RandomZoom(0.5, [-0.25, 0.75]), [0.5...1.5, 0.75...1.75]), (RandomTranslation([0, 0.5], 0.25), [0...5, -2...2]),
      (RandomContrast([0.25, 0.5]), [0.75...1.5]), (RandomContrast(0.5), [1...1.5]), (RandomBrightness(0.2), [-51...51]),
      (RandomBrightness([0.1, 0.5], valueRange: 0...1), [0.1...0.5]), (Solarization(additionFactor: 0.5, thresholdFactor: 1), [0...127.5, 0...255]),
    ]
  }

  @Test func `what is drawn is uniform, and of each image its own`() {
    for (layer, expected) in Self.ranges() {
      let images = Tensor.zeros([4096, 10, 8, 1], dtype: .float64)
      for (drawn, range) in zip(layer.drawn(for: images, RandomGenerator(seed: 5)), expected) {
        let length: Double = range.upperBound - range.lowerBound
        let values: [Double] = drawn.doubles.map { ($0 - range.lowerBound) / length }.sorted()
        #expect(values.count == 4096 && values[0] >= 0 && values[4095] <= 1, "\(layer.name)")
        // Kolmogorov and Smirnov's distance from the uniform distribution; 0.04 is passed once in 10⁵ times.
        let distance: Double = values.indices.map { (place: Int) -> Double in abs(values[place] - (Double(place) + 0.5) / 4096) }.max() ?? 1
        #expect(distance < 0.04, "\(layer.name): \(distance)")
      }
    }
    let choices: [(RandomImageLayer, Double)] = [(RandomGrayscale(0.25), 0.25), (RandomInvert(), 0.5), (RandomInvert([0.5, 1]), 0.75)]
    for (layer, expected) in choices {
      let share = layer.drawn(for: Tensor.zeros([4096, 2, 2, 3]), RandomGenerator(seed: 5))[0].cast(to: .float64).mean().item()
      #expect(abs(share - expected) < 0.04, "\(layer.name)")
    }
    let turns = RandomHue([0.2, 0.4]).drawn(for: Tensor.zeros([4096, 2, 2, 3]), RandomGenerator(seed: 5))[0].doubles
    #expect(turns.allSatisfy { (0.1...0.2).contains(abs($0)) } && abs(turns.reduce(0, +) / 4096) < 0.01)
    let factors = RandomSaturation([0.25, 0.75]).drawn(for: Tensor.zeros([4096, 2, 2, 3]), RandomGenerator(seed: 5))[0].doubles.sorted()
    #expect(factors[0] >= 0.333 && factors[4095] <= 3.001 && abs(factors[2048] - 1) < 0.1)
    let flips = RandomFlip().drawn(for: Tensor.zeros([4096, 2, 2, 1]), RandomGenerator(seed: 5))[0].cast(to: .float64).mean().item()
    #expect(abs(flips - 0.5) < 0.04)
    let shears = RandomShear(xFactor: [0.25, 0.5], yFactor: 0.5).drawn(for: Tensor.zeros([4096, 2, 2, 1]), RandomGenerator(seed: 5))
    let x = shears[0].doubles
    #expect(x.allSatisfy { (0.25...0.5).contains(abs($0)) } && abs(x.reduce(0, +) / 4096) < 0.03)
    #expect(shears[1].doubles.allSatisfy { abs($0) <= 0.5 })
    // One zoom for both directions where one was given.
    let zooms = RandomZoom(0.5).drawn(for: Tensor.zeros([64, 2, 2, 1]), RandomGenerator(seed: 5))
    #expect(zooms[0].doubles == zooms[1].doubles)
  }

  @Test func `crops begin anywhere that they fit`() throws {
    let layer = RandomCrop(3, 2, seed: 4)
    let images = Tensor((0..<20).map(Float.init)).reshaped([1, 5, 4, 1])
    var seen: [Int: Int] = [:]
    for _ in 0..<900 {
      let crop = try layer(images, training: true).doubles
      let start = Int(crop[0])
      #expect(crop == [0, 1, 4, 5, 8, 9].map { Double(start + $0) })
      seen[start, default: 0] += 1
    }
    #expect(Set(seen.keys) == [0, 1, 2, 4, 5, 6, 8, 9, 10] && seen.values.allSatisfy { (60...145).contains($0) })
    // Outside of training, the middle.
    #expect(try layer(images).doubles == [5, 6, 9, 10, 13, 14])
  }

  @Test func `images are changed in training alone, with the numbers of a seed`() throws {
    func model(_ seed: UInt64?) throws -> Model {
      let model = Sequential(seed: 2) {
        Rescaling(1.0 / 255, inputShape: [8, 8, 3])
        RandomFlip(.horizontal, seed: seed)
        RandomRotation(0.1, seed: seed)
        RandomZoom(0.2)
        RandomTranslation(0.1, 0.1, fillMode: .nearest)
        RandomContrast(0.2, valueRange: 0...1)
        RandomBrightness(0.1, valueRange: 0...1)
        Conv2D(4, 3, activation: .relu)
        GlobalAveragePooling2D()
        Dense(2, activation: .softmax)
      }
      try model.compile(optimizer: Adam(learningRate: 0.01), loss: .sparseCategoricalCrossentropy)
      return model
    }
    let x = RandomGenerator(seed: 1).uniform([16, 8, 8, 3], low: 0, high: 255).evaluated()
    let y = Tensor((0..<16).map { Int32($0 % 2) })
    func losses(_ model: Model) throws -> [Double] { try model.fit(x, y, batchSize: 8, epochs: 2, verbose: 0)["loss"] }
    let first = try model(7)
    let before = try first.predict(x, verbose: 0).doubles
    #expect(try first.predict(x, verbose: 0).doubles == before)
    let trained = try losses(first)
    #expect(try losses(model(7)) == trained && losses(model(8)) != trained)
  }

  @Test func `settings that make no sense are refused`() {
    func message(_ layer: Layer, _ row: [Int] = [8, 8, 3]) -> String { failure(.invalidArgument) { try layer(Tensor.zeros([1] + row)) } }
    let refused: [(Layer, String)] = [
      (RandomRotation(1.5, name: "a"), "layer a: factor is 1.5; expected one number or two from -1.0 to 1.0"),
      (RandomRotation(0.5, interpolation: .bicubic, name: "a"), "interpolation is bicubic; expected nearest or bilinear"),
      (RandomZoom(-1, name: "a"), "layer a: heightFactor is -1.0; expected one number or two above -1.0"),
      (RandomZoom(0.1, [0.1, 0.2, 0.3], name: "a"), "layer a: widthFactor is"), (RandomTranslation(0.1, 2, name: "a"), "widthFactor is 2.0"),
      (RandomShear(xFactor: [-0.5, 0.2], name: "a"), "xFactor is [-0.5, 0.2]"), (RandomContrast(-0.1, name: "a"), "factor is -0.1"),
      (RandomBrightness(0.1, valueRange: 1...1, name: "a"), "valueRange is 1.0...1.0"), (RandomCrop(0, 3, name: "a"), "height is 0"),
      (CenterCrop(3, -1, name: "a"), "width is -1; it must be at least 1"), (CenterCrop(1 << 40, 1 << 40, name: "a"), "layer a"),
      (Resizing(0, 3, name: "a"), "layer a: height is 0"), (RandomGrayscale(2, name: "a"), "factor is 2.0"),
    ]
    for (layer, expected) in refused { #expect(message(layer).contains(expected), "\(message(layer))") }
    #expect(message(RandomFlip(name: "a"), [8, 8]).contains("layer a: a row of the input has shape [8, 8]; expected [height, width, channels]"))
    #expect(message(RandomFlip(name: "a"), [0, 8, 3]).contains("which has no positions"))
    for config in ["\"mode\": \"sideways\"", "\"bounding_box_format\": \"xyxy\"", "\"factor\": 1"] {
      let json = try? JSONValue(parsing: "{\"class_name\": \"RandomFlip\", \"config\": {\"name\": \"f\", \(config)}}")
      #expect(throws: DescentError.self) { try Layer.deserialize(needed(json)) }
    }
  }
}
