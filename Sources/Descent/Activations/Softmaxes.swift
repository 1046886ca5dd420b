extension ActivationFunction {
  /// eˣ / Σ eˣ along `axis`.
  public static func softmax(axis: Int = -1) -> ActivationFunction {
    ActivationFunction("softmax", config: ["axis": JSONValue(axis)]) { $0.softmax(axis: axis) }
  }
  /// With default settings.
  public static let softmax = softmax()

  /// log(eˣ / Σ eˣ) along `axis`.
  public static func logSoftmax(axis: Int = -1) -> ActivationFunction {
    ActivationFunction("log_softmax", config: ["axis": JSONValue(axis)]) { $0.logSoftmax(axis: axis) }
  }
  /// With default settings.
  public static let logSoftmax = logSoftmax()

  /// The nearest point of the probability simplex along `axis` (Martins & Astudillo, 2016): max(x − τ, 0) with the τ that makes
  /// the sum 1.
  ///
  /// The work is proportional to the square of the axis's size.
  public static func sparsemax(axis: Int = -1) -> ActivationFunction {
    ActivationFunction("sparsemax", config: ["axis": JSONValue(axis)]) { x in
      let last = x.movingLast(axis)
      return nearestOnSimplex(last).movingFromLast(to: axis)
    }
  }
  /// With default settings.
  public static let sparsemax = sparsemax()

  /// The gated linear unit (Dauphin et al., 2017): the first half along `axis` times the sigmoid of the second half.
  /// - Precondition: the axis's size is even.
  public static func glu(axis: Int = -1) -> ActivationFunction {
    ActivationFunction("glu", config: ["axis": JSONValue(axis)]) { x in
      let axis = axis < 0 ? axis + x.rank : axis
      guard x.shape.indices.contains(axis), x.shape[axis] % 2 == 0 else {
        programmingError("glu: shape \(x.shape) has no axis \(axis) of even size")
      }
      var sizes = x.shape
      sizes[axis] /= 2
      var starts = [Int](repeating: 0, count: x.rank)
      let first = x.sliced(starts: starts, sizes: sizes)
      starts[axis] = sizes[axis]
      return first * TensorCore.sigmoid(x.sliced(starts: starts, sizes: sizes))
    }
  }
  /// With default settings.
  public static let glu = glu()

  /// Which activation's logits the argument of this function is, where a cross-entropy can use them.
  package func logitsActivation(rank: Int) -> Logits.Activation? {
    if keras.isOwn { return nil }
    return switch className {
    case "sigmoid": .sigmoid
    case "softmax": config["axis"]?.int.map { $0 == -1 || $0 == rank - 1 } == true ? .softmax : nil
    default: nil
    }
  }

  /// An element belongs to the support if 1 + Σ (x_j − x) over those x_j ≥ x is positive; comparing all pairs saves sorting.
  private static func nearestOnSimplex(_ x: Tensor) -> Tensor {
    let shifted = x - stopGradient(x.max(axis: -1, keepDims: true))
    let other = shifted.expandingShape(at: -2)
    let own = shifted.expandingShape(at: -1)
    let excess = TensorCore.relu(other - own).sum(axis: -1)
    let isSupport = stopGradient((excess .< 1).cast(to: x.dtype))
    let size = isSupport.sum(axis: -1, keepDims: true)
    let threshold = (select(isSupport .> 0, shifted, 0).sum(axis: -1, keepDims: true) - 1) / size
    return TensorCore.relu(shifted - threshold)
  }
}
