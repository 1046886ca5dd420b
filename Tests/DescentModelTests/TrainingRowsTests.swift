import Descent
import DescentTestSupport
import Testing

/// Weights of rows and classes, targets of every dtype and shape, and ways to validate: what means the same gives the same numbers.
@Suite struct TrainingRowsTests {
  let x = Tensor(shape: [4, 1], scalars: [1, 2, 3, 4] as [Float]), y = Tensor([1, 2, 3, 4] as [Float])

  private func linear(_ w: Double, _ loss: Loss = .meanSquaredError, metrics: [Metric] = []) throws -> Sequential {
    let model = Sequential([Dense(1, kernelInitializer: .constant(w), inputShape: [1])], seed: 1)
    try model.compile(optimizer: SGD(learningRate: 0), loss: loss, metrics: metrics)
    return model
  }

  /// Keras 3.15.1 gives 3.4375.
  @Test func `weights of any dtype, as a list or a column, weigh the same in every entry`() throws {
    let numbers: [Int32] = [1, 1, 2, 2]
    for dtype in [DType.int32, .uint8, .float32, .float64] {
      for shape in [[4], [4, 1], [4, 1, 1]] {
        let weights = Tensor(shape: shape, scalars: numbers).cast(to: dtype)
        let model = try linear(0.5)
        let scores = [
          try model.evaluate(x, y, verbose: 0, sampleWeight: weights).loss, try model.testOnBatch(x, y, sampleWeight: weights).loss,
          try model.trainOnBatch(x, y, sampleWeight: weights).loss,
          try model.fit(x, y, verbose: 0, sampleWeight: weights)["loss"][0],
          try model.fit(x, y, verbose: 0, validationData: (x, y), validationSampleWeight: weights)["val_loss"][0],
        ]
        expectClose(scores, [Double](repeating: 3.4375, count: 5), tolerance: 1e-6)
      }
    }
    let first = try linear(0.5).evaluate(x, y, verbose: 0, sampleWeight: Tensor([1, 0, 0, 0] as [Float]) .> 0)
    #expect(first.loss == 0.0625)
  }

  @Test func `class weights are for training rows alone, whichever way the others are given`() throws {
    let ones = Tensor(repeating: 1, shape: [8, 1]), t = Tensor([0, 1, 0, 1, 1, 1, 1, 0] as [Float])
    let weights = Tensor([1, 1, 1, 1, 2, 1, 1, 3] as [Float])
    func model() throws -> Sequential {
      let model = Sequential([Dense(1, activation: .sigmoid, kernelInitializer: .zeros, inputShape: [1])], seed: 1)
      try model.compile(
        optimizer: SGD(learningRate: 0), loss: .binaryCrossentropy, metrics: ["accuracy"], weightedMetrics: ["accuracy"])
      return model
    }
    for own in [nil, weights] {
      let tail = own.map { $0[4..<8] }
      let judged = try model().evaluate(ones[4..<8], t[4..<8], verbose: 0, sampleWeight: tail)
      let split = try model().fit(
        ones, t, batchSize: 3, verbose: 0, validationSplit: 0.5, classWeight: [0: 1, 1: 10], sampleWeight: own)
      let given = try model().fit(
        ones[0..<4], t[0..<4], batchSize: 3, verbose: 0, validationData: (ones[4..<8], t[4..<8]), validationSampleWeight: tail,
        classWeight: [0: 1, 1: 10], sampleWeight: own.map { $0[0..<4] })
      for name in ["loss", "accuracy", "weighted_accuracy"] {
        expectClose([split["val_" + name][0], given["val_" + name][0]], [judged[name]!, judged[name]!], tolerance: 1e-6)
        expectClose(split[name], given[name], tolerance: 1e-6)
      }
      expectClose(split["loss"], [0.693147 * 5.5], tolerance: 1e-5)
      expectClose([judged["weighted_accuracy"]!], [own == nil ? 0.25 : 3.0 / 7], tolerance: 1e-6)
    }
  }

  @Test func `class weights need one class a row`() throws {
    func message(_ output: [Layer], _ loss: Loss, _ target: Tensor) throws -> String {
      let model = Sequential([Dense(2, useBias: false, kernelInitializer: .zeros, inputShape: [3, 1])] + output, seed: 1)
      try model.compile(optimizer: SGD(), loss: loss)
      return failure(.data) { try model.fit(Tensor.ones([2, 3, 1]), target, verbose: 0, classWeight: [0: 1, 1: 10, 2: 100]) }
    }
    let steps = Tensor(shape: [2, 3], scalars: [0, 0, 1, 0, 1, 1] as [Int32])
    #expect(try message([Softmax()], .sparseCategoricalCrossentropy, steps).hasPrefix(
      "fit: classWeight needs one class a row, but a row of y of shape [3] has 3 classes"))
    #expect(try message([Softmax()], .crossentropy, steps).contains("one class a row"))
    #expect(try message([Softmax()], .categoricalCrossentropy, steps.oneHot(depth: 2)).contains("one class a row"))
    // Several labels, or numbers, in a row are no class either.
    func flat(_ target: [[Double]]) throws -> Result<Double, DescentError> {
      let model = Sequential([Dense(3, kernelInitializer: .zeros, inputShape: [1])], seed: 1)
      try model.compile(optimizer: SGD(learningRate: 0), loss: .meanSquaredError)
      do {
        return .success(try model.fit(Tensor.ones([1, 1]), Tensor(target), verbose: 0, classWeight: [1: 3])["loss"][0])
      } catch let error as DescentError { return .failure(error) }
    }
    #expect(throws: DescentError.self) { try flat([[1, 1, 0]]).get() }
    #expect(throws: DescentError.self) { try flat([[0.3, 2, 1]]).get() }
    expectClose([try flat([[0, 1, 0]]).get(), try flat([[0.1, 0.8, 0.1]]).get()], [1, 0.66], tolerance: 1e-6)
  }

  /// Keras 3.15.1 aligns the two: the model is perfect.
  @Test func `a loss and a metric of one's own see what the built-in ones see`() throws {
    let own = Loss.custom("own") { t, p in square(t - p).mean(axis: -1) }
    let metric = Metric.custom("own_metric") { t, p in abs(t - p).mean(axis: -1) }
    let matches = Metric.custom("matches") { t, p in t .== p }
    for (dtype, targets) in [(DType.float32, y), (.float64, y.cast(to: .float64)), (.int32, y.cast(to: .int32)), (.uint8, y.cast(to: .uint8))] {
      for target in [targets, targets.reshaped([4, 1])] {
        let model = try linear(1, own, metrics: [metric, matches])
        let scores = try model.evaluate(x, target, verbose: 0)
        #expect(scores.loss == 0 && scores["own_metric"] == 0 && scores["matches"] == 1, "\(dtype)")
        let half = try linear(0.5, own, metrics: [metric])
        #expect(try half.fit(x, target, verbose: 0)["loss"] == [1.875])
        #expect(try half.evaluate(x, target, verbose: 0)["own_metric"] == 1.25)
        expectClose([try half.evaluate(x, target, verbose: 0, sampleWeight: Tensor([1, 1, 2, 2])).loss], [3.4375], tolerance: 1e-6)
      }
    }
    // Class numbers keep their shape.
    let classes = Loss.custom("classes") { t, p in -(t.oneHot(depth: 2, dtype: .float32) * p).sum(axis: -1) }
    for labels in [Tensor([0, 1, 1, 0] as [Int32]), Tensor([0, 1, 1, 0] as [UInt8]), Tensor([0, 1, 1, 0] as [Float]) .> 0, Tensor([0.0, 1, 1, 0])] {
      let model = Sequential([Dense(2, kernelInitializer: .ones, inputShape: [1])], seed: 1)
      try model.compile(optimizer: SGD(learningRate: 0), loss: classes)
      #expect(try model.evaluate(x, labels, verbose: 0).loss == -2.5)
    }
  }

  static let mistakes: [(name: String, loss: Loss, metric: Metric?)] = [
    ("mean over the rows", .custom("own") { t, p in square(t - p).mean(axis: 0) }, nil),
    ("a truth", .custom("own") { t, p in t .> p }, nil),
    ("whole numbers", .custom("own") { t, p in (t - p).cast(to: .int32) }, nil),
    ("a metric's mean over the rows", .meanSquaredError, .custom("own") { t, p in (t - p).mean(axis: 0) }),
    ("a metric of a loss", .meanSquaredError, .loss(.custom("own") { t, p in (t - p).mean(axis: 0) })),
    ("a built-in loss that sums over the rows", Loss.dice(axes: [0]).named("own"), nil),
  ]

  @Test(arguments: TrainingRowsTests.mistakes.map(\.name))
  func `a closure that gives what does not fit is an error in every entry, and changes nothing`(_ name: String) throws {
    let mistake = TrainingRowsTests.mistakes.first { $0.name == name }!
    let model = Sequential([Dense(2, kernelInitializer: .ones, inputShape: [1])], seed: 1)
    try model.compile(
      optimizer: SGD(learningRate: 0.1), loss: mistake.loss, weightedMetrics: mistake.metric.map { [$0] } ?? [])
    let y = Tensor.ones([4, 2]), weights = Tensor([1, 1, 1, 1] as [Float])
    let before = model.numbers
    let entries: [() throws -> Void] = [
      { try model.fit(x, y, verbose: 0, sampleWeight: weights) }, { _ = try model.trainOnBatch(x, y, sampleWeight: weights) },
      { _ = try model.testOnBatch(x, y, sampleWeight: weights) }, { _ = try model.evaluate(x, y, verbose: 0, sampleWeight: weights) },
    ]
    for entry in entries {
      do {
        try entry()
        Issue.record("nothing was thrown")
      } catch let error as DescentError { #expect(error.message.contains("own")) }
    }
    #expect(model.numbers == before && model.optimizerState?.iterations ?? 0 == 0)
  }

  @Test func `regularizers and constraints of one's own that do not fit are errors`() throws {
    func message(_ layer: Dense) throws -> String {
      let model = Sequential([layer], seed: 1)
      try model.compile(optimizer: SGD(), loss: .meanSquaredError)
      return failure(.invalidArgument) { try model.fit(x, y, verbose: 0) }
    }
    #expect(try message(Dense(1, kernelRegularizer: .custom("own") { square($0) }, inputShape: [1])).hasPrefix("regularizer own"))
    #expect(try message(Dense(1, kernelConstraint: .custom("own") { $0.sum() }, inputShape: [1])).hasPrefix("constraint own"))
  }

  /// Every loss and metric there is, with the targets that it takes in every dtype that can hold them.
  @Test(arguments: [DType.float32, .float64])
  func `targets of every dtype give the same numbers`(_ dtype: DType) throws {
    let x = Tensor(shape: [6, 2], scalars: [1, 2, -1, 0.5, 3, 1, 0, -2, 1, 1, 2, -1] as [Double])
    let labels = Tensor([0, 1, 1, 0, 1, 0] as [Double])
    func forms(_ t: Tensor) -> [Tensor] {
      [.float32, .float64, .int32, .uint8].map { t.cast(to: $0) } + [t .> 0]
    }
    func scores(_ units: Int, _ loss: Loss, _ metrics: [Metric], _ target: Tensor) throws -> [String: Double] {
      let model = Sequential([Dense(units, activation: .sigmoid, inputShape: [2])], dtype: dtype, seed: 4)
      try model.compile(optimizer: SGD(learningRate: 0.1), loss: loss, metrics: metrics)
      var scores = try model.fit(x, target, verbose: 0).values.mapValues { $0[0] }
      for (name, value) in try model.evaluate(x, target, verbose: 0).values { scores["test_" + name] = value }
      return scores
    }
    for name in Loss.knownNames {
      let loss = try Loss(named: name)
      if loss.className?.hasPrefix("Categorical") == true || loss.allowedClasses(predictionShape: [6, 2]) != nil { continue }
      let expected = try scores(1, loss, [], forms(labels)[1])
      for target in forms(labels) + forms(labels.reshaped([6, 1])) {
        let found = try scores(1, loss, [], target)
        for (key, value) in expected { expectClose([found[key]!], [value], tolerance: 1e-6, "\(name) \(target.dtype) \(key)") }
      }
    }
    for loss in [Loss.sparseCategoricalCrossentropy, .crossentropy, .categoricalGeneralizedCrossEntropy] {
      let metrics: [Metric] = [
        "accuracy", "sparse_categorical_accuracy", .sparseTopKCategoricalAccuracy(k: 1), "sparse_categorical_crossentropy",
        .meanIoU(numClasses: 2, sparsePrediction: false),
      ]
      let expected = try scores(2, loss, metrics, forms(labels)[1])
      for target in forms(labels) + forms(labels.reshaped([6, 1])) {
        let found = try scores(2, loss, metrics, target)
        for (key, value) in expected { expectClose([found[key]!], [value], tolerance: 1e-6, "\(loss.name) \(target.dtype) \(key)") }
      }
    }
    let oneHot = labels.cast(to: .int32).oneHot(depth: 2, dtype: .float64)
    for loss in [Loss.categoricalCrossentropy, .categoricalHinge, .categoricalFocalCrossentropy, .meanSquaredError] {
      let metrics: [Metric] = ["categorical_accuracy", .topKCategoricalAccuracy(k: 1), "auc", "precision", "f1_score", .oneHotMeanIoU(numClasses: 2)]
      let expected = try scores(2, loss, metrics, forms(oneHot)[1])
      for target in forms(oneHot) {
        let found = try scores(2, loss, metrics, target)
        for (key, value) in expected { expectClose([found[key]!], [value], tolerance: 1e-6, "\(loss.name) \(target.dtype) \(key)") }
      }
    }
  }

  @Test func `inputs of every dtype give the same numbers`() throws {
    let numbers = Tensor(shape: [4, 2], scalars: [0, 1, 1, 1, 1, 0, 0, 0] as [Int32])
    let forms = [.float32, .float64, .int32, .uint8].map { numbers.cast(to: $0) } + [numbers .> 0]
    for dtype in [DType.float32, .float64] {
      let model = Sequential([Dense(2, inputShape: [2])], dtype: dtype, seed: 2)
      try model.compile(optimizer: SGD(learningRate: 0), loss: .meanSquaredError)
      let expected = try model.predict(numbers.cast(to: dtype), verbose: 0).doubles
      let loss = try model.evaluate(numbers.cast(to: dtype), numbers, verbose: 0).loss
      for form in forms {
        #expect(try model.predict(form, verbose: 0).doubles == expected && model.predictOnBatch(form).doubles == expected)
        #expect(try model.fit(form, form, verbose: 0, validationData: (form, form))["val_loss"] == [loss])
      }
    }
  }

  @Test func `labels are checked under every name of the loss, as the step sees them, and called what they are`() throws {
    func model(_ loss: Loss) throws -> Sequential {
      let model = Sequential([Dense(2, activation: .softmax, inputShape: [1])], seed: 1)
      try model.compile(optimizer: SGD(), loss: loss)
      return model
    }
    let good = Tensor([0, 1, 0, 1] as [Int32]), bad = Tensor([0, 5, 0, 1] as [Int32])
    for name in ["sparse_categorical_crossentropy", "crossentropy", "ce", "categorical_generalized_cross_entropy"] {
      let loss = try Loss(named: name)
      #expect(failure(.data) { try model(loss).fit(x, bad, verbose: 0) }.hasPrefix("fit: y[1] is 5, but"))
      #expect(failure(.data) { try model(loss).fit(x, good, verbose: 0, validationData: (x, bad)) }.hasPrefix("fit: validation y[1] is 5, but"))
      #expect(failure(.data) { try model(loss).evaluate(x, bad, verbose: 0) }.hasPrefix("evaluate: y[1] is 5, but"))
    }
    // Bytes that are divided on their way in are no labels.
    let pixels = try Pixels(Tensor([0, 1, 0, 1] as [UInt8]))
    #expect(failure(.data) { try model(.sparseCategoricalCrossentropy).fit(x, pixels, verbose: 0) }.contains("y[1] is 0.0039"))
    #expect(failure(.data) {
      try model(.sparseCategoricalCrossentropy).fit(x, good, verbose: 0, validationData: (Tensor.ones([4, 2]), good))
    } == "fit: sequential takes rows of shape [1] but a row of validation x has shape [2]")
    #expect(failure(.data) {
      try model(.sparseCategoricalCrossentropy).fit(x, good, verbose: 0, validationData: (x, Tensor.ones([4, 2])))
    }.hasPrefix("fit: validation y: loss sparse_categorical_crossentropy: targets of shape [4, 2]"))
  }

  @Test func `the greatest integer is a size like any other`() throws {
    let model = try linear(0.5)
    let history = try model.fit(x, y, batchSize: .max, verbose: 0, validationSplit: 0.5, validationSteps: .max)
    #expect(history["loss"].count == 1)
    #expect(try model.fit(x, y, verbose: 0, validationData: (x, y), validationBatchSize: .max, validationFrequency: .every(.max)).epochs == [0])
    #expect(try model.evaluate(x, y, batchSize: .max, verbose: 0, steps: .max).loss == 1.875)
    #expect(try model.predict(x, batchSize: .max, verbose: 0, steps: .max).shape == [4, 1])
    let stop = LambdaCallback(onEpochEnd: { _, _ in model.stopTraining = true }, onTrainBatchEnd: { batch, _ in if batch > 5 { model.stopTraining = true } })
    for bar in [ProgbarLogger(drawsBar: true, output: ProgressOutput(isTerminal: false) { _ in }, clock: { 0 })] {
      let waits: [Callback] = [
        stop, bar, EarlyStopping(patience: .max), ReduceLROnPlateau(patience: .max, cooldown: .max),
        EarlyStopping(startFromEpoch: .max),
      ]
      #expect(try model.fit(
        x, y, epochs: .max, verbose: 0, callbacks: waits, validationData: (x, y), stepsPerEpoch: .max).epochs == [0])
    }
    #expect(try model.fit(x, y, epochs: .max, verbose: 0, initialEpoch: .max).epochs == [])
    #expect(try model.fit(x, y, epochs: .max, verbose: 0, validationData: (x, y), initialEpoch: .max - 1).epochs == [.max - 1])
    try model.compile(
      optimizer: SGD(learningRate: 0.1).with { $0.useEMA = true; $0.emaOverwriteFrequency = .max; $0.gradientAccumulationSteps = .max },
      loss: .meanSquaredError)
    try model.fit(x, y, batchSize: 1, epochs: 2, verbose: 0)
    #expect(model.optimizerState!.iterations == 0)
  }
}
