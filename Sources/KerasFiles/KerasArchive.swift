import Foundation

/// A `.keras` file: a zip of a description, the version of Keras, and the weights; what Keras does not look at: of a model for
/// tables, pictures or texts what columns or files become, and ``VariableMarks``.
struct KerasArchive {
  let config: JSONValue
  let weights: HDF5Contents
  let table: TablePreprocessing?
  let images: ImagePreprocessing?
  /// What stands before a model whose input is strings; ``config`` describes the rest.
  let texts: TextPreprocessing?
  /// See ``VariableMarks``.
  let variables: JSONValue?

  private static let configName = "config.json"
  private static let metadataName = "metadata.json"
  private static let weightsName = "model.weights.h5"
  private static let tableName = "table.json"
  private static let imagesName = "images.json"
  private static let textsName = "texts.json"
  private static let variablesName = "variables.json"
  /// A description is text of some kilobytes.
  private static let greatestConfigByteCount = 1 << 26
  /// The version of Keras whose files these are.
  static let kerasVersion = "3.15.1"

  init(_ path: String, trusted: Bool) throws { try self.init(ByteSource(path: path), trusted: trusted) }

  init(_ source: ByteSource, trusted: Bool) throws {
    let archive = try ZipArchive(source)
    let name = archive.name
    func entry(_ entryName: String) throws -> ZipArchive.Entry {
      guard let entry = archive[entryName] else {
        let found = archive.entries.prefix(10).map(\.name).joined(separator: ", ")
        throw DescentError(.file, "\(name): is not a .keras file: it has no \(entryName), only \(found.isEmpty ? "nothing" : found)")
      }
      return entry
    }
    let text = try archive.bytes(entry(KerasArchive.configName), limit: KerasArchive.greatestConfigByteCount)
    let whole = try JSONValue(parsing: text, name: "\(name): \(KerasArchive.configName)")
    let bytes = try archive.bytes(entry(KerasArchive.weightsName))
    var weights = try HDF5Contents(ByteSource(bytes, name: "\(name): \(KerasArchive.weightsName)"), trusted: trusted)
    let assets = archive.entries.filter { $0.name.hasPrefix("assets/") && !$0.name.hasSuffix("/") }
    let front = try naming("\(name): \(KerasArchive.configName)") {
      try TextFront.removed(
        from: whole, assets: KerasArchive.vocabularies(assets, in: archive), idfWeights: TextFront.idfWeightsNames.lazy.compactMap { weights[$0] }.first?.doubles)
    }
    if front != nil { TextFront.idfWeightsNames.forEach { weights.remove($0) } }
    if let other = assets.first(where: { front == nil || !$0.name.hasSuffix(KerasArchive.vocabularyName) }) {
      throw DescentError(.file, "\(name): holds \(other.name), which belongs to a layer that Descent does not have")
    }
    config = front?.config ?? whole
    func own<Value>(_ entryName: String, _ read: (JSONValue) throws -> Value) throws -> Value? {
      guard let entry = archive[entryName] else { return nil }
      let label = "\(name): \(entryName)"
      return try naming(label) { try read(JSONValue(parsing: archive.bytes(entry, limit: KerasArchive.greatestConfigByteCount), name: label)) }
    }
    table = try own(KerasArchive.tableName) { try TablePreprocessing(json: $0) }
    images = try own(KerasArchive.imagesName) { try ImagePreprocessing(json: $0) }
    let classNames = try own(KerasArchive.textsName) { try TextPreprocessing.classNames(json: $0) }
    texts = try front.map { try TextPreprocessing($0.vectorize, classNames: classNames) }
    variables = try own(KerasArchive.variablesName) { $0 }
    self.weights = weights
  }

  private static let vocabularyName = "/vocabulary.txt"

  /// The words that layers have learned, by the layers' paths.
  private static func vocabularies(_ assets: [ZipArchive.Entry], in archive: ZipArchive) throws -> [String: [String]] {
    var found: [String: [String]] = [:]
    for asset in assets where asset.name.hasSuffix(vocabularyName) {
      let text = String(decoding: try archive.bytes(asset, limit: greatestConfigByteCount), as: UTF8.self)
      // As Keras reads it: what is empty at the end counts for nothing, and the first line is the word for nothing.
      var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      while lines.last == "" { lines.removeLast() }
      found[String(asset.name.dropFirst("assets/".count).dropLast(vocabularyName.count))] = lines
    }
    return found
  }

  static func write(_ model: Model, to path: String) throws {
    var config = try model.toJSON()
    if let texts = model.texts { config = try TextFront.added(texts.vectorize, to: JSONValue(parsing: config, name: configName)).text() }
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.dateFormat = "yyyy-MM-dd@HH:mm:ss"
    let metadata = JSONValue.object(
      JSONObject([("keras_version", .string(kerasVersion)), ("date_saved", .string(formatter.string(from: Date())))]))
    var contents = try WeightsFile.contents(of: model)
    if let idfWeights = model.texts?.vectorize.idfWeights { for name in TextFront.idfWeightsNames { contents.add(name, idfWeights) } }
    let weights = try contents.encoded(name: "\(path): \(weightsName)")
    let own = [
      (tableName, model.table?.json), (imagesName, model.images?.json), (textsName, model.texts?.json), (variablesName, VariableMarks.json(of: model)),
    ].compactMap { name, json in json.map { (name, Array($0.text(indent: 1).utf8)) } }
    try ZipWriter.write(path) { archive in
      for (name, bytes) in [(metadataName, Array(metadata.text().utf8)), (configName, Array(config.utf8)), (weightsName, weights)] + own {
        try bytes.withUnsafeBytes { try archive.add(name, pieces: [$0]) }
      }
    }
  }
}

extension Model {
  /// Reads a model as `load(_:compiled:trusted:)` does from a `.keras` file that is in memory.
  /// - Parameters:
  ///   - bytes: the file's contents.
  ///   - name: what to call it in errors.
  ///   - compiled: whether to compile the model as the file says and take up the optimizer's state.
  ///   - trusted: see ``HDF5ReaderProcess``.
  public static func load(_ bytes: [UInt8], name: String, compiled: Bool = true, trusted: Bool = false) throws -> Self {
    try make(KerasArchive(ByteSource(bytes, name: name), trusted: trusted), name: name, compiled: compiled)
  }

  static func make(_ archive: KerasArchive, name: String, compiled: Bool) throws -> Self {
    try naming(name) { try model(of: archive, name: name, compiled: compiled) }
  }

  private static func model(of archive: KerasArchive, name: String, compiled: Bool) throws -> Self {
    // A description may ask for any size; not much more is made than the file has weights for. The least is
    // small enough to be of no harm, and what does not fit is then told weight by weight.
    let count = archive.weights.names.reduce(0) { $0 + (archive.weights[$1]?.count ?? 0) }
    let model = try Initializer.$isForReplacedWeights.withValue(true) {
      try fromJSON(archive.config, name: "\(name): config.json", compiled: compiled, elementLimit: max(count, 1 << 24))
    }
    _ = try WeightsFile.load(archive.weights, into: model, file: name, skipMismatch: false)
    model.table = archive.table
    model.images = archive.images
    model.texts = archive.texts
    if let marks = archive.variables { try VariableMarks.mark(model, marks) }
    guard compiled, let variables = try WeightsFile.optimizerVariables(archive.weights, file: name) else { return model }
    guard model.optimizer != nil else {
      throw DescentError(.file, "\(name): holds an optimizer's state, but config.json does not say of which; load it with compiled: false to do without")
    }
    // Keras writes the counters of an optimizer that has not begun.
    try model.restoreOptimizer(kerasVariables: WeightsFile.completed(variables, for: model))
    return model
  }
}
