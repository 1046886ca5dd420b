import Descent
import DescentTestSupport
import Foundation
import Testing

@Suite struct PlotModelTests {
  private struct Box {
    let left: Double, top: Double, width: Double, height: Double
    /// How far inside a point is, from the nearest border.
    func depth(_ x: Double, _ y: Double) -> Double { min(x - left, left + width - x, y - top, top + height - y) }
  }

  private func boxes(_ svg: String, _ kind: String) -> [Box] {
    svg.matches(of: /<rect class="([a-z]+)" x="([0-9.]+)" y="([0-9.]+)" width="([0-9.]+)" height="([0-9.]+)"/).filter { $0.1 == kind }.map {
      Box(left: Double($0.2)!, top: Double($0.3)!, width: Double($0.4)!, height: Double($0.5)!)
    }
  }

  /// Points along each line.
  private func lines(_ svg: String) -> [[(x: Double, y: Double)]] {
    svg.matches(of: /<path class="l[ r]*" d="M([^"]+)"/).map { match in
      let numbers = match.1.split { " C".contains($0) }.map { Double($0)! }
      let points = stride(from: 0, to: numbers.count, by: 2).map { (x: numbers[$0], y: numbers[$0 + 1]) }
      return stride(from: 0, to: points.count - 1, by: 3).flatMap { start in
        (0...20).map { step -> (x: Double, y: Double) in
          let t = Double(step) / 20, u = 1 - t
          func at(_ part: (Int) -> Double) -> Double {
            u * u * u * part(start) + 3 * u * u * t * part(start + 1) + 3 * u * t * t * part(start + 2) + t * t * t * part(start + 3)
          }
          return (at { points[$0].x }, at { points[$0].y })
        }
      }
    }
  }

  /// A graph with branches, a shared layer, nested models (one of them called twice, one in another), several inputs and outputs.
  private func model() throws -> Model {
    let a = Input(shape: [6], name: "a"), b = Input(shape: [6], name: "b")
    let shared = Dense(6, activation: .relu, name: "shared")
    let deep = Input(shape: [6]), hidden = try Dense(6, name: "hidden")(deep)
    let core = try Model(inputs: deep, outputs: Dense(6, name: "core_dense")(hidden) + hidden, name: "core")
    let i = Input(shape: [6]), j = Input(shape: [6])
    let inner = try Model(inputs: [i, j], outputs: [core(i), Dense(3, name: "side")(j)], name: "inner")
    let first = try inner.outputs([shared(a), shared(b)]), second = try inner.outputs([first[0], shared(first[0])])
    let joined = try concatenate([first[1], second[1], Dense(4, name: "wide")(second[0]), b.symbol])
    return try Model(inputs: [a, b], outputs: [Dense(1, name: "p")(joined), shared(shared(second[0]))], name: "m")
  }

  @Test(arguments: [PlotOptions.Direction.topToBottom, .leftToRight], [false, true])
  func `boxes do not touch, and lines go around those that they do not join`(_ direction: PlotOptions.Direction, _ expand: Bool) throws {
    var options = PlotOptions(showShapes: true, showDType: true, direction: direction, expandNested: expand)
    options.showTrainable = true
    let svg = try model().svg(options)
    let all = boxes(svg, "b"), frames = boxes(svg, "f")
    // a, b, shared, wide, p and the concatenation; then inner, or the boxes of both nested models.
    #expect(all.count == (expand ? 6 + 3 + 4 : 7) && frames.count == (expand ? 2 : 0))
    func apart(_ a: Box, _ b: Box) -> Bool {
      a.left + a.width < b.left || b.left + b.width < a.left || a.top + a.height < b.top || b.top + b.height < a.top
    }
    func holds(_ a: Box, _ b: Box) -> Bool {
      a.left < b.left && b.left + b.width < a.left + a.width && a.top < b.top && b.top + b.height < a.top + a.height
    }
    for (number, box) in all.enumerated() {
      for other in all[..<number] { #expect(apart(box, other)) }
      for frame in frames { #expect(apart(box, frame) || holds(frame, box)) }
    }
    for line in lines(svg) {
      let ends = [line.first!, line.last!]
      for box in all where !ends.contains(where: { box.depth($0.x, $0.y) > -0.2 }) {
        #expect(line.allSatisfy { box.depth($0.x, $0.y) < 0.1 }, "a line from \(ends[0]) to \(ends[1]) goes through a box")
      }
      #expect(ends.allSatisfy { end in (all + frames).contains { abs($0.depth(end.x, end.y)) < 0.2 } }, "a line ends nowhere")
    }
  }

  @Test func `a chain is one column`() throws {
    let chain = Sequential { Dense(5, inputShape: [3]); Dense(4); Dropout(0.1); Dense(2) }
    let centers = boxes(try chain.svg(PlotOptions(showShapes: true)), "b").map { $0.left + $0.width / 2 }
    #expect(centers.count == 5 && centers.allSatisfy { abs($0 - centers[0]) < 0.2 })
  }

  @Test func `text for Graphviz names each layer once and puts nested ones into clusters`() throws {
    let a = Input(shape: [4], name: "a")
    let shared = Dense(4, activation: .relu)
    let inner = try { (i: Input) in try Model(inputs: i, outputs: Dense(2)(i), name: "inner") }(Input(shape: [4]))
    let model = try Model(inputs: a, outputs: concatenate([inner(shared(a)), shared(shared(a)) as Symbol]))
    var options = PlotOptions(showShapes: true, showDType: true, showLayerActivations: true)
    let dot = try model.dot(options)
    #expect(dot.contains("label=\"dense (Dense)\\nactivation: relu\\n(None, 4) → (None, 4)\\ndtype: float32\"") && dot.contains("n0 -> n1;"))
    options.expandNested = true
    let expanded = try model.dot(options)
    #expect(expanded.contains("subgraph cluster_n2 {") && expanded.contains("label=\"inner (Functional)\"") && expanded.contains("n1 -> n3;"))
  }

  @Test func `names hold no markup, and a subclass is a single box`() throws {
    let a = Input(shape: [2], name: "a<b>&\"c\"")
    let svg = try Model(inputs: a, outputs: Dense(1)(a)).svg()
    #expect(svg.contains("a&lt;b&gt;&amp;\"c\" (InputLayer)"))
    let own = Own()
    #expect(throws: DescentError.self) { try own.svg() }
    try own.build(rows: [3])
    #expect(boxes(try own.svg(), "b").count == 1)
  }

  private final class Own: Model {
    let dense = Dense(2)
    override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor { try dense(x, context) }
  }

  @Test func `files end in svg or dot`() throws {
    let folder = TemporaryFolder()
    let chain = Sequential { Dense(5, inputShape: [3]) }
    try plotModel(chain, toFile: folder.file("m.svg"))
    try plotModel(chain, toFile: folder.file("M.DOT"), showShapes: true)
    // As in Keras, without names unless asked for.
    #expect(try String(contentsOfFile: folder.file("m.svg"), encoding: .utf8).contains(">Dense<"))
    #expect(throws: DescentError.self) { try plotModel(chain, toFile: folder.file("m.png")) }
    #expect(throws: DescentError.self) { try plotModel(chain, toFile: folder.file("no/m.svg")) }
  }
}
