/// Optimizers on a function of two variables, each from the same start: what ``RacePicture`` draws.
public struct Race: Sendable {
  /// One optimizer's way.
  public struct Run: Sendable {
    /// The optimizer that made the steps.
    public let optimizer: any Optimizer
    /// The start, and the point after each step.
    public let points: [[Double]]
    /// The function at each point.
    public let values: [Double]
  }

  /// What was made small.
  public let function: TestFunction
  /// One for each optimizer and start: an optimizer's runs from all starts, then the next one's.
  public let runs: [Run]
  /// How many starts there are.
  public let startCount: Int

  /// The runs by optimizer, in the order given.
  public var runsByOptimizer: [[Run]] {
    stride(from: 0, to: runs.count, by: startCount).map { Array(runs[$0..<($0 + startCount)]) }
  }

  /// - Parameters:
  ///   - function: what to make small.
  ///   - optimizers: each runs on its own.
  ///   - start: two numbers; the function's own start if nil.
  ///   - steps: how many each optimizer makes.
  ///   - dtype: of the point, one variable of shape [2]: `float32` or `float64`.
  /// - Throws: ``DescentError`` if an optimizer's settings are out of range or it cannot train a vector, or the start is not two
  ///   finite numbers.
  public init(
    _ function: TestFunction, _ optimizers: [any Optimizer], start: [Double]? = nil, steps: Int = 30, dtype: DType = .float64
  ) throws {
    try self.init(function, optimizers, starts: [start ?? function.start], steps: steps, dtype: dtype)
  }

  /// The same from several starts.
  /// - Parameters:
  ///   - function: what is to become small.
  ///   - optimizers: those that run, each by itself.
  ///   - starts: two numbers each; at least one.
  ///   - steps: how many each makes.
  ///   - dtype: of the computation.
  public init(
    _ function: TestFunction, _ optimizers: [any Optimizer], starts: [[Double]], steps: Int = 30, dtype: DType = .float64
  ) throws {
    for start in starts where start.count != 2 || !start.allSatisfy(\.isFinite) {
      throw DescentError(.invalidArgument, "race: the start is \(start); expected two finite numbers")
    }
    guard !starts.isEmpty else { throw DescentError(.invalidArgument, "race: no start is given") }
    guard dtype.isFloatingPoint else {
      throw DescentError(.invalidArgument, "race: dtype \(dtype) cannot be used; expected float32 or float64")
    }
    try NumberRange.from(0, to: 1_000_000).check("steps", steps, "race")
    guard !optimizers.isEmpty else { throw DescentError(.invalidArgument, "race: no optimizer is given") }
    self.function = function
    startCount = starts.count
    let value = compile { function($0) }
    let pairs = optimizers.flatMap { optimizer in starts.map { (optimizer: optimizer, start: $0) } }
    runs = try pairs.map { optimizer, start in
      let first = Tensor(start).cast(to: dtype)
      let minimizer = try Minimizer(optimizer, startingAt: [first]) { function($0[0]) }
      var points = [first.doubles]
      var values = [value(first).item()]
      for _ in 0..<steps {
        try minimizer.step()
        let point = minimizer.parameters[0]
        points.append(point.doubles)
        values.append(value(point).item())
      }
      return Run(optimizer: optimizer, points: points, values: values)
    }
  }

  /// The race that shows four characters: SGD zigzags across the ravine, momentum overshoots, RMSprop divides each direction by the size
  /// of its gradients and goes almost straight, Adam has something of each.
  public static func standardOptimizers() -> [any Optimizer] {
    [
      SGD(learningRate: 0.95), SGD(learningRate: 0.1, momentum: 0.9), RMSprop(learningRate: 0.3, convention: .textbook),
      Adam(learningRate: 0.3, convention: .textbook),
    ]
  }

  /// `{"function": …, "runs": [{"optimizer": {"class_name", "config"}, "points": [[x, y], …], "values": […]}, …]}`, the start
  /// first and then one point a step. What is not finite is spelled as Python's `json` does.
  public func json() throws -> JSONValue {
    let runs = try runs.map { run -> JSONValue in
      let configuration = try OptimizerRegistry.configuration(of: run.optimizer)
      return [
        "optimizer": ["class_name": configuration["class_name"] ?? .null, "config": configuration["config"] ?? .null],
        "points": .array(run.points.map { .array($0.map { JSONValue($0) }) }),
        "values": .array(run.values.map { JSONValue($0) }),
      ]
    }
    return ["function": .string(function.name), "runs": .array(runs)]
  }

  /// SGD with momentum is called what it is known by.
  private static func name(_ optimizer: any Optimizer) -> String {
    guard let sgd = optimizer as? SGD, sgd.momentum > 0 else { return type(of: optimizer).className }
    return sgd.nesterov ? "Nesterov momentum" : "Momentum"
  }

  /// What to call an optimizer in a table: its name, its learning rate, and the settings that are not its convention's defaults.
  public static func label(_ optimizer: any Optimizer) -> (name: String, settings: String) {
    func settings<Made: Optimizer>(_ optimizer: Made) -> String {
      let convention = optimizer.options.convention
      var plain = Made()
      plain.adopt(convention)
      var settings = Made.allHyperparameters.compactMap { hyperparameter -> String? in
        guard hyperparameter.key != "name", let value = try? hyperparameter.value(in: optimizer) else { return nil }
        if value == (try? hyperparameter.value(in: plain)) && hyperparameter.key != "learning_rate" { return nil }
        if case .object(let schedule) = value { return "\(hyperparameter.key) \(schedule["class_name"]?.string ?? "schedule")" }
        let text = value.string ?? value.text()
        return "\(hyperparameter.key) \(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)"
      }
      if Made.conventions[convention]?.isEmpty == false { settings.append("convention \(convention.rawValue)") }
      return settings.joined(separator: ", ")
    }
    return (name(optimizer), settings(optimizer))
  }
}
