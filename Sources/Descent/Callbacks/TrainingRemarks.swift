import Foundation
import Optimizers
import TensorCore

/// What a good colleague would say who looks over one's shoulder: each thing once, in a sentence, from numbers that are at hand. `fit`
/// adds one unless `verbose` is 0.
final class TrainingRemarks: Callback {
  private let say: (String) -> Void
  private var countClasses: (inout ClassCounts) -> Void
  private var classCounts = ClassCounts()
  /// Found when it is first compared with an accuracy.
  private lazy var greatestShare: Double? = {
    countClasses(&classCounts)
    return classCounts.greatestShare
  }()
  private var said: Set<String> = []
  private var firstLoss: Double?
  private var fallen = false
  private var epochsSeen = 0
  private var before: [(path: String, value: Tensor)] = []

  /// Weights of larger models are not copied to see what moves.
  private static let greatestCount = 5_000_000

  /// - Parameters:
  ///   - targets: of the rows trained on, if there is one output.
  ///   - rows: how many of them.
  init(targets: Tensor?, rows: Int, say: @escaping (String) -> Void = TrainingRemarks.print) {
    self.say = say
    countClasses = { counts in if let targets { counts.add(targets, rows: rows) } }
  }

  /// For a stream, whose targets are looked at as they come by: ``look(at:)``.
  init(say: @escaping (String) -> Void = TrainingRemarks.print) {
    self.say = say
    countClasses = { _ in }
  }

  /// A batch of a stream. Those of the first epoch are counted.
  func look(at batch: CheckedData) {
    guard epochsSeen == 0, let model, batch.targets.count == 1, let y = batch.y?.tensor,
      model.metrics.contains(where: { TrainingRemarks.accuracies.contains($0.name) })
    else { return }
    classCounts.add(y, rows: batch.count)
  }

  private static let accuracies = ["accuracy", "binary_accuracy", "sparse_categorical_accuracy", "categorical_accuracy"]

  static func print(_ text: String) { FileHandle.standardError.write(Data("Remark: \(text.printableLines)\n".utf8)) }

  private func remark(_ key: String, _ text: @autoclosure () -> String) {
    if said.insert(key).inserted { say(text()) }
  }

  override var runsOnEveryRank: Bool { false }

  override func onTrainBegin() throws {
    guard let model else { return }
    lookAtOutputs(of: model)
    lookAtOptimizer(of: model)
    let kernels = model.trainableVariables.filter { $0.shape.count >= 2 }
    if kernels.count >= 2, kernels.reduce(0, { $0 + $1.count }) <= TrainingRemarks.greatestCount {
      before = kernels.map { ($0.path, $0.value.evaluated()) }
    }
  }

  override func onEpochEnd(_ epoch: Int, _ logs: Logs) throws {
    epochsSeen += 1
    lookAtLoss(logs)
    lookAtAccuracy(logs)
    if epochsSeen == 1 { lookAtMovement() }
  }

  // MARK: - What there is to say

  private func lookAtOutputs(of model: Model) {
    guard let loss = model.loss, let name = loss.className, !(model.graph?.outputs.count ?? 1 > 1), let width = model.rowOutputShapes?.first?.last ?? nil else { return }
    let activation = TrainingRemarks.lastActivation(of: model)
    switch (name, activation) {
    case (_, "softmax"?) where width == 1:
      remark("softmax of one", "The last layer is a softmax of one unit, which is 1 whatever the weights; use sigmoid.")
    case (Loss.binaryCrossentropy.className, "softmax"?):
      remark(
        "softmax and binary",
        "The last layer is a softmax and the loss is binary_crossentropy, which takes each unit for a question of its own; use categorical_crossentropy, or sigmoid.")
    case (Loss.categoricalCrossentropy.className, let other?) where other != "softmax" && !loss.isFromLogits,
      (Loss.sparseCategoricalCrossentropy.className, let other?) where other != "softmax" && other != "sigmoid" && !loss.isFromLogits:
      remark("no probabilities", "The loss is \(loss.name), which takes the outputs for probabilities, and the last layer's activation is \(other); use softmax, or the loss with fromLogits.")
    case (Loss.binaryCrossentropy.className, let other?) where !["sigmoid", "hard_sigmoid"].contains(other) && !loss.isFromLogits:
      remark("no probability", "The loss is binary_crossentropy, which takes the outputs for probabilities, and the last layer's activation is \(other); use sigmoid, or the loss with fromLogits.")
    case (Loss.meanSquaredError.className, "relu"?), (Loss.meanAbsoluteError.className, "relu"?):
      remark("relu at the end", "The last layer's activation is relu: it cannot predict anything less than 0, and does not learn where it says 0; a number needs no activation.")
    default:
      if loss.isFromLogits, let activation, ["softmax", "sigmoid"].contains(activation) {
        remark("twice", "The loss is told that outputs are logits, and the last layer has \(activation) already; leave one out.")
      }
    }
  }

  private static func lastActivation(of model: Model) -> String? {
    let last = model.layers.last
    if let activation = (last as? Dense)?.activation { return activation.name }
    if last is Dense { return "linear" }
    if let layer = last as? Activation { return layer.activation.name }
    return last is Softmax ? "softmax" : nil
  }

  private func lookAtOptimizer(of model: Model) {
    guard let optimizer = model.optimizer, case .constant(let rate) = optimizer.options.learningRate else { return }
    if case .constant(let usual) = type(of: optimizer).init().options.learningRate, usual > 0, rate >= 300 * usual || rate > 0 && rate <= usual / 3000 {
      remark(
        "rate", "The learning rate is \(rate), and \(type(of: optimizer).className)'s usual one is \(usual); findLearningRate (descent find-rate) shows which rates this model learns with.")
    }
    if let decay = optimizer.options.weightDecay, decay >= 0.01, let state = model.optimizerState {
      let decayed = Set(state.decayedParameters)
      if let bias = model.trainableVariables.first(where: { $0.shape.count <= 1 && decayed.contains($0.path) }) {
        remark("decay", "Weight decay \(decay) also pulls \(bias.path) towards 0; weightDecayExclusions = [.vectors] leaves biases and scales alone.")
      }
    }
  }

  private func lookAtLoss(_ logs: Logs) {
    guard let loss = logs["loss"] else { return }
    if !loss.isFinite {
      let table = model?.allLayers.lazy.compactMap { $0 as? Embedding }.first
      let strangers = table.map { ", or a number that \($0.name) looks up is none of its rows 0 to \($0.inputDim - 1)" } ?? ""
      return remark(
        "not finite", "The loss is \(loss): the learning rate may be too high, or a number in the data is not finite\(strangers); TerminateOnNaN ends such a run.")
    }
    guard let first = firstLoss else {
      firstLoss = loss
      return
    }
    if loss < first - 0.001 * abs(first) { fallen = true }
    if !fallen && epochsSeen >= 4 {
      remark("not falling", "The loss has not fallen in \(epochsSeen) epochs (\(first) at first, \(loss) now): the learning rate may be far too low or too high, or the targets do not follow from the inputs.")
    }
  }

  private func lookAtAccuracy(_ logs: Logs) {
    guard epochsSeen >= 3, let name = TrainingRemarks.accuracies.first(where: { logs[$0] != nil }),
      let value = logs[name], let share = greatestShare, share >= 0.6, abs(value - share) < 0.002
    else { return }
    remark("one class", String(format: "\(name) is %.3f, and one class alone makes up %.3f of the rows: saying it always would be as good; AUC or F1 tell more, and classWeight helps.", value, share))
  }

  /// Where gradients vanish on their way to the first layers, or explode, weights move by very different parts of themselves.
  private func lookAtMovement() {
    guard let model, before.count >= 2 else { return }
    let now = Dictionary(model.trainableVariables.map { ($0.path, $0) }) { $1 }
    let moved = before.compactMap { path, old -> (path: String, part: Double)? in
      guard let value = now[path]?.value else { return nil }
      let size = square(old).sum().cast(to: .float64).item() as Double, change = square(value - old).sum().cast(to: .float64).item() as Double
      return size > 0 ? (path, (change / size).squareRoot()) : nil
    }
    before = []
    guard let least = moved.min(by: { $0.part < $1.part }), let most = moved.max(by: { $0.part < $1.part }), most.part.isFinite else { return }
    if least.part == 0 && most.part > 1e-3 {
      let text = "In an epoch \(least.path) did not move, and \(most.path) moved by %.1e of itself: no loss depends on it, or its gradients vanish on the way."
      remark("vanishing", String(format: text, most.part))
    } else if least.part < 1e-6 && most.part > 1e-3 {
      remark(
        "vanishing", String(format: "In an epoch \(least.path) moved by %.1e of itself and \(most.path) by %.1e: its gradients vanish on the way; other activations (relu), initializers or normalization help.", least.part, most.part))
    } else if most.part > 100 {
      remark("exploding", String(format: "In an epoch \(most.path) moved by %.0f times itself: its gradients explode; a lower learning rate or clipnorm helps.", most.part))
    }
  }
}
