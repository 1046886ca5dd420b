/// A number that the host writes before a run and formulas read: `float64`, whatever the dtype of the data it meets.
final class HostNumber {
  let variable: Variable

  init(_ name: String, _ value: Double = 0) {
    variable = Variable(Tensor(value), name: name, isTrainable: false)
  }

  var value: Double {
    get { variable.withBytes { $0.load(as: Double.self) } }
    set { variable.withMutableBytes { $0.storeBytes(of: newValue, as: Double.self) } }
  }

  /// The value in a formula.
  var number: Tensor { variable.asNumber }
}

extension Variable {
  /// A `float64` scalar as a number, which takes the dtype of what it meets.
  var asNumber: Tensor { Tensor(.cast, [value], shape: [], dtype: .float64, isNumber: true) }
}
