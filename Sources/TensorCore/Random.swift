/// A source of random numbers whose whole state is a variable, so that it can be saved, restored and used in compiled functions.
///
/// The numbers are counter-based (Philox 2×32-10; Salmon et al., 2011): element i of a draw depends on the seed, the number of
/// draws before it, and i, whatever the number of threads.
public final class RandomGenerator: Sendable {
  /// `int32` [2]: the seed and the number of draws made.
  public let state: Variable

  /// - Parameters:
  ///   - seed: equal seeds give equal numbers.
  ///   - name: of the variable with its state.
  public init(seed: UInt64, name: String = "random") {
    // Both halves of the seed take part; the multiplier spreads the upper half.
    let folded = UInt32(truncatingIfNeeded: seed) ^ UInt32(truncatingIfNeeded: (seed >> 32) &* 0x9E37_79B9)
    state = Variable(Tensor([Int32(bitPattern: folded), 0]), name: name, isTrainable: false)
    state.isRandomState = true
  }

  /// Independent numbers, uniform in [`low`, `high`).
  public func uniform(_ shape: [Int], low: Double = 0, high: Double = 1, dtype: DType = .float32) -> Tensor {
    let unit = draw(.uniform, shape, dtype)
    return low == 0 && high == 1 ? unit : unit * (high - low) + low
  }

  /// Independent numbers, normally distributed.
  public func normal(_ shape: [Int], mean: Double = 0, standardDeviation: Double = 1, dtype: DType = .float32) -> Tensor {
    let unit = draw(.normal, shape, dtype)
    return mean == 0 && standardDeviation == 1 ? unit : unit * standardDeviation + mean
  }

  /// Independent truths, each true with the given probability.
  public func bernoulli(_ shape: [Int], probability: Double) -> Tensor {
    draw(.uniform, shape, .float32) .< Tensor(number: probability)
  }

  private func draw(_ distribution: RandomDistribution, _ shape: [Int], _ dtype: DType) -> Tensor {
    if !dtype.isFloatingPoint { programmingError("random \(distribution): dtype \(dtype) is not floating-point") }
    let key = nextKey()
    return ofBatch(shape) { Tensor(.random(distribution), [key], shape: $0, dtype: dtype) }
  }

  /// In a step that is shared by the members of a group, what is drawn for rows is drawn for those of the whole batch, so that a row's
  /// numbers do not depend on who computes it. A shape whose first axis counts the member's rows, or so many for each, is one for rows.
  func ofBatch(_ shape: [Int], _ draw: ([Int]) -> Tensor) -> Tensor {
    guard let share = GroupStep.current?.share, let first = shape.first, first > 0, first % share.computedRows == 0 else { return draw(shape) }
    let perRow = first / share.computedRows
    let whole = draw([share.total * perRow] + shape.dropFirst())
    return whole[share.offset * perRow..<share.offset * perRow + first]
  }

  /// What a draw's numbers are made from, never the same twice.
  func nextKey() -> Tensor {
    state.exclusively {
      let key = state.value
      state.assign(key + Tensor([Int32(0), 1]))
      return key
    }
  }
}
