import Descent
import Foundation
import TensorCore

/// The folder of a search: `oracle.json` says how far it is, `trial_07/trial.json` what a trial gave, and beside that are the weights of its best epoch.
struct SearchFolder {
  let path: String
  /// What a search that goes on must have been begun with.
  let conditions: JSONValue

  private static let format = "descent-tuner", version = 1
  private static let oracleName = "oracle.json"

  var oraclePath: String { "\(path)/\(SearchFolder.oracleName)" }
  func trialFolder(_ id: String) -> String { "\(path)/trial_\(id)" }
  func checkpointPath(_ id: String) -> String { "\(trialFolder(id))/checkpoint.safetensors" }
  /// Of one execution as long as the trial is going on; a trial of one execution has no other than its own.
  func checkpointPath(_ id: String, execution: Int, of count: Int) -> String {
    count == 1 ? checkpointPath(id) : "\(trialFolder(id))/execution\(execution).safetensors"
  }
  private func trialPath(_ id: String) -> String { "\(trialFolder(id))/trial.json" }
  private func buildConfigPath(_ id: String) -> String { "\(trialFolder(id))/build_config.json" }

  // MARK: - Errors

  func damaged(_ file: String, _ what: String) -> DescentError {
    DescentError(.file, "\(file): \(what); nothing was changed: mend it, give another projectName, or overwrite: true to begin anew")
  }

  func another(_ what: String) -> DescentError {
    DescentError(.state, "\(path): holds another search, whose \(what); give another projectName, or overwrite: true to begin anew")
  }

  /// Says of what is wrong with a record what can be done.
  func naming<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as DescentError {
      throw DescentError(.file, "\(error.message); nothing was changed: mend it, give another projectName, or overwrite: true to begin anew")
    }
  }

  // MARK: - What is there

  /// Whether there is a search to go on with.
  /// - Throws: ``DescentError`` if there are trials that no record names.
  func holdsSearch() throws -> Bool {
    if FileManager.default.fileExists(atPath: oraclePath) { return true }
    if let trial = trialFolders.first {
      throw damaged("\(path)/\(trial)", "there is a trial, but no \(SearchFolder.oracleName) to say of what search")
    }
    return false
  }

  /// Folders with the record of a trial in them.
  private var trialFolders: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.sorted().filter { $0.hasPrefix("trial_") && FileManager.default.fileExists(atPath: "\(path)/\($0)/trial.json") }
  }

  /// Takes away the search that is there; other files stay.
  func removeSearch() throws {
    guard FileDirectory.isFolder(path) else { return }
    let lock = try FolderLock(path)
    defer { lock.release() }
    let files = [SearchFolder.oracleName].filter { FileManager.default.fileExists(atPath: "\(path)/\($0)") }
    // The oracle's record first: if that goes wrong midway, no half of a search looks like a whole one.
    for name in files + trialFolders {
      do {
        try FileManager.default.removeItem(atPath: "\(path)/\(name)")
      } catch {
        throw DescentError(.file, "\(path)/\(name): cannot be removed: \(error.localizedDescription)")
      }
    }
  }

  // MARK: - Writing

  func write(_ trial: Trial, _ objective: Objective) throws {
    try writeFile(trialPath(trial.id), text: trial.json(objective).text(indent: 2) + "\n")
  }

  func write(oracle record: JSONValue) throws {
    var object = JSONObject([("format", .string(SearchFolder.format)), ("version", JSONValue(SearchFolder.version)), ("conditions", conditions)])
    for (key, value) in record.object?.members ?? [] { object[key] = value }
    try writeFile(oraclePath, text: JSONValue.object(object).text(indent: 2) + "\n")
  }

  /// For what rows a trial's model was built, where its layers do not say it.
  func writeBuildConfig(_ shapes: [[Int?]], of id: String) throws {
    let rows = shapes.map { JSONValue.array($0.map { size in size.map { JSONValue($0) } ?? .null }) }
    let config: JSONValue = ["input_shapes": .array(rows)]
    try writeFile(buildConfigPath(id), text: config.text() + "\n")
  }

  // MARK: - Reading

  private func readJSON(_ file: String) throws -> JSONValue {
    do {
      return try JSONValue(parsing: ByteSource(path: file).allBytes(), name: file)
    } catch let error as DescentError {
      throw damaged(file, "cannot be read (\(error.message))")
    }
  }

  func readOracle() throws -> (path: String, record: JSONValue) {
    let record = try readJSON(oraclePath)
    guard record["format"]?.string == SearchFolder.format else {
      throw DescentError(.file, "\(oraclePath): is no record of a search that this library wrote; give another projectName, or overwrite: true to begin anew")
    }
    guard record["version"]?.int == SearchFolder.version else {
      throw damaged(oraclePath, "it is of version \(record["version"]?.description ?? "none"), and \(SearchFolder.version) is expected")
    }
    let differences = RunConditions.differences(from: record["conditions"], to: conditions)
    if !differences.isEmpty { throw another(differences.joined(separator: "; ")) }
    return (oraclePath, record)
  }

  func readTrial(_ id: String) throws -> Trial {
    let file = trialPath(id), json = try readJSON(file)
    return try naming { try Trial(json, id: id, of: file) }
  }

  /// Builds a model that does not say for what rows as the trial's was.
  func build(_ model: Model, asOf id: String) throws {
    guard !model.isBuilt, FileManager.default.fileExists(atPath: buildConfigPath(id)) else { return }
    let file = buildConfigPath(id)
    guard let shapes = try readJSON(file)["input_shapes"]?.array, shapes.count == 1, let sizes = shapes[0].array else { return }
    let shape = try sizes.map { size -> Int? in
      if size.isNull { return nil }
      guard let size = size.int, size > 0 else { throw damaged(file, "a size is not a whole number above 0") }
      return size
    }
    try model.build(rows: shape)
  }
}
