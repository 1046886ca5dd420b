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
/// networks halve and divide by three without a rest.
enum OpenSize {
  static let first = 384
  static let second = 768
}

extension Layer {
  /// Traces for rows of some sizes, for two lengths of the open ones where there are any, and notes of the layer and of all in it which
  /// sizes are open.
  /// - Parameters:
  ///   - shapes: of a row of each input.
  ///   - trace: gives the shapes of the results' rows for such inputs.
  /// - Throws: ``DescentError`` naming the layer if it needs to know a size that is open.
  func tracingOpen(_ shapes: [[Int?]], _ trace: ([[Int]]) throws -> [[Int]]) throws -> [[Int?]] {
    let first = try trace(shapes.map { $0.filled(with: OpenSize.first) })
    if shapes.allSatisfy({ $0.known != nil }) { return first }
    let all = allLayers
    let before = all.map { ($0.inputShapes, $0.outputShapes) }
    let second: [[Int]]
    do {
      second = try trace(shapes.map { $0.filled(with: OpenSize.second) })
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
