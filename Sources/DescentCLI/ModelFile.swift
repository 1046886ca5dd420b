import ArgumentParser
import KerasFiles

/// A model in a file: `.keras`, `.h5` with a whole model, or `.json` with a description.
struct ModelFile: ExpressibleByArgument {
  let path: String

  init?(argument: String) { path = argument }

  var isDescription: Bool { hasEnding(path, ".json") }

  func validate() throws {
    if hasEnding(path, ".weights.h5") { throw ValidationError("--model is '\(path)', which holds weights alone; expected a file ending in .keras, .h5 or .json.") }
    if !isDescription && !hasEnding(path, ".keras") && !LegacyModel.isPath(path) {
      throw ValidationError("--model is '\(path)'; expected a file ending in .keras, .h5 or .json.")
    }
  }

  /// Reads the model.
  /// - Parameter seed: for the weights of a model that is only described, and for what is random in training; nil for the
  ///   default's.
  func load(seed: UInt64? = nil) throws -> Model {
    if isDescription {
      let source = try ByteSource(path: path)
      return try Model.fromJSON(JSONValue(parsing: source.allBytes(), name: path), name: path, seed: seed)
    }
    let model = try Model.load(path)
    if let seed { model.seed = seed }
    return model
  }
}
