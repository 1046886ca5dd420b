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

  private static let formulas = OptimizerCase.all.flatMap(\.onePass.elements)

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
