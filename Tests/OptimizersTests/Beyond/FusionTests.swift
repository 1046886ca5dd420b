import Optimizers
import Testing

/// Formulas beyond Keras that work element by element run in one pass: no array is kept between two.
@Suite struct FusionTests {
  @Test(arguments: [
    "radam", "adabelief", "adabelief:rectify=true,amsgrad=true", "nadamw", "ademamix", "ademamix:warmup_steps=9", "yogi", "rprop",
    "sgdschedulefree", "adamwschedulefree:weight_decay=0.1", "radamschedulefree", "sophia:estimator=given", "adopt", "adan",
  ])
  func formula(_ text: String) throws {
    let shapes = [[60, 100], [200]]
    let variables = Variable.sideBySide(shapes.enumerated().map { ("w\($0.offset)", "w\($0.offset)", $0.element, .float32, true) })
    let state = try OptimizerState(OptimizerRegistry.optimizer(text: text), variables: variables)
    let phase = state.beginStep()
    let function = CompiledFunction { gradients in
      state.apply(gradients: gradients, phase: phase)
      return []
    }
    let plan = function.plan(for: shapes.map { Tensor.ones($0) })
    #expect(plan.statistics.workspaceBytes < 2048, "\(text)")
  }
}
