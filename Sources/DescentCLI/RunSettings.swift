import KerasFiles

/// What decides a run's numbers, in words: a run that goes on must have the same. It lies in the run's folder as `run.json`.
struct RunSettings {
  static let fileName = "run.json"

  let json: JSONValue
  /// What of it `fit` does not know by itself.
  let ownConditions: JSONObject

  /// - Parameters:
  ///   - initialWeights: the file that the model's weights come from, if one was given.
  ///   - validationSplit: the part that is split off to validate on.
  init(
    _ model: Sequential, _ data: DataSet, initialWeights: ModelFile?, seed: UInt64?, batchSize: Int, validationSplit: Double, shuffle: Bool
  ) throws {
    var own = JSONObject([("seed", seed.map { .string(String($0)) } ?? .null), ("validation_split", JSONValue(validationSplit))])
    if let initialWeights, !initialWeights.isDescription {
      let bytes = try ByteSource(path: initialWeights.path).allBytes()
      own["initial weights"] = .string("those with checksum \(String(bytes.withUnsafeBytes { crc32($0) }, radix: 16))")
    }
    ownConditions = own
    var all = own
    all["model"] = RunConditions.model(model)
    all["compile"] = try model.json()["compile_config"] ?? .null
    all["batch_size"] = JSONValue(batchSize)
    all["shuffle"] = .bool(shuffle)
    for (name, part) in [("", data.train), ("validation ", data.validation)] {
      guard let part else { continue }
      all[name + "x"] = RunConditions.data(part.x.stored)
      all[name + "y"] = RunConditions.data(part.y)
    }
    json = .object(all)
  }

  /// In what a run that left its settings in a folder differed from this one; empty if it did not, or left none.
  func differences(in folder: RunFolder) throws -> [String] {
    guard folder.has(RunSettings.fileName) else { return [] }
    let path = folder.file(RunSettings.fileName)
    let old = try JSONValue(parsing: ByteSource(path: path).allBytes(), name: path)
    return RunConditions.differences(from: old, to: json)
  }

  func write(to folder: RunFolder) throws { try writeFile(folder.file(RunSettings.fileName), text: json.text(indent: 1) + "\n") }
}
