import CAllocationCounter
import Descent
import DescentTestSupport
import TensorCore
import Testing

@Suite struct FitTests {
  let x = SmallData.x()
  let y = SmallData.labels

  @Test func `Training learns`() throws {
    let model = try SmallData.model(metrics: [.accuracy])
    let history = try model.fit(x, y, epochs: 40, verbose: 0)
    #expect(history.epochs == Array(0..<40))
    #expect(history.names == ["accuracy", "loss"])
    #expect(history["loss"].last! < 0.5 * history["loss"][0])
    #expect(try model.evaluate(x, y, verbose: 0)["accuracy"]! > 0.85)
  }

  /// The mean over an epoch counts the rows of a short last batch, not the batches.
  @Test(arguments: [1, 7, 32, 60, 1000])
  func `Batches of any size`(_ batchSize: Int) throws {
    // A rate of 0 leaves the weights, so that every batch is judged with the same ones.
    let model = try SmallData.model(dtype: .float64, optimizer: SGD(learningRate: 0), metrics: [.accuracy])
    let history = try model.fit(SmallData.x(.float64), y, batchSize: batchSize, epochs: 2, verbose: 0)
    let whole = try model.testOnBatch(SmallData.x(.float64), y)
    for (name, values) in history.values {
      expectClose(values, [whole[name]!, whole[name]!], tolerance: 1e-12, name)
    }
    let evaluated = try model.evaluate(SmallData.x(.float64), y, batchSize: batchSize, verbose: 0)
    expectClose([evaluated.loss], [whole.loss], tolerance: 1e-12)
    #expect(model.optimizerState?.iterations == 2 * ((60 + batchSize - 1) / batchSize))
  }

  @Test func `One row is enough`() throws {
    let model = try SmallData.model()
    let history = try model.fit(Tensor.ones([1, 4]), Tensor([2 as UInt8]), epochs: 3, verbose: 0)
    #expect(history["loss"][2] < history["loss"][0])
  }

  @Test func `Every row is seen once an epoch`() {
    let first = RowOrder.shuffled(1000, seed: 5, pass: 0).scalars(as: Int32.self)
    #expect(first.sorted() == Array(0..<1000) && first != Array(0..<1000))
    #expect(RowOrder.shuffled(1000, seed: 5, pass: 0).scalars(as: Int32.self) == first)
    #expect(RowOrder.shuffled(1000, seed: 5, pass: 1).scalars(as: Int32.self) != first)
    #expect(RowOrder.shuffled(1000, seed: 6, pass: 0).scalars(as: Int32.self) != first)
    // The definition in numbers, so that a saved run goes on in the same order with any later version.
    #expect(RowOrder.shuffled(8, seed: 1, pass: 0).scalars(as: Int32.self) == [4, 0, 6, 5, 1, 2, 7, 3])
  }

  @Test func `The same seed gives the same bits`() throws {
    func weights(_ seed: UInt64) throws -> [Double] {
      let model = Sequential(seed: seed) {
        Dense(8, activation: .relu, inputShape: [4])
        Dropout(0.2)
        Dense(3, activation: .softmax)
      }
      try model.compile(optimizer: .adam, loss: .sparseCategoricalCrossentropy)
      try model.fit(x, y, batchSize: 8, epochs: 3, verbose: 0)
      return model.numbers
    }
    let first = try weights(1)
    #expect(try weights(1) == first)
    #expect(try weights(2) != first)
  }

  @Test func `Training in parts is training at once`() throws {
    let whole = try SmallData.model()
    let all = try whole.fit(x, y, batchSize: 8, epochs: 5, verbose: 0)
    let parts = try SmallData.model()
    try parts.fit(x, y, batchSize: 8, epochs: 2, verbose: 0)
    let rest = try parts.fit(x, y, batchSize: 8, epochs: 5, verbose: 0, initialEpoch: 2)
    #expect(rest.epochs == [2, 3, 4])
    #expect(rest["loss"] == Array(all["loss"][2...]))
    #expect(parts.numbers == whole.numbers)
  }

  @Test func `Validation looks at the tail only`() throws {
    let model = try SmallData.model(metrics: [.accuracy])
    // The rows to validate on are unlike the others: training that saw them, or a split after shuffling, would show.
    var labels = [UInt8](repeating: 0, count: 48)
    labels += [UInt8](repeating: 2, count: 12)
    let history = try model.fit(x, Tensor(labels), epochs: 30, verbose: 0, validationSplit: 0.2)
    #expect(history["accuracy"].last == 1)
    #expect(history["val_accuracy"].last == 0)
    let other = try SmallData.model(metrics: [.accuracy])
    let tail = try other.fit(
      x[0..<48], Tensor(Array(labels[..<48])), epochs: 30, verbose: 0, validationData: (x[48..<60], Tensor(Array(labels[48...]))))
    #expect(tail["loss"] == history["loss"])
    expectClose(tail["val_loss"], history["val_loss"], tolerance: 1e-6)
  }

  @Test func `Validation now and then`() throws {
    let history = try SmallData.model().fit(
      x, y, epochs: 5, verbose: 0, validationSplit: 0.5, validationSteps: 1, validationBatchSize: 10, validationFrequency: 2)
    #expect(history["val_loss"].map(\.isNaN) == [true, false, true, false, true])
    #expect(history.csv.split(separator: "\n")[0] == "epoch,loss,val_loss")
    #expect(history.csv.split(separator: "\n")[1].hasSuffix(",NA"))
  }

  /// Keras: `validation_freq=[1, 4]`.
  @Test func `Validation after the epochs of a list`() throws {
    func validated(_ frequency: ValidationFrequency, from first: Int = 0) throws -> [Int] {
      let history = try SmallData.model().fit(
        x, y, epochs: 5, verbose: 0, validationSplit: 0.5, initialEpoch: first, validationFrequency: frequency)
      return zip(history.epochs, history["val_loss"]).filter { !$1.isNaN }.map { $0.0 + 1 }
    }
    #expect(try validated([4, 1]) == [1, 4] && validated(.after(4...9)) == [4, 5] && validated(.every(3)) == [3])
    #expect(try validated([1, 4], from: 1) == [4])
    let batches = try Dataset(x, y).batch(10)
    let history = try SmallData.model().fit(batches, epochs: 3, verbose: 0, validationData: batches, validationFrequency: [2])
    #expect(history["val_loss"].map(\.isNaN) == [true, false, true])
    #expect(failure(.invalidArgument) { _ = try validated([0, 2]) }.contains("validationFrequency is [0, 2]"))
    #expect(failure(.invalidArgument) { _ = try validated(0) }.contains("at least 1"))
  }

  @Test func `Steps per epoch go on through the data`() throws {
    let whole = try SmallData.model()
    try whole.fit(x, y, batchSize: 10, epochs: 2, verbose: 0)
    let pieces = try SmallData.model()
    let history = try pieces.fit(x, y, batchSize: 10, epochs: 4, verbose: 0, stepsPerEpoch: 3)
    #expect(history.epochs.count == 4)
    #expect(pieces.numbers == whole.numbers)
  }

  @Test func `Frozen layers stay and thaw with their slots`() throws {
    let model = try SmallData.model(optimizer: Adam(learningRate: 0.01))
    try model.fit(x, y, epochs: 1, verbose: 0)
    let steps = model.optimizerState!.iterations
    let before = model.weights.map(\.doubles)
    model.layers[0].isTrainable = false
    try model.fit(x, y, epochs: 1, verbose: 0)
    let frozen = model.weights.map(\.doubles)
    #expect(frozen[0] == before[0] && frozen[1] == before[1] && frozen[2] != before[2])
    model.layers[0].isTrainable = true
    try model.fit(x, y, epochs: 1, verbose: 0)
    #expect(model.weights[0].doubles != frozen[0])
    #expect(model.optimizerState!.iterations == 3 * steps)
    #expect(model.trainableVariables.count == 4 && model.variables.allSatisfy(\.isTrainable))
  }

  @Test func `Nothing to train changes nothing`() throws {
    let model = try SmallData.model()
    model.isTrainable = false
    let before = model.numbers
    #expect(try model.fit(x, y, epochs: 2, verbose: 0).epochs == [0, 1])
    #expect(model.numbers == before)
    #expect(try model.fit(x, y, epochs: 0, verbose: 0).epochs == [])
  }

  /// x + outer(inner(x)): a model that is no list of layers.
  private final class Residual: Model {
    let inner = Dense(4, activation: .relu)
    let outer = Dense(4)
    override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
      try x + outer(inner(x, context), context)
    }
  }

  @Test func `Models of other forms train`() throws {
    let model = Residual(seed: 1)
    try model.compile(optimizer: Adam(learningRate: 0.02), loss: .meanSquaredError)
    let history = try model.fit(x, x * 2.0, epochs: 60, verbose: 0)
    #expect(history["loss"].last! < 0.3 * history["loss"][0])
    #expect(model.variables.map(\.path) == [
      "residual/dense/kernel", "residual/dense/bias", "residual/dense_1/kernel", "residual/dense_1/bias",
    ])
  }

  /// Has layers that only training calls, and others that only inference does.
  private final class Branching: Model {
    let shared = Dense(4), noisy = Dense(4), plain = Dense(4)
    override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
      let y = try shared(x, context)
      return try (context.isTraining ? noisy : plain)(y, context)
    }
  }

  @Test func `what only training or only inference calls is a part of the model`() throws {
    func made() throws -> Branching {
      let model = Branching(name: "branching", seed: 1)
      try model.compile(optimizer: .adam, loss: .meanSquaredError)
      return model
    }
    let model = try made()
    try model.fit(x, x * 2.0, epochs: 2, verbose: 0)
    #expect(model.variables.map(\.path) == ["dense", "dense_1", "dense_2"].flatMap { ["branching/\($0)/kernel", "branching/\($0)/bias"] })
    let predicted = try model.predict(x, verbose: 0).doubles
    let folder = TemporaryFolder()
    try model.saveWeights(folder.file("w.safetensors"))
    let other = try made()
    try other.build(rows: [4])
    try other.loadWeights(folder.file("w.safetensors"))
    #expect(try other.predict(x, verbose: 0).doubles == predicted)
    #expect(other.numbers == model.numbers)

    // The same within a graph of layers.
    let input = Input(shape: [4])
    let branch = Branching(name: "branching")
    let graph = try Model(inputs: input, outputs: try branch(input), seed: 1)
    #expect(graph.variables.count == 6)
  }

  @Test func `Many batch sizes do not pile up`() throws {
    let model = try SmallData.model(optimizer: SGD(learningRate: 0.01))
    for rows in Array(1...40) + Array(1...40) { try model.trainOnBatch(x[0..<rows], y[0..<rows]) }
    #expect(model.optimizerState?.iterations == 80)
  }

  @Test func `One step of fit is train on batch`() throws {
    let (one, two) = (try SmallData.model(metrics: [.accuracy]), try SmallData.model(metrics: [.accuracy]))
    let history = try one.fit(x, y, batchSize: 60, verbose: 0, shuffle: false)
    let scores = try two.trainOnBatch(x, y)
    #expect(one.numbers == two.numbers)
    #expect(scores.loss == history["loss"][0] && scores["accuracy"] == history["accuracy"][0])
    let first = try two.trainOnBatch(x[0..<30], y[0..<30])
    let both = try two.trainOnBatch(x[30..<60], y[30..<60], resetMetrics: false)
    let second = try two.testOnBatch(x[30..<60], y[30..<60])
    #expect(both.loss != first.loss && second.loss > 0)
  }

  @Test func `Bytes are scaled on the way in`() throws {
    let bytes = Tensor(shape: [30, 2, 2], scalars: (0..<120).map { UInt8($0 * 2) })
    func model() throws -> Sequential {
      let model = Sequential(seed: 4) {
        Flatten(inputShape: [2, 2])
        Dense(3, activation: .softmax)
      }
      try model.compile(optimizer: .adam, loss: .sparseCategoricalCrossentropy)
      return model
    }
    let labels = Tensor((0..<30).map { UInt8($0 % 3) })
    let (one, two) = (try model(), try model())
    let a = try one.fit(try Pixels(bytes), labels, epochs: 3, verbose: 0, validationSplit: 0.2)
    let b = try two.fit(bytes.cast(to: .float32) / 255.0, labels, epochs: 3, verbose: 0, validationSplit: 0.2)
    expectClose(a["val_loss"], b["val_loss"], tolerance: 1e-6)
    expectClose(
      try one.predict(Pixels(bytes), verbose: 0), try two.predict(bytes.cast(to: .float32) / 255.0, verbose: 0).doubles,
      tolerance: 1e-6)
  }

  @Test func `Predictions do not depend on the batches`() throws {
    let model = try SmallData.model(dtype: .float64)
    let x = SmallData.x(.float64)
    let whole = try model.predictOnBatch(x)
    #expect(whole.shape == [60, 3] && whole.dtype == .float64)
    for batchSize in [1, 7, 60, 100] {
      expectClose(try model.predict(x, batchSize: batchSize, verbose: 0), whole.doubles, tolerance: 1e-14)
    }
    #expect(try model.predict(x, batchSize: 7, verbose: 0, steps: 2).shape == [14, 3])
    // Without compile.
    let plain = Sequential { Dense(2, inputShape: [4]) }
    #expect(try plain.predict(x, verbose: 0).shape == [60, 2])
  }

  /// A probability that rounds to 0 has no logarithm and no gradient, but logits do.
  @Test func `Crossentropies are computed from logits`() throws {
    let x = Tensor([[1.0, 0, 0, 0]])
    func scores(_ layers: [Layer], _ loss: Loss, _ target: Tensor) throws -> (loss: Double, change: Double, evaluated: Double) {
      let model = Sequential([Input(shape: [4])] + layers, dtype: .float64)
      try model.compile(optimizer: SGD(learningRate: 1), loss: loss)
      let before = model.weights[0].doubles
      let evaluated = try model.evaluate(x, target, verbose: 0).loss
      let loss = try model.trainOnBatch(x, target).loss
      return (loss, zip(model.weights[0].doubles, before).map { abs($0 - $1) }.max()!, evaluated)
    }
    func kernel(_ logits: [Double]) -> Initializer {
      .custom { shape, dtype, _ in Tensor(shape: shape, scalars: (0..<shape[0] * shape[1]).map { $0 < logits.count ? logits[$0] : 0 }) }
    }
    let saturated = kernel([100, 0])
    let sparse = Tensor([1 as UInt8])
    for layers in [
      [Dense(2, activation: .softmax, kernelInitializer: saturated)],
      [Dense(2, kernelInitializer: saturated), Activation("softmax")],
      [Dense(2, kernelInitializer: saturated), Softmax()],
    ] as [[Layer]] {
      let found = try scores(layers, .sparseCategoricalCrossentropy, sparse)
      expectClose([found.loss, found.evaluated, found.change], [100, 100, 1])
    }
    let plain = try scores([Dense(2, kernelInitializer: saturated)], .sparseCategoricalCrossentropy(fromLogits: true), sparse)
    expectClose([plain.loss, plain.evaluated, plain.change], [100, 100, 1])
    let oneHot = try scores(
      [Dense(2, activation: .softmax, kernelInitializer: saturated)], .categoricalCrossentropy, Tensor([[0.0, 1]]))
    expectClose([oneHot.loss, oneHot.change], [100, 1])
    let binary = try scores(
      [Dense(1, activation: .sigmoid, kernelInitializer: kernel([100]))], .binaryCrossentropy, Tensor([0 as UInt8]))
    expectClose([binary.loss, binary.evaluated, binary.change], [100, 100, 1])
  }

  @Test func `Both ways to tell two classes apart`() throws {
    let two = Tensor((0..<60).map { UInt8($0 % 3 == 0 ? 1 : 0) })
    let sigmoid = Sequential(seed: 1) { Dense(1, activation: .sigmoid, inputShape: [4]) }
    try sigmoid.compile(optimizer: Adam(learningRate: 0.1), loss: .binaryCrossentropy, metrics: [.accuracy])
    let softmax = Sequential(seed: 1) { Dense(2, activation: .softmax, inputShape: [4]) }
    try softmax.compile(optimizer: Adam(learningRate: 0.1), loss: "sparse_categorical_crossentropy", metrics: ["accuracy"])
    for model in [sigmoid, softmax] {
      #expect(try model.fit(x, two, epochs: 30, verbose: 0)["accuracy"].last! > 0.85)
    }
  }

  /// Reads the counter of the heap's allocations from batch to batch.
  private final class AllocationWatch: Callback {
    var counts: [Int] = []
    init(capacity: Int) { counts.reserveCapacity(capacity) }
    override func onTrainBatchEnd(_ batch: Int, _ logs: Logs) { counts.append(allocation_count()) }
  }

  #if os(Linux)
    @Test(.enabled(if: tensorCoreIsOptimized, "code that is not optimized allocates here and there")) func `A step allocates nothing`() throws {
      let model = try SmallData.model(metrics: [.accuracy])
      let watch = AllocationWatch(capacity: 100)
      try model.fit(x, y, batchSize: 2, epochs: 2, verbose: 0, callbacks: [watch])
      // Without optimization each loop over an array makes an iterator: four in FitLoop, four in OptimizerState, one in StepPlan.
      let iterators = descentIsOptimized ? 0 : 9
      // The first step traces; the 31st begins the second epoch.
      for epoch in [1..<30, 30..<60] {
        let counts = watch.counts[epoch]
        #expect(zip(counts, counts.dropFirst()).allSatisfy { $1 - $0 <= iterators }, "\(counts)")
      }
    }
  #endif

  /// What an optimizer knows of the way from where the weights started is of no use from anywhere else. (Ftrl's weights are what its sums say, as
  /// Keras's are.)
  @Test(arguments: OptimizerRegistry.all.map { $0.init() as any Optimizer }.filter { !($0 is LBFGS || $0 is MultiOptimizer || $0 is Ftrl) }.map { type(of: $0).className })
  func `a step from other weights begins at these`(name: String) throws {
    let optimizer = try OptimizerRegistry.setting([("learning_rate", 0.0009765625)], in: OptimizerRegistry.optimizer(named: name))
    let model = Sequential([Dense(1, inputShape: [2])], dtype: .float64, seed: 1)
    try model.compile(anyOptimizer: optimizer, loss: .meanSquaredError)
    let x = Tensor([[1.0, 2], [3, 1], [-1, 1]]), y = Tensor([[40.0], [50], [10]])
    for _ in 0..<300 { try model.trainOnBatch(x, y) }
    let given: [[Double]] = [[100, -100], [50]]
    try model.setWeights([Tensor([[100.0], [-100]]), Tensor([50.0])])
    try model.trainOnBatch(x, y)
    for (weight, start) in zip(model.weights, given) {
      for (now, before) in zip(weight.doubles, start) { #expect(abs(now - before) < 2, "\(now) from \(before)") }
    }
  }
}
