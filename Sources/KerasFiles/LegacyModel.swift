import Descent

/// A whole model in an `.h5` file: what Keras 1 and 2 wrote, and Keras 3 still writes when asked.
package enum LegacyModel {
  /// Whether a file of that name holds a whole model: `.h5` but for `.weights.h5`, and `.hdf5`.
  package static func isPath(_ path: String) -> Bool {
    (hasEnding(path, ".h5") && !hasEnding(path, ".weights.h5")) || hasEnding(path, ".hdf5")
  }

  /// The model with its weights; compiled as the file says, with what its optimizer remembers.
  static func model<Result: Model>(_ contents: HDF5Contents, name: String, compiled: Bool, as type: Result.Type) throws -> Result {
    guard let text = contents.strings("model_config", of: "")?.first else {
      throw DescentError(.file, "\(name): holds no model, only weights; make the model and use loadWeights")
    }
    let config = try JSONValue(parsing: text, name: "\(name): model_config")
    let count = contents.names.reduce(0) { $0 + (contents[$1]?.count ?? 0) }
    let model = try Result.fromJSON(config, name: "\(name): model_config", compiled: false, elementLimit: max(count, 1 << 24))
    _ = try LegacyWeights(contents, file: name).load(into: model, skipMismatch: false)
    if compiled, let text = contents.strings("training_config", of: "")?.first,
      var settings = try JSONValue(parsing: text, name: "\(name): training_config").object
    {
      settings["optimizer"] = LegacyOptimizer.configuration(settings["optimizer_config"] ?? .null)
      settings["optimizer_config"] = nil
      // Keras 2 says so of weights by time step, which are the weights' shape here.
      if settings["sample_weight_mode"] == .null { settings["sample_weight_mode"] = nil }
      guard let compile = try CompileSettings(settings, name: "\(name): training_config") else { return model }
      try compile.compile(model)
      try LegacyOptimizer.restore(contents, into: model, name: name)
    }
    return model
  }
}
