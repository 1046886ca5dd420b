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

  /// Makes a model of a file that holds one.
  public typealias ModelReading = @Sendable (_ path: String, _ reading: Reading) throws -> Model

  /// How a model is to be read.
  public struct Reading {
    /// The class that is asked for: a file that holds a model of another is refused.
    public let type: Model.Type
    /// Whether to compile the model as the file says and take up the optimizer's state.
    public let compiled: Bool
    /// Whether the file's origin is known, so that a library may read it in this process.
    public let trusted: Bool
    /// For the weights of a model that is only described, and for what is random in training; nil for the default's. A model that brings its
    /// weights is given it afterwards.
    public let seed: UInt64?
  }

  /// How names of such files end, in small letters with a dot in front.
  public let suffixes: [String]
  /// Whether a file holds all of a model rather than its weights.
  public let isWholeModel: Bool
  private let write: (@Sendable (Model, String) throws -> Void)?
  let readWeights: WeightReading?
  private let readModel: ModelReading?

  /// - Parameters:
  ///   - suffixes: how names of such files end, in small letters with a dot in front: `[".npz"]`.
  ///   - isWholeModel: whether a file holds all of a model rather than its weights.
  ///   - write: writes a model to a path, replacing what is there at once or not at all; nil if such files are only read.
  ///   - readWeights: puts the weights in a file into a model; nil if it cannot be done.
  ///   - readModel: makes the model that a file holds; nil if it cannot be done.
  public init(
    suffixes: [String], isWholeModel: Bool = false, write: (@Sendable (_ model: Model, _ path: String) throws -> Void)? = nil,
    readWeights: WeightReading? = nil, readModel: ModelReading? = nil
  ) {
    self.suffixes = suffixes
    self.isWholeModel = isWholeModel
    self.write = write
    self.readWeights = readWeights
    self.readModel = readModel
  }

  /// Whether such files can be written.
  public var isWritable: Bool { write != nil }

  /// Whether models can be made of such files.
  public var isModelReadable: Bool { readModel != nil }

  /// Whether weights can be read from such files.
  public var areWeightsReadable: Bool { readWeights != nil }

  /// Reads a model.
  /// - Throws: ``DescentError`` if such files hold none, or another one than was asked for.
  func model<Result: Model>(_ path: String, compiled: Bool, trusted: Bool, seed: UInt64? = nil, as type: Result.Type) throws -> Result {
    guard let readModel else { throw DescentError(.invalidArgument, "\(path): such files hold no model that can be read") }
    let model = try readModel(path, Reading(type: type, compiled: compiled, trusted: trusted, seed: seed))
    guard let result = model as? Result else {
      throw DescentError(.file, "\(path): the model is a \(Swift.type(of: model)), not a \(Result.self); Model.load reads all kinds of models")
    }
    if isWholeModel, let seed { result.seed = seed }
    return result
  }

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

  /// A description of the layers and of what `compile` was given, as ``Model/toJSON(indent:)`` gives; weights are made anew.
  public static let json = ModelFormat(
    suffixes: [".json"],
    readModel: { path, reading in
      let json = try JSONValue(parsing: ByteSource(path: path).allBytes(), name: path)
      return try reading.type.fromJSON(json, name: path, compiled: reading.compiled, seed: reading.seed)
    })

  private static let formats = Mutex<[ModelFormat]>([.safetensors, .npz, .json])

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
