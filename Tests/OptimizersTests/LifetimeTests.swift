import Optimizers
import Testing

/// What is dropped is gone: objects that know each other do not keep each other alive.
@Suite struct LifetimeTests {
  private struct Watched {
    weak var object: AnyObject?
    let name: String
  }

  private func left(_ watched: [Watched]) -> [String] { watched.filter { $0.object != nil }.map(\.name) }

  private func watch(_ state: OptimizerState) -> [Watched] {
    [Watched(object: state, name: "the state")] + state.stateVariables.map { Watched(object: $0, name: $0.path) }
      + state.trainableVariables.map { Watched(object: $0, name: $0.path) }
  }

  /// Every optimizer with everything that may be around it.
  private static var optimizers: [any Optimizer] {
    OptimizerRegistry.builtIn.map { type in
      var optimizer = type.init()
      optimizer.options.weightDecay = 0.01
      optimizer.options.useEMA = true
      optimizer.options.gradientAccumulationSteps = 2
      optimizer.options.nonFinite = .skip
      optimizer.options.globalClipnorm = 1
      // Those that do not go with all of it are tried as they are.
      do { try optimizer.validate() } catch { return type.init() }
      return optimizer
    }
  }

  @Test func `a dropped minimizer leaves no parameter and no slot`() throws {
    for optimizer in LifetimeTests.optimizers {
      var watched: [Watched] = []
      do {
        let minimizer = try Minimizer(optimizer, startingAt: ["w": Tensor.ones([3, 2]), "b": Tensor.ones([2])]) { p in
          square(matmul(Tensor.ones([4, 3]), p["w"]!) + p["b"]! - 3).sum()
        }
        try minimizer.minimize(steps: 3)
        _ = minimizer.parameters
        _ = minimizer.state.kerasVariables()
        try minimizer.state.restore(minimizer.state.checkpoint())
        minimizer.state.useEvaluationValues()
        minimizer.state.restoreTrainingValues()
        watched = watch(minimizer.state) + [Watched(object: minimizer, name: "the minimizer")]
      }
      #expect(left(watched).isEmpty, "\(type(of: optimizer).className)")
    }
  }

  @Test func `a dropped stepper leaves no parameter and no slot`() throws {
    for optimizer in LifetimeTests.optimizers {
      // Some need the loss itself.
      guard let stepper = try? Stepper(optimizer, parameters: ["w": [1.0, 2.0]]) else { continue }
      var held: Stepper<[String: [Double]]>? = stepper
      _ = consume stepper
      for _ in 0..<3 { try held!.update(gradients: ["w": [0.5, -0.5]]) }
      let watched = watch(held!.state) + [Watched(object: held!, name: "the stepper")]
      held = nil
      #expect(left(watched).isEmpty, "\(type(of: optimizer).className)")
    }
  }
}
