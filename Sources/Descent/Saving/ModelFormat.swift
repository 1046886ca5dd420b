import Synchronization
import TensorCore

/// A kind of file that a model, or its weights, can be kept in, known by how its name ends. Saving, loading, ``ModelCheckpoint`` and
/// the command line ask ``init(path:)``; nothing else knows an ending.
///
/// A program adds one of its own with ``register(_:)``; `import KerasFiles` adds Keras's.
public struct ModelFormat: Sendable {
  /// Puts a file's arrays into a model's variables, or tells what does not fit.
  public typealias WeightReading =
    @Sendable (_ model: Model, _ path: String, _ skipMismatch: Bool) throws -> WeightMismatches

  /// How names of such files end, in small letters with a dot in front.
  public let suffixes: [String]
  /// Whether a file holds all of a model rather than its weights.
  public let isWholeModel: Bool
  private let write: (@Sendable (Model, String) throws -> Void)?
  let readWeights: WeightReading?

  /// - Parameters:
  ///   - suffixes: how names of such files end, in small letters with a dot in front: `[".npz"]`.
  ///   - isWholeModel: whether a file holds all of a model rather than its weights.
  ///   - write: writes a model to a path, replacing what is there at once or not at all; nil if such files are only read.
  ///   - readWeights: puts the weights in a file into a model; nil if such files are only written.
  public init(
    suffixes: [String], isWholeModel: Bool = false, write: (@Sendable (_ model: Model, _ path: String) throws -> Void)? = nil,
    readWeights: WeightReading? = nil
  ) {
    self.suffixes = suffixes
    self.isWholeModel = isWholeModel
    self.write = write
    self.readWeights = readWeights
  }

  /// Whether such files can be written.
  public var isWritable: Bool { write != nil }

  /// Writes a model.
  /// - Throws: ``DescentError`` if such files are only read, the model has no weights yet, or the file cannot be written.
  public func save(_ model: Model, _ path: String) throws {
    guard let write else {
      throw DescentError(.invalidArgument, "\(path): such files are read, not written; \(ModelFormat.known { $0.isWritable }) can be written")
    }
    if !isWholeModel { try model.requireWeights("saveWeights") }
    try write(model, path)
  }

  // MARK: - Known kinds

  /// The weights, by name. <https://github.com/huggingface/safetensors>
  public static let safetensors = ModelFormat(
    suffixes: [".safetensors"],
    write: { model, path in try SafeTensors.write(model.weightsToJudge, metadata: ["format": "descent"], to: path) },
    readWeights: { model, path, skipMismatch in
      let file = try SafeTensors(reading: path)
      return try model.load(names: file.names, of: path, skipMismatch: skipMismatch) { try file.tensor($0) }
    })

  /// The weights, by name, for NumPy.
  public static let npz = ModelFormat(
    suffixes: [".npz"], write: { model, path in try NPZ.write(model.weightsToJudge, to: path) },
    readWeights: { model, path, skipMismatch in
      let file = try NPZ(path)
      return try model.load(names: file.names, of: path, skipMismatch: skipMismatch) { try file.tensor($0) }
    })

  private static let formats = Mutex<[ModelFormat]>([.safetensors, .npz])

  /// Makes `format` known by its endings; of two with the same ending the last one counts.
  public static func register(_ format: ModelFormat) { formats.withLock { $0.append(format) } }

  /// All kinds that are known.
  public static var all: [ModelFormat] { formats.withLock { $0 } }

  /// The kind that the ending of `path` tells, in small letters or in capitals; the longest ending counts. Nil if none is known.
  public init?(path: String) {
    var best: (format: ModelFormat, count: Int)?
    for format in ModelFormat.all {
      for suffix in format.suffixes where hasEnding(path, suffix) && suffix.count >= best?.count ?? 0 { best = (format, suffix.count) }
    }
    guard let best else { return nil }
    self = best.format
  }

  /// The kind that a path's ending tells.
  /// - Parameters:
  ///   - caller: what errors call the operation.
  ///   - can: what is asked of it.
  /// - Throws: ``DescentError`` naming the endings of those that can.
  init(path: String, _ caller: String, _ can: (ModelFormat) -> Bool) throws {
    guard let format = ModelFormat(path: path), can(format) else {
      let hint = ModelFormat.all.contains { $0.suffixes.contains(".keras") } ? "" : "; for .keras, .weights.h5 and .h5 import KerasFiles"
      throw DescentError(.invalidArgument, "\(caller): \(path): the name must end in \(ModelFormat.known(can))\(hint)")
    }
    self = format
  }

  /// The endings of those that can do something: `.safetensors, .npz or .keras`.
  package static func known(_ can: (ModelFormat) -> Bool) -> String {
    var endings: [String] = []
    for suffix in ModelFormat.all.filter(can).flatMap(\.suffixes) where !endings.contains(suffix) { endings.append(suffix) }
    return endings.count < 2 ? endings.joined() : endings.dropLast().joined(separator: ", ") + " or " + endings.last!
  }
}

extension Model {
  /// The weights by name as they are judged and written.
  fileprivate var weightsToJudge: [(name: String, tensor: Tensor)] {
    showWeightsToJudge()
    return namedVariables.map { (name: $0.name, tensor: $0.variable.value) }
  }

  /// Puts a file's arrays into the variables of the same names.
  fileprivate func load(
    names: [String], of path: String, skipMismatch: Bool, _ read: (String) throws -> Tensor
  ) throws -> WeightMismatches {
    try replacingWeights { try NamedVariables(namedVariables).load(from: path, names: names, skipMismatch: skipMismatch, read) }
  }

  /// - Throws: ``DescentError`` if the variables do not exist, and the layers do not say for what shape to make them.
  package func requireWeights(_ caller: String) throws {
    try buildIfDeclared()
    guard isBuilt else {
      throw DescentError(.state, "\(caller): \(name) has no weights yet; give its first layer an inputShape, or build it")
    }
  }
}
