import Optimizers
import TensorCore

/// Puts the averages of the weights that the optimizer keeps (``OptimizerOptions/useEMA``) in the place of the weights while the model
/// is judged, and the weights back afterwards.
///
///     try model.compile(optimizer: Adam().with { $0.useEMA = true }, loss: .meanSquaredError)
///     try model.fit(x, y, callbacks: [SwapEMAWeights(swapsOnEpoch: true), ModelCheckpoint("best.weights.npz")])
///
/// (Keras: `keras.callbacks.SwapEMAWeights`.)
public final class SwapEMAWeights: Callback {
  /// Whether callbacks that follow see the averages at the end of an epoch too: a ``ModelCheckpoint`` then saves them.
  public let swapsOnEpoch: Bool
  private var holdsAverages = false

  /// - Parameter swapsOnEpoch: see the property. (Keras: `swap_on_epoch`.)
  public init(swapsOnEpoch: Bool = false) { self.swapsOnEpoch = swapsOnEpoch }

  public override func onTrainBegin() throws {
    holdsAverages = false
    try checkOptimizer()
  }

  public override func onEpochBegin(_ epoch: Int) throws { if swapsOnEpoch { try show(averages: false) } }

  public override func onEpochEnd(_ epoch: Int, _ logs: Logs) throws {
    guard swapsOnEpoch else { return }
    try show(averages: true)
  }

  /// `fit` puts the averages in the weights' place after the last epoch, whatever lies where.
  public override func onTrainEnd(_ logs: Logs) { holdsAverages = false }

  public override func onTestBegin() throws { try show(averages: true) }
  public override func onTestEnd(_ logs: Logs) throws { try show(averages: false) }
  public override func onPredictBegin() throws { try show(averages: true) }
  public override func onPredictEnd() throws { try show(averages: false) }

  private func show(averages: Bool) throws {
    guard averages != holdsAverages, let model else { return }
    try checkOptimizer()
    model.access.stepping { model.optimizerState?.exchangeAveragedValues() }
    holdsAverages = averages
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
