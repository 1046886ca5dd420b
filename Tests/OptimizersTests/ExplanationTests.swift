import TensorCore
import Testing

@testable import Optimizers

/// What an update is said to do.
@Suite struct ExplanationTests {
  /// A dictionary goes through its keys in another order in each process: plans must not be numbered by it, or none could be compared with
  /// that of another day.
  @Test(arguments: ["adam:amsgrad=true", "adan", "ademamix", "rmsprop:centered=true,momentum=0.9"])
  func `slots are read in the order in which the optimizer declares them`(_ text: String) throws {
    let optimizer = try OptimizerRegistry.optimizer(text: text)
    let state = try OptimizerState(optimizer, variables: [Variable(Tensor.zeros([30, 20]), name: "parameter 0")])
    let declared = state.entries[0].stateVariables.map(\.path)
    #expect(declared.count > 2)
    let kernel = try #require(try optimizer.explainUpdate(shapes: [[30, 20]]).kernels.max { $0.reads.count < $1.reads.count })
    let read = kernel.reads.filter(declared.contains)
    #expect(read.count > 2 && read == declared.filter(read.contains), "\(kernel.reads)")
  }
}
