extension Initializer {
  /// What the variance is divided by: the number of inputs of a unit, of its outputs, or their mean.
  public enum FanMode: String, Sendable, CaseIterable {
    /// The number of inputs.
    case fanIn = "fan_in"
    /// The number of outputs.
    case fanOut = "fan_out"
    /// The mean of both.
    case fanAverage = "fan_avg"
  }

  /// How numbers are distributed.
  public enum Distribution: String, Sendable, CaseIterable {
    /// Cut at two standard deviations, which are widened so that the variance is the intended one.
    case truncatedNormal = "truncated_normal"
    /// Normal.
    case untruncatedNormal = "untruncated_normal"
    /// Uniform around 0.
    case uniform
  }

  /// Which axes are counted as inputs and which as outputs; without them the last is the outputs', the one before it the
  /// inputs', and those before belong to both (a convolution's window).
  public struct FanAxes: Sendable, Equatable {
    /// Axes that count inputs.
    public let inputs: [Int]
    /// Axes that count outputs.
    public let outputs: [Int]

    /// - Parameters:
    ///   - inputs: axes that count inputs.
    ///   - outputs: axes that count outputs.
    public init(inputs: [Int], outputs: [Int]) {
      self.inputs = inputs
      self.outputs = outputs
    }
  }

  /// Mean 0 and variance `scale` / max(1, fan); the uniform distribution within ±√(3 · variance).
  /// - Parameters:
  ///   - scale: greater than 0; another is refused where the initializer is used.
  ///   - mode: what the fan is: the number of inputs of a unit, of its outputs, or their mean.
  ///   - distribution: how numbers are distributed.
  ///   - seed: of numbers that are the same at every call with one shape; nil to take the model's.
  ///   - axes: those that count inputs and those that count outputs; nil to count the last two and the window before them.
  public static func varianceScaling(
    scale: Double = 1, mode: FanMode = .fanIn, distribution: Distribution = .truncatedNormal, seed: Int? = nil,
    axes: FanAxes? = nil
  ) -> Initializer {
    scaled(
      "VarianceScaling", "variance_scaling", scale, mode, distribution, seed, axes,
      settings: ["scale": JSONValue(scale), "mode": .string(mode.rawValue), "distribution": .string(distribution.rawValue)],
      problem: problem("VarianceScaling", NumberRange.positive.problem("scale", scale)))
  }
  /// With default settings.
  public static let varianceScaling = varianceScaling()

  /// Uniform within ±√(6 / (inputs + outputs)) (Glorot & Bengio, 2010).
  /// - Parameters:
  ///   - seed: of numbers that are the same at every call with one shape; nil to take the model's.
  ///   - axes: those that count inputs and those that count outputs; nil to count the last two and the window before them.
  public static func glorotUniform(seed: Int? = nil, axes: FanAxes? = nil) -> Initializer {
    scaled("GlorotUniform", "glorot_uniform", 1, .fanAverage, .uniform, seed, axes)
  }
  /// With default settings.
  public static let glorotUniform = glorotUniform()

  /// Truncated normal of variance 2 / (inputs + outputs) (Glorot & Bengio, 2010).
  /// - Parameters:
  ///   - seed: of numbers that are the same at every call with one shape; nil to take the model's.
  ///   - axes: those that count inputs and those that count outputs; nil to count the last two and the window before them.
  public static func glorotNormal(seed: Int? = nil, axes: FanAxes? = nil) -> Initializer {
    scaled("GlorotNormal", "glorot_normal", 1, .fanAverage, .truncatedNormal, seed, axes)
  }
  /// With default settings.
  public static let glorotNormal = glorotNormal()

  /// Uniform within ±√(6 / inputs) (He et al., 2015).
  /// - Parameters:
  ///   - seed: of numbers that are the same at every call with one shape; nil to take the model's.
  ///   - axes: those that count inputs and those that count outputs; nil to count the last two and the window before them.
  public static func heUniform(seed: Int? = nil, axes: FanAxes? = nil) -> Initializer {
    scaled("HeUniform", "he_uniform", 2, .fanIn, .uniform, seed, axes)
  }
  /// With default settings.
  public static let heUniform = heUniform()

  /// Truncated normal of variance 2 / inputs (He et al., 2015).
  /// - Parameters:
  ///   - seed: of numbers that are the same at every call with one shape; nil to take the model's.
  ///   - axes: those that count inputs and those that count outputs; nil to count the last two and the window before them.
  public static func heNormal(seed: Int? = nil, axes: FanAxes? = nil) -> Initializer {
    scaled("HeNormal", "he_normal", 2, .fanIn, .truncatedNormal, seed, axes)
  }
  /// With default settings.
  public static let heNormal = heNormal()

  /// Uniform within ±√(3 / inputs) (LeCun et al., 1998).
  /// - Parameters:
  ///   - seed: of numbers that are the same at every call with one shape; nil to take the model's.
  ///   - axes: those that count inputs and those that count outputs; nil to count the last two and the window before them.
  public static func lecunUniform(seed: Int? = nil, axes: FanAxes? = nil) -> Initializer {
    scaled("LecunUniform", "lecun_uniform", 1, .fanIn, .uniform, seed, axes)
  }
  /// With default settings.
  public static let lecunUniform = lecunUniform()

  /// Truncated normal of variance 1 / inputs (LeCun et al., 1998).
  /// - Parameters:
  ///   - seed: of numbers that are the same at every call with one shape; nil to take the model's.
  ///   - axes: those that count inputs and those that count outputs; nil to count the last two and the window before them.
  public static func lecunNormal(seed: Int? = nil, axes: FanAxes? = nil) -> Initializer {
    scaled("LecunNormal", "lecun_normal", 1, .fanIn, .truncatedNormal, seed, axes)
  }
  /// With default settings.
  public static let lecunNormal = lecunNormal()

  private static func scaled(
    _ className: String, _ name: String, _ scale: Double, _ mode: FanMode, _ distribution: Distribution, _ seed: Int?,
    _ axes: FanAxes?, settings: [String: JSONValue] = [:], problem: DescentError? = nil
  ) -> Initializer {
    func list(_ axes: [Int]?) -> JSONValue { axes.map { .array($0.map { JSONValue($0) }) } ?? .null }
    let common: [String: JSONValue] = [
      "seed": .optional(seed), "input_axes": list(axes?.inputs), "output_axes": list(axes?.outputs),
    ]
    return Initializer(className, name: name, config: settings.merging(common) { $1 }, seed: seed, problem: problem) {
      shape, dtype, generator in
      let fan = try fans(of: shape, axes: axes, name: name)
      let divisor: Double
      switch mode {
      case .fanIn: divisor = fan.in
      case .fanOut: divisor = fan.out
      case .fanAverage: divisor = (fan.in + fan.out) / 2
      }
      let variance = scale / Swift.max(1, divisor)
      switch distribution {
      case .uniform:
        let limit = (3 * variance).squareRoot()
        return generator.uniform(shape, low: -limit, high: limit, dtype: dtype)
      case .untruncatedNormal:
        return generator.normal(shape, standardDeviation: variance.squareRoot(), dtype: dtype)
      case .truncatedNormal:
        // What cutting at ±2 leaves of the standard deviation.
        return truncatedNormal(shape, dtype, generator) * (variance.squareRoot() / 0.87962566103423978)
      }
    }
  }

  /// The same with such axes, if the number of inputs and outputs matters to it and nothing was said of them.
  func withFanAxes(_ axes: FanAxes) throws -> Initializer {
    guard config["input_axes"] == .null, let className else { return self }
    var config = keras.config
    config["input_axes"] = .array(axes.inputs.map { JSONValue($0) })
    config["output_axes"] = .array(axes.outputs.map { JSONValue($0) })
    return try Self.catalog.value(named: className, settings: config)
  }

  /// How many numbers go into and come out of one unit.
  static func fans(of shape: [Int], axes: FanAxes?, name: String) throws -> (in: Double, out: Double) {
    guard let axes else {
      switch shape.count {
      case 0: return (1, 1)
      case 1: return (Double(shape[0]), Double(shape[0]))
      default:
        let window = shape.dropLast(2).reduce(1) { $0 * Double($1) }
        return (window * Double(shape[shape.count - 2]), window * Double(shape[shape.count - 1]))
      }
    }
    func positions(_ axes: [Int]) throws -> [Int] {
      let result = axes.map { $0 < 0 ? $0 + shape.count : $0 }
      guard result.allSatisfy(shape.indices.contains) else {
        throw DescentError(.invalidArgument, "initializer \(name): axes \(axes) do not exist in shape \(shape)")
      }
      return result
    }
    let inputs = try positions(axes.inputs)
    let outputs = try positions(axes.outputs)
    let window = shape.indices.filter { !inputs.contains($0) && !outputs.contains($0) }.reduce(1) { $0 * Double(shape[$1]) }
    return (inputs.reduce(window) { $0 * Double(shape[$1]) }, outputs.reduce(window) { $0 * Double(shape[$1]) })
  }
}
