import ArgumentParser
import KerasFiles

/// A model in a file of a kind that holds one, or describes one.
struct ModelFile: ExpressibleByArgument {
  let path: String

  init?(argument: String) { path = argument }

  private var format: ModelFormat? { ModelFormat(path: path) }

  /// The file brings no weights.
  var isDescription: Bool { format?.areWeightsReadable != true }

  func validate() throws {
    if format?.isModelReadable == true { return }
    let what = format?.areWeightsReadable == true ? ", which holds weights alone" : ""
    throw ValidationError("--model is '\(path)'\(what); expected a file ending in \(ModelFormat.known { $0.isModelReadable }).")
  }

  /// Reads the model.
  /// - Parameter seed: for the weights of a model that is only described, and for what is random in training; nil for the
  ///   default's.
  func load(seed: UInt64? = nil) throws -> Model { try Model.load(path, seed: seed) }
}
