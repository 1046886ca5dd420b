/// An optimizer at work on parameters: the parameters, what is remembered of each, and the counters.
///
/// A model has one (`Model.optimizerState`), and so have a ``Stepper`` and a ``Minimizer``, which also make the steps. Here are the
/// counters and the learning rate, which may be set at any time; ``checkpoint()`` and ``restore(_:)`` for a run to go on bit for bit,
/// ``kerasVariables()`` for Keras's files; and the averages of the weights, where ``OptimizerOptions/useEMA`` keeps them.
public final class OptimizerState {
  /// What is known of one parameter.
  final class Entry {
    let variable: Variable
    let description: ParameterDescription
    /// Not to keep it alive: the part has the parameter.
    unowned let part: Part
    let rateMultiplier: Double
    let weightDecay: Double
    let isFrozen: Bool
    let isLazy: Bool
    let slots: [Slot]
    var slotVariables: [String: Variable] = [:]
    var average: Variable?
    /// Whether ``average`` has begun; before, it holds nothing, and the parameter's own value is its average.
    var hasAverage = false
    var accumulator: Variable?
    /// What ``OptimizerState/train(only:)`` said last; nil where nobody says.
    var isSelected: Bool?

    init(_ variable: Variable, part: Part) {
      self.variable = variable
      self.part = part
      description = ParameterDescription(variable)
      let options = part.optimizer.options
      let description = description
      let settings = options.parameterSettings.filter { $0.rule.matches(description) }
      rateMultiplier = settings.compactMap(\.learningRateMultiplier).last ?? 1
      isFrozen = settings.compactMap(\.isFrozen).last ?? false
      isLazy = settings.compactMap(\.isLazy).last ?? false
      let isExcluded = options.weightDecayExclusions.contains { $0.matches(description) }
      weightDecay =
        settings.compactMap(\.weightDecay).last ?? (isExcluded ? 0 : part.optimizer.weightDecay(for: description) ?? 0)
      slots = part.optimizer.slots(for: description)
    }

    /// Whether gradients are expected of it.
    var isTrainable: Bool { isSelected ?? variable.isTrainable }
    /// Whether a step changes it.
    var isTrained: Bool { isTrainable && !isFrozen }

    /// The slots as a formula sees them.
    var slotValues: Slots { slotValues { $1.value } }

    /// The same with what stands for each slot: asked for in their order, so that a plan numbers its buffers alike in every run of a program.
    func slotValues(_ value: (Slot, Variable) -> Tensor) -> Slots {
      let values = slots.compactMap { slot in slotVariables[slot.name].map { (slot.name, value(slot, $0)) } }
      return Slots(owner: type(of: part.optimizer).className, values: Dictionary(uniqueKeysWithValues: values))
    }
  }

  /// One optimizer and the parameters it has; only ``MultiOptimizer`` makes more than one part.
  final class Part {
    let optimizer: any Optimizer
    let options: OptimizerOptions
    var learningRate: LearningRate { didSet { constantRate = learningRate.constant } }
    /// The same where it is no schedule: what every step asks for.
    private var constantRate: Double?
    /// The rate was set to a number where the optimizer has a schedule.
    var isRateOverridden = false
    /// How far it has come.
    var counters = StepCounters()
    /// Updates done.
    var iterations: Int {
      get { counters.iterations }
      set { counters.iterations = newValue }
    }
    var entries: [Entry] = []
    var shared: [(slot: Slot, number: HostNumber)] = []
    /// What formulas read of the only step of a run, or the first.
    let numbers = StepNumbers()
    /// The norm of all gradients before clipping, where clipping needs it.
    let gradientNorm = HostNumber("gradient_norm", .nan)

    init(_ optimizer: any Optimizer) {
      self.optimizer = optimizer
      options = optimizer.options
      learningRate = options.learningRate
      constantRate = learningRate.constant
      phaseCount = 2 + 2 * optimizer.variantCount
      shared = optimizer.sharedSlots.map { slot in
        guard case .number(let start) = slot.start else {
          programmingError("\(type(of: optimizer)): the shared slot \(slot.name) does not start with a number")
        }
        return (slot, HostNumber(slot.name, start))
      }
    }

    var accumulationSteps: Int { Swift.max(1, options.gradientAccumulationSteps ?? 1) }
    /// Whether there is anything to train. A part without anything makes no step, as in Keras.
    var isTraining: Bool {
      for entry in entries where entry.isTrained { return true }
      return false
    }
    /// How often averages of the weights were taken.
    var averageCount: Int { averageCount(counters) }
    private func averageCount(_ counters: StepCounters) -> Int { options.countsMicroSteps ? counters.allSteps : counters.iterations }
    /// How many phases the part has: accumulating and each formula, with and without overwriting the weights by the averages.
    let phaseCount: Int

    /// The rate as it is set, without time decay, at the next update.
    var plainRate: Double { plainRate(counters) }
    private func plainRate(_ counters: StepCounters) -> Double { constantRate ?? learningRate(step: averageCount(counters)) }
    /// The rate of the next update.
    var nextRate: Double { nextRate(counters) }
    private func nextRate(_ counters: StepCounters) -> Double { plainRate(counters) / (1 + options.decay * Double(counters.iterations)) }

    /// Writes what formulas read of a step that finds these counters, and says which phase it is.
    func beginStep(_ counters: StepCounters, _ numbers: StepNumbers) -> Int {
      let iterations = counters.iterations
      numbers.rate.set(nextRate(counters))
      numbers.number.set(Double(iterations + 1))
      numbers.averageMomentum.set(iterations == 0 ? 0 : options.emaMomentum)
      let overwrites = options.useEMA && options.emaOverwriteFrequency.map { (iterations + 1) % $0 == 0 } == true
      if !counters.isUpdateNext(accumulationSteps) { return overwrites && options.countsMicroSteps ? phaseCount - 1 : 0 }
      return 1 + 2 * optimizer.variant(at: iterations + 1) + (overwrites ? 1 : 0)
    }

    /// The counters after so many more steps.
    func counters(after steps: Int) -> StepCounters {
      var result = counters
      if isTraining { for _ in 0..<steps { result.count(accumulationSteps) } }
      return result
    }

    /// Counts the step that was run.
    func endStep() { counters = counters(after: 1) }
  }

  /// The optimizer this state is of.
  public let optimizer: any Optimizer
  let parts: [Part]
  private(set) var entries: [Entry] = []
  private let partOf: (ParameterDescription) throws -> Int
  /// Whether it is of a ``MultiOptimizer``.
  let hasSeveralParts: Bool
  private let keepsAverages: Bool

  /// Which parameters were to be trained, in each of the ways that a step of the state was traced.
  var trainablePatterns: [[Bool]] = []

  /// Steps that changed nothing because a gradient was not finite.
  public internal(set) var skippedSteps = 0
  let policy: NonFinitePolicy
  let lossScale: LossScale?
  /// How many elements of each parameter's gradient were not finite; nil where nobody asks.
  var nonFiniteCounts: Variable?
  /// Applied to a parameter's new value; see ``OptimizerOptions`` for when.
  package var constraint: ((Variable, Tensor) -> Tensor)?
  /// The parameters that hold the values to judge them by, while they do.
  var judged: [JudgedParameter]?
  /// Computes the values to judge by; made when first wanted.
  var evaluation: EvaluationValues?
  /// Who keeps what, where processes that train together do not keep everything each.
  package internal(set) var ownership: StateOwnership?
  /// Whether all that is remembered is here.
  package var isWhole: Bool { ownership?.isWhole != false }
  /// The phase of each part in the coming step, and all combinations of them that steps have met: few, as each has a plan.
  private var phase: [Int]
  private var phases: [[Int]] = []
  /// The second and further steps of runs that make several, as far as some were traced.
  var laterSteps: [LaterStep] = []
  /// What ``exchangeAveragedValues()`` has exchanged, until it does so again.
  var exchanged: [Entry]?

  /// - Parameter variables: all that may be trained, in the order of Keras's files. Those that are not trainable at a step keep
  ///   their slots.
  /// - Throws: ``DescentError`` if the optimizer's settings are out of range or do not go together, or two variables share a path.
  package convenience init(_ optimizer: any Optimizer, variables: [Variable]) throws {
    try optimizer.refuseLineSearch()
    try self.init(searching: optimizer, variables: variables)
  }

  /// As ``init(_:variables:)``, for loops that can compute the loss wherever ``LBFGS`` wants it.
  init(searching optimizer: any Optimizer, variables: [Variable]) throws {
    try optimizer.validate()
    self.optimizer = optimizer
    let wrapper = optimizer as? LossScaleOptimizer
    let inner = wrapper?.innerOptimizer ?? optimizer
    if let multi = inner as? MultiOptimizer {
      parts = multi.parts.map { Part($0) }
      partOf = { try multi.partIndex(for: $0) }
      hasSeveralParts = true
    } else {
      parts = [Part(inner)]
      partOf = { _ in 0 }
      hasSeveralParts = false
    }
    phase = parts.map { _ in 0 }
    keepsAverages = parts.contains { $0.options.useEMA }
    if let wrapper {
      policy = .skip
      lossScale = LossScale(wrapper)
    } else {
      policy = inner.options.nonFinite
      lossScale = inner.options.lossScaleFactor.map { LossScale(fixed: $0) }
    }
    try add(variables, inOrderOf: variables)
  }

  /// Takes parameters in that were not there before; the others keep what is remembered of them.
  /// - Parameter all: in whose order they and those that are there stand from now on, whenever a parameter came, which is that of Keras's files.
  package func add(_ variables: [Variable], inOrderOf all: [Variable]) throws {
    var paths = Set(entries.map(\.variable.path))
    let known = Set(entries.map { ObjectIdentifier($0.variable) })
    let new = variables.filter { !known.contains(ObjectIdentifier($0)) }
    if new.isEmpty { return }
    for variable in new {
      guard variable.dtype.isFloatingPoint else {
        throw DescentError(.invalidArgument, "the optimizer cannot train \(variable.path): it is \(variable.dtype); expected float32 or float64")
      }
      guard paths.insert(variable.path).inserted else {
        throw DescentError(.invalidArgument, "two parameters have the path \(variable.path); the optimizer needs to tell them apart")
      }
    }
    let added = try new.map { variable in
      let description = ParameterDescription(variable), part = parts[try partOf(description)]
      try part.optimizer.checkSlots(for: description)
      return Entry(variable, part: part)
    }
    for entry in added { try entry.checkLaziness() }
    let order = Dictionary(uniqueKeysWithValues: all.enumerated().map { (ObjectIdentifier($1), $0) })
    entries = (entries + added).enumerated().sorted {
      (order[ObjectIdentifier($0.element.variable)] ?? .max, $0.offset) < (order[ObjectIdentifier($1.element.variable)] ?? .max, $1.offset)
    }.map(\.element)
    evaluation = nil
    for part in parts { part.entries = entries.filter { $0.part === part } }
    allocate(added)
    if policy != .propagate && !entries.isEmpty {
      nonFiniteCounts = Variable(Tensor.zeros([entries.count], dtype: .float64), name: "non_finite", isTrainable: false)
    }
  }

  /// Whether a parameter's rows that a step does not touch are left alone.
  package var hasLazyParameters: Bool { entries.contains(where: \.isLazy) }

  /// Gives parameters their slots: those of one name lie side by side.
  private func allocate(_ added: [Entry]) {
    var names: [String] = []
    for slot in added.flatMap(\.slots) where slot.fileValue == nil && !names.contains(slot.name) { names.append(slot.name) }
    for name in names {
      let owners = added.compactMap { entry in
        entry.slots.first { $0.name == name && $0.fileValue == nil }.map { (entry: entry, slot: $0) }
      }
      let made = Variable.sideBySide(
        owners.map { entry, slot in
          (
            name: snakeCase(name), path: "\(entry.variable.path)/\(snakeCase(name))", shape: slot.shape(for: entry.variable.shape),
            dtype: slot.dtype ?? entry.variable.dtype, isTrainable: false
          )
        })
      for ((entry, slot), variable) in zip(owners, made) {
        entry.slotVariables[name] = variable
        start(variable, slot, of: entry)
      }
    }
    func likeParameters(_ owners: [Entry], _ name: String, _ keep: (Entry, Variable) -> Void) {
      let made = Variable.sideBySide(
        owners.map {
          (name: name, path: "\($0.variable.path)/\(name)", shape: $0.variable.shape, dtype: $0.variable.dtype, isTrainable: false)
        })
      for (entry, variable) in zip(owners, made) { keep(entry, variable) }
    }
    likeParameters(added.filter { $0.part.options.useEMA }, "average") { $0.average = $1 }
    likeParameters(added.filter { $0.part.accumulationSteps > 1 }, "gradient_accumulator") { $0.accumulator = $1 }
  }

  private func start(_ variable: Variable, _ slot: Slot, of entry: Entry) {
    switch slot.start {
    case .number(let value):
      if value != 0 { variable.assign(Tensor(repeating: value, shape: variable.shape, dtype: variable.dtype)) }
    case .parameter:
      variable.assign(entry.variable.value)
    case .identity(let scale):
      let size = variable.shape.last ?? 1
      variable.assign((Tensor.identity(size, dtype: variable.dtype) * scale).broadcast(to: variable.shape))
    }
  }

  // MARK: - Steps

  /// Says which parameters steps change from here on, whatever the variables' own marks say. Steps that were traced before must be
  /// traced again.
  package func train(only trained: Set<ObjectIdentifier>) {
    for entry in entries { entry.isSelected = trained.contains(ObjectIdentifier(entry.variable)) }
  }

  // A loop that keeps plans of its own calls `beginStep`, which writes the learning rate and the number of the step where the plan
  // reads them and says which of its plans to run; the plan, which while it was traced called `scaled(loss:)` and
  // `apply(gradients:phase:)`; and `endStep`, which counts. Compiled functions do so by themselves; see `willRun`.

  /// Prepares the coming run and says which plan it is.
  package func beginStep() -> StepPhase {
    if judged != nil || ownership != nil || keepsAverages {
      // A step that is being traced is begun here and now, not by each of its runs.
      Trace.suspended {
        restoreTrainingValues()
        startAverages()
        ownership?.release()
      }
    }
    for (index, part) in parts.enumerated() { phase[index] = part.beginStep(part.counters, part.numbers) }
    return numberOfPhase()
  }

  /// The same of a later step of the run, before which so many others are made.
  func beginStep(after earlier: Int, _ numbers: [StepNumbers]) -> StepPhase {
    for (index, part) in parts.enumerated() { phase[index] = part.beginStep(part.counters(after: earlier), numbers[index]) }
    return numberOfPhase()
  }

  private func numberOfPhase() -> StepPhase {
    if let known = phases.firstIndex(of: phase) { return StepPhase(code: known) }
    phases.append(phase)
    return StepPhase(code: phases.count - 1)
  }

  /// What each part does in steps of that phase.
  func phases(of phase: StepPhase) -> [Int] { phases[phase.code] }

  /// A weight that has stood still until now is its own average.
  private func startAverages() {
    for part in parts where part.options.useEMA {
      for entry in part.entries where !entry.hasAverage && entry.isTrained {
        entry.average?.assign(entry.variable.value)
        entry.hasAverage = true
      }
    }
  }

  /// Counts the step that was run.
  /// - Returns: whether it was one: false if a gradient was not finite and the step was skipped.
  /// - Throws: ``DescentError`` of kind `numerics` if a gradient was not finite and the policy is to stop. Nothing was changed then.
  @discardableResult
  package func endStep() throws -> Bool {
    let bad = nonFiniteParameters()
    lossScale?.adapt(isFinite: bad.isEmpty)
    guard try isStep(nonFinite: bad) else { return false }
    for part in parts { part.endStep() }
    return true
  }

  /// Whether there is a step where the gradients of some parameters are not finite; one that is not is counted as skipped.
  func isStep(nonFinite bad: [String]) throws -> Bool {
    if bad.isEmpty { return true }
    if policy == .stop {
      throw DescentError(
        .numerics, "step \(iterations + 1): the gradient of \(bad.joined(separator: ", ")) is not finite; nothing was changed")
    }
    skippedSteps += 1
    return false
  }

  /// The parameters whose gradients were not finite in the last run, if anybody looked.
  private func nonFiniteParameters() -> [String] {
    guard let nonFiniteCounts else { return [] }
    return nonFiniteCounts.withBytes { bytes in
      let counts = bytes.bindMemory(to: Double.self)
      // The usual case makes no array.
      if counts.allSatisfy({ $0 == 0 }) { return [] }
      return entries.indices.filter { counts[$0] != 0 }.map { entries[$0].variable.path }
    }
  }
}
