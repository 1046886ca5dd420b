import Optimizers
import Testing

@Suite struct ConfigurationTests {
  private func read(_ json: String, _ convention: Convention = .keras3) throws -> any Optimizer {
    try OptimizerRegistry.optimizer(json: json, convention: convention)
  }

  private func config(_ optimizer: any Optimizer) throws -> JSONValue {
    try #require(OptimizerRegistry.configuration(of: optimizer)["config"])
  }

  @Test func names() throws {
    for name in ["adam", "Adam", "ADAM", "rmsprop", "scheduleFreeAdamW", "lamb"] {
      let optimizer = try OptimizerRegistry.optimizer(named: name)
      #expect(type(of: optimizer).className.lowercased() == name.lowercased())
    }
    let error = try #require(throws: DescentError.self) { try OptimizerRegistry.optimizer(named: "adma") }
    #expect(error.message.contains("'adma'"))
    #expect(error.message.contains("did you mean 'adam'?"))
    #expect(!error.message.contains("rmsprop"), "with a near name the others are left out")
    let far = try #require(throws: DescentError.self) { try OptimizerRegistry.optimizer(named: "zzzzzz") }
    #expect(far.message.contains("rmsprop"))
  }

  @Test func `JSON is read as written`() throws {
    let optimizer = try #require(
      read(
        #"{"class_name": "Adam", "config": {"learning_rate": 0.0010000000474974513, "beta_1": 0.8, "amsgrad": true, "clipnorm": 1}}"#)
        as? Adam)
    #expect(optimizer.options.learningRate(step: 0) == 0.0010000000474974513)
    #expect(optimizer.beta1 == 0.8)
    #expect(optimizer.amsgrad)
    #expect(optimizer.options.clipnorm == 1)
    #expect(try config(read("\"sgd\""))["momentum"] == 0.0)
  }

  @Test func `Keras two names`() throws {
    let optimizer = try #require(
      read(#"{"class_name": "nadam", "config": {"lr": 0.01, "schedule_decay": 0.1, "epsilon": null}}"#, .keras2) as? Nadam)
    #expect(optimizer.options.learningRate(step: 0) == 0.01)
    #expect(optimizer.scheduleDecay == 0.1)
    #expect(optimizer.epsilon == 1e-7)
    let rmsprop = try #require(read(#"{"class_name": "RMSprop", "config": {"lr": 0.01, "decay": 0.5, "convention": "keras2"}}"#) as? RMSprop)
    #expect(rmsprop.epsilonPlace == .outside)
    #expect(rmsprop.options.decay == 0.5)
  }

  /// What Keras cannot say is written only where it is asked for.
  @Test func `Keys beyond Keras`() throws {
    #expect(try config(Adam())["epsilon_place"] == nil)
    #expect(try config(Adam(convention: .torch))["epsilon_place"] == "corrected")
    let keras2 = try config(SGD(convention: .keras2).with { $0.clipnorm = 2 })
    #expect(keras2["clipnorm_scope"] == nil && keras2["clipnorm"] == .null && keras2["global_clipnorm"] == 2.0)
    #expect(try config(SGD(convention: .keras2).with { $0.clipnorm = 2; $0.clipvalue = 1 })["clipnorm_scope"] == "global")
    let time = try config(Adam(learningRate: 0.5).with { $0.decay = 0.25 })
    #expect(time["decay"] == nil)
    #expect(time["learning_rate"]?["class_name"] == "InverseTimeDecay")
    let again = try OptimizerRegistry.optimizer(from: OptimizerRegistry.configuration(of: Adam(learningRate: 0.5).with { $0.decay = 0.25 }))
    #expect((0..<9).allSatisfy { again.options.learningRate(step: $0) == 0.5 / (1 + 0.25 * Double($0)) })
  }

  /// Every setting that is not at its default survives being written and read.
  @Test func `Every setting survives`() throws {
    let options = SGD().with {
      $0.learningRate = 0.3
      $0.weightDecay = 0.1
      $0.weightDecayMode = .l2
      $0.weightDecayExclusions = [.vectors, .pattern("^b"), .pathPattern("a/.*")]
      $0.clipnorm = 2
      $0.clipnormScope = .global
      $0.clipvalue = 3
      $0.useEMA = true
      $0.emaMomentum = 0.5
      $0.emaOverwriteFrequency = 7
      $0.lossScaleFactor = 8
      $0.gradientAccumulationSteps = 3
      $0.nonFinite = .skip
      $0.countsMicroSteps = true
      $0.parameterSettings = [
        .init(.name("a"), learningRateMultiplier: 0.5), .init(.path("b/c"), weightDecay: 0), .init(.all, isFrozen: true),
      ]
      $0.name = "mine"
    }.options
    func check<Checked: Optimizer>(_ type: Checked.Type) throws {
      var optimizer = Checked()
      for hyperparameter in Checked.hyperparameters {
        for other in try otherValues(hyperparameter.value(in: optimizer), hyperparameter.range) {
          if (try? hyperparameter.set(other, in: &optimizer)) != nil { break }
        }
      }
      if Checked.commonHyperparameters.count > 5 { optimizer.options = options }
      // A formula that decays weights in a way of its own refuses others.
      if (try? optimizer.validate()) == nil { optimizer.options.weightDecayMode = Checked().options.weightDecayMode }
      let written = try OptimizerRegistry.configuration(of: optimizer)
      let again = try OptimizerRegistry.optimizer(from: JSONValue(parsing: written.text()))
      #expect(try OptimizerRegistry.configuration(of: again) == written, "\(Checked.className)")
      // A name that was not given is written as Keras would make it.
      for hyperparameter in Checked.allHyperparameters where hyperparameter.key != "name" {
        let typed = try #require(again as? Checked)
        #expect(try hyperparameter.value(in: typed) == hyperparameter.value(in: optimizer), "\(Checked.className) \(hyperparameter.key)")
      }
    }
    for type in OptimizerRegistry.builtIn { try check(type) }
  }

  /// Other values of the same kind, one of them in range.
  private func otherValues(_ value: JSONValue, _ range: String) -> [JSONValue] {
    switch value {
    case .bool(let flag): return [.bool(!flag)]
    case .number(let text) where range.hasPrefix("an integer"): return [JSONValue(Int(Double(text)!) + 1)]
    case .number(let text): return [JSONValue(Double(text)! / 2), JSONValue(Double(text)! * 2), JSONValue(Double(text)! - 0.25)]
    case .string: return range.split(separator: "\"").map { .string(String($0)) }.filter { $0 != value }
    case .array: return [["x"]]
    default: return []
    }
  }

  @Test func `Swift schedules need no JSON`() throws {
    struct Mine: LearningRateSchedule {
      func callAsFunction(step: Int) -> Double { 1 / Double(step + 1) }
    }
    let stepper = try Stepper(SGD(learningRate: Mine()), parameters: [[0.0]])
    for _ in 0..<2 { try stepper.update(gradients: [[1.0]]) }
    #expect(stepper.parameters == [[-1.5]])
    #expect(throws: DescentError.self) { try SGD(learningRate: Mine()).json() }
  }

  @Test func `Own optimizers`() throws {
    struct SignSGD: Optimizer {
      var options = OptimizerOptions(learningRate: 0.5)
      func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) { w -= step.learningRate * sign(g) }
    }
    let stepper = try Stepper(SignSGD().with { $0.weightDecay = 0.5 }, parameters: [[1.0, -1.0]])
    try stepper.update(gradients: [[3.0, -4.0]])
    #expect(stepper.parameters == [[0.25, -0.25]])
  }

  @Test func `Command line text`() throws {
    let optimizer = try #require(
      OptimizerRegistry.optimizer(text: "rmsprop:learning_rate=0.01,centered=true,non_finite=skip,convention=torch") as? RMSprop)
    #expect(optimizer.options.learningRate(step: 0) == 0.01)
    #expect(optimizer.centered)
    #expect(optimizer.options.nonFinite == .skip)
    #expect(optimizer.epsilonPlace == .outside)
    #expect(try OptimizerRegistry.optimizer(text: "adam") is Adam)
    #expect(try OptimizerRegistry.optimizer(text: #" {"class_name": "Lion"}"#) is Lion)
  }

  @Test(arguments: [
    (#"{"class_name": "Adam", "config": {"beta_1": 1.0}}"#, "Adam: 'beta_1' is 1.0; expected a number at least 0 and less than 1"),
    (#"{"class_name": "Adam", "config": {"learning_rate": -0.1}}"#, "Adam: 'learning_rate' is -0.1; expected a number at least 0, or a schedule"),
    (#"{"class_name": "Adam", "config": {"learning_rate": "fast"}}"#, "'learning_rate' is \"fast\""),
    (#"{"class_name": "Adam", "config": {"learning_rate": NaN}}"#, "'learning_rate' is NaN"),
    (#"{"class_name": "Adam", "config": {"epsilon": null}}"#, "'epsilon' is null"),
    (#"{"class_name": "Adam", "config": {"beta1": 0.5}}"#, "unknown setting 'beta1'; did you mean 'beta_1'?"),
    (#"{"class_name": "Adam", "config": {"momentum": 0.5}}"#, "unknown setting 'momentum'"),
    (#"{"class_name": "Adam", "config": {"lr": 0.5, "learning_rate": 0.5}}"#, "name the same setting"),
    (#"{"class_name": "Adam", "config": {"amsgrad": 1}}"#, "'amsgrad' is 1; expected true or false"),
    (#"{"class_name": "SGD", "config": {"momentum": 1.5}}"#, "'momentum' is 1.5; expected a number between 0 and 1"),
    (#"{"class_name": "SGD", "config": {"clipnorm": 1.0, "clipvalue": 1.0}}"#, "only one of clipnorm, global_clipnorm and clipvalue"),
    (#"{"class_name": "SGD", "config": {"ema_overwrite_frequency": 0}}"#, "an integer at least 1"),
    (#"{"class_name": "SGD", "config": {"gradient_accumulation_steps": 1.5}}"#, "'gradient_accumulation_steps' is 1.5"),
    (#"{"class_name": "SGD", "config": {"convention": "keras4"}}"#, "\"keras2\""),
    (#"{"class_name": "SGD", "confg": {}}"#, "'confg'"),
    (#"{"class_name": "SGDD"}"#, "did you mean 'sgd'?"),
    (#"{"config": {}}"#, "expected a name or an object with a \"class_name\", found {\"config\""),
    (#"{"class_name": "SGD", "config": {"learning_rate": {"class_name": "CosineDecay", "config": {"decay_steps": 3}}}}"#, "learning_rate: CosineDecay: 'initial_learning_rate' is missing; expected a number at least 0"),
    (#"{"class_name": "Muon", "config": {"exclude_layers": ["("]}}"#, "not a regular expression"),
    (#"{"class_name": "ScheduleFreeAdamW", "config": {"beta_1": 0.0}}"#, "greater than 0"),
    ("[1]", "expected a name or"),
    ("{", "expected"),
  ])
  func errors(_ json: String, _ message: String) throws {
    let error = try #require(throws: DescentError.self) { try read(json) }
    #expect(error.message.contains(message), "\(error.message)")
  }

  @Test func `Settings of values are checked`() throws {
    func message(_ optimizer: any Optimizer) throws -> String {
      try #require(throws: DescentError.self) { try Stepper(optimizer, parameters: [[1.0]]) }.message
    }
    #expect(try message(Adam(beta1: 1)).contains("'beta_1' is 1.0; expected"))
    #expect(try message(SGD(learningRate: -1)).contains("'learning_rate' is -1.0; expected"))
    #expect(try message(SGD(learningRate: CosineDecay(initialLearningRate: 1, decaySteps: 0))).contains("'decay_steps' is 0"))
    #expect(try message(SGD().with { $0.clipnorm = 1; $0.globalClipnorm = 2 }).contains("only one of"))
    #expect(try message(LossScaleOptimizer(SGD().with { $0.lossScaleFactor = 2 })).contains("loss_scale_factor"))
    #expect(try message(MultiOptimizer(default: LossScaleOptimizer(SGD()))).contains("cannot be inside"))
    #expect(try message(MultiOptimizer(default: SGD(), [(.all, Adam(epsilon: -1))])).contains("'epsilon' is -1.0"))
    for around in [LossScaleOptimizer(Adam(convention: .torch)), Lookahead(Adam(convention: .torch))] as [any Optimizer] {
      #expect(throws: Never.self) { try Stepper(around, parameters: [[1.0]]) }
    }
    let both = MultiOptimizer(default: SGD(), [(.pathPattern(".*"), Adam()), (.all, Lion())])
    #expect(try message(both).contains("both choose 0"))
  }
}
