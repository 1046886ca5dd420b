import Descent

/// Weights in several files, as Keras 3's `save_weights` writes them when it is given `max_shard_size`: `NAME.weights.json` says which
/// groups lie in which `NAME_00000.weights.h5`.
enum ShardedWeights {
  /// Everything that the files hold, as if it were one.
  /// - Parameter trusted: see ``HDF5ReaderProcess``.
  static func contents(_ path: String, trusted: Bool) throws -> HDF5Contents {
    let json = try JSONValue(parsing: ByteSource(path: path).allBytes(), name: path)
    guard let map = json["weight_map"]?.object else {
      throw DescentError(.file, "\(path): has no \"weight_map\", so it does not say where weights lie")
    }
    var names: [String] = []
    for (group, value) in map.members {
      for file in value.array ?? [value] {
        // Only beside the file itself: a name that leads elsewhere could name any file of the user.
        guard let name = file.string, hasEnding(name, ".weights.h5"), !name.contains("/"), !name.contains("\0") else {
          throw DescentError(.file, "\(path): \(group) lies in \(file.shortText); expected the name of a .weights.h5 file in the same folder")
        }
        if !names.contains(name) { names.append(name) }
      }
    }
    let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
    var result = HDF5Contents()
    for name in names {
      let shard = try HDF5Contents(ByteSource(path: folder + name), trusted: trusted)
      for array in shard.names {
        guard result[array] == nil, let tensor = shard[array] else {
          throw DescentError(.file, "\(path): \(array) lies in more than one of its files")
        }
        result.add(array, tensor)
      }
    }
    return result
  }
}
