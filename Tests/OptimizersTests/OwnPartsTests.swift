import Optimizers
import Testing

/// Optimizers and schedules of a program's own: what is written of them is all that they are, and can be read back.
@Suite struct OwnPartsTests {
  private struct Signs: Optimizer {
    var options = OptimizerOptions(learningRate: 0.5)
    func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) { w -= step.learningRate * sign(g) }
  }

  /// With properties that no table names: two that a program may set, and what is the same in all.
  private struct Forgetful: Optimizer {
    var options = OptimizerOptions(learningRate: 0.5)
    var strength = 0.5
    var limits = [1.0, 2.0]
    let shape = [2, 3]
    func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) { w -= step.learningRate * strength * sign(g) }
  }

  private struct Around: OptimizerWrapper {
    var innerOptimizer: any Optimizer = SGD()
  }

  /// Its table names a property by another name, and one by way of what is computed from it.
  private struct Tabled: Optimizer {
    static let hyperparameters: [Hyperparameter<Tabled>] = [
      .number("power", \.strength, "factor"), .texts("words", \.words, "words"), .optimizer("first", \.first, "the first"),
    ]
    var options = OptimizerOptions(learningRate: 0.5)
    var strength = 0.5
    var letters: [Character] = []
    var first: any Optimizer = SGD()
    private var words: [String] {
      get { letters.map(String.init) }
      set { letters = newValue.compactMap(\.first) }
    }
    func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) { w -= step.learningRate * strength * sign(g) }
  }

  private struct Unregistered: Optimizer {
    var options = OptimizerOptions(learningRate: 0.5)
    func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) { w -= g }
  }

  private struct Halving: ConfigurableSchedule {
    static let template = Halving()
    static let hyperparameters: [Hyperparameter<Halving>] = [.number("initial_learning_rate", \.initialLearningRate, in: .positive, "first rate")]
    var initialLearningRate = 0.1
    var every = 1
    func callAsFunction(step: Int) -> Double { initialLearningRate / Double(1 << min(step / every, 20)) }
  }

  private struct UnregisteredSchedule: ConfigurableSchedule {
    static let template = UnregisteredSchedule()
    static let hyperparameters: [Hyperparameter<UnregisteredSchedule>] = []
    func callAsFunction(step: Int) -> Double { 1 }
  }

  private enum First {
    struct Twin: Optimizer {
      var options = OptimizerOptions(learningRate: 0.5)
      func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) { w -= g }
    }
  }

  private enum Second {
    struct Twin: Optimizer {
      var options = OptimizerOptions(learningRate: 0.25)
      func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) { w -= g }
    }
  }

  /// It takes of the common settings the rate alone.
  private struct Narrow: Optimizer {
    static let commonHyperparameters = OptimizerOptions.hyperparameters.filter { $0.key == "learning_rate" }
    var options = OptimizerOptions(learningRate: 0.5)
    func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) { w -= g }
  }

  private struct Named: ConfigurableSchedule {
    static let template = Named()
    static let hyperparameters: [Hyperparameter<Named>] = [.optionalText("name", \.name, "what it is called")]
    var name: String?
    func callAsFunction(step: Int) -> Double { 1 }
  }

  private static let registered: Void = {
    OptimizerRegistry.register(Narrow.self)
    ScheduleRegistry.register(Named.self)
    OptimizerRegistry.register(Signs.self, package: "tests")
    OptimizerRegistry.register(Forgetful.self)
    OptimizerRegistry.register(Around.self)
    OptimizerRegistry.register(Tabled.self)
    OptimizerRegistry.register(First.Twin.self, package: "one")
    OptimizerRegistry.register(Second.Twin.self, package: "two")
    ScheduleRegistry.register(Halving.self)
  }()

  private func register() { OwnPartsTests.registered }

  private func message(_ body: () throws -> Void) throws -> String { try #require(throws: DescentError.self, performing: body).message }

  @Test func `an optimizer without a table and without settings is written and read`() throws {
    register()
    let again = try #require(OptimizerRegistry.optimizer(json: Signs().with { $0.clipnorm = 2 }.json()) as? Signs)
    #expect(again.options.clipnorm == 2)
  }

  @Test func `a property that no table names and that is not at its default is refused`() throws {
    register()
    var optimizer = Forgetful()
    #expect(try OptimizerRegistry.optimizer(json: optimizer.json()) is Forgetful)
    optimizer.strength = 2
    #expect(
      try message { _ = try optimizer.json() }
        == "Forgetful: its property 'strength' is 2.0 and would be read back as 0.5; name it in 'hyperparameters', as .number(\"strength\", \\.strength, \"what it does\")")
    optimizer.strength = 0.5
    optimizer.limits = [1]
    #expect(try message { _ = try optimizer.json() }.contains("'limits' is [1.0] and would be read back as [1.0, 2.0]"))
  }

  @Test func `an optimizer within another that no table names is refused`() throws {
    register()
    #expect(try OptimizerRegistry.optimizer(json: Around().json()) is Around)
    #expect(try message { _ = try Around(innerOptimizer: Adam()).json() }.contains("'innerOptimizer' is Adam("))
    #expect(try message { _ = try Around(innerOptimizer: SGD(momentum: 0.5)).json() }.contains("would be read back as SGD("))
  }

  @Test func `what a table names under another name, or by what is computed from it, is kept`() throws {
    register()
    let optimizer = Tabled(strength: 2, letters: ["a", "b"], first: Adam(beta1: 0.5))
    let again = try #require(OptimizerRegistry.optimizer(json: optimizer.json()) as? Tabled)
    #expect(again.strength == 2 && again.letters == ["a", "b"] && (again.first as? Adam)?.beta1 == 0.5)
  }

  @Test func `a property of a schedule that no table names is refused`() throws {
    register()
    #expect(try ScheduleRegistry.schedule(from: ScheduleRegistry.configuration(of: Halving(initialLearningRate: 2))) is Halving)
    let said = try message { _ = try SGD(learningRate: Halving(every: 3)).json() }
    #expect(said.contains("Halving: its property 'every' is 3 and would be read back as 1"), "\(said)")
  }

  @Test func `a common setting that an optimizer leaves out of its table is refused where it is set`() throws {
    register()
    #expect(try OptimizerRegistry.optimizer(json: Narrow().with { $0.learningRate = 0.25 }.json()).options.learningRate(step: 0) == 0.25)
    #expect(
      try message { _ = try Narrow().with { $0.clipnorm = 2 }.json() }
        == "Narrow: its 'clipnorm' is 2.0 and would be read back as null; 'commonHyperparameters' leaves it out")
  }

  @Test func `a schedule may have a setting called name`() throws {
    register()
    let json = try ScheduleRegistry.configuration(of: Named(name: "other"))
    #expect(try (ScheduleRegistry.schedule(from: json) as? Named)?.name == "other")
  }

  @Test func `what is not registered is not written`() throws {
    #expect(
      try message { _ = try Unregistered().json() }
        == "the optimizer class Unregistered is not registered, so the file could not be read back; call OptimizerRegistry.register")
    #expect(
      try message { _ = try SGD(learningRate: UnregisteredSchedule()).json() }
        == "the schedule class UnregisteredSchedule is not registered, so the file could not be read back; call ScheduleRegistry.register")
    #expect(try message { _ = try Lookahead(Unregistered()).json() }.contains("the optimizer class Unregistered"))
  }

  @Test func `a program's own are written as Keras writes what is registered, and read in the older form too`() throws {
    register()
    let json = try OptimizerRegistry.configuration(of: Signs(options: OptimizerOptions(learningRate: Halving().learningRate)))
    #expect(json["module"] == .null && json["class_name"] == "Signs" && json["registered_name"] == "tests>Signs")
    let schedule = json["config"]?["learning_rate"]
    #expect(schedule?["module"] == .null && schedule?["class_name"] == "Halving" && schedule?["registered_name"] == "Custom>Halving")
    #expect(try OptimizerRegistry.optimizer(from: json) is Signs)
    let old: JSONValue = ["module": "keras.optimizers", "class_name": "signs", "config": [:], "registered_name": nil]
    #expect(try OptimizerRegistry.optimizer(from: old) is Signs)
    #expect(try OptimizerRegistry.optimizer(from: ["class_name": "tests>Signs", "config": [:]]) is Signs)
    #expect(try OptimizerRegistry.configuration(of: SGD())["registered_name"] == .null)
    #expect(try OptimizerRegistry.configuration(of: SGD())["module"] == "keras.optimizers")
  }

  @Test func `of two classes of one name the registered name tells which`() throws {
    register()
    #expect(try OptimizerRegistry.optimizer(json: First.Twin().json()) is First.Twin)
    #expect(try OptimizerRegistry.optimizer(json: Second.Twin().json()) is Second.Twin)
  }

  @Test func `an optimizer of more parts than fit in a number`() throws {
    let paths = (0..<80).map { "p\($0)" }
    let start = Dictionary(uniqueKeysWithValues: paths.map { ($0, [1.0, 2.0]) })
    // Every second accumulates, so that phases differ.
    let rules = paths.enumerated().map { index, path in
      let part = SGD(learningRate: Double(index + 1) / 256).with { if index % 2 == 1 { $0.gradientAccumulationSteps = 2 } }
      return (rule: ParameterRule.path(path), optimizer: part as any Optimizer)
    }
    let stepper = try Stepper(MultiOptimizer(default: SGD(), rules), parameters: start)
    for step in 1...4 {
      try stepper.update(gradients: start.mapValues { _ in [1.0, -1.0] })
      for (index, path) in paths.enumerated() {
        let way = Double(index + 1) / 256 * Double(index % 2 == 1 ? step / 2 : step)
        #expect(stepper.parameters[path] == [1 - way, 2 + way])
      }
    }
  }

  @Test func `options of the whole that concern its parts are refused`() {
    let changes: [(inout OptimizerOptions) -> Void] = [
      { $0.learningRate = .constant(0.1) }, { $0.weightDecay = 0.1 }, { $0.clipnorm = 1 }, { $0.clipvalue = 1 }, { $0.globalClipnorm = 1 }, { $0.useEMA = true },
      { $0.gradientAccumulationSteps = 2 }, { $0.decay = 0.1 }, { $0.weightDecayExclusions = [.vectors] }, { $0.parameterSettings = [ParameterSetting(.all)] },
    ]
    for change in changes {
      var whole = MultiOptimizer(default: Adam())
      change(&whole.options)
      #expect(throws: DescentError.self) { try whole.validate() }
    }
    #expect(throws: Never.self) { try MultiOptimizer(default: Adam(), lossScaleFactor: 2, name: "m").validate() }
  }

  /// A way of decaying is either looked at or refused: for each optimizer that decays weights, all ways come to different weights.
  @Test(arguments: OptimizerRegistry.all.map { $0.init() as any Optimizer }.filter(OwnPartsTests.decaysItself).map { type(of: $0).className })
  func `a way of decaying is not passed over`(name: String) throws {
    var found: [[Double]] = []
    for mode in WeightDecayMode.allCases {
      var optimizer = try OptimizerRegistry.optimizer(named: name)
      (optimizer.options.learningRate, optimizer.options.weightDecay, optimizer.options.weightDecayMode) = (.constant(0.5), 0.25, mode)
      guard let stepper = try? Stepper(optimizer, parameters: [[1.0, 2.0, -3.0, 4.0]]) else { continue }
      for gradient in [0.5, -0.25, 1] { try stepper.update(gradients: [[gradient, 0.5, -1, 2]]) }
      found.append(stepper.parameters[0])
    }
    #expect(!found.isEmpty && Set(found).count == found.count)
  }

  /// Whether its formula decays weights in some way.
  private static func decaysItself(_ optimizer: any Optimizer) -> Bool {
    if optimizer is any OptimizerWrapper { return false }
    return WeightDecayMode.allCases.contains { mode in
      var optimizer = optimizer
      optimizer.options.weightDecayMode = mode
      return optimizer.decaysWeightsItself
    }
  }

  @Test func `parameters without elements, and a stride past their end`() throws {
    for optimizer in [Shampoo(), SOAP()] as [any Optimizer] {
      let stepper = try Stepper(optimizer, parameters: ["w": Tensor.zeros([0, 3], dtype: .float64), "v": Tensor([1.0, 2.0])])
      // The first step of SOAP changes nothing.
      for _ in 0..<2 { try stepper.update(gradients: ["w": Tensor.zeros([0, 3], dtype: .float64), "v": Tensor([1.0, -1.0])]) }
      #expect(stepper.parameters["w"]?.shape == [0, 3] && stepper.parameters["v"]?.doubles != [1, 2])
    }
    let stepper = try Stepper(Prodigy(sliceStride: .max), parameters: [[1.0, 2.0, 3.0]])
    try stepper.update(gradients: [[1.0, 1.0, 1.0]])
    #expect(stepper.parameters[0].allSatisfy { $0.isFinite })
  }
}
