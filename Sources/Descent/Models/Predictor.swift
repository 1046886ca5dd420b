import TensorCore

/// A model's predictions, for any number of threads at once: a web server's handlers, say, while the model is trained elsewhere.
///
///     let predictor = try model.predictor()
///     Task.detached { print(try predictor.predict(x)) }
///
/// It predicts with the weights that the model has: while it is trained, those before a step or after it, the same for all rows of a
/// call. Training waits meanwhile, and goes before calls that come later.
public struct Predictor: Sendable {
  private let model: Shared

  /// What makes a model fit to be shared is that ``Model/predict(_:batchSize:verbose:steps:callbacks:)`` guards all that it touches.
  private struct Shared: @unchecked Sendable {
    let model: Model
  }

  init(_ model: Model) { self.model = Shared(model: model) }

  /// What the model computes for each row, as `predict(_:batchSize:verbose:steps:callbacks:)` gives it.
  /// - Parameters:
  ///   - x: rows of input on axis 0.
  ///   - batchSize: rows computed at once.
  /// - Returns: a tensor of the model's dtype with as many rows as `x`.
  /// - Throws: ``DescentError`` if the data does not fit the model.
  public func predict(_ x: any ModelData, batchSize: Int = 32) throws -> Tensor {
    try model.model.predict(x, batchSize: batchSize, verbose: .silent)
  }
}

extension Model {
  /// The model's predictions in a form that can be handed to other threads.
  /// - Throws: ``DescentError`` if the model is not built: build it, or call `fit` or `predict` first.
  public func predictor() throws -> Predictor {
    try access.tracing { try buildIfDeclared() }
    guard isBuilt else {
      throw DescentError(.state, "predictor: the model has no variables yet; give its first layer an inputShape, or call fit first")
    }
    return Predictor(self)
  }
}
