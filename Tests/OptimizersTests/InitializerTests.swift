import Optimizers
import Testing

/// How optimizers are made, and how they read.
@Suite struct InitializerTests {
  @Test func `Keras's arguments set the options`() throws {
    let optimizer = SGD(
      learningRate: 0.5, momentum: 0.9, weightDecay: 0.1, clipnorm: 1, useEMA: true, emaMomentum: 0.5, emaOverwriteFrequency: 3,
      lossScaleFactor: 8, gradientAccumulationSteps: 2, name: "own", decay: 0.25)
    let options = optimizer.options
    #expect(optimizer.momentum == 0.9 && options.learningRate(step: 0) == 0.5 && options.weightDecay == 0.1 && options.clipnorm == 1)
    #expect(options.useEMA && options.emaMomentum == 0.5 && options.emaOverwriteFrequency == 3 && options.lossScaleFactor == 8)
    #expect(options.gradientAccumulationSteps == 2 && options.name == "own" && options.decay == 0.25)
    #expect(SGD(clipvalue: 2).options.clipvalue == 2 && SGD(globalClipnorm: 3).options.globalClipnorm == 3)
    #expect(AdamW().options.weightDecay == 0.004 && AdamW(weightDecay: 0.25).options.weightDecay == 0.25)
    #expect(Lookahead(SGD(), name: "slow").name == "slow" && MultiOptimizer(default: SGD(), name: "both").options.name == "both")
  }

  @Test func `a closure sets any option, to nothing as well`() {
    let optimizer = AdamW(beta1: 0.5).with {
      $0.learningRate = 0.25
      $0.weightDecay = nil
      $0.nonFinite = .skip
    }
    #expect(optimizer.beta1 == 0.5 && optimizer.options.learningRate(step: 7) == 0.25)
    #expect(optimizer.options.weightDecay == nil && optimizer.options.nonFinite == .skip)
  }

  @Test func `factories are the initializers`() throws {
    func same(_ a: some Optimizer, _ b: some Optimizer) throws { #expect(try a.json() == b.json()) }
    func take<Taken: Optimizer>(_ optimizer: Taken) -> Taken { optimizer }
    try same(take(.muon(learningRate: 0.1, nsSteps: 3)), Muon(learningRate: 0.1, nsSteps: 3))
    try same(take(.lion(beta2: 0.5, clipnorm: 1)), Lion(beta2: 0.5, clipnorm: 1))
    try same(take(.soap(weightDecay: 0.1, updatePeriod: 3)), SOAP(weightDecay: 0.1, updatePeriod: 3))
    try same(take(.lookahead(SGD(), alpha: 0.25)), Lookahead(SGD(), alpha: 0.25))
    try same(Adam.adam.with { $0.clipnorm = 1 }, Adam(clipnorm: 1))
  }

  @Test func `an optimizer reads as Swift makes it`() {
    #expect("\(Adam())" == "Adam(learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-07)")
    #expect("\(SGD(learningRate: 0.1, nesterov: true, clipnorm: 1))" == "SGD(learningRate: 0.1, momentum: 0.0, nesterov: true, clipnorm: 1.0)")
    #expect("\(AdamW(convention: .torch))".hasSuffix(", weightDecay: 0.01, convention: .torch)"))
    #expect("\(RMSprop(learningRate: ExponentialDecay(initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.5)))".hasPrefix(
      "RMSprop(learningRate: ExponentialDecay(initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.5, staircase: false), rho: 0.9"))
    #expect("\(Lookahead(SGD()))" == "Lookahead(SGD(learningRate: 0.01, momentum: 0.0, nesterov: false), syncPeriod: 5, alpha: 0.5)")
    let multi = MultiOptimizer(default: SGD(), [(.name("bias"), Lion())])
    #expect("\(multi)" == "MultiOptimizer(default: \(SGD()), [(\"name:bias\", \(Lion()))])")
    #expect("\(LearningRate.constant(0.5))" == "0.5")
    for type in OptimizerRegistry.builtIn {
      let text = "\(type.init())"
      #expect(text.hasPrefix("\(type)(") && text.count < 240, "\(text)")
    }
  }

  /// Names in Swift follow from Keras's, so that what is printed can be typed.
  @Test func `every setting is a property of its Swift name`() {
    func labels(_ value: Any) -> [String] {
      Mirror(reflecting: value).children.flatMap { child -> [String] in
        let inner = child.value is any Optimizer && child.label != "innerOptimizer" ? labels(child.value) : []
        return [child.label ?? ""] + inner
      }
    }
    func check<Checked: Optimizer>(_ type: Checked.Type) {
      let known = Set(labels(type.init()) + labels(type.init().options))
      for key in type.allHyperparameters.map(\.key) where key != "optimizer_map" {
        #expect(known.contains(swiftName(key)), "\(type): \(key)")
      }
    }
    for type in OptimizerRegistry.builtIn { check(type) }
  }
}
