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

  /// Given numbers, in whatever shape stretches to that of the weights: `.constant(values: matrix)` for an embedding that was trained
  /// elsewhere. A model's description holds them all.
  /// - Parameter values: of any dtype.
  public static func constant(values: Tensor) -> Initializer {
    let values = values.evaluated()
    return Initializer("Constant", name: "constant", config: ["value": TensorJSON.object(values, className: "__numpy__")]) { shape, dtype, _ in
      guard values.rank <= shape.count, broadcastShape(values.shape, shape) == shape else {
        throw DescentError(
          .invalidArgument, "initializer constant: values of shape \(values.shape) do not stretch to weights of shape \(shape)")
      }
      return values.cast(to: dtype).broadcast(to: shape)
    }
  }

  /// What a file says of a constant: a number, an array, or an array as Keras writes NumPy's.
  static let constantKind = SettingKind<Initializer>("a number or an array") { json in
    if let number = json.double { return .constant(number) }
    if json.array != nil { return .constant(values: try TensorJSON.tensor(numbers: json, .float64, "it is")) }
    guard TensorJSON.classNames.contains(json["class_name"]?.string ?? "") else { return nil }
    return .constant(values: try TensorJSON.tensor(config: json["config"], "it is"))
  }

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
