import Descent
import DescentTestSupport
import Foundation
import Testing

struct LossTests {
  static let all: [Loss] = [
    .meanSquaredError, .meanAbsoluteError, .meanAbsolutePercentageError, .meanSquaredLogarithmicError, .huber(delta: 0.4),
    .logCosh, .cosineSimilarity, .hinge, .squaredHinge, .categoricalHinge, .klDivergence, .poisson, .binaryCrossentropy,
    .binaryCrossentropy(fromLogits: true, labelSmoothing: 0.1), .binaryFocalCrossentropy,
    .binaryFocalCrossentropy(applyClassBalancing: true, gamma: 1.5, fromLogits: true), .categoricalCrossentropy,
    .categoricalCrossentropy(fromLogits: true), .categoricalFocalCrossentropy,
    .categoricalFocalCrossentropy(gamma: 1.5, fromLogits: true), .sparseCategoricalCrossentropy,
    .sparseCategoricalCrossentropy(fromLogits: true), .categoricalGeneralizedCrossEntropy(q: 0.3), .dice, .tversky(alpha: 0.3),
  ]

  @Test func `every loss is among those whose derivatives are compared`() {
    let compared = Set(LossTests.all.map(\.name))
    // One is one of three by shape, and those of sequences and of whole batches have tests of their own.
    for loss in Loss.catalog.values where !["crossentropy", "ctc", "circle"].contains(loss.name) {
      #expect(compared.contains(loss.name), "\(loss.name)")
    }
  }

  @Test(arguments: all) func `Derivatives match differences`(_ loss: Loss) {
    let prediction = Tensor(shape: [2, 3], scalars: [0.2, 0.5, 0.35, 0.7, 0.15, 0.25])
    let isSparse = loss.allowedClasses(predictionShape: [2, 3]) != nil
    // Percentages of nothing are too large for differences.
    let none = loss.name == "mean_absolute_percentage_error" ? 0.1 : 0
    let target =
      isSparse ? Tensor([Int32(2), 0]) : Tensor(shape: [2, 3], scalars: [none, none, 1, 1, none, none])
    expectDerivativesMatchDifferences(at: prediction, tolerance: 1e-5, loss.description) {
      loss.values(target: target, prediction: $0)
    }
  }

  /// What a model computed before its softmax or sigmoid is used where it is known.
  @Test func `Cross entropies use logits`() {
    let logits = Tensor(shape: [2, 3], scalars: [-800.0, 0, 800, 3, -1, 0.5])
    let classes = Tensor([Int32(0), 2])
    let softmax = Logits(logits, of: .softmax)
    let fromLogits = Loss.sparseCategoricalCrossentropy(fromLogits: true).values(target: classes, prediction: logits)
    expectClose(
      Loss.sparseCategoricalCrossentropy.values(target: classes, prediction: logits.softmax(), logits: softmax),
      fromLogits.doubles)
    expectClose(fromLogits[0..<1], [1600])
    let oneHot = classes.oneHot(depth: 3, dtype: .float64)
    expectClose(
      Loss.categoricalCrossentropy.values(target: oneHot, prediction: logits.softmax(), logits: softmax), fromLogits.doubles)
    // Logits of the other kind are not mistaken for one's own.
    let probabilities = ActivationFunction.sigmoid(logits)
    expectClose(
      Loss.categoricalCrossentropy.values(
        target: oneHot, prediction: probabilities, logits: Logits(logits, of: .sigmoid)),
      Loss.categoricalCrossentropy.values(target: oneHot, prediction: probabilities).doubles)
    let binary = Tensor(shape: [2, 3], scalars: [1.0, 1, 0, 0, 1, 0])
    expectClose(
      Loss.binaryCrossentropy.values(
        target: binary, prediction: probabilities, logits: Logits(logits, of: .sigmoid)),
      Loss.binaryCrossentropy(fromLogits: true).values(target: binary, prediction: logits).doubles)
    expectClose(
      Loss.binaryCrossentropy.values(target: binary, prediction: logits.softmax(), logits: softmax),
      Loss.binaryCrossentropy.values(target: binary, prediction: logits.softmax()).doubles)
  }

  /// Where a probability has rounded to 0 or 1 the gradient is still that of the exact formula, softmax − one-hot.
  @Test(arguments: [DType.float32, .float64]) func `Gradients from logits do not vanish`(_ dtype: DType) {
    let logits = Tensor(shape: [1, 2], scalars: [-200.0, 200]).cast(to: dtype)
    let loss = Loss.sparseCategoricalCrossentropy
    let (value, gradients) = valueAndGradients(at: [logits]) {
      loss(target: Tensor([Int32(0)]), prediction: $0[0].softmax(), logits: Logits($0[0], of: .softmax))
    }
    #expect(value.item() == 400)
    #expect(gradients[0].doubles == [-1, 1])
    let (_, confident) = valueAndGradients(at: [Tensor(shape: [1, 1], scalars: [30.0]).cast(to: dtype)]) {
      Loss.binaryCrossentropy(fromLogits: true)(target: Tensor([[1.0]]), prediction: $0[0])
    }
    expectClose([confident[0].item() / -exp(-30)], [1], tolerance: 1e-5)
  }

  @Test func `Impossible classes may have logits of minus infinity`() {
    let logits = Tensor(shape: [1, 3], scalars: [-Double.infinity, 0, 0])
    for loss in [Loss.sparseCategoricalCrossentropy(fromLogits: true), .categoricalCrossentropy(fromLogits: true)] {
      let isSparse = loss.allowedClasses(predictionShape: [1, 3]) != nil
      let target = isSparse ? Tensor([Int32(1)]) : Tensor([[0.0, 1, 0]])
      let (value, gradients) = valueAndGradients(at: [logits]) { loss(target: target, prediction: $0[0]) }
      expectClose(value, [log(2.0)])
      expectClose(gradients[0], [0, -0.5, 0.5])
    }
  }

  @Test func `Classes that do not exist give NaN`() {
    let prediction = Tensor(shape: [3, 2], scalars: [0.5, 0.5, 0.5, 0.5, 0.5, 0.5])
    let values = Loss.sparseCategoricalCrossentropy.values(target: Tensor([Int32(0), 2, -1]), prediction: prediction)
    #expect(values.doubles.map(\.isNaN) == [false, true, true])
  }

  @Test func `Targets of any d type are taken`() {
    let prediction = Tensor(shape: [2, 2], scalars: [Float(0.25), 0.75, 0.5, 0.5])
    for classes in [Tensor([UInt8(1), 0]), Tensor([Int32(1), 0]), Tensor([Float(1), 0]), Tensor([1.0, 0])] {
      let value = Loss.sparseCategoricalCrossentropy(target: classes, prediction: prediction)
      expectClose(value, [-(log(0.75) + log(0.5)) / 2], tolerance: 1e-6)
      #expect(value.dtype == .float32)
    }
    let pixels = Tensor(shape: [1, 2], scalars: [UInt8(255), 0])
    expectClose(Loss.meanSquaredError(target: pixels, prediction: Tensor([[Float(254), 1]])), [1])
  }

  @Test func `Shapes that do not fit are refused`() {
    let cases: [(Loss, [Int], [Int], String)] = [
      (.meanSquaredError, [4, 3], [4, 10], "targets of shape [4, 3] do not match predictions of shape [4, 10]"),
      (.meanSquaredError, [4, 1], [4, 10], "do not match"),
      (.categoricalCrossentropy, [4], [4, 10], "use sparse_categorical_crossentropy"),
      (.sparseCategoricalCrossentropy, [4, 10], [4, 10], "use categorical_crossentropy"),
      (.sparseCategoricalCrossentropy, [5], [4, 10], "expected [4]"),
      (.crossentropy, [4, 3], [4, 10], "do not match"),
    ]
    for (loss, target, prediction, message) in cases {
      let error = #expect(throws: DescentError.self) {
        try loss.validate(targetShape: target, predictionShape: prediction)
      }
      #expect(error?.kind == .data)
      #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }
    #expect(throws: Never.self) {
      try Loss.meanSquaredError.validate(targetShape: [4], predictionShape: [4, 1])
      try Loss.sparseCategoricalCrossentropy.validate(targetShape: [4, 1], predictionShape: [4, 10])
      try Loss.custom { target, _ in target }.validate(targetShape: [4, 7], predictionShape: [4, 10])
    }
  }

  @Test func `Classes allowed are those of the output`() {
    #expect(Loss.sparseCategoricalCrossentropy.allowedClasses(predictionShape: [32, 10]) == 0..<10)
    #expect(Loss.sparseCategoricalCrossentropy(axis: 1).allowedClasses(predictionShape: [32, 7, 5]) == 0..<7)
    #expect(Loss.meanSquaredError.allowedClasses(predictionShape: [32, 10]) == nil)
  }

  @Test func `Crossentropy chooses by shape`() {
    let p = Tensor(shape: [2, 3], scalars: [0.2, 0.5, 0.3, 0.1, 0.1, 0.8])
    let classes = Tensor([Int32(1), 2])
    expectClose(
      Loss.crossentropy(target: classes, prediction: p),
      Loss.sparseCategoricalCrossentropy(target: classes, prediction: p).doubles)
    let oneHot = classes.oneHot(depth: 3, dtype: .float64)
    expectClose(
      Loss.crossentropy(target: oneHot, prediction: p), Loss.categoricalCrossentropy(target: oneHot, prediction: p).doubles)
    let column = p[0..<2, 0..<1]
    expectClose(
      Loss.crossentropy(target: Tensor([1.0, 0]), prediction: column),
      Loss.binaryCrossentropy(target: Tensor([1.0, 0]), prediction: column).doubles)
  }

  @Test func `Custom losses are weighted and reduced like others`() {
    let cubic = Loss.custom("cubic") { target, prediction in abs(target - prediction).sum(axis: -1) }
    let target = Tensor(shape: [2, 2], scalars: [0.0, 0, 0, 0])
    let prediction = Tensor(shape: [2, 2], scalars: [1.0, 2, 3, 4])
    #expect(cubic.name == "cubic")
    #expect(cubic(target: target, prediction: prediction).item() == 5)
    let weights = Tensor([1.0, 3])
    #expect(cubic(target: target, prediction: prediction, sampleWeight: weights).item() == 12)
    let weightedMean = cubic.reducing(by: .meanWithSampleWeight)
    #expect(weightedMean(target: target, prediction: prediction, sampleWeight: weights).item() == 6)
    #expect(cubic.reducing(by: .none)(target: target, prediction: prediction).doubles == [3, 7])
    #expect(throws: DescentError.self) { try cubic.json() }
  }

  /// The speed of training rests on it: everything between the logits and their gradient is one pass over the rows.
  @Test(arguments: [Loss.sparseCategoricalCrossentropy, .categoricalCrossentropy])
  func `A loss and its gradient are few kernels`(_ loss: Loss) {
    let isSparse = loss.allowedClasses(predictionShape: [32, 10]) != nil
    let step = compile { arguments in
      let logits = arguments[0]
      let value = loss(target: arguments[1], prediction: logits.softmax(), logits: Logits(logits, of: .softmax))
      return [value, gradients(of: value, withRespectTo: [logits])[0]]
    }
    let labels = isSparse ? Tensor.zeros([32], dtype: .uint8) : Tensor.zeros([32, 10])
    let plan = step.plan(for: [Tensor.zeros([32, 10]), labels])
    #expect(plan.statistics.kernels <= 3)
  }

  @Test func `An empty batch has a loss of zero`() {
    let empty = Tensor.zeros([0, 3], dtype: .float64)
    #expect(Loss.meanSquaredError(target: empty, prediction: empty).item() == 0)
  }

  @Test func `Settings out of range and unknown names are refused`() throws {
    let bad: [(Loss, String)] = [
      (.huber(delta: 0), "delta is 0.0; it must be greater than 0"),
      (.binaryCrossentropy(labelSmoothing: 1.5), "label_smoothing is 1.5; it must be between 0 and 1"),
      (.categoricalGeneralizedCrossEntropy(q: 1), "q is 1.0"),
      (.binaryFocalCrossentropy(gamma: -1), "gamma is -1.0"),
      ("sparse_categorical_crosentropy", "did you mean 'sparse_categorical_crossentropy'?"),
      (.circle(gamma: .nan), "gamma is nan"),
    ]
    for (loss, message) in bad {
      let error = #expect(throws: DescentError.self) { try loss.validated() }
      #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }
    let error = #expect(throws: DescentError.self) {
      try Loss(json: ["class_name": "Huber", "config": ["dleta": 2]])
    }
    #expect(error?.message.contains("did you mean 'delta'?") == true)
    #expect(throws: DescentError.self) { try Loss(json: ["class_name": "Huber", "config": ["delta": "two"]]) }
    #expect(throws: DescentError.self) { try Loss(json: ["class_name": "Huber", "config": ["delta": -2]]) }
    #expect(throws: DescentError.self) { try Loss(json: ["config": [:]]) }
    #expect(throws: DescentError.self) { try Loss(json: 3) }
  }

  @Test(arguments: [
    .binaryCrossentropy(axis: 2), .binaryFocalCrossentropy(axis: -3), .categoricalCrossentropy(axis: 2), .categoricalFocalCrossentropy(axis: 7),
    .cosineSimilarity(axis: 2), .dice(axes: [1, 1]), .dice(axes: [1, -1]), .tversky(axes: [0, 2]),
  ] as [Loss])
  func `an axis that predictions have not is refused`(loss: Loss) throws {
    let model = Sequential { Dense(2, inputShape: [3]) }
    try model.compile(optimizer: .sgd, loss: loss)
    let x = Tensor.ones([4, 3]), y = Tensor.ones([4, 2])
    for body in [{ _ = try model.fit(x, y, verbose: 0) }, { _ = try model.evaluate(x, y, verbose: 0) }, { _ = try loss(y, y) }] as [() throws -> Void] {
      let error = try #require(throws: DescentError.self) { try body() }
      #expect(error.message.contains("is none of predictions of shape [4, 2], or named twice"))
    }
  }

  @Test func `an axis of a correlation that predictions have not is refused`() throws {
    for metric in [Metric.pearsonCorrelation(axis: 2), .concordanceCorrelation(axis: -3), .cosineSimilarity(axis: 2)] {
      let model = Sequential { Dense(2, inputShape: [3]) }
      try model.compile(optimizer: .sgd, loss: .meanSquaredError, metrics: [metric])
      let error = try #require(throws: DescentError.self) { try model.evaluate(Tensor.ones([4, 3]), Tensor.ones([4, 2]), verbose: 0) }
      #expect(error.message.contains("is none of predictions of shape [4, 2]"))
    }
  }
}
