import Descent
import DescentTestSupport
import Testing

/// A model trained by a loop of the program's own, beside `trainOnBatch`.
@Suite struct OwnLoopTests {
  @Test func `a stepper in a compiled step trains a model as trainOnBatch does`() throws {
    let optimizers: [any Optimizer] = [
      Adam(learningRate: 0.01, clipnorm: 1), SGD(learningRate: 0.1, momentum: 0.9, gradientAccumulationSteps: 2),
      AdamW(learningRate: ExponentialDecay(initialLearningRate: 0.01, decaySteps: 2, decayRate: 0.5)),
    ]
    for optimizer in optimizers {
      let name = type(of: optimizer).className
      let (ours, theirs) = (try SmallData.model(optimizer: optimizer), try SmallData.model(optimizer: optimizer))
      let loss = Loss.sparseCategoricalCrossentropy
      let stepper = try Stepper(optimizer, variables: ours.trainableVariables)
      let step = compile { x, y in
        let value = loss(target: y, prediction: try ours(x, training: true))
        try stepper.update(gradients: gradients(of: stepper.scaled(loss: value), withRespectTo: stepper.variables))
        return value
      }
      let (x, y) = (SmallData.x(), SmallData.labels)
      for _ in 0..<6 {
        _ = try step(x, y).item()
        _ = try theirs.trainOnBatch(x, y)
      }
      let greatest = zip(ours.numbers, theirs.numbers).reduce(0) { max($0, abs($1.0 - $1.1)) }
      #expect(greatest < 1e-5, "\(name)")
      #expect(stepper.state.iterations == theirs.optimizerState?.iterations, "\(name)")
    }
  }
}
