import Descent

extension ModelFormat {
  /// Keras 3's `.keras`: all of the model.
  public static let keras = ModelFormat(
    suffixes: [".keras"], isWholeModel: true, write: { model, path in try KerasArchive.write(model, to: path) },
    readWeights: { model, path, skipMismatch in try KerasWeights.archive.load(path, into: model, skipMismatch: skipMismatch) },
    readModel: { path, reading in
      try reading.type.make(KerasArchive(path, trusted: reading.trusted), name: path, compiled: reading.compiled)
    })

  /// Keras 3's `.weights.h5`: weights and the optimizer's state.
  public static let kerasWeights = ModelFormat(
    suffixes: [".weights.h5"],
    write: { model, path in
      let bytes = try WeightsFile.contents(of: model).encoded(name: path)
      try writeFile(path) { try $0.write(bytes) }
    },
    readWeights: { model, path, skipMismatch in try KerasWeights.hdf5.load(path, into: model, skipMismatch: skipMismatch) })

  /// Keras 3's `.weights.json`, which names several `.weights.h5` files beside it, of which the weights are read.
  public static let shardedKerasWeights = ModelFormat(
    suffixes: [".weights.json"],
    readWeights: { model, path, skipMismatch in try KerasWeights.shards.load(path, into: model, skipMismatch: skipMismatch) })

  /// The `.h5` of Keras 1 to 3: all of the model.
  public static let legacyKeras = ModelFormat(
    suffixes: [".h5", ".hdf5"], isWholeModel: true, write: { model, path in try LegacyModel.write(model, to: path) },
    readWeights: { model, path, skipMismatch in try KerasWeights.hdf5.load(path, into: model, skipMismatch: skipMismatch) },
    readModel: { path, reading in
      try LegacyModel.model(
        HDF5Contents(ByteSource(path: path), trusted: reading.trusted), name: path, compiled: reading.compiled, as: reading.type)
    })
}

/// Called when a program that links this module starts, by `CKerasStart`: so importing it is all that is needed.
@_cdecl("descent_register_keras_formats")
func registerKerasFormats() {
  for format in [ModelFormat.keras, .kerasWeights, .shardedKerasWeights, .legacyKeras] { ModelFormat.register(format) }
}

extension Model {
  /// Reads weights as `loadWeights(_:skipMismatch:format:)` does from a file of Keras's.
  /// - Parameters:
  ///   - path: the file: `.weights.h5`, `.weights.json`, `.h5` or `.keras`.
  ///   - skipMismatch: whether to load what fits and return the rest.
  ///   - trusted: lets libhdf5 read the file in this process if only libhdf5 can; for files of known origin.
  /// - Returns: what was skipped.
  /// - Throws: ``DescentError`` of kind `file` listing what is missing, left over or of another shape.
  @discardableResult
  public func loadWeights(_ path: String, skipMismatch: Bool, trusted: Bool) throws -> WeightMismatches {
    guard trusted else { return try loadWeights(path, skipMismatch: skipMismatch) }
    try requireWeights("loadWeights")
    let format = ModelFormat(path: path)?.suffixes
    let kind: KerasWeights =
      format == ModelFormat.keras.suffixes ? .archive : format == ModelFormat.shardedKerasWeights.suffixes ? .shards : .hdf5
    return try kind.load(path, into: self, skipMismatch: skipMismatch, trusted: trusted)
  }
}

/// How weights lie in files of Keras's.
private enum KerasWeights {
  /// Among the other files of a `.keras` archive.
  case archive
  /// In several HDF5 files.
  case shards
  /// In an HDF5 file, of Keras 3 or older.
  case hdf5

  func load(_ path: String, into model: Model, skipMismatch: Bool, trusted: Bool = false) throws -> WeightMismatches {
    let contents: HDF5Contents = switch self {
    case .archive: try KerasArchive(path, trusted: trusted).weights
    case .shards: try ShardedWeights.contents(path, trusted: trusted)
    case .hdf5: try HDF5Contents(ByteSource(path: path), trusted: trusted)
    }
    if self == .hdf5, LegacyWeights.isLegacy(contents) {
      return try LegacyWeights(contents, file: path).load(into: model, skipMismatch: skipMismatch)
    }
    return try WeightsFile.load(contents, into: model, file: path, skipMismatch: skipMismatch)
  }
}
