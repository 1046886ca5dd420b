/// A number that the host writes before a run and formulas read: `float64`, whatever the dtype of the data it meets.
final class HostNumber {
  let variable: Variable
  /// What ``set(_:)`` was given last.
  private var lastSet: Double?
  /// Whether anybody has asked for it. Before, ``set(_:)`` writes nothing.
  private var isRead = false

  init(_ name: String, _ value: Double = 0) {
    variable = Variable(Tensor(value), name: name, isTrainable: false)
  }

  var value: Double {
    get {
      beginReading()
      return variable.double
    }
    set { variable.double = newValue }
  }

  /// Sets ``value`` for formulas where it is another than the last time, for a number that nobody changes in another way.
  func set(_ newValue: Double) {
    if newValue == lastSet { return }
    lastSet = newValue
    if isRead { value = newValue }
  }

  /// The value in a formula.
  var number: Tensor {
    beginReading()
    return variable.numberValue
  }

  private func beginReading() {
    if isRead { return }
    isRead = true
    if let lastSet { value = lastSet }
  }
}

extension DType {
  /// A hyperparameter as a tensor of the dtype has it. A formula that needs both beta and 1 − beta takes the latter from this:
  /// each rounded on its own, they would not add up to 1.
  func rounded(_ hyperparameter: Double) -> Double {
    self == .float32 ? Double(Float(hyperparameter)) : hyperparameter
  }
}
