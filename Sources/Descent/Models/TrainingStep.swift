import Optimizers
import TensorCore

/// The traced steps of a model on some data: what runs once a batch.
///
/// Training picks the rows of a batch out of the whole data by their numbers, which lie in the epoch's permutation; evaluating and
/// predicting look through a window that moves over the data. Neither copies a row on the way in, and neither allocates.
struct StepRunner {
  let model: Model
  let training: TrainingState
  let data: CheckedData
  let totals: RunningTotals
  let trainability: Trainability
  /// Who takes part in each step, and how; nil for a process of its own.
  let sharing: GroupSharing?
  var group: (any ProcessGroup)? { sharing?.group }

  private let outputs: [OutputTraining]
  private let revision: Int
  /// The arguments of a step, but for the rows' numbers: inputs, targets, weights.
  private let inputs: [CheckedData.Rows]
  /// The number of the argument that holds the rows' numbers.
  let indexArgument: Int

  init(
    model: Model, training: TrainingState, data: CheckedData, trainability: Trainability, sharing: GroupSharing? = nil
  ) throws {
    self.model = model
    self.sharing = sharing
    self.training = training
    self.data = data
    self.trainability = trainability
    training.notice(trainability)
    revision = model.layerRevision
    outputs = try training.outputs(of: model)
    inputs = data.inputs + data.targets.compactMap { $0 } + data.weights.compactMap { $0 }
    indexArgument = inputs.count
    // Where sizes are open, batches of all sizes are counted together.
    let predictions = model.rowOutputShapes ?? []
    let targets = data.targets.enumerated().map { place, target in
      target?.rowShape.enumerated().map { axis, size in
        predictions.indices.contains(place) && axis < predictions[place].count && predictions[place][axis] == nil ? OpenSize.first : size
      }
    }
    totals = try training.totals(
      outputs, targetShapes: targets, predictionShapes: predictions.map { $0.filled(with: OpenSize.first) })
    try totals.hold(model.heldMetrics)
  }

  /// The rows of a batch that are computed here, those of each part on their own.
  private func shares(of rows: Int) -> [RowShare] { sharing.map { $0.shards(of: rows) ?? [$0.share(of: rows)] } ?? [RowShare(rows)] }

  /// Lets a plan look at the data from its beginning.
  func bind(_ step: StepPlan) {
    for (index, input) in inputs.enumerated() { step.bind(argument: index, to: input.buffer) }
    training.bindings += 1
  }

  // MARK: - Training

  /// What the next step is to be traced for, beside its rows: what optimizers of the program's own say of it.
  func beginOwnSteps() -> [(observer: any RunObserver, variant: RunVariant)] {
    training.ownSteppers.isEmpty ? [] : training.ownSteppers.map { ($0, $0.willRun()) }
  }

  /// The plan for a training step on so many rows of the whole group, with all but the rows' numbers bound.
  /// - Parameter begun: what ``beginOwnSteps()`` gave.
  func trainingStep(
    rows: Int, phase: StepPhase, optimizerState: OptimizerState, _ begun: [(observer: any RunObserver, variant: RunVariant)]
  ) throws -> StepPlan {
    let step = try model.access.tracing {
      func key(_ begun: [(observer: any RunObserver, variant: RunVariant)]) -> PlanKey? {
        self.key(.train(phase, begun.map(\.variant)), rows: rows, shapes: inputs.map(\.tensor.shape))
      }
      if let found = training.plans.plan(for: key(begun)) { return found }
      optimizerState.train(only: trainability.trained)
      let shares = shares(of: rows)
      let (step, known) = try traced(shares, optimizer: (optimizerState, phase), begun) { share in
        inputs.map { ($0.tensor.shape, $0.dtype) } + [([share.computedRows], .int32)]
      } _: { arguments in
        let indices = arguments[arguments.count - 1]
        return zip(inputs, arguments).map { $0.input.prepared($1.gathering(indices)) }
      }
      training.ownSteppers = known.map(\.observer)
      training.plans.keep(step, for: key(known))
      return step
    }
    bind(step)
    return step
  }

  /// Runs a training step that was begun, and counts its rows if it was one.
  func run(_ step: StepPlan, rows: Int, _ optimizerState: OptimizerState) throws {
    // Shards draw their random numbers before it is known whether the step will be one.
    let random = step.end == nil ? [] : step.randomStates.map { (variable: $0, value: $0.value.evaluated()) }
    var isStep = false
    defer { if !isStep { for (variable, value) in random { variable.assign(value) } } }
    try run(step)
    for observer in step.observers { try observer.didRun() }
    isStep = try !step.appliesOptimizer || optimizerState.endStep()
    if isStep { totals.count(rows: rows) }
  }

  private func run(_ step: StepPlan) throws {
    let logs = try step.run()
    totals.note(step.counted, logs.isEmpty ? [] : zip(step.logNames, logs).map { ($0, $1) })
  }

  /// Runs `body` with the totals at zero. If a callback of a loop that is counting asks for it, the loop's totals are put back after.
  func counting<Result>(from zero: Bool = true, _ body: () throws -> Result) rethrows -> Result {
    func run() throws -> Result {
      if zero { totals.reset() }
      training.activeLoops += 1
      defer { training.activeLoops -= 1 }
      return try body()
    }
    return try training.activeLoops > 0 ? totals.setAside(run) : run()
  }

  // MARK: - Evaluating

  /// The plan that judges so many rows of the whole group; bind the window with ``bind(_:toBatchAt:)``.
  func testStep(rows: Int) throws -> StepPlan {
    let shares = shares(of: rows)
    func shapes(_ share: RowShare) -> [[Int]] { inputs.map { [share.computedRows] + $0.rowShape } }
    let step = try model.access.tracing {
      let key = key(.test, rows: rows, shapes: shapes(shares[0]))
      if let found = training.plans.plan(for: key) { return found }
      let (step, _) = try traced(shares, optimizer: nil, []) { share in
        zip(inputs, shapes(share)).map { ($1, $0.dtype) }
      } _: { arguments in
        zip(inputs, arguments).map { $0.input.prepared($1) }
      }
      if !step.observers.isEmpty {
        throw DescentError(.state, "\(model.name): testStep: an optimizer makes a step in it; evaluating trains nothing")
      }
      training.plans.keep(step, for: key)
      return step
    }
    bind(step)
    return step
  }

  /// - Parameter row: the first of the batch, of which the step computes the group member's part.
  func bind(_ step: StepPlan, toBatchAt row: Int) {
    for (index, input) in inputs.enumerated() { step.bind(argument: index, batchAt: row, rowBytes: input.rowBytes) }
  }

  /// Judges a batch, and counts its rows.
  /// - Parameter isUnchanged: whether the caller sees to it that nobody trains meanwhile.
  func judge(_ step: StepPlan, rows: Int, isUnchanged: Bool = false) throws {
    if isUnchanged { try run(step) } else { try model.judging { try run(step) } }
    totals.count(rows: rows)
  }

  // MARK: - Both

  /// A step of the model's, traced, and all optimizers of the program's own that are known by then.
  /// - Parameters:
  ///   - shares: the rows of the batch that the arguments hold, of each part.
  ///   - optimizer: the model's, in training.
  ///   - arguments: of the plan of a part.
  ///   - prepare: makes the batch of a plan's arguments.
  private func traced(
    _ shares: [RowShare], optimizer: (state: OptimizerState, phase: StepPhase)?, _ begun: [(observer: any RunObserver, variant: RunVariant)],
    arguments: (RowShare) -> [(shape: [Int], dtype: DType)], _ prepare: ([Tensor]) -> [Tensor]
  ) throws -> (step: StepPlan, known: [(observer: any RunObserver, variant: RunVariant)]) {
    if let sharing, sharing.shards != nil {
      return (try tracedShards(sharing, shares, optimizer: optimizer, arguments: arguments, prepare), begun)
    }
    var context: StepContext?, names: [String] = []
    let traced = try ObservedPlans(arguments: arguments(shares[0]), begun) { arguments in
      let group = group.map { GroupStep($0, shares[0]) }
      let (step, logs) = try GroupStep.$current.withValue(group) {
        let step = self.context(of: prepare(arguments), optimizer, group)
        context = step
        let before = group == nil ? [] : totals.variables.map { (variable: $0, value: $0.value) }
        let logs = try step.isTraining ? model.trainStep(step) : model.testStep(step)
        if let group { try step.shareWhatChanged(with: group, totals: before, logs: logs.keys.sorted()) }
        return (step, logs)
      }
      step.keepWhatASkippedStepWouldChange()
      if step.isTraining { training.changedVariables = step.changedBesideOptimizer }
      if let group { return group.endTrace() }
      names = logs.keys.sorted()
      return try names.map { name in
        let value = logs[name]!
        guard value.shape.isEmpty else {
          throw DescentError(
            .invalidArgument,
            "\(model.name): \(step.isTraining ? "trainStep" : "testStep"): the log '\(name)' has shape \(value.shape); expected one number, []")
        }
        return stopGradient(value).cast(to: .float64)
      }
    }
    let step = StepPlan(
      parts: [.init(plan: traced.plans.first, share: shares[0])], end: nil, randomStates: [], observers: traced.joined,
      appliesOptimizer: context!.appliesOptimizer, counted: context!.counted, logNames: names, group: context!.group)
    return (step, traced.known)
  }

  /// A step that is made of shards: each leaves what it has computed for the end, which adds it up over all members.
  private func tracedShards(
    _ sharing: GroupSharing, _ shares: [RowShare], optimizer: (state: OptimizerState, phase: StepPhase)?,
    arguments: (RowShare) -> [(shape: [Int], dtype: DType)], _ prepare: ([Tensor]) -> [Tensor]
  ) throws -> StepPlan {
    var parts: [StepPlan.Part] = [], sums: (gradients: ShardSums, changes: ShardSums)?, changed: [Variable] = []
    var context: StepContext!, randomStates: [Variable] = []
    for share in shares {
      let traced = try ObservedPlans(arguments: arguments(share)) { arguments in
        let group = GroupStep(sharing.group, share, isShard: true)
        return try GroupStep.$current.withValue(group) {
          let step = self.context(of: prepare(arguments), optimizer, group)
          let before = totals.variables.map { (variable: $0, value: $0.value) }
          let logs = try step.isTraining ? model.trainStep(step) : model.testStep(step)
          let changes = try step.takeWhatChanged(in: group, totals: before, logs: logs.keys.sorted())
          if sums == nil {
            (context, changed) = (step, changes.variables)
            randomStates = Trace.assignedVariables.filter(\.isRandomState)
            sums = (ShardSums(step.shardGradients.map { ($0.shape, $0.dtype) }), ShardSums(changes.parts.map { ($0.shape, $0.dtype) }))
          } else if changes.variables != changed {
            throw DescentError(.state, "\(model.name): the parts of a batch do not change the same variables, so it cannot be cut in shards")
          }
          return sums!.gradients.adding(step.shardGradients, from: group) + sums!.changes.adding(changes.parts, from: group)
        }
      }
      parts.append(.init(plan: traced.plans.first, share: share))
    }
    let group = GroupStep(sharing.group, RowShare(shares[0].total))
    let end = try ObservedPlans(arguments: []) { _ in
      let step = StepContext(
        model, inputs: [], targets: [], sampleWeights: [], outputs: outputs, totals: totals, trainability: trainability, optimizer: optimizer,
        group: group)
      try GroupStep.$current.withValue(group) {
        try step.end(gradients: sums!.gradients, changes: sums!.changes, of: changed, totals: totals.variables)
      }
      step.keepWhatASkippedStepWouldChange()
      if step.isTraining { training.changedVariables = step.changedBesideOptimizer }
      return group.endTrace()
    }
    return StepPlan(
      parts: parts, end: end.plans.first, randomStates: randomStates, observers: [], appliesOptimizer: context.appliesOptimizer,
      counted: context.counted, logNames: [], group: group)
  }

  private func context(
    of batch: [Tensor], _ optimizer: (state: OptimizerState, phase: StepPhase)?, _ group: GroupStep?
  ) -> StepContext {
    var rest = batch[...]
    func take(_ parts: [CheckedData.Rows?]) -> [Tensor?] { parts.map { $0.map { _ in rest.removeFirst() } } }
    let x = take(data.inputs).enumerated().map { model.castInput($1!, $0) }
    let targets = take(data.targets), weights = take(data.weights)
    return StepContext(
      model, inputs: x, targets: targets, sampleWeights: weights, outputs: outputs, totals: totals, trainability: trainability,
      optimizer: optimizer, group: group)
  }

  private func key(_ purpose: PlanKey.Purpose, rows: Int, shapes: [[Int]]) -> PlanKey? {
    var arguments: [PlanKey.Argument] = []
    for (input, shape) in zip(inputs, shapes) {
      guard let preparation = input.preparation else { return nil }
      arguments.append(.init(shape: shape, dtype: input.dtype, preparation: preparation))
    }
    let layout = (data.targets + data.weights).map { $0 != nil }
    return PlanKey(
      purpose: purpose, revision: revision, rows: rows, arguments: arguments, layout: layout, group: group.map { ObjectIdentifier($0) },
      shards: sharing?.shards, spreadsOptimizerState: sharing?.spreadsOptimizerState == true)
  }
}
