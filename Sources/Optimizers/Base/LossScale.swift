/// What the loss is multiplied by before its gradients are taken.
final class LossScale {
  private let host: HostNumber
  /// Written where plans read it at once: gradients may be taken before the step that divides them is begun.
  private(set) var value: Double {
    didSet { if value != oldValue { host.value = value } }
  }
  /// Finite steps since the scale last changed.
  var counter = 0
  /// Finite steps after which the scale doubles; nil for a fixed scale.
  let growthSteps: Int?

  init(fixed value: Double) {
    self.value = value
    growthSteps = nil
    host = HostNumber("loss_scale", value)
  }

  init(_ optimizer: LossScaleOptimizer) {
    value = optimizer.initialScale
    growthSteps = optimizer.dynamicGrowthSteps
    host = HostNumber("loss_scale", value)
  }

  var number: Tensor { host.number }

  func restore(value: Double, counter: Int) {
    self.value = value
    self.counter = counter
  }

  /// Doubles the scale after enough finite steps, halves it after one that was not.
  func adapt(isFinite: Bool) {
    guard let growthSteps else { return }
    if !isFinite {
      value = max(value / 2, LossScale.least)
      counter = 0
    } else if counter + 1 == growthSteps {
      value = min(value * 2, LossScale.greatest)
      counter = 0
    } else {
      counter += 1
    }
  }

  /// Keras knows no limits; a scale halved or doubled for ever becomes 0 or infinite, and every step after it useless.
  private static let least = 0x1p-100
  private static let greatest = 0x1p100
}
