import Optimizers
import TensorCore

/// Puts the averages of the weights that the optimizer keeps (``OptimizerOptions/useEMA``) in the place of the weights while the model
/// is judged, and the weights back afterwards, also where judging or predicting fails.
///
///     try model.compile(optimizer: Adam().with { $0.useEMA = true }, loss: .meanSquaredError)
///     try model.fit(x, y, callbacks: [SwapEMAWeights(swapsOnEpoch: true), ModelCheckpoint("best.weights.npz")])
///
/// (Keras: `keras.callbacks.SwapEMAWeights`.)
public final class SwapEMAWeights: Callback {
  /// Whether callbacks that follow see the averages at the end of an epoch too: a ``ModelCheckpoint`` then saves them.
  public let swapsOnEpoch: Bool

  /// - Parameter swapsOnEpoch: see the property. (Keras: `swap_on_epoch`.)
  public init(swapsOnEpoch: Bool = false) { self.swapsOnEpoch = swapsOnEpoch }

  public override func onTrainBegin() throws { try checkOptimizer() }

  public override func onEpochBegin(_ epoch: Int) throws { if swapsOnEpoch { try show(averages: false) } }

  public override func onEpochEnd(_ epoch: Int, _ logs: Logs) throws {
    guard swapsOnEpoch else { return }
    try show(averages: true)
  }

  public override func onTestBegin() throws { try show(averages: true) }
  public override func onTestEnd(_ logs: Logs) throws { try show(averages: false) }
  public override func onPredictBegin() throws { try show(averages: true) }
  public override func onPredictEnd() throws { try show(averages: false) }

  private func show(averages: Bool) throws {
    guard let model, averages != (model.optimizerState?.isExchanged ?? false) else { return }
    try checkOptimizer()
    model.access.stepping { model.optimizerState?.exchangeAveragedValues() }
  }

  private func checkOptimizer() throws {
    guard let model else { return }
    let optimizer = (model.optimizer as? LossScaleOptimizer)?.innerOptimizer ?? model.optimizer
    let parts = (optimizer as? MultiOptimizer)?.parts ?? [optimizer].compactMap { $0 }
    guard parts.contains(where: \.options.useEMA) else {
      throw DescentError(.invalidArgument, "SwapEMAWeights: the optimizer keeps no averages; set its useEMA")
    }
  }
}
