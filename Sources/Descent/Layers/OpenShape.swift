import Synchronization
import TensorCore

/// Shapes of rows of which some sizes are open: `nil`, Keras's `None`. Open are the length of a text, the steps of a series, the height and
/// the width of pictures: whatever may be another in each batch.
extension Array where Element == Int? {
  /// The sizes, if none is open.
  package var known: [Int]? { contains { $0 == nil } ? nil : compactMap { $0 } }

  /// Whether a row of that shape may stand where this one is asked for.
  func fits(_ shape: [Int]) -> Bool { count == shape.count && zip(self, shape).allSatisfy { $0 == nil || $0 == $1 } }

  /// With a size in place of the open ones.
  package func filled(with size: Int) -> [Int] { map { $0 ?? size } }

  /// As it is written in errors: `[any, 3]`.
  package var text: String { "[" + map { $0.map(String.init) ?? "any" }.joined(separator: ", ") + "]" }

  /// Open wherever two shapes of one thing differ.
  init(_ first: [Int], _ second: [Int]) { self = zip(first, second).map { $0 == $1 ? $0 : nil } }
}

/// What stands for an open size while shapes are found out. A graph is traced for both: what differs is open. Both are numbers that
/// networks halve and divide by three without a rest. Where windows are longer than the first, or so far apart that both hold equally many,
/// it is traced for twice as many, four times as many, …
enum OpenSize {
  static let first = 384
  static let second = 768

  /// What the two are multiplied with, one after the other: up to where no window is longer, while there can be rows of such sizes.
  fileprivate static func factors(of shapes: [[Int?]]) -> some Sequence<Int> {
    sequence(first: 1) { 2 * $0 }.prefix(17).prefix { factor in
      factor == 1 || shapes.allSatisfy { (try? ModelBuilder.elementCount($0.filled(with: second * factor), of: "")) != nil }
    }
  }

  /// The windows that a trace cuts, in their order.
  fileprivate final class Windows: Sendable {
    @TaskLocal static var current: Windows?
    private let noted = Mutex<[(size: Int, count: Int)]>([])

    var all: [(size: Int, count: Int)] { noted.withLock { $0 } }
    /// The sizes of the axes that are shorter than a window.
    var shortSizes: [Int] { all.filter { $0.count == 0 }.map(\.size) }

    func note(_ size: Int, _ count: Int) { noted.withLock { $0.append((size, count)) } }
    func noting<Result>(_ trace: () throws -> Result) rethrows -> Result { try Windows.$current.withValue(self, operation: trace) }
    /// Whether each axis of which a size is open holds other numbers of windows in another trace.
    func differ(from other: Windows) -> Bool { zip(all, other.all).allSatisfy { $0.size == $1.size || $0.count != $1.count } }
  }

  /// Notes that windows are cut of an axis. Of what is asked while a layer is built, which one trace only does, it notes axes that are too short.
  /// - Parameters:
  ///   - size: of the axis.
  ///   - window: how many elements one goes over.
  ///   - stride: how far apart they begin.
  ///   - isWhole: whether all of a window lies within the axis; else one begins at every `stride`-th element.
  static func note(_ size: Int, window: Int, stride: Int, isWhole: Bool = true) {
    guard window > 0, stride > 0 else { return }
    let last = isWhole ? size - window : size - 1, count = last < 0 ? 0 : last / stride + 1
    if count == 0 || Trace.identity != nil { Windows.current?.note(size, count) }
  }
}

extension Layer {
  /// Traces for rows of some sizes, for two lengths of the open ones where there are any, and notes of the layer and of all in it which
  /// sizes are open.
  /// - Parameters:
  ///   - shapes: of a row of each input.
  ///   - trace: gives the shapes of the results' rows for such inputs.
  /// - Throws: ``DescentError`` naming the layer if it needs to know a size that is open.
  func tracingOpen(_ shapes: [[Int?]], _ trace: ([[Int]]) throws -> [[Int]]) throws -> [[Int?]] {
    if shapes.allSatisfy({ $0.known != nil }) { return try trace(shapes.map { $0.filled(with: OpenSize.first) }) }
    func traced(_ size: Int, _ windows: OpenSize.Windows) throws -> [[Int]] { try windows.noting { try trace(shapes.map { $0.filled(with: size) }) } }
    var refusal: (any Error)?, found: Int?, shortSizes: [Int] = []
    for factor in OpenSize.factors(of: shapes) {
      let windows = OpenSize.Windows(), others = OpenSize.Windows(), first: [[Int]]
      do {
        first = try traced(OpenSize.first * factor, windows)
      } catch {
        refusal = refusal ?? error
        // Longer rows may hold a window, unless the axis that is too short for it is none of the open ones.
        if found != nil || windows.shortSizes.isEmpty || windows.shortSizes == shortSizes { break }
        shortSizes = windows.shortSizes
        continue
      }
      let open = try openRows(shapes, first) { try traced(OpenSize.second * factor, others) }
      if windows.differ(from: others) { return open }
      found = factor
    }
    guard let found else { throw refusal! }
    // Strides that nothing tells from one window: then the rows say as much as they do.
    let first = try traced(OpenSize.first * found, OpenSize.Windows())
    return try openRows(shapes, first) { try traced(OpenSize.second * found, OpenSize.Windows()) }
  }

  /// Open wherever the results of a second trace differ from those of the first.
  private func openRows(_ shapes: [[Int?]], _ first: [[Int]], _ trace: () throws -> [[Int]]) throws -> [[Int?]] {
    let all = allLayers
    let before = all.map { ($0.inputShapes, $0.outputShapes) }
    let second: [[Int]]
    do {
      second = try trace()
    } catch {
      throw DescentError(
        .invalidArgument,
        "layer \(name): a row of its input has the shape \(shapes.map(\.text).joined(separator: ", ")), and it needs to know a size that is open (any)")
    }
    for (layer, shapes) in zip(all, before) { layer.noteOpenSizes(shapes.0, shapes.1) }
    return zip(first, second).map { [Int?]($0, $1) }
  }

  private func noteOpenSizes(_ inputs: [[Int]]?, _ outputs: [[Int]]?) {
    guard let inputs, let outputs, let inputShapes, let outputShapes else { return }
    let open = (inputs: zip(inputs, inputShapes).map { [Int?]($0, $1) }, outputs: zip(outputs, outputShapes).map { [Int?]($0, $1) })
    if (open.inputs + open.outputs).allSatisfy({ $0.known != nil }) { return }
    openShapes = open
    // No row of such sizes was met yet.
    (self.inputShapes, self.outputShapes) = (nil, nil)
  }

  /// The shapes of a row of each input as far as they are known; open sizes are nil.
  package var rowInputShapes: [[Int?]]? { openShapes?.inputs ?? inputShapes }
  /// The shapes of a row of each result.
  package var rowOutputShapes: [[Int?]]? { openShapes?.outputs ?? outputShapes }
}
