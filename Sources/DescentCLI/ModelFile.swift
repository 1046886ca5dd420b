import ArgumentParser
import KerasFiles

/// A model in a file: `.keras`, or `.json` with a description.
struct ModelFile: ExpressibleByArgument {
  let path: String

  init?(argument: String) { path = argument }

  var isDescription: Bool { path.hasSuffix(".json") }

  /// Reads the model.
  /// - Parameter seed: for the weights of a model that is only described, and for what is random in training; nil for the
  ///   default's.
  func load(seed: UInt64? = nil) throws -> Model {
    if isDescription {
      let source = try ByteSource(path: path)
      return try Model.fromJSON(JSONValue(parsing: source.allBytes(), name: path), name: path, seed: seed)
    }
    guard path.hasSuffix(".keras") else {
      throw ValidationError("--model is '\(path)'; expected a file ending in .keras or .json.")
    }
    let model = try Model.load(path)
    if let seed { model.seed = seed }
    return model
  }
}
