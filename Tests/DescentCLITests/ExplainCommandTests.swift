import Descent
import KerasFiles
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

  /// Times are measured on a model that is afterwards as it was, the optimizer's state and generators included.
  @Test func `A measured model trains on as if nothing had happened`() throws {
    let x = RandomGenerator(seed: 3).normal([16, 3]).evaluated(), y = Tensor.zeros([16], dtype: .int32)
    func trained(measured: Bool) throws -> [[Double]] {
      let layers: [Layer] = [
        Dense(8, activation: .relu, inputShape: [3]), Dropout(0.5), BatchNormalization(), Dense(2, activation: .softmax),
      ]
      let model = Sequential(layers, seed: 5)
      try model.compile(optimizer: .adam, loss: .sparseCategoricalCrossentropy, metrics: ["accuracy"])
      _ = try model.trainOnBatch(x, y)
      if measured {
        let before = model.weights.map(\.doubles)
        let profile = try model.profileTrainingStep(x, y, runs: 3)
        #expect(profile.kernels.allSatisfy { ($0.nanoseconds ?? 0) > 0 } && profile.kernels.contains { $0.inPlace.count > 1 })
        #expect(try model.profilePrediction(x, runs: 2).nanoseconds != nil)
        #expect(model.weights.map(\.doubles) == before && model.optimizerState?.iterations == 1)
        #expect(throws: DescentError.self) { try model.profileTrainingStep(x, y, runs: 0) }
        #expect(throws: DescentError.self) { try model.profilePrediction(x, runs: -1) }
      }
      _ = try model.trainOnBatch(x, y)
      return model.weights.map(\.doubles)
    }
    #expect(try trained(measured: true) == trained(measured: false))
    #expect(throws: DescentError.self) { try Adam().profileUpdate(runs: 0) }
  }

  @Test func `Times are printed where they are asked for`() throws {
    let tool = try CommandLineTool(["explain", "--optimizer", "lion", "--measure", "3"])
    #expect(tool.status == 0, "\(tool.errors)")
    #expect(tool.output.contains(" µs") || tool.output.contains(" ns") || tool.output.contains(" ms"), "\(tool.output)")
    #expect(try CommandLineTool(["explain", "--optimizer", "lion", "--measure", "0"]).status == 64)
  }

  @Test func `A model of two inputs and two outputs is explained`() throws {
    let a = Input(shape: [3], name: "a"), b = Input(shape: [4], name: "b")
    let hidden = try Concatenate()([a, b])
    let model = try Model(inputs: [a, b], outputs: [Dense(2, activation: .softmax, name: "kind")(hidden), Dense(1, name: "size")(hidden)])
    try model.compile(optimizer: "adam", loss: ["kind": "sparse_categorical_crossentropy", "size": "mse"])
    let path = FileManager.default.temporaryDirectory.appending(path: "two-\(UUID().uuidString).keras").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try model.save(path)
    let tool = try CommandLineTool(["explain", "--model", path, "--batch-size", "5", "--measure", "2"])
    #expect(tool.status == 0, "\(tool.errors)")
    #expect(tool.output.contains("Predicting 5 rows: ") && tool.output.contains("A step of training on 5 rows: "), "\(tool.output)")
  }

  @Test func `Neither or both of model and optimizer are refused`() throws {
    for arguments in [["explain"], ["explain", "--model", "m.keras", "--optimizer", "adam"], ["explain", "--optimizer", "adm"]] {
      #expect(try CommandLineTool(arguments).status == 64)
    }
  }
}
