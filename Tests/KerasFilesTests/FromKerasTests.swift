import Foundation
import KerasFiles
import Testing

// The right column of Documentation/FromKeras.md, as a reader would write it. Compiled, and compared with the page; not run.

private func data(x: Tensor, y: Tensor, data: Tensor, targets: Tensor, sequences: [[Int32]], url: String, texts: [String]) throws {
  let ((xTrain, yTrain), (xTest, yTest)) = try MNIST.loadData()
  _ = try FashionMNIST.loadData()
  _ = try CIFAR10.loadData()
  _ = try CIFAR100.loadData(labelMode: .fine)
  _ = try IMDB.loadData(numWords: 500)
  _ = try IMDB.wordIndex()
  _ = try Reuters.loadData()
  _ = try BostonHousing.loadData()
  _ = try CaliforniaHousing.loadData(version: .small)
  _ = try getFile(origin: url, extract: true)
  _ = try padSequences(sequences, maxlen: 100)
  let vectorize = try TextVectorization(maxTokens: 10000, outputSequenceLength: 200)
  try vectorize.adapt(texts)
  _ = try vectorize(texts)
  _ = vectorize.vocabulary()
  _ = try StringLookup(vocabulary: ["red", "green"])
  _ = try IntegerLookup(vocabulary: [12, 36])
  _ = try Hashing(numBins: 100)
  _ = try HashedCrossing(numBins: 100)
  _ = try FeatureSpace(["age": .floatNormalized, "thal": .stringCategorical()])
  var tokenizer = try Tokenizer(numWords: 1000, oovToken: "<OOV>")
  tokenizer.fit(onTexts: texts)
  _ = tokenizer.textsToSequences(texts)
  _ = try tokenizer.textsToMatrix(texts, mode: .count)
  _ = try toCategorical(y, numClasses: 10)
  _ = normalize(x)
  _ = try splitDataset([x, y], leftSize: 0.8)
  let ((x1, y1), (x2, y2)) = try splitDataset((x, y), leftSize: 0.8)
  _ = try timeseriesDatasetFromArray(data, targets: targets, sequenceLength: 10)
  setRandomSeed(42)
  _ = x.cast(to: .float32) / 255
  _ = try NPY.read("x.npy")
  _ = try NPZ("data.npz").tensor("x")
  _ = try CSVTable("table.csv", target: "price")
  _ = try TableFile("table.csv", reading: TableReading(columnNames: ["size", "price"]))
  _ = try TableData(TableFile("table.csv"), target: "price")
  _ = (xTrain, yTrain, xTest, yTest, x1, y1, x2, y2)
}

private func folders(vectorize: TextVectorization, model: Sequential) throws {
  model.texts = try TextPreprocessing(vectorize)
  _ = try model.predict(["a good film"])
  let reviews = try textDatasetFromDirectory("reviews", maxLength: 1000)
  _ = try textDatasetsFromDirectory("reviews", seed: 1, validationSplit: 0.2)
  try vectorize.adapt(reviews.texts)
  _ = reviews.dataset.map { texts, y in (try vectorize(texts), y) }
}

private func sounds(audio: Tensor) throws {
  _ = try audioDatasetFromDirectory("commands", outputSequenceLength: 16_000)
  _ = try audioDatasetsFromDirectory("commands", seed: 0, validationSplit: 0.2)
  _ = try audioDatasetFromDirectory("birds", labelMode: nil)
  _ = try WAV.read("yes.wav")
  try WAV.write(audio, sampleRate: 16_000, to: "yes.wav")
  _ = STFTSpectrogram(mode: .log, frameLength: 256, trainable: false)
  _ = MelSpectrogram(samplingRate: 8_000, numMelBins: 64)
  let (real, imaginary) = rfft(audio)
  _ = irfft((real, imaginary))
  _ = fft((real, imaginary))
  _ = stft(audio, sequenceLength: 400, sequenceStride: 160, fftLength: 512, window: .hamming)
  _ = extractSequences(audio, sequenceLength: 400, sequenceStride: 160)
  _ = hanning(400)
}

private struct Batches: BatchSource {
  let count = 1
  func batch(at index: Int) throws -> (Tensor, Tensor) { (Tensor([1.0]), Tensor([1.0])) }
}

private func streams(
  x: Tensor, y: Tensor, dataset: Dataset<(Tensor, Tensor)>, a: Dataset<Tensor>, b: Dataset<Tensor>,
  generate: @escaping () throws -> (() throws -> Tensor?), model: Sequential, files: Dataset<String>,
  read: @escaping (String) throws -> Dataset<Tensor>
) throws {
  _ = try Dataset(x, y)
  _ = dataset.shuffle(1000).batch(32)
  _ = dataset.batch(32, dropRemainder: true)
  _ = dataset.map { x, y in (x / 255, y) }
  _ = dataset.map(workers: 4) { x, y in (x, y) }
  _ = dataset.filter { _, y in y.item() > 0 }
  _ = dataset.cache().prefetch(2)
  _ = dataset.prefetch()
  _ = dataset.take(10).repeat()
  _ = a.zip(b)
  _ = try Dataset.textLines("lines.txt")
  let series = x, batches = dataset.batch(8)
  _ = Dataset(count: 180) { number in series[number..<(number + 20)] }
  _ = dataset.ignoreErrors()
  _ = batches.rebatch(64)
  _ = Dataset(generating: generate)
  _ = Dataset(Batches())
  _ = try model.fit(Batches())
  _ = dataset.unbatch()
  _ = dataset.skip(10)
  _ = dataset.shard(4, index: 0)
  _ = files.interleave(cycleLength: 4, read)
  let (positive, negative, choices) = (a, a, Dataset([0, 1]))
  _ = Dataset.sampleFromDatasets([positive, negative], weights: [0.5, 0.5])
  _ = Dataset.chooseFromDatasets([positive, negative], choiceDataset: choices)
  _ = Dataset.range(0, 10, 2)
  windowed(series: Dataset.range(30))
  _ = dataset.enumerated()
  let numbers = Dataset.range(10)
  _ = try numbers.reduce(Tensor(0)) { sum, x in sum + x }
  _ = try splitDataset(dataset, leftSize: 0.8)
}

private func windowed(series: Dataset<Tensor>) {
  let windows = series.window(21, shift: 1, dropRemainder: true)
  let rows = windows.flatMap { $0.batch(21) }
  _ = rows.paddedBatch(32)
}

private func models(
  model: Sequential, outputs: Symbol, p: Symbol, q: Symbol, a: Input, b: Input, layer: Layer, scaling: Normalization, x: Tensor,
  config: JSONObject
) throws {
  _ = Sequential { Dense(100, activation: .relu, inputShape: [784]); Dense(10, activation: .softmax) }
  model.add(Dense(10))
  let inputs = Input(shape: [784])
  _ = Input(shape: [nil, 3])
  _ = Input(batchShape: [32, 10])
  _ = Dense(8, dtype: .float64)
  let h = try Dense(64, activation: .relu)(inputs)
  _ = try Model(inputs: inputs, outputs: outputs)
  _ = Flatten()
  _ = Dropout(0.3)
  _ = BatchNormalization()
  _ = LayerNormalization()
  _ = Embedding(500, 16)
  _ = Rescaling(1 / 255)
  _ = Reshape([28, 28, 1])
  try scaling.adapt(x)
  _ = Discretization(numBins: 10)
  _ = CategoryEncoding(5)
  _ = RandomFlip(.horizontal)
  _ = RandomRotation(0.1)
  _ = RandomZoom([-0.3, 0.1])
  _ = RandomTranslation(0.1, 0.1, fillMode: .nearest)
  _ = CenterCrop(224, 224)
  _ = try Concatenate()([p, q])
  _ = try Add()([p, q])
  model.summary()
  try plotModel(model, toFile: "model.svg")
  _ = Conv2D(32, 3, padding: .same, activation: .relu)
  _ = Conv1D(64, 5, strides: 2)
  _ = Conv2DTranspose(32, 3, strides: 2, padding: .same)
  _ = SeparableConv2D(32, 3)
  _ = DepthwiseConv2D(3)
  _ = MaxPooling2D(2)
  _ = AveragePooling2D(2)
  _ = GlobalAveragePooling2D()
  _ = GlobalMaxPooling1D()
  _ = UpSampling2D(2)
  _ = ZeroPadding2D(1)
  _ = Activation(.relu)
  _ = LeakyReLU(negativeSlope: 0.2)
  _ = Softmax()
  _ = Embedding(500, 16, maskZero: true)
  _ = Masking(maskValue: 0)
  _ = Lambda { x in x * 2 }
  _ = RepeatVector(3)
  _ = SimpleRNN(8)
  _ = LSTM(8, dropout: 0.2, returnSequences: true)
  _ = GRU(8, resetAfter: false)
  _ = Bidirectional(LSTM(8), mergeMode: .sum)
  _ = RNN([LSTMCell(8), LSTMCell(8)])
  _ = ConvLSTM2D(16, 3, padding: .same, returnSequences: true)
  try recurrentCalls(p)
  try attentionCalls(p, p, p)
  _ = Permute([2, 1])
  _ = GaussianNoise(0.1)
  _ = SpatialDropout2D(0.2)
  _ = GroupNormalization(groups: 8)
  _ = try Multiply()([p, q])
  _ = try average([p, q])
  _ = try concatenate([p, q])
  _ = try Dot(axes: [1])([p, q])
  _ = try relu(p + q)
  _ = try p[.all, .at(0)]
  _ = Dense(10, kernelInitializer: "he_normal", kernelRegularizer: "l2")
  _ = try Model(inputs: [a, b], outputs: ["p": p, "q": q])
  _ = try Model(inputs: model.inputs, outputs: model.layers[2].output)
  layer.isTrainable = false
  _ = try model.layer(named: "dense")
  _ = try cloneModel(model)
  try plotModel(model, showShapes: true, expandNested: true)
  _ = GlobalAveragePooling1D()
  _ = Resizing(24, 24)
  _ = ReLU()
  _ = PReLU()
  _ = Identity()
  _ = TimeDistributed(Dense(8))
  _ = EinsumDense("ab,bc->ac", outputShape: [8])
  _ = ActivityRegularization(l2: 1e-3)
  _ = AlphaDropout(0.1)
  _ = try Subtract()([p, q])
  _ = try Maximum()([p, q])
  _ = try add([p, q])
  _ = try p[.all, .strided(from: 1, by: 2)]
  _ = try layer.getConfig()
  _ = try Dense.fromConfig(config)
  _ = try Model.fromConfig(model.getConfig())
  _ = Sequential(dtype: .float64) { Dense(10) }
  _ = (inputs, h)
}

private func attentionCalls(_ q: Symbol, _ v: Symbol, _ m: Symbol) throws {
  _ = try MultiHeadAttention(numHeads: 2, keyDim: 4)(q, v, queryMask: m, valueMask: m)
  _ = try MultiHeadAttention(numHeads: 2, keyDim: 4)(q, v, useCausalMask: true)
  let (y, s) = try MultiHeadAttention(numHeads: 2, keyDim: 4).withScores(q, v)
  _ = try GroupQueryAttention(headDim: 4, numQueryHeads: 4, numKeyValueHeads: 2)(q, v)
  _ = try Attention()([q, v])
  _ = try AdditiveAttention()([q, v])
  _ = (y, s)
}

private func recurrentCalls(_ x: Symbol) throws {
  let states = try LSTM(8, returnState: true).outputs([x])
  _ = try LSTM(8)(x, initialState: [states[1], states[2]])
}

private func applications(base: Model, inputs: Symbol, x: Tensor, y: Tensor) throws {
  _ = try Application.resNet50()
  _ = try Application.efficientNetB0(weights: "weights.h5")
  _ = try Application.mobileNetV2(includeTop: false, weights: nil, inputShape: [160, 160, 3])
  _ = try Application.efficientNetV2B0(includePreprocessing: false)
  _ = try Application.mobileNetV2(alpha: 0.5)()
  _ = try Application.resNet50.preprocessInput(x)
  _ = try Application.decodePredictions(y, top: 3)
  base.isTrainable = false
  _ = try base(inputs, training: false)
}

private func training(
  model: Sequential, x: Tensor, y: Tensor, batches: Dataset<(Tensor, Tensor)>, validation: Dataset<(Tensor, Tensor)>,
  generator: AnyIterator<(Tensor, Tensor)>, history: History, weights: [Tensor], w: Tensor
) throws {
  try model.compile(optimizer: .adam, loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
  _ = Adam(learningRate: 1e-3)
  _ = SGD(learningRate: 0.1, momentum: 0.9, nesterov: true)
  _ = RMSprop(learningRate: 1e-4)
  _ = CosineDecay(initialLearningRate: 1e-3, decaySteps: 1000)
  _ = try model.fit(x, y, batchSize: 32, epochs: 5, validationSplit: 0.2)
  _ = try model.fit(batches, epochs: 5, validationData: validation)
  _ = try model.fit(generator, stepsPerEpoch: 100)
  _ = try model.evaluate(x, y)
  _ = try model.predict(x)
  _ = try model.predict(x).argmax(axis: -1)
  try model.compile(optimizer: .adam, loss: .binaryCrossentropy, metrics: [.auc(curve: .pr).named("prc")])
  let yTrue = y, yPred = x
  _ = try confusionMatrix(yTrue, yPred)
  _ = try Loss.mae(yTrue, yPred)
  _ = try Loss.mae.values(yTrue, yPred)
  _ = try model.trainOnBatch(x, y)
  _ = history["loss"]
  _ = model.weights
  try model.setWeights(weights)
  let layer = Dense(1), matrix = x
  try layer.setWeights([matrix])
  _ = Embedding(100, 8, embeddingsInitializer: .constant(values: matrix))
  try model.compile(loss: "mse")
  _ = Loss.binaryCrossentropy(fromLogits: true)
  _ = Metric.auc(numThresholds: 200)
  _ = Adam(clipnorm: 1)
  _ = AdamW(weightDecay: 0.01)
  try model.compile(loss: ["p": "mse", "q": "mae"], lossWeights: ["p": 1, "q": 0.5])
  _ = try model.fit(x, y, validationData: (x, y))
  _ = try model.fit(["a": x, "b": x], ["p": y, "q": y])
  _ = try model.fit(x, y, classWeight: [0: 1, 1: 5], sampleWeight: w)
  _ = try model.evaluate(x, y)["accuracy"]
  try model.setLearningRate(1e-4)
  try model.compile(optimizer: .adam, loss: .meanSquaredError, stepsPerExecution: 10)
  _ = try model.fit(batches, validationData: (x, y))
  _ = try model.fit(x, y, validationData: validation, validationSteps: 10)
  _ = try model.fit(x, y, validationData: (x, y, w))
  _ = try model.predictOnBatch(x)
  let results = try model.predictAll(batches), p = results["p"], q = results["q"]
  try model.compile(optimizer: "adam", loss: ["p": "mse", "q": "mae"], metrics: ["p": "mae"])
  try model.compile(loss: "mse", weightedMetrics: ["mae"])
  try model.compile(optimizer: "adam", loss: ["p": "mse", "q": "mae"], weightedMetrics: ["p": "mae"])
  _ = (p, q)
}

private final class Linear: Layer, ConfigurableLayer {
  let units: Int
  var w: Variable!

  init(_ units: Int, name: String? = nil) {
    self.units = units
    super.init(name: name)
  }

  convenience init(_ options: inout LayerOptions) throws {
    self.init(try options.int("units"), name: options.name)
  }

  func options() -> JSONObject { JSONObject([("units", JSONValue(units))]) }

  override func build(inputShape: [Int]) throws {
    w = try addVariable("w", shape: [inputShape.last!, units], initializer: .glorotUniform)
  }

  override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    context.addLoss(0.01 * square(x).mean())
    return matmul(x, w.value)
  }
}

private final class Stop: Callback {
  override func onEpochEnd(_ epoch: Int, _ logs: Logs) throws {
    if let loss = logs["loss"], loss < 0.1 { model?.stopTraining = true }
  }
}

private func ownLoop(model: Sequential, optimizer: Adam, dataset: Dataset<(Tensor, Tensor)>, x: Tensor, y: Tensor) throws {
  LayerRegistry.register(Linear.self)
  try Loss.register("WeightedMSE", settings: ["factor": 1]) { settings in
    let factor = try settings.double("factor")
    return .custom { target, prediction in square(target - prediction).mean(axis: -1) * factor }
  }
  let weighted = try Loss(named: "WeightedMSE", settings: ["factor": 3])
  _ = weighted
  try model.fit(x, y, callbacks: [Stop()])
  let w = Variable(Tensor(3.0), name: "w")
  let slope = gradients(of: square(w.value), withRespectTo: [w])
  let stepper = try Stepper(optimizer, variables: model.trainableVariables)
  let step = compile { (x: Tensor, y: Tensor) -> Tensor in
    let loss = square(try model(x, training: true) - y).mean()
    let own = gradients(of: loss, withRespectTo: stepper.variables)
    try stepper.update(gradients: own)
    return loss
  }
  try dataset.forEach { x, y in print(try step(x, y).item()) }
  let accuracy = try Metric.sparseCategoricalAccuracy.makeState()
  try dataset.forEach { x, y in
    let predictions = try model(x, training: true), loss = try Loss.mse(y, predictions)
    try accuracy.updateState(y, predictions)
    let total = try model.losses.reduce(loss, +)
    print(total.item())
  }
  _ = accuracy.result; accuracy.resetState()
  _ = slope
}

private final class Own: Model {
  let generator: Sequential
  let stepper: Stepper<[Tensor]>
  let tracker = MeanMetric(name: "g_loss")

  init(_ generator: Sequential) throws {
    self.generator = generator
    stepper = try Stepper(Adam(), variables: generator.trainableVariables)
    super.init()
  }

  override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    try generator(x, context)
  }

  override func trainStep(_ step: StepContext) throws -> [String: Tensor] {
    let x = step.x, y = try step.y
    let predictions = try outputs(step.inputs, step.context)
    let loss = try computeLoss(step, predictions)
    let gradients = try step.gradients(of: loss)
    try step.apply(gradients: gradients)
    let gLoss = square(try generator(x, step.context) - y).mean()
    let own = TensorCore.gradients(of: gLoss, withRespectTo: stepper.variables)
    try stepper.update(gradients: own)
    try tracker.updateState(gLoss)
    return ["loss": loss, "g_loss": tracker.result]
  }

  override func testStep(_ step: StepContext) throws -> [String: Tensor] {
    let predictions = try outputs(step.inputs, step.context)
    let loss = try computeLoss(step, predictions)
    return try computeMetrics(step, predictions, loss: loss)
  }

  override func computeLoss(_ step: StepContext, _ predictions: [Tensor]) throws -> Tensor {
    try super.computeLoss(step, predictions)
  }
}

private func labelSequences(y: Tensor, output: Tensor, yLengths: Tensor, outputLengths: Tensor) {
  _ = Loss.ctc
  _ = ctcLoss(y, output, targetLength: yLengths, outputLength: outputLengths)
  _ = ctcDecode(output, sequenceLengths: outputLengths, strategy: .beamSearch(beamWidth: 10))
}

private final class Hits: StatefulMetric {
  let count = Variable(Tensor(0.0), name: "count")

  override func updateState(_ yTrue: Tensor, _ yPred: Tensor, sampleWeight: Tensor? = nil) {
    count.assignAdd((yTrue .== yPred).cast(to: .float64).sum())
  }

  override var result: Tensor { count.value }
}

private func ownMetrics(model: Sequential) throws {
  try model.compile(optimizer: .adam, loss: .meanSquaredError, metrics: ["accuracy", .stateful(Hits())])
  _ = MeanMetric(name: "g_loss")
}

private func callbacksAndFiles(model: Sequential, text: String) throws {
  _ = ModelCheckpoint("a.weights.h5", saveWeightsOnly: true, verbose: 1)
  _ = ReduceLROnPlateau(patience: 3, minimumLearningRate: 1e-6)
  _ = EarlyStopping(patience: 2, restoreBestWeights: true)
  _ = ModelCheckpoint("best.keras", saveBestOnly: true)
  _ = ReduceLROnPlateau(factor: 0.5, patience: 3)
  _ = LearningRateScheduler { epoch, rate in rate * 0.9 }
  _ = CSVLogger("log.csv")
  _ = TensorBoard(logDirectory: "logs", histogramFrequency: 1)
  _ = SwapEMAWeights()
  _ = try RemoteMonitor(root: "http://localhost:9000")
  _ = BackupAndRestore("backup")
  _ = TerminateOnNaN()
  try model.save("model.keras")
  _ = try Sequential.load("model.keras")
  try model.saveWeights("model.weights.h5")
  try model.loadWeights("model.weights.h5")
  try model.loadWeights("big.weights.json")
  _ = try Model.load("old.h5")
  try model.save("old.h5")
  _ = try model.toJSON()
  _ = try Model.fromJSON(text)
}

private func tensors(x: Tensor, w: Tensor, y: Tensor) throws {
  _ = matmul(x, w)
  _ = x.sum(axis: 1)
  _ = x.mean()
  _ = x.cast(to: .int32)
  _ = square(x)
  _ = sqrt(x)
  _ = exp(x)
  _ = relu(x)
  _ = x.softmax()
  _ = x.expandingShape(at: -1)
  _ = x[0]
  _ = x[2...]
  _ = x[.all, -1]
  _ = x[.all, .range(1..<3)]
  _ = x[.newAxis, .strided(by: 2)]
  _ = gelu(x)
  _ = silu(x)
  _ = leakyReLU(x)
  _ = x.squeezed(axis: 0)
  _ = swapaxes(x, 0, 1)
  _ = x.reshaped([-1, 4])
  _ = x.shape
  _ = Tensor.zeros([2, 3])
  _ = onesLike(x)
  _ = Tensor([1.0, 2.0])
  _ = x.doubles
  _ = minimum(x, w)
  _ = clip(x, 0, 1)
  _ = concatenate([x, w], axis: 0)
  _ = x.cumsum(axis: 0)
  _ = take(x, y, axis: 0)
  _ = y.oneHot(depth: 10)
  _ = x.argmax(axis: -1)
  _ = select(x .> 0, x, 0)
  _ = einsum("ij,jk->ik", x, w)
  _ = customGradient([x]) { round($0[0]) } gradient: { _, _, upstream in [upstream] }
  _ = RandomGenerator(seed: 1).normal([2, 3])
  _ = RandomGenerator(seed: 1).uniform([2, 3])
  _ = SeedGenerator(seed: 1337)
  let images = x
  _ = try extractPatches(images, size: 16)
  _ = try rgbToGrayscale(images)
  _ = convertToNumpy(x)
  _ = sum(x, axis: 1, keepDims: true)
  _ = mean(x, axis: 0)
  _ = expandDims(x, axis: 1)
  _ = reshape(x, [-1, 2])
}

@Suite struct FromKerasTests {
  @Test func `each line of Swift on the page From Keras to Descent is compiled`() throws {
    let here = URL(fileURLWithPath: #filePath)
    let source = try String(contentsOf: here, encoding: .utf8)
    let page = try String(
      contentsOf: here.deletingLastPathComponent().appendingPathComponent("../../Documentation/FromKeras.md"), encoding: .utf8)
    // Its lines on pictures and on tuning need other libraries; the tests of the same name in DescentImagesTests and DescentTunerTests have them.
    let sections = page.components(separatedBy: "\n## ").filter { !$0.hasPrefix("Pictures\n") && !$0.hasPrefix("Tuning ") }
    let lines = sections.joined(separator: "\n").split(separator: "\n").filter { $0.hasPrefix("| `") }
    #expect(lines.count > 140)
    for line in lines {
      let cells = line.components(separatedBy: "` | `")
      #expect(cells.count == 2, "\(line)")
      let code = cells[1].replacingOccurrences(of: "` |", with: "")
      #expect(source.contains(code), "\(code) is on the page but is not compiled here")
    }
  }
}
