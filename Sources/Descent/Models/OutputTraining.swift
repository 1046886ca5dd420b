import TensorCore

/// What `compile` was given for one output of the model.
struct OutputTraining {
  /// What the logs call it; nil for a model's only output.
  let name: String?
  /// Nil for an output that is not trained.
  let loss: Loss?
  /// What the loss is multiplied by in the sum that training makes small.
  let weight: Double
  /// With what the logs call them.
  let metrics: [(name: String, metric: Metric)]
  let weightedMetrics: [(name: String, metric: Metric)]

  var allMetrics: [(name: String, metric: Metric)] { metrics + weightedMetrics }
  /// Whether targets are of use.
  var needsTarget: Bool { loss != nil || !allMetrics.isEmpty }
}

/// What `compile` was given, before it is known how many outputs the model has.
struct CompileChoices {
  enum Losses {
    /// The model's own steps know what to make small.
    case own
    /// For each output.
    case same(Loss)
    case byOutput(ByOutput<Loss>)
  }

  enum Metrics {
    /// Of a model's only output, or one of each output in order.
    case list([Metric])
    case byOutput(ByOutput<[Metric]>)

    var all: [Metric] {
      switch self {
      case .list(let metrics): metrics
      case .byOutput(.ordered(let lists)): lists.flatMap { $0 ?? [] }
      case .byOutput(.named(let lists)): lists.flatMap(\.value)
      }
    }

    func values(names: [[String]], _ what: String) throws -> [[Metric]] {
      switch self {
      case .list(let metrics):
        if names[0].count == 1 { return [metrics] }
        if metrics.isEmpty { return names[0].map { _ in [] } }
        guard metrics.count == names[0].count else {
          throw DescentError(
            .invalidArgument,
            "compile: \(what) are \(metrics.count) for \(names[0].count) outputs (\(names[0].joined(separator: ", "))); give a list for each output, or a dictionary")
        }
        return metrics.map { [$0] }
      case .byOutput(let lists): return try lists.values(names: names, what).map { $0 ?? [] }
      }
    }
  }

  var losses: Losses
  var lossWeights: ByOutput<Double>?
  var metrics: Metrics
  var weightedMetrics: Metrics
  /// How many batches lie between the callbacks' hooks.
  var stepsPerExecution = 1

  var allLosses: [Loss] {
    switch losses {
    case .own: []
    case .same(let loss): [loss]
    case .byOutput(.ordered(let list)): list.compactMap { $0 }
    case .byOutput(.named(let pairs)): pairs.map(\.value)
    }
  }

  /// Whether there is a loss or a metric.
  var needTargets: Bool { !allLosses.isEmpty || !metrics.all.isEmpty || !weightedMetrics.all.isEmpty }

  /// What was given for each output.
  /// - Parameter names: lists of names of the outputs, in order.
  /// - Throws: ``DescentError`` if it does not fit them.
  func outputs(names: [[String]]) throws -> [OutputTraining] {
    let count = names[0].count
    let losses: [Loss?]
    switch self.losses {
    case .own: losses = [Loss?](repeating: nil, count: count)
    case .same(let loss): losses = [Loss?](repeating: loss, count: count)
    case .byOutput(let given): losses = try given.values(names: names, "loss")
    }
    let weights = try lossWeights?.values(names: names, "lossWeights") ?? []
    // A list has a place for every output, with a loss or without.
    let isByName = if case .named? = lossWeights { true } else { false }
    for (weight, loss) in zip(weights, losses) {
      if let weight { try NumberRange.any.check("a loss weight", weight, "compile") }
      if isByName && weight != nil && loss == nil { throw DescentError(.invalidArgument, "compile: lossWeights names an output without a loss") }
    }
    let plain = try metrics.values(names: names, "metrics")
    let weighted = try weightedMetrics.values(names: names, "weightedMetrics")
    let prefixes = count == 1 ? [""] : names[0].map { $0 + "_" }
    var counts = ["loss": 1]
    if losses.filter({ $0 != nil }).count > 1 { for prefix in prefixes { counts[prefix + "loss"] = 1 } }
    func unique(_ name: String) -> String {
      let count = counts[name, default: 0]
      counts[name] = count + 1
      return count == 0 ? name : "\(name)_\(count)"
    }
    let plainNames = zip(prefixes, plain).map { prefix, list in list.map { unique(prefix + $0.name) } }
    let weightedNames = zip(prefixes, weighted).map { prefix, list in
      list.map { unique(counts[prefix + $0.name] == nil ? prefix + $0.name : prefix + "weighted_" + $0.name) }
    }
    return (0..<count).map { place in
      OutputTraining(
        name: count == 1 ? nil : names[0][place], loss: losses[place], weight: weights.isEmpty ? 1 : weights[place] ?? 1,
        metrics: zip(plainNames[place], plain[place]).map { ($0, $1) },
        weightedMetrics: zip(weightedNames[place], weighted[place]).map { ($0, $1) })
    }
  }
}

extension Model {
  /// Lists of names that each name all outputs: those of the structure, and those of the layers.
  var outputNameLists: [[String]] {
    guard let graph, !(self is Sequential) else {
      // A model of its own forward pass has outputs by number.
      let count = rowOutputShapes?.count ?? 1
      return [(0..<count).map { "output_\($0)" }]
    }
    return [graph.outputNames, graph.outputs.map(\.layer.name)]
  }

  var inputParts: PartNames {
    guard let graph, !(self is Sequential) else {
      if let model = self as? Sequential { return PartNames(kind: "x", lists: [[model.inputLayer?.name ?? "input_layer"]], count: 1) }
      return PartNames(kind: "x", lists: [], count: isBuilt ? rowInputShapes?.count : nil)
    }
    var lists = [graph.inputNames]
    if case .named(let names) = graph.inputForm { lists.insert(names, at: 0) }
    return PartNames(kind: "x", lists: lists, count: graph.inputs.count)
  }

  func outputParts(_ kind: String) -> PartNames {
    PartNames(kind: kind, lists: outputNameLists, count: outputNameLists[0].count)
  }
}
