import Optimizers

/// Of an optimizer, what the tests that go through all of them have to know: one row for each that the registry has.
struct OptimizerCase: Sendable {
  /// What a test looks at, or why it does not.
  enum Listed<Element: Sendable>: Sendable, ExpressibleByArrayLiteral, ExpressibleByStringLiteral {
    case tested([Element])
    case leftOut(String)

    init(arrayLiteral elements: Element...) { self = .tested(elements) }
    init(stringLiteral reason: String) { self = .leftOut(reason) }

    var elements: [Element] { if case .tested(let elements) = self { elements } else { [] } }
    /// Neither an empty list nor an empty reason.
    var isSaid: Bool {
      switch self {
      case .tested(let elements): !elements.isEmpty
      case .leftOut(let reason): !reason.isEmpty
      }
    }
  }

  let className: String
  /// With settings under which it finds the minimum of a bowl in a few hundred steps (`SanityTests`), or the suite in which it does such a thing.
  let minimum: Listed<any Optimizer>
  /// As names and settings say it, if its formula is one pass over memory (`OnePassTests`), or why it is not.
  let onePass: Listed<String>
  /// The cases in which its formula is computed as `about` tells it (`FormulaTests`), or what the formula says in words.
  let formula: Listed<FormulaCase>

  init(_ className: String, minimum: Listed<any Optimizer>, onePass: Listed<String>, formula: Listed<FormulaCase>) {
    (self.className, self.minimum, self.onePass, self.formula) = (className, minimum, onePass, formula)
  }

  private static let correction = "learning_rate=0.03,beta_1=0.8,beta_2=0.9,epsilon=0.001"

  static let all = ofKeras + beyond

  private static let ofKeras: [OptimizerCase] = [
    OptimizerCase(
      "SGD", minimum: "KerasFixtureTests",
      onePass: ["sgd", "sgd:momentum=0.9", "sgd:momentum=0.9,nesterov=true,convention=torch"],
      formula: [
        .init(text: "sgd:learning_rate=0.1", labels: ["momentum = 0"]),
        .init(text: "sgd:learning_rate=0.1,momentum=0.8", labels: ["otherwise"]),
        .init(text: "sgd:learning_rate=0.1,momentum=0.8,nesterov=true", labels: ["otherwise", "or with Nesterov"]),
      ]),
    OptimizerCase(
      "RMSprop", minimum: "KerasFixtureTests",
      onePass: ["rmsprop", "rmsprop:centered=true,momentum=0.5"],
      formula: [
        .init(text: "rmsprop:rho=0.7,epsilon=0.01", labels: ["not centered", "momentum = 0"]),
        .init(text: "rmsprop:rho=0.7,epsilon=0.01,centered=true", labels: ["centered", "momentum = 0"]),
        .init(text: "rmsprop:rho=0.7,epsilon=0.01,momentum=0.6", labels: ["not centered", "otherwise"]),
        .init(text: "rmsprop:rho=0.7,epsilon=0.01,momentum=0.6,centered=true", labels: ["centered", "otherwise"]),
      ]),
    OptimizerCase(
      "Adagrad", minimum: "KerasFixtureTests",
      onePass: ["adagrad"],
      formula: [
        .init(text: "adagrad:learning_rate=0.1,epsilon=0.01", starts: ["a": "initial_accumulator_value"]),
      ]),
    OptimizerCase(
      "Adadelta", minimum: "KerasFixtureTests",
      onePass: ["adadelta"],
      formula: [.init(text: "adadelta:learning_rate=0.9,rho=0.7,epsilon=0.01")]),
    OptimizerCase(
      "Adam", minimum: "KerasFixtureTests",
      onePass: ["adam", "adam:amsgrad=true"],
      formula: [
        .init(text: "adam:\(correction)"),
        .init(text: "adam:\(correction),amsgrad=true", labels: ["amsgrad"]),
      ]),
    OptimizerCase(
      "AdamW", minimum: "KerasFixtureTests",
      onePass: ["adamw"],
      formula: [
        .init(text: "adamw:\(correction),weight_decay=0.2"),
        .init(text: "adamw:\(correction),weight_decay=0.2,amsgrad=true", labels: ["amsgrad"]),
      ]),
    OptimizerCase(
      "Adamax", minimum: "KerasFixtureTests",
      onePass: ["adamax"],
      formula: [.init(text: "adamax:\(correction)")]),
    OptimizerCase(
      "Nadam", minimum: "KerasFixtureTests",
      onePass: ["nadam"],
      formula: [.init(text: "nadam:\(correction),schedule_decay=0.2", starts: ["U": "1"])]),
    OptimizerCase(
      "Adafactor", minimum: "KerasFixtureTests",
      onePass: "norms, means or other sums over whole parameters",
      formula: [
        .init(text: "adafactor:learning_rate=0.5,beta_2_decay=-0.6,epsilon_1=0.01,epsilon_2=3,clip_threshold=0.7", labels: ["rank < 2"]),
        .init(text: "adafactor:learning_rate=0.5,beta_2_decay=-0.6,epsilon_1=0.01,epsilon_2=3,clip_threshold=0.7", labels: ["rank ≥ 2"], columns: 3),
      ]),
    OptimizerCase(
      "Ftrl", minimum: "KerasFixtureTests",
      onePass: ["ftrl"],
      formula: [
        .init(text: "ftrl:learning_rate=0.1,learning_rate_power=-0.6,l1_regularization_strength=0.05,l2_regularization_strength=0.03,l2_shrinkage_regularization_strength=0.02,beta=0.4",
          letters: ["p": "learning_rate_power", "l1": "l1_regularization_strength", "l2": "l2_regularization_strength",
            "l2Shrinkage": "l2_shrinkage_regularization_strength"], starts: ["n": "initial_accumulator_value"]),
      ]),
    OptimizerCase(
      "Lion", minimum: "KerasFixtureTests",
      onePass: ["lion"],
      formula: [.init(text: "lion:learning_rate=0.03,beta_1=0.7,beta_2=0.9")]),
    OptimizerCase(
      "Lamb", minimum: "KerasFixtureTests",
      onePass: "norms, means or other sums over whole parameters",
      formula: [.init(text: "lamb:\(correction)")]),
    OptimizerCase(
      "Muon", minimum: "KerasFixtureTests",
      onePass: "products of matrices",
      formula: "products of matrices"),
    OptimizerCase(
      "ScheduleFreeAdamW", minimum: "KerasFixtureTests",
      onePass: ["schedulefreeadamw"],
      formula: [.init(text: "schedulefreeadamw:\(correction),warmup_steps=3", starts: ["z": "w"])]),
    OptimizerCase(
      "LossScaleOptimizer", minimum: "NonFiniteTests",
      onePass: "the inner optimizer's passes and the count of what is not finite",
      formula: "what happens without a step"),
    OptimizerCase(
      "MultiOptimizer", minimum: "its parts are",
      onePass: "the parts' passes",
      formula: "the parts' steps"),
  ]

  private static let beyond: [OptimizerCase] = [
    OptimizerCase(
      "AdaBelief", minimum: [AdaBelief(learningRate: 0.05), AdaBelief(learningRate: 0.05, rectify: true)],
      onePass: ["adabelief"],
      formula: [.init(text: "adabelief:\(correction),epsilon_root=0.002")]),
    OptimizerCase(
      "Adan", minimum: [Adan(learningRate: 0.05)],
      onePass: ["adan"],
      formula: [.init(text: "adan:\(correction),beta_3=0.95,weight_decay=0.2")]),
    OptimizerCase(
      "AdEMAMix", minimum: [AdEMAMix(learningRate: 0.02, beta3: 0.99)],
      onePass: ["ademamix"],
      formula: [
        .init(text: "ademamix:\(correction),beta_3=0.95,alpha=3", letters: ["a": "alpha", "b": "beta_3"]),
      ]),
    OptimizerCase(
      "ADOPT", minimum: [ADOPT(learningRate: 0.05)],
      onePass: ["adopt"],
      formula: [.init(text: "adopt:learning_rate=0.03,beta_1=0.8,beta_2=0.9,epsilon=0.6")]),
    OptimizerCase(
      "AdamWScheduleFree", minimum: [AdamWScheduleFree(learningRate: 0.1)],
      onePass: "weights of the average shared by all parameters",
      formula: [
        .init(text: "adamwschedulefree:\(correction),weight_decay=0.2,warmup_steps=3,r=0.5,weight_lr_power=1.5", starts: ["z": "w"]),
      ]),
    OptimizerCase(
      "Cautious", minimum: [Cautious(Adam(learningRate: 0.05))],
      onePass: "norms, means or other sums over whole parameters",
      formula: [.init(text: "adam:learning_rate=0.05,beta_1=0.6", wrapper: { Cautious($0) })]),
    OptimizerCase(
      "CautiousAdamW", minimum: [CautiousAdamW(learningRate: 0.05, weightDecay: 0)],
      onePass: "norms, means or other sums over whole parameters",
      formula: [.init(text: "cautiousadamw:\(correction),weight_decay=0", inner: "adam:\(correction)")]),
    OptimizerCase(
      "CautiousLion", minimum: [CautiousLion(learningRate: 0.01)],
      onePass: "norms, means or other sums over whole parameters",
      formula: [
        .init(text: "cautiouslion:learning_rate=0.03,beta_1=0.7,beta_2=0.9", inner: "lion:learning_rate=0.03,beta_1=0.7,beta_2=0.9"),
      ]),
    OptimizerCase(
      "DAdaptAdam", minimum: [DAdaptAdam()],
      onePass: "norms, means or other sums over whole parameters",
      formula: [
        .init(text: "dadaptadam:learning_rate=0.7,beta_1=0.8,beta_2=0.9,epsilon=0.001,d0=0.01,growth_rate=1.02", starts: ["d": "d0"]),
      ]),
    OptimizerCase(
      "DAdaptSGD", minimum: [DAdaptSGD(momentum: 0.5)],
      onePass: "norms, means or other sums over whole parameters",
      formula: [
        .init(text: "dadaptsgd:learning_rate=0.7,momentum=0.8,d0=0.01,growth_rate=1.6,weight_decay=0.2", starts: ["d": "d0", "w₀": "w", "G": "‖g‖"]),
      ]),
    OptimizerCase(
      "LARS", minimum: [LARS(learningRate: 2, trustCoefficient: 0.02, adaptsVectors: true)],
      onePass: "norms, means or other sums over whole parameters",
      formula: [
        .init(text: "lars:learning_rate=0.1,momentum=0.8,weight_decay=0.2,trust_coefficient=0.3,adapts_vectors=true"),
        .init(text: "lars:learning_rate=0.1,momentum=0.8,weight_decay=0.2,trust_coefficient=0.3,adapts_vectors=true,nesterov=true", labels: ["or with Nesterov"]),
      ]),
    OptimizerCase(
      "LBFGS", minimum: [LBFGS()],
      onePass: "a line search",
      formula: "a line search"),
    OptimizerCase(
      "Lookahead", minimum: [Lookahead(Adam(learningRate: 0.1))],
      onePass: "the inner optimizer's passes and the meeting's",
      formula: [
        .init(text: "adam:learning_rate=0.05", starts: ["slow": "w"], wrapper: { Lookahead($0, syncPeriod: 3, alpha: 0.4) }),
      ]),
    OptimizerCase(
      "NAdamW", minimum: [NAdamW(learningRate: 0.05, weightDecay: 0)],
      onePass: ["nadamw"],
      formula: [.init(text: "nadamw:\(correction),weight_decay=0")]),
    OptimizerCase(
      "Novograd", minimum: [Novograd(learningRate: 0.02)],
      onePass: "norms, means or other sums over whole parameters",
      formula: [.init(text: "novograd:\(correction),weight_decay=0.2", starts: ["v": "‖g‖²"])]),
    OptimizerCase(
      "Prodigy", minimum: [Prodigy()],
      onePass: "norms, means or other sums over whole parameters",
      formula: [
        .init(text: "prodigy:learning_rate=0.7,beta_1=0.8,beta_2=0.9,beta_3=0.6,epsilon=0.001,d0=0.01,d_coef=1.5,weight_decay=0.2", starts: ["d": "d0", "w₀": "w"]),
      ]),
    OptimizerCase(
      "RAdam", minimum: [RAdam(learningRate: 0.05)],
      onePass: ["radam"],
      formula: [.init(text: "radam:\(correction)")]),
    OptimizerCase(
      "RAdamScheduleFree", minimum: [RAdamScheduleFree(learningRate: 0.1)],
      onePass: "weights of the average shared by all parameters",
      formula: [
        .init(text: "radamschedulefree:\(correction),weight_decay=0.2,r=0.5,weight_lr_power=1.5", starts: ["z": "w"]),
      ]),
    OptimizerCase(
      "Rprop", minimum: [Rprop()],
      onePass: ["rprop"],
      formula: [
        .init(text: "rprop:learning_rate=0.3,decrease=0.4,increase=1.7,minimum_step=0.2,maximum_step=0.4", starts: ["size": "rate"]),
      ]),
    OptimizerCase(
      "SAM", minimum: [SAM(SGD(learningRate: 0.1, momentum: 0.5), rho: 0.01)],
      onePass: "norms, means or other sums over whole parameters",
      formula: "gradients elsewhere"),
    OptimizerCase(
      "SGDScheduleFree", minimum: [SGDScheduleFree(learningRate: 0.3)],
      onePass: "weights of the average shared by all parameters",
      formula: [
        .init(text: "sgdschedulefree:learning_rate=0.1,momentum=0.8,weight_decay=0.2,warmup_steps=3,r=0.5,weight_lr_power=1.5", starts: ["z": "w"]),
      ]),
    OptimizerCase(
      "Shampoo", minimum: [Shampoo(learningRate: 0.5)],
      onePass: "products of matrices",
      formula: "products of matrices"),
    OptimizerCase(
      "SOAP", minimum: [SOAP(learningRate: 0.05, weightDecay: 0)],
      onePass: "products of matrices",
      formula: "products of matrices"),
    OptimizerCase(
      "Sophia", minimum: [Sophia(learningRate: 0.05, gamma: 1)],
      onePass: "the loss's curvature",
      formula: [
        .init(text: "sophia:learning_rate=0.1,beta_1=0.7,beta_2=0.8,gamma=0.6,epsilon=0.08,clip_threshold=1.5,update_period=3,estimator=given"),
      ]),
    OptimizerCase(
      "Yogi", minimum: [Yogi(learningRate: 0.1)],
      onePass: ["yogi"],
      formula: [
        .init(text: "yogi:\(correction)", starts: ["m": "initial_accumulator_value", "v": "initial_accumulator_value"]),
      ]),
  ]
}
