import Descent
import DescentTestSupport
import Foundation
import Testing

struct MetricTests {
  static func result(
    _ metric: Metric, _ target: Tensor, _ prediction: Tensor, weights: Tensor? = nil, logits: Logits? = nil
  ) throws -> Double {
    let state = try metric.makeState(targetShape: target.shape, predictionShape: prediction.shape)
    state.update(target: target, prediction: prediction, sampleWeight: weights, logits: logits)
    return state.result
  }

  @Test func `Accuracy goes by shape`() throws {
    let p = Tensor(shape: [3, 2], scalars: [0.9, 0.1, 0.2, 0.8, 0.6, 0.4])
    expectClose([try Self.result(.accuracy, Tensor([UInt8(0), 1, 1]), p)], [2.0 / 3])
    expectClose([try Self.result(.accuracy, Tensor(shape: [3, 1], scalars: [Int32(0), 1, 1]), p)], [2.0 / 3])
    expectClose([try Self.result("acc", Tensor(shape: [3, 2], scalars: [1.0, 0, 1, 0, 1, 0]), p)], [2.0 / 3])
    let column = Tensor(shape: [3, 1], scalars: [0.9, 0.2, 0.5])
    expectClose([try Self.result(.accuracy, Tensor([1.0, 1, 0]), column)], [2.0 / 3])
  }

  /// With logits the threshold of one half is a logit of 0.
  @Test func `Accuracy of logits`() throws {
    let logits = Tensor(shape: [3, 1], scalars: [0.2, -0.3, 0.4])
    let target = Tensor([1.0, 0, 1])
    #expect(try Self.result(Metric.accuracy.resolved(for: .binaryCrossentropy(fromLogits: true)), target, logits) == 1)
    expectClose([try Self.result(Metric.accuracy.resolved(for: .binaryCrossentropy), target, logits)], [1.0 / 3])
  }

  @Test func `Cross entropies follow the loss in taking logits`() throws {
    let logits = Tensor(shape: [1, 2], scalars: [3.0, -1])
    let expected = Loss.sparseCategoricalCrossentropy(fromLogits: true)(target: Tensor([Int32(1)]), prediction: logits)
    for metric: Metric in ["sparse_categorical_crossentropy", .sparseCategoricalCrossentropy(fromLogits: true)] {
      let resolved = metric.resolved(for: .sparseCategoricalCrossentropy(fromLogits: true))
      expectClose([try Self.result(resolved, Tensor([Int32(1)]), logits)], expected.doubles)
      #expect(resolved.name == "sparse_categorical_crossentropy")
    }
  }

  /// The step need not compute the softmax for the accuracy.
  @Test func `Accuracy uses logits that are known`() throws {
    let logits = Tensor(shape: [1, 2], scalars: [Float(100), 101])
    let saturated = Tensor(shape: [1, 2], scalars: [Float(1), 1])
    let known = Logits(logits, of: .softmax)
    #expect(try Self.result(.accuracy, Tensor([Int32(1)]), saturated, logits: known) == 1)
    #expect(try Self.result(.accuracy, Tensor([Int32(1)]), saturated) == 0)
  }

  @Test func `The state is updated inside a compiled function`() throws {
    let state = try Metric.accuracy.makeState(targetShape: [2], predictionShape: [2, 2])
    let step = compile { arguments in
      state.update(target: arguments[0], prediction: arguments[1])
      return []
    }
    for _ in 0..<3 {
      _ = step(Tensor([Int32(0), 1]), Tensor(shape: [2, 2], scalars: [Float(0.9), 0.1, 0.9, 0.1]))
    }
    #expect(state.result == 0.5)
    #expect(state.variables.map { $0.value.item() } == [3, 6])
    state.reset()
    #expect(state.result == 0)
  }

  @Test func `Counts do not stand still past16 million`() throws {
    let state = try Metric.mean.makeState(targetShape: [1], predictionShape: [1])
    state.variables[1].assign(Tensor(16_777_216.0))
    state.add(Tensor([Float(1)]))
    #expect(state.variables[1].value.item() == 16_777_217)
  }

  @Test func `Mean and sum of values`() throws {
    let mean = try Metric.mean.makeState(targetShape: [3], predictionShape: [3])
    mean.add(Tensor([1.0, 2, 6]), sampleWeight: Tensor([1.0, 1, 2]))
    #expect(mean.result == 3.75)
    let sum = try Metric.sum.makeState(targetShape: [3], predictionShape: [3])
    sum.add(Tensor([1.0, 2, 6]))
    sum.add(Tensor([1.0]))
    #expect(sum.result == 10)
  }

  /// A sample counts once, whatever its number of values.
  @Test func `Batches of different size weigh by their rows`() throws {
    let state = try Metric.meanSquaredError.makeState(targetShape: [2, 2], predictionShape: [2, 2])
    state.update(target: Tensor.zeros([3, 2]), prediction: Tensor.ones([3, 2]))
    state.update(target: Tensor.zeros([1, 2]), prediction: Tensor.ones([1, 2]) * 3)
    #expect(state.result == 3)
  }

  @Test func `Ignored classes do not count`() throws {
    let p = Tensor(shape: [3, 2], scalars: [0.5, 0.5, 0.25, 0.75, 0.5, 0.5])
    let value = try Self.result(.sparseCategoricalCrossentropy(ignoreClass: -1), Tensor([Int32(-1), 1, -1]), p)
    expectClose([value], [-log(0.75)])
  }

  @Test func `Several figures have names of their own`() throws {
    let state = try Metric.f1Score.makeState(targetShape: [2, 3], predictionShape: [2, 3])
    #expect(state.results.map(\.name) == ["f1_score_0", "f1_score_1", "f1_score_2"])
    let precision = try Metric.precision(thresholds: [0.2, 0.7]).makeState(targetShape: [2], predictionShape: [2, 1])
    #expect(precision.results.map(\.name) == ["precision_0", "precision_1"])
  }

  /// 1 − (1 − R²)(n − 1) / (n − p − 1) with the number n of samples, and R² itself where there are too few.
  @Test func `Adjusted R2`() throws {
    let target = Tensor(shape: [4, 1], scalars: [1.0, 2, 3, 5])
    let prediction = Tensor(shape: [4, 1], scalars: [1.1, 1.9, 3.2, 4.7])
    let plain = try Self.result(.r2Score, target, prediction)
    expectClose([plain], [1 - 0.15 / 8.75])
    expectClose([try Self.result(.r2Score(numRegressors: 1), target, prediction)], [1 - (1 - plain) * 3 / 2])
    expectClose([try Self.result(.r2Score(numRegressors: 3), target, prediction)], [plain])
  }

  @Test func `Names are kept as given`() throws {
    let metric: Metric = "MSE"
    #expect(metric.name == "MSE")
    #expect(Metric.meanSquaredError.name == "mean_squared_error")
    #expect(Metric.meanSquaredError.named("error").name == "error")
    #expect(Metric.accuracy.direction == .up)
    #expect(Metric.meanSquaredError.direction == .down)
  }

  @Test func `What Keras has only a name for is written as that`() throws {
    #expect(try Metric.accuracy.json() == "accuracy")
    #expect(try Metric(json: "acc").json() == "acc")
    #expect(try Loss.crossentropy.json() == "crossentropy")
    #expect(throws: DescentError.self) { try Metric.accuracy.named("hits").json() }
    #expect(throws: DescentError.self) { try Metric.custom("accuracy") { _, p in p }.json() }
  }

  @Test func `What cannot be used is refused`() throws {
    let bad: [(Metric, String)] = [
      ("acuracy", "did you mean 'accuracy'?"), ("mean_io_u", "num_classes must be given"),
      ("precision_at_recall", "recall must be given"), (.topKCategoricalAccuracy(k: 0), "k is 0"),
      (.precision(thresholds: [0.5, 1.5]), "a threshold is 1.5; it must be between 0 and 1"), (.iou(numClasses: 3, targetClassIDs: [3]), "a class of target_class_ids is 3; it must be from 0 to 2"),
      (.auc(numThresholds: 1), "num_thresholds is 1; it must be from 2 to 1048576"), (.huberWithBadDelta, "delta is 0.0"),
    ]
    for (metric, message) in bad {
      let error = #expect(throws: DescentError.self) { try metric.validated() }
      #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }
    let shapes: [(Metric, [Int], [Int])] = [
      (.accuracy, [4, 3], [4, 2]), (.accuracy, [3], [4, 2]), (.meanSquaredError, [4, 3], [4, 2]), (.f1Score, [4], [4, 2]),
      (.r2Score, [4, 2, 1], [4, 2, 1]), (.precision(classID: 2), [4, 2], [4, 2]), (.auc(multiLabel: true), [4], [4]),
    ]
    for (metric, target, prediction) in shapes {
      #expect(throws: DescentError.self, "\(metric)") {
        try metric.makeState(targetShape: target, predictionShape: prediction)
      }
    }
  }

  @Test func `Areas of several labels are averaged`() throws {
    let target = Tensor(shape: [4, 2], scalars: [1.0, 0, 0, 1, 1, 1, 0, 0])
    let prediction = Tensor(shape: [4, 2], scalars: [0.9, 0.2, 0.1, 0.3, 0.8, 0.4, 0.3, 0.35])
    // Label 0 is told apart perfectly; of label 1's four pairs three are in order.
    expectClose([try Self.result(.auc(multiLabel: true), target, prediction)], [(1 + 0.75) / 2], tolerance: 1e-9)
    expectClose(
      [try Self.result(.auc(multiLabel: true, labelWeights: [3, 1]), target, prediction)], [(3 + 0.75) / 4], tolerance: 1e-9)
  }
}

extension Metric {
  fileprivate static let huberWithBadDelta = Metric.loss(.huber(delta: 0))
}
