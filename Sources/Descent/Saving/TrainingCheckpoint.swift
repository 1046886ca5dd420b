import TensorCore

/// All that a training run needs to go on: numbers and words as JSON, and arrays by name.
///
/// In a file it is a zip of `state.json` and `.npy` arrays, each with a checksum, so that a torn or altered file is noticed, and
/// NumPy can look into it. It is written to a temporary file, flushed to the disk and renamed.
package struct TrainingCheckpoint {
  package var state = JSONObject()
  package var tensors: [(name: String, tensor: Tensor)] = []
  /// What errors call it: the path.
  package private(set) var name = "checkpoint"

  private static let stateName = "state.json"
  private static let format = "descent checkpoint 1"
  /// What a state may at most take: histories are long, but not that long.
  private static let greatestStateByteCount = 1 << 28

  /// - Parameter name: what errors call it.
  package init(name: String = "checkpoint") { self.name = name }

  /// Reads a file.
  /// - Throws: ``DescentError`` of kind `file` when it is torn, altered or something else.
  package init(_ path: String) throws {
    let archive = try ZipArchive(path: path)
    name = path
    guard let entry = archive[TrainingCheckpoint.stateName] else {
      throw DescentError(.file, "\(path): is not a checkpoint: it has no \(TrainingCheckpoint.stateName)")
    }
    let text = try archive.bytes(entry, limit: TrainingCheckpoint.greatestStateByteCount)
    guard let object = try JSONValue(parsing: text, name: "\(path): \(entry.name)").object,
      object["format"]?.string == TrainingCheckpoint.format
    else { throw DescentError(.file, "\(path): is not a checkpoint that this version of Descent reads") }
    state = object
    state["format"] = nil
    let suffix = ".npy"
    for entry in archive.entries where entry.name.hasSuffix(suffix) {
      try archive.checkExpansion(entry)
      tensors.append((String(entry.name.dropLast(suffix.count)), try NPY.read(archive.stream(entry), byteCount: entry.byteCount)))
    }
    guard state["tensor_count"]?.int == tensors.count else {
      throw DescentError(.file, "\(path): should hold \(state["tensor_count"] ?? .null) arrays, and holds \(tensors.count)")
    }
    state["tensor_count"] = nil
  }

  /// Writes a file; the path names the old one or the new one, never a part of either.
  package func write(to path: String) throws {
    var state = state
    state["format"] = .string(TrainingCheckpoint.format)
    state["tensor_count"] = JSONValue(tensors.count)
    let text = Array(JSONValue.object(state).text().utf8)
    try ZipWriter.write(path) { archive in
      try text.withUnsafeBytes { try archive.add(TrainingCheckpoint.stateName, pieces: [$0]) }
      for (name, tensor) in tensors {
        let header = NPYHeader.bytes(for: tensor)
        try header.withUnsafeBytes { header in
          try tensor.withBytes { try archive.add(name + ".npy", pieces: [header, $0]) }
        }
      }
    }
  }
}
