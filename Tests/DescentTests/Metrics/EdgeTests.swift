import Descent
import DescentTestSupport
import Foundation
import Testing

/// Metrics where their definition has no number, and what files of Keras's mean.
@Suite struct EdgeTests {
  private func result(_ metric: Metric, _ t: [[Double]], _ p: [[Double]], _ weights: [Double]? = nil) throws -> Double {
    let (target, prediction) = (Tensor(t), Tensor(p))
    let state = try metric.makeState(targetShape: target.shape, predictionShape: prediction.shape)
    state.update(target: target, prediction: prediction, sampleWeight: weights.map { Tensor($0) })
    return state.result
  }

  private let predictions = [[0.2, 0.8], [0.6, 0.4], [0.7, 0.3]]

  /// scikit-learn's numbers.
  @Test(arguments: [Metric.ClassAggregation.uniformAverage, .varianceWeightedAverage])
  func `R² of equal targets`(_ aggregation: Metric.ClassAggregation) throws {
    let metric = Metric.r2Score(classAggregation: aggregation)
    for value in [1, 5, 0.1, -1e6, 1e-9] {
      let equal = [[Double]](repeating: [value, value], count: 3)
      #expect(try result(metric, equal, equal) == 1)
      #expect(try result(metric, equal, predictions) == 0)
      #expect(try result(metric, [[value, 1], [value, 2], [value, 3]], [[value, 1], [value, 2], [value, 3]]) == 1)
    }
    #expect(try result(metric, [[1, 2], [2, 1], [3, 5]], predictions, [0, 0, 0]) == 0)
  }

  /// Keras 3.15.1 gives 0 for all but R² and, with no spread, Pearson's correlation.
  @Test func `nothing that counts is 0, no spread is no correlation`() throws {
    let metrics: [Metric] = [
      "mse", .rootMeanSquaredError, "mae", "mape", "msle", "logcosh", "cosine_similarity", "poisson", "kld", "hinge", "squared_hinge", "categorical_hinge",
      "bce", "categorical_crossentropy", "binary_accuracy", "categorical_accuracy", .topKCategoricalAccuracy(k: 1), "auc", .auc(curve: .pr),
      .auc(multiLabel: true), "precision", "recall", "true_positives", "false_negatives", .sensitivityAtSpecificity(0.5),
      .specificityAtSensitivity(0.5), .precisionAtRecall(0.5), .recallAtPrecision(0.5), .f1Score(average: .macro),
      .fBetaScore(average: .weighted), "r2_score", "pearson_correlation", "concordance_correlation", .oneHotMeanIoU(numClasses: 2),
    ]
    for metric in metrics {
      #expect(try result(metric, [[0, 1], [1, 0], [0, 1]], predictions, [0, 0, 0]) == 0, "\(metric.name)")
    }
    expectClose(
      [try result(.pearsonCorrelation, [[1, 1], [1, 0], [0, 1]], predictions), try result(.pearsonCorrelation, [[0, 1]], [[0.5, 0.5]])],
      [0, 0], tolerance: 1e-12)
  }

  @Test func `shapes that do not go together are told with the data's own, and with what would fit`() throws {
    let x = Tensor.ones([8, 1]), y = Tensor((0..<8).map { Int32($0 % 2) }).reshaped([8, 1])
    func message(_ metric: Metric) throws -> String {
      let model = Sequential([Dense(2, activation: .softmax, inputShape: [1])], seed: 1)
      try model.compile(optimizer: SGD(), loss: .sparseCategoricalCrossentropy, metrics: [metric])
      return failure(.data) { try model.fit(x, y, verbose: 0) }
    }
    for metric in [Metric.precision, .sensitivityAtSpecificity(0.5), .auc] {
      #expect(try message(metric) == """
        fit: y: metric \(metric.name): targets of shape [8, 1] do not match predictions of shape [8, 2]; for class numbers, give one-hot \
        targets of shape [8, 2], or choose a metric that is sparse
        """)
    }
    #expect(try message(.meanIoU(numClasses: 2)).hasSuffix("set sparsePrediction (sparse_y_pred) to false"))
  }

  /// Keras's Tversky counts by alpha what is missed, against its documentation.
  @Test func `a Tversky loss from a file has Keras's numbers, and goes into one with them`() throws {
    let (t, p) = (Tensor([[1.0, 1, 0, 0]]), Tensor([[0.5, 1, 1, 0]]))
    let ours = Loss.tversky(alpha: 0.3, beta: 0.7)
    expectClose(ours(target: t, prediction: p), [1 - 1.5 / (1.5 + 0.3 * 1 + 0.7 * 0.5 + 1e-7)])
    let file = try Loss(json: ["class_name": "Tversky", "config": ["alpha": 0.3, "beta": 0.7]])
    expectClose(file(target: t, prediction: p), [1 - 1.5 / (1.5 + 0.7 * 1 + 0.3 * 0.5 + 1e-7)])
    #expect(try ours.json()["config"]?["alpha"] == 0.7 && ours.json()["config"]?["beta"] == 0.3)
    expectClose(try Loss(json: ours.json())(target: t, prediction: p), ours(target: t, prediction: p).doubles)
  }

  /// By name, in order, one for all: each metric stands beside the loss of its own output, whose shape decides what accuracy is.
  @Test func `metrics beside losses of several outputs mean the same after a file`() throws {
    let x = Tensor(shape: [4, 1], scalars: [0.2, 0.3, 2, -1] as [Float]), y = Tensor(shape: [4, 1], scalars: [1, 1, 1, 0] as [Float])
    let classes = Tensor(shape: [4, 2], scalars: [0, 1, 1, 0, 0, 1, 1, 0] as [Float])
    let logits = Loss.binaryCrossentropy(fromLogits: true)
    let ways: [(Model) throws -> Void] = [
      { try $0.compile(optimizer: SGD(), loss: ["a": logits, "b": "mse"], metrics: ["a": ["accuracy", "auc"]]) },
      { try $0.compile(optimizer: SGD(), loss: [logits, "mse"], metrics: [["accuracy", "binary_crossentropy"], ["mae"]]) },
      { try $0.compile(optimizer: SGD(), loss: logits, metrics: [["accuracy"], ["accuracy"]], weightedMetrics: [["accuracy"], nil]) },
      { try $0.compile(optimizer: SGD(), loss: logits, metrics: ["b": ["accuracy"], "a": ["accuracy"]]) },
    ]
    for (number, compile) in ways.enumerated() {
      for isReversed in [false, true] {
        let input = Input(shape: [1])
        let a = try Dense(1, kernelInitializer: .ones, name: "a")(input), b = try Dense(2, name: "b")(input)
        let model = try Model(inputs: input, outputs: isReversed && number != 1 ? [b, a] : [a, b])
        try compile(model)
        let targets = isReversed && number != 1 ? [classes, y] : [y, classes]
        let before = try model.evaluate(x, targets, verbose: 0)
        #expect(before["a_accuracy"] == 1, "\(number)")
        let copy = try Model.fromJSON(model.toJSON())
        try copy.setWeights(model.weights)
        #expect(try copy.evaluate(x, targets, verbose: 0).values == before.values, "\(number) \(isReversed)")
      }
    }
  }

  /// A file of Keras's compares logits with 0.5, as Keras does; one of ours says what it means.
  @Test func `metrics beside a loss that takes logits mean the same after a file`() throws {
    let x = Tensor(shape: [4, 1], scalars: [0.2, 0.3, 2, -1] as [Float]), y = Tensor([1, 1, 1, 0] as [Float])
    let model = Sequential([Dense(1, kernelInitializer: .ones, inputShape: [1])], seed: 1)
    try model.compile(
      optimizer: SGD(), loss: .binaryCrossentropy(fromLogits: true), metrics: ["accuracy", "auc", "binary_crossentropy"],
      weightedMetrics: ["accuracy"])
    let before = try model.evaluate(x, y, verbose: 0)
    #expect(before["accuracy"] == 1 && before["weighted_accuracy"] == 1)
    let text = try model.toJSON()
    let copy = try Sequential.fromJSON(text)
    try copy.setWeights(model.weights)
    #expect(try copy.evaluate(x, y, verbose: 0).values == before.values)
    let plain = Sequential([Dense(1, kernelInitializer: .ones, inputShape: [1])], seed: 1)
    try plain.compile(optimizer: SGD(), loss: .binaryCrossentropy, metrics: ["accuracy", "auc"], weightedMetrics: ["accuracy"])
    let keras = try plain.toJSON().replacingOccurrences(of: "\"binary_crossentropy\"", with: """
      {"module": "keras.losses", "class_name": "BinaryCrossentropy", "config": {"from_logits": true}, "registered_name": null}
      """)
    let read = try Sequential.fromJSON(keras)
    try read.setWeights(model.weights)
    let scores = try read.evaluate(x, y, verbose: 0)
    #expect(scores["accuracy"] == 0.5 && scores["weighted_accuracy"] == 0.5)
    expectClose([scores.loss], [before.loss])
    // Settings of the only output, in a list as Keras writes what it was given.
    for (from, to) in [("\"loss_weights\": null", "\"loss_weights\": [0.5]"), ("\"loss_weights\": null", "\"loss_weights\": 0.5")] {
      let half = try Sequential.fromJSON(keras.replacingOccurrences(of: from, with: to))
      try half.setWeights(model.weights)
      expectClose([try half.evaluate(x, y, verbose: 0).loss], [before.loss / 2])
      expectClose([try Sequential.fromJSON(half.toJSON()).evaluate(x, y, verbose: 0).loss >= 0 ? 1 : 0], [1])
    }
    // Metrics of one name in a file are told apart as in Keras.
    let twice = try Sequential.fromJSON(keras.replacingOccurrences(of: "\"auc\"", with: "\"accuracy\""))
    #expect(try twice.evaluate(x, y, verbose: 0).names == ["accuracy", "accuracy_1", "loss", "weighted_accuracy"])
  }
}
