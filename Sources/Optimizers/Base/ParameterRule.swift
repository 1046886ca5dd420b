/// What can be known of a parameter without its values.
public struct ParameterDescription: Sendable, Equatable {
  /// What it is called in its layer: `kernel`, `bias`.
  public let name: String
  /// The name with those of its owners: `sequential/dense/kernel`.
  public let path: String
  /// The parameter's shape.
  public let shape: [Int]
  /// The parameter's dtype.
  public let dtype: DType

  /// - Parameters:
  ///   - name: the parameter's own name, such as `kernel`.
  ///   - path: the name with those of the layers around it.
  ///   - shape: its shape.
  ///   - dtype: its dtype.
  public init(name: String, path: String, shape: [Int], dtype: DType) {
    self.name = name
    self.path = path
    self.shape = shape
    self.dtype = dtype
  }

  init(_ variable: Variable) {
    self.init(name: variable.name, path: variable.path, shape: variable.shape, dtype: variable.dtype)
  }

  /// The number of axes.
  public var rank: Int { shape.count }
}

/// Chooses parameters, for weight decay, for settings of their own, or for an optimizer of their own.
///
/// As text, in JSON and on the command line: `name:bias`, `path:dense/kernel`, `pattern:^b`, `path_pattern:encoder/.*`,
/// `vectors`, `all`.
public enum ParameterRule: Sendable, Hashable {
  /// The parameter's own name is this one.
  case name(String)
  /// The parameter's path is this one.
  case path(String)
  /// A regular expression (Python's, without looking ahead, references and flags but a leading `(?i)`) occurs in the parameter's own name, as in Keras's
  /// `exclude_from_weight_decay(var_names:)`.
  case pattern(String)
  /// A regular expression matches the parameter's whole path, as in Keras's `OptimizerMap`.
  case pathPattern(String)
  /// Everything but matrices and kernels: scalars and vectors, such as biases and the scales of normalizations.
  case vectors
  /// All parameters.
  case all

  /// Whether the rule chooses the parameter. A pattern that is no regular expression chooses none; ``validate()`` refuses it.
  public func matches(_ parameter: ParameterDescription) -> Bool {
    switch self {
    case .name(let name): return parameter.name == name
    case .path(let path): return parameter.path == path
    case .pattern(let pattern): return (try? NamePattern(pattern))?.occurs(in: parameter.name) ?? false
    case .pathPattern(let pattern): return (try? NamePattern(pattern))?.matchesWhole(parameter.path) ?? false
    case .vectors: return parameter.rank < 2
    case .all: return true
    }
  }

  /// - Throws: ``DescentError`` if a pattern is not a regular expression.
  public func validate() throws {
    switch self {
    case .pattern(let pattern), .pathPattern(let pattern): _ = try NamePattern(pattern)
    default: break
    }
  }

  /// The rule as it stands in JSON.
  public var text: String {
    switch self {
    case .name(let name): "name:\(name)"
    case .path(let path): "path:\(path)"
    case .pattern(let pattern): "pattern:\(pattern)"
    case .pathPattern(let pattern): "path_pattern:\(pattern)"
    case .vectors: "vectors"
    case .all: "all"
    }
  }

  /// Reads ``text``.
  public init(text: String) throws {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    switch (parts[0], parts.count) {
    case ("name", 2): self = .name(parts[1])
    case ("path", 2): self = .path(parts[1])
    case ("pattern", 2): self = .pattern(parts[1])
    case ("path_pattern", 2): self = .pathPattern(parts[1])
    case ("vectors", 1): self = .vectors
    case ("all", 1): self = .all
    default:
      throw DescentError(
        .invalidArgument,
        "\"\(text)\" does not choose parameters; expected name:…, path:…, pattern:…, path_pattern:…, vectors or all")
    }
    try validate()
  }
}

/// What is different for some parameters. Where several settings choose a parameter, each value is that of the last one that
/// speaks of it.
public struct ParameterSetting: Sendable, Hashable {
  /// Which parameters are meant.
  public var rule: ParameterRule
  /// Multiplies the learning rate.
  public var learningRateMultiplier: Double?
  /// Instead of the optimizer's weight decay; 0 for none.
  public var weightDecay: Double?
  /// Neither the parameter nor its slots change.
  public var isFrozen: Bool?
  /// Where the gradient is that of rows looked up in a table (see ``SparseUpdates``), the other rows keep their values and slots as
  /// if there had been no step, weight decay included, and cost nothing. Otherwise a gradient of zero is a gradient: momenta go on
  /// and fade. As PyTorch's `SparseAdam` and TensorFlow Addons' `LazyAdam` do; false by default. A gradient that is computed in any
  /// other way touches all rows. Refused for optimizers that say ``SparseUpdates/none``, and with
  /// ``OptimizerOptions/gradientAccumulationSteps``.
  public var isLazy: Bool?

  /// What is nil is as for all parameters.
  /// - Parameters:
  ///   - rule: which parameters are meant.
  ///   - learningRateMultiplier: multiplies the learning rate.
  ///   - weightDecay: strength of the weight decay.
  ///   - isFrozen: whether the parameters stay as they are.
  ///   - isLazy: whether rows of a table that a step does not touch stay as they are, with their slots.
  public init(
    _ rule: ParameterRule, learningRateMultiplier: Double? = nil, weightDecay: Double? = nil, isFrozen: Bool? = nil,
    isLazy: Bool? = nil
  ) {
    self.rule = rule
    self.learningRateMultiplier = learningRateMultiplier
    self.weightDecay = weightDecay
    self.isFrozen = isFrozen
    self.isLazy = isLazy
  }
}
