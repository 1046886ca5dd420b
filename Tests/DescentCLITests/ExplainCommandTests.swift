import Descent
import DescentTestSupport
import Foundation
import Testing

@Suite(.timeLimit(.minutes(20))) struct ExplainCommandTests {
  @Test func `An update of Adam is seen to be one pass`() throws {
    let tool = try CommandLineTool(["explain", "--optimizer", "adam"])
    #expect(tool.status == 0, "\(tool.errors)")
    #expect(tool.output.hasPrefix("The update of parameters of shapes [784, 100] and [100]: "))
    #expect(tool.output.components(separatedBy: "one pass over 78500 float32 of 2 arrays").count == 2, "\(tool.output)")
    #expect(tool.output.contains("sqrt"))
  }

  @Test func `A described model is explained`() throws {
    let model = Sequential {
      Dense(5, activation: .relu, inputShape: [3])
      Dense(2)
    }
    let path = FileManager.default.temporaryDirectory.appending(path: "explained-\(UUID().uuidString).json").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try model.toJSON().write(toFile: path, atomically: true, encoding: .utf8)
    let tool = try CommandLineTool(["explain", "--model", path, "--batch-size", "7"])
    #expect(tool.status == 0, "\(tool.errors)")
    #expect(tool.output.hasPrefix("Predicting 7 rows: "))
    #expect(tool.output.contains("matrixProduct [7, 3], [3, 5] → [7, 5] float32"))
    #expect(!tool.output.contains("training"))
  }

  @Test func `A step of training is explained`() throws {
    let model = Sequential { Dense(2, activation: .softmax, inputShape: [3]) }
    try model.compile(optimizer: .sgd, loss: .sparseCategoricalCrossentropy)
    let before = model.weights.map(\.doubles)
    let explanation = try model.explainTrainingStep(Tensor.ones([4, 3]), Tensor.zeros([4], dtype: .int32))
    #expect(explanation.kernels.contains { $0.inPlace.contains { $0.hasSuffix("kernel") } }, "\(explanation)")
    #expect(model.weights.map(\.doubles) == before || before.isEmpty)
    #expect(model.optimizerState?.iterations ?? 0 == 0)
    #expect(try model.explainPrediction(Tensor.ones([4, 3])).kernels.count == 2)
  }

  @Test func `Neither or both of model and optimizer are refused`() throws {
    for arguments in [["explain"], ["explain", "--model", "m.keras", "--optimizer", "adam"], ["explain", "--optimizer", "adm"]] {
      #expect(try CommandLineTool(arguments).status == 64)
    }
  }
}
