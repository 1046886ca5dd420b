import Optimizers
import Testing

/// Formulas that work element by element run in one pass over memory, whatever is done around them.
@Suite struct OnePassTests {
  /// What the update of two parameters with 6,200 elements needs beside them.
  private func workspace(_ optimizer: any Optimizer) throws -> (kernels: Int, bytes: Int) {
    let shapes = [[60, 100], [200]]
    let variables = Variable.sideBySide(shapes.enumerated().map { ("w\($0.offset)", "w\($0.offset)", $0.element, .float32, true) })
    let state = try OptimizerState(optimizer, variables: variables)
    // Some optimizers begin with another formula.
    for _ in 0..<20 {
      _ = state.beginStep()
      try state.endStep()
    }
    let phase = state.beginStep()
    let function = CompiledFunction { gradients in
      state.apply(gradients: gradients, phase: phase)
      return []
    }
    let plan = function.plan(for: shapes.map { Tensor.ones($0) })
    return (plan.statistics.kernels, plan.statistics.workspaceBytes)
  }

  private static let formulas = [
    "sgd", "sgd:momentum=0.9", "sgd:momentum=0.9,nesterov=true,convention=torch", "rmsprop", "rmsprop:centered=true,momentum=0.5", "adagrad",
    "adadelta", "adam", "adam:amsgrad=true", "adamw", "adamax", "nadam", "ftrl", "lion", "schedulefreeadamw",
    "adopt", "adan", "rprop", "ademamix", "adabelief", "radam", "yogi", "nadamw",
  ]

  /// Why an optimizer is not in the list.
  private static let leftOut: [String: String] = [
    "Adafactor": "norms, means or other sums over whole parameters",
    "Lamb": "norms, means or other sums over whole parameters",
    "LARS": "norms, means or other sums over whole parameters",
    "Novograd": "norms, means or other sums over whole parameters",
    "Prodigy": "norms, means or other sums over whole parameters",
    "DAdaptAdam": "norms, means or other sums over whole parameters",
    "DAdaptSGD": "norms, means or other sums over whole parameters",
    "Cautious": "norms, means or other sums over whole parameters",
    "CautiousAdamW": "norms, means or other sums over whole parameters",
    "CautiousLion": "norms, means or other sums over whole parameters",
    "SAM": "norms, means or other sums over whole parameters",
    "Muon": "products of matrices",
    "Shampoo": "products of matrices",
    "SOAP": "products of matrices",
    "LBFGS": "a line search",
    "Sophia": "the loss's curvature",
    "AdamWScheduleFree": "weights of the average shared by all parameters",
    "SGDScheduleFree": "weights of the average shared by all parameters",
    "RAdamScheduleFree": "weights of the average shared by all parameters",
    "Lookahead": "the inner optimizer's passes and the meeting's",
    "LossScaleOptimizer": "the inner optimizer's passes and the count of what is not finite",
    "MultiOptimizer": "the parts' passes",
  ]

  @Test func `an optimizer is in the list or says why not`() {
    let listed = Set(OnePassTests.formulas.map { text in
      (try? OptimizerRegistry.optimizer(text: text)).map { type(of: $0).className } ?? text
    })
    for name in OptimizerRegistry.builtIn.map({ $0.className }) {
      #expect(listed.contains(name) != (OnePassTests.leftOut[name] != nil), "\(name)")
    }
    #expect(OnePassTests.leftOut.keys.allSatisfy { name in OptimizerRegistry.builtIn.contains { $0.className == name } })
  }

  @Test(arguments: OnePassTests.formulas)
  func formula(_ text: String) throws {
    let plain = try workspace(OptimizerRegistry.optimizer(text: text))
    // Kernels beside the pass compute a few numbers: Nadam has them in two dtypes.
    #expect(plain.bytes < 2048, "\(text)")
    #expect(plain.kernels <= (text == "nadam" ? 5 : 4), "\(text)")
    let around = try workspace(
      OptimizerRegistry.optimizer(text: text).with {
        ($0.weightDecay, $0.clipvalue, $0.lossScaleFactor, $0.gradientAccumulationSteps) = (0.1, 1, 8, 1)
        ($0.useEMA, $0.emaOverwriteFrequency) = (true, 1)
      })
    #expect(around.bytes < 4096, "\(text), with all around it")
    #expect(around.kernels <= plain.kernels + 3, "\(text), with all around it")
  }
}
