extension Initializer {
  /// 0 everywhere.
  public static let zeros = Initializer("Zeros", name: "zeros") { shape, dtype, _ in .zeros(shape, dtype: dtype) }

  /// 1 everywhere.
  public static let ones = Initializer("Ones", name: "ones") { shape, dtype, _ in .ones(shape, dtype: dtype) }

  /// `value` everywhere.
  public static func constant(_ value: Double = 0) -> Initializer {
    Initializer("Constant", name: "constant", config: ["value": JSONValue(value)]) { shape, dtype, _ in
      Tensor(repeating: value, shape: shape, dtype: dtype)
    }
  }
  /// With default settings.
  public static let constant = constant()

  /// `gain` on the diagonal of a matrix of any two sizes, 0 elsewhere.
  public static func identity(gain: Double = 1) -> Initializer {
    Initializer("Identity", name: "identity", config: ["gain": JSONValue(gain)]) { shape, dtype, _ in
      guard shape.count == 2 else {
        throw DescentError(.invalidArgument, "initializer identity: shape \(shape) is not that of a matrix")
      }
      let rows = Tensor.range(shape[0]).reshaped([shape[0], 1])
      return (rows .== Tensor.range(shape[1])).cast(to: dtype) * gain
    }
  }
  /// With default settings.
  public static let identity = identity()
}
