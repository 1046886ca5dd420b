import Optimizers
import TensorCore

extension TablePreprocessing {
  /// A network for such rows: numbers are scaled (``Normalization``), categories become places of one (``CategoryEncoding``), hidden layers follow, and
  /// the last layer answers in the target's terms: its own units (``Normalization`` with `invert`), the probability of the second of two classes
  /// (sigmoid), or that of each of several (softmax). What no training row had is no place of: the weights of such places are 0.
  ///
  /// ``Model/table`` of the network is this, so that its `.keras` file holds all that is needed to predict.
  /// - Parameters:
  ///   - hidden: the sizes of the hidden layers; none for a linear model.
  ///   - activation: of the hidden layers.
  ///   - loss: what it is to be trained with; nil for ``standardLoss``. Of two classes, sparse_categorical_crossentropy asks for two outputs.
  ///   - seed: for the initial weights and the order of rows in training; nil for one derived from ``setRandomSeed(_:)``'s.
  /// - Throws: ``DescentError`` of kind `invalidArgument` for a loss that does not go with the target.
  public func network(
    hidden: [Int] = [64, 32], activation: ActivationFunction = .relu, loss: Loss? = nil, seed: UInt64? = nil
  ) throws -> Model {
    let loss = try checked(loss)
    let numberInputs = numberInputs
    var inputs: [Input] = [], parts: [Symbol] = []
    if !numberInputs.isEmpty {
      let input = Input(shape: [numberInputs.count], name: "numbers")
      inputs.append(input)
      parts.append(try Normalization(name: "scaling")(input))
    }
    if categoryCount > 0 {
      let input = Input(shape: [categoryCount], name: "categories", dtype: .int32)
      inputs.append(input)
      parts.append(try CategoryEncoding(tokens.count, outputMode: .multiHot, name: "places")(input))
    }
    var x = parts.count == 1 ? parts[0] : try Concatenate(name: "columns")(parts)
    for (place, size) in hidden.enumerated() { x = try Dense(size, activation: activation, name: "hidden_\(place + 1)")(x) }
    let count = target.classes?.count ?? 1
    if target.classes == nil {
      x = try Dense(1, name: "scaled_target")(x)
      let mean = Tensor([Float(target.mean)]), variance = Tensor([Float(target.deviation * target.deviation)])
      x = try Normalization(axis: -1, mean: mean, variance: variance, invert: true, name: "target")(x)
    } else if loss.className == Loss.sparseCategoricalCrossentropy.className {
      x = try Dense(count, activation: .softmax, name: "target")(x)
    } else {
      x = try Dense(1, activation: .sigmoid, name: "target")(x)
    }
    let drawn = try Model(inputs: inputs, outputs: x, name: "table", seed: seed)
    // From a description weights are drawn by the seed.
    let model = seed == nil ? drawn : try Model.fromJSON(drawn.json(), seed: seed)
    try setConstants(of: model, numberInputs)
    model.table = self
    return model
  }

  /// The scales of the numbers, and no weights for places that no training row is at.
  private func setConstants(of model: Model, _ numberInputs: [TableColumn.NumberInput]) throws {
    if let scaling = model.layers.first(where: { $0.name == "scaling" }) as? Normalization {
      scaling.mean?.assign(Tensor(numberInputs.map { Float($0.mean) }))
      scaling.variance?.assign(Tensor(numberInputs.map { Float($0.deviation * $0.deviation) }))
    }
    guard let first = model.layers.first(where: { $0 is Dense }) as? Dense, let kernel = first.kernel else { return }
    var isSeen = [Float](repeating: 1, count: numberInputs.count)
    for column in columns {
      guard let tokens = column.tokens else { continue }
      isSeen += [hasOthers(column) ? 1 : 0] + [Float](repeating: 1, count: tokens.count - 1)
    }
    kernel.assign((kernel.value * Tensor(shape: [isSeen.count, 1], scalars: isSeen)).evaluated())
  }

  /// Whether some training rows have a value that has no place of its own.
  private func hasOthers(_ column: TableColumn) -> Bool {
    if case .category(_, _, let hasOthers) = column.encoding { return hasOthers }
    return false
  }

  /// `mean_squared_error`, `binary_crossentropy` for two classes, `sparse_categorical_crossentropy` for more.
  public var standardLoss: Loss {
    switch target.classes?.count {
    case nil: .meanSquaredError
    case 2: .binaryCrossentropy
    default: .sparseCategoricalCrossentropy
    }
  }

  /// `mean_absolute_error`, or `accuracy` for classes.
  public var standardMetric: Metric { target.classes == nil ? "mean_absolute_error" : .accuracy }

  private func checked(_ loss: Loss?) throws -> Loss {
    guard let loss else { return standardLoss }
    let names = [Loss.binaryCrossentropy, .binaryFocalCrossentropy].map(\.className)
    let possible = target.classes.map { $0.count == 2 ? names + [Loss.sparseCategoricalCrossentropy.className] : [Loss.sparseCategoricalCrossentropy.className] }
    guard possible?.contains(loss.className) ?? !loss.isForClasses, !loss.isFromLogits else {
      let expected = target.classes == nil ? "one for numbers, such as mean_squared_error" : target.classes!.count == 2 ? "binary_crossentropy, binary_focal_crossentropy or sparse_categorical_crossentropy, from probabilities" : "sparse_categorical_crossentropy, from probabilities"
      throw DescentError(
        .invalidArgument, "the target '\(target.name)' is \(target.classes.map { "one of \($0.count) classes" } ?? "a number"); the loss \(loss.name) is not for that: expected \(expected)")
    }
    return loss
  }

  /// Chooses how a network of ``network(hidden:activation:loss:seed:)`` is trained and judged.
  ///
  /// The loss of a number is divided by what predicting the mean costs (the target's variance for mean_squared_error, its deviation for
  /// mean_absolute_error, huber and log_cosh), as a weight of the loss: so it is about 1 at first whatever the target's units, and optimizers see
  /// gradients of usual sizes. Metrics are in the target's units.
  /// - Parameters:
  ///   - model: a network for the table.
  ///   - optimizer: by value.
  ///   - loss: as for the network; nil for ``standardLoss``.
  ///   - metrics: nil for ``standardMetric``.
  public func compile(
    _ model: Model, optimizer: any Optimizer = Adam(), loss: Loss? = nil, metrics: [Metric]? = nil
  ) throws {
    let loss = try checked(loss)
    try model.compile(
      optimizer,
      CompileChoices(
        losses: .same(loss), lossWeights: weight(of: loss), metrics: .list(metrics ?? [standardMetric]), weightedMetrics: .list([])))
  }

  /// Puts something else in place of parts of what a model was compiled with; what is nil stays, and with the optimizer what that remembers.
  package func recompile(_ model: Model, anyOptimizer optimizer: (any Optimizer)?, loss: Loss?, metrics: [Metric]?) throws {
    let loss = try loss.map(checked)
    try model.recompile(anyOptimizer: optimizer) { choices in
      if let loss { (choices.losses, choices.lossWeights) = (.same(loss), weight(of: loss)) }
      if let metrics { (choices.metrics, choices.weightedMetrics) = (.list(metrics), .list([])) }
    }
  }

  /// What makes a loss 1 where the mean is always predicted.
  private func weight(of loss: Loss) -> ByOutput<Double>? {
    var weight = 1.0
    if target.classes == nil {
      switch loss.className {
      case Loss.meanSquaredError.className: weight = 1 / (target.deviation * target.deviation)
      case Loss.meanAbsoluteError.className, Loss.huber.className, Loss.logCosh.className: weight = 1 / target.deviation
      default: break
      }
    }
    return weight.isNormal && weight != 1 ? .ordered([weight]) : nil
  }
}

extension Model {
  /// Whether `compile` was told to weigh the loss.
  package var hasWeightedLoss: Bool { training?.choices.lossWeights != nil }
}
