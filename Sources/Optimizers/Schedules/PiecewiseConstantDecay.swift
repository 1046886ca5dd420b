/// `values[i]` while the number of updates done is greater than `boundaries[i − 1]` and at most `boundaries[i]`.
///
/// Source: Keras, `PiecewiseConstantDecay`.
public struct PiecewiseConstantDecay: ConfigurableSchedule {
  /// Increasing numbers of updates.
  public var boundaries: [Int]
  /// One rate more than there are boundaries.
  public var values: [Double]

  /// - Parameters:
  ///   - boundaries: the updates after which the rate changes.
  ///   - values: the rates, one more than there are boundaries.
  public init(boundaries: [Int], values: [Double]) {
    self.boundaries = boundaries
    self.values = values
  }

  public func callAsFunction(step: Int) -> Double {
    guard values.count == boundaries.count + 1 else { return .nan }
    return values[boundaries.firstIndex { step <= $0 } ?? boundaries.count]
  }

  public func validate() throws {
    guard values.count == boundaries.count + 1 else {
      throw DescentError(
        .invalidArgument,
        "PiecewiseConstantDecay: \(values.count) values for \(boundaries.count) boundaries; expected \(boundaries.count + 1)")
    }
    guard zip(boundaries, boundaries.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw DescentError(.invalidArgument, "PiecewiseConstantDecay: the boundaries \(boundaries) do not increase")
    }
  }

  public static let template = PiecewiseConstantDecay(boundaries: [], values: [0])
  public static let hyperparameters: [Hyperparameter<PiecewiseConstantDecay>] = [
    .integers("boundaries", \.boundaries, atLeast: 0, "increasing numbers of updates", isRequired: true),
    .numbers("values", \.values, in: .nonNegative, "one rate more than there are boundaries", isRequired: true),
  ]
}
