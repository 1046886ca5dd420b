import Descent
import KerasFiles
import TestSupport
import Testing

extension Model {
  fileprivate var numbers: [Double] { weights.flatMap(\.doubles) }
}

/// Optimizers that train other weights than those a model is judged by: every way in and out means the latter.
@Suite struct JudgedWeightsTests {
  static let optimizers: [(name: String, optimizer: any Optimizer)] = [
    ("AdamWScheduleFree", AdamWScheduleFree(learningRate: 0.3)), ("SGDScheduleFree", SGDScheduleFree(learningRate: 0.01)),
    ("RAdamScheduleFree", RAdamScheduleFree(learningRate: 0.3)),
    ("ScheduleFreeAdamW", ScheduleFreeAdamW(learningRate: 0.3, evaluatesAverage: true)),
    ("MultiOptimizer", MultiOptimizer(default: AdamWScheduleFree(learningRate: 0.3), [(.name("bias"), SGD(learningRate: 0.01))])),
  ]
  let x = Tensor(shape: [4, 1], scalars: [1, 2, 3, 4] as [Double]), y = Tensor([1, 2, 3, 4] as [Double])

  private func optimizer(_ name: String) -> any Optimizer { JudgedWeightsTests.optimizers.first { $0.name == name }!.optimizer }

  private func linear(_ w: Double, _ optimizer: any Optimizer) throws -> Sequential {
    let model = Sequential([Dense(1, kernelInitializer: .constant(w), inputShape: [1])], dtype: .float64, seed: 1)
    try model.compile(anyOptimizer: optimizer, loss: .meanSquaredError)
    return model
  }

  /// What a model with these weights predicts, computed by hand.
  private func predicted(_ weights: [Tensor]) -> [Double] {
    x.doubles.map { $0 * weights[0].doubles[0] + weights[1].doubles[0] }
  }

  @Test(arguments: JudgedWeightsTests.optimizers.map(\.name))
  func `all entries mean the same weights`(_ name: String) throws {
    let model = try linear(0, optimizer(name))
    for round in 0..<3 {
      if round == 1 { try model.trainOnBatch(x, y) } else { try model.fit(x, y, batchSize: 1, epochs: 2, verbose: 0) }
      // Read directly, without telling the model.
      let direct = model.variables.map { Tensor($0.value.doubles) }
      let weights = model.weights.map { Tensor($0.doubles) }
      #expect(direct.map(\.doubles) == weights.map(\.doubles))
      let expected = predicted(weights)
      expectClose(try model.predict(x, verbose: 0), expected, tolerance: 1e-12)
      expectClose(try model.predictOnBatch(x), expected, tolerance: 1e-12)
      let loss = zip(expected, y.doubles).map { ($0 - $1) * ($0 - $1) }.reduce(0, +) / 4
      expectClose([try model.evaluate(x, y, verbose: 0).loss, try model.testOnBatch(x, y).loss], [loss, loss], tolerance: 1e-10)
      #expect(model.weights.map(\.doubles) == weights.map(\.doubles))
    }
    // The values in training are others.
    let judged = model.numbers
    model.optimizerState!.restoreTrainingValues()
    #expect(model.variables.flatMap(\.value.doubles) != judged)
  }

  @Test(arguments: JudgedWeightsTests.optimizers.map(\.name))
  func `looking at the weights does not change the training`(_ name: String) throws {
    let (one, two) = (try linear(0, optimizer(name)), try linear(0, optimizer(name)))
    try one.fit(x, y, batchSize: 2, epochs: 4, verbose: 0, shuffle: false)
    let looking = LambdaCallback(onTrainBatchEnd: { [x, y] _, _ in
      let before = two.weights.map { Tensor($0.doubles) }
      #expect(try two.predictOnBatch(x).doubles == before[0].doubles.flatMap { w in x.doubles.map { $0 * w + before[1].doubles[0] } })
      _ = try two.evaluate(x, y, verbose: 0)
    })
    let history = try two.fit(x, y, batchSize: 2, epochs: 2, verbose: 0, callbacks: [looking], validationData: (x, y), shuffle: false)
    #expect(!history["loss"].contains { !$0.isFinite })
    for _ in 0..<2 {
      for rows in [0..<2, 2..<4] { try two.trainOnBatch(x[rows], y[rows]) }
    }
    #expect(one.numbers == two.numbers)
  }

  @Test(arguments: JudgedWeightsTests.optimizers.map(\.name))
  func `weights that are set are those that predict, and training goes on from them`(_ name: String) throws {
    try withTemporaryFolder { folder in
      let source = try linear(100, SGD())
      try source.saveWeights("\(folder)/w.npz")
      try source.saveWeights("\(folder)/w.safetensors")
      try source.saveWeights("\(folder)/w.weights.h5")
      let ways: [(Sequential) throws -> Void] = [
        { try $0.setWeights([Tensor(shape: [1, 1], scalars: [100] as [Float]), Tensor([0] as [Int32])]) },
        { _ = try $0.loadWeights("\(folder)/w.npz") }, { _ = try $0.loadWeights("\(folder)/w.safetensors") },
        { _ = try $0.loadWeights("\(folder)/w.weights.h5") },
        { zip($0.variables, source.variables).forEach { $0.assign($1.value) } },
      ]
      for set in ways {
        let model = try linear(0, optimizer(name))
        try model.fit(x, y, batchSize: 1, epochs: 2, verbose: 0)
        try set(model)
        #expect(try model.predict(x, verbose: 0).doubles == [100, 200, 300, 400])
        try model.trainOnBatch(x, y)
        // Neither the old average nor the old z pulls at them.
        #expect(abs(model.weights[0].doubles[0] - 100) < 20)
        #expect(try model.evaluate(x, y, verbose: 0).loss != 0)
      }
      // Giving a model its own weights changes nothing.
      let model = try linear(0, optimizer(name)), other = try linear(0, optimizer(name))
      for one in [model, other] { try one.fit(x, y, batchSize: 1, epochs: 2, verbose: 0) }
      try model.setWeights(model.weights)
      for one in [model, other] { try one.fit(x, y, batchSize: 1, epochs: 2, verbose: 0) }
      #expect(model.numbers == other.numbers)
    }
  }

  @Test(arguments: JudgedWeightsTests.optimizers.map(\.name))
  func `files hold the weights that were judged, and training goes on from a file`(_ name: String) throws {
    try withTemporaryFolder { folder in
      let model = try linear(0, optimizer(name))
      let checkpoint = ModelCheckpoint("\(folder)/best.npz", saveBestOnly: true)
      let batches = ModelCheckpoint("\(folder)/{epoch}-{batch}.npz", saveFrequency: .batches(3))
      let history = try model.fit(x, y, batchSize: 1, epochs: 3, verbose: 0, callbacks: [checkpoint, batches], validationData: (x, y))
      let fresh = try linear(5, SGD())
      try fresh.loadWeights("\(folder)/best.npz")
      expectClose([try fresh.evaluate(x, y, verbose: 0).loss], [history["val_loss"].min()!], tolerance: 1e-12)

      try model.save("\(folder)/m.keras")
      let loaded = try Sequential.load("\(folder)/m.keras")
      #expect(loaded.numbers == model.numbers)
      try fresh.loadWeights("\(folder)/m.keras")
      #expect(fresh.numbers == model.numbers)
      let state = try linear(7, optimizer(name))
      try state.setWeights(model.weights)
      try state.restoreOptimizer(model.optimizerState!.checkpoint())
      for one in [model, loaded, state] {
        for row in 0..<4 { try one.trainOnBatch(x[row..<row + 1], y[row..<row + 1]) }
      }
      #expect(loaded.numbers == model.numbers && state.numbers == model.numbers)
    }
  }

  @Test func `the weights that come back are those that were judged best`() throws {
    var a: [Float] = [], b: [Float] = []
    for i in 0..<64 {
      let (u, v) = (Float(i % 8) / 8 - 0.5, Float(i / 8) / 8 - 0.5)
      a += [u, v]
      b.append(u * v + (i % 3 == 0 ? 0.3 : -0.1))
    }
    let x = Tensor(shape: [64, 2], scalars: a), y = Tensor(b)
    let model = Sequential([Dense(8, activation: .tanh, inputShape: [2]), Dense(1)], seed: 5)
    try model.compile(optimizer: AdamWScheduleFree(learningRate: 0.05), loss: .meanSquaredError)
    let history = try model.fit(
      x, y, batchSize: 4, epochs: 40, verbose: 0, callbacks: [EarlyStopping(patience: 3, restoreBestWeights: true)],
      validationSplit: 0.25)
    #expect(history.epochs.count < 40)
    expectClose([try model.evaluate(x[48..<64], y[48..<64], verbose: 0).loss], [history["val_loss"].min()!], tolerance: 1e-6)
  }

  @Test(arguments: JudgedWeightsTests.optimizers.map(\.name))
  func `validation, evaluate, predict and testOnBatch agree at the average`(_ name: String) throws {
    let model = try linear(0.5, optimizer(name))
    let history = try model.fit(x, y, batchSize: 1, epochs: 2, verbose: 0, validationData: (x, y))
    let state = model.optimizerState!
    state.restoreTrainingValues()
    let trained = predicted(model.variables.map(\.value))
    let expected = history["val_loss"][1]
    expectClose([try model.evaluate(x, y, verbose: 0).loss, try model.testOnBatch(x, y).loss], [expected, expected], tolerance: 1e-12)
    let predictions = try model.predict(x, verbose: 0).doubles
    expectClose([zip(predictions, y.doubles).map { ($0 - $1) * ($0 - $1) }.reduce(0, +) / 4], [expected], tolerance: 1e-12)
    #expect(zip(trained, predictions).contains { abs($0 - $1) > 1e-6 })
  }

  @Test func `slow weights begin anew with weights that are set`() throws {
    let model = try linear(0, Lookahead(SGD(learningRate: 0), syncPeriod: 2))
    try model.fit(x, y, batchSize: 1, epochs: 1, verbose: 0)
    try model.setWeights([Tensor([[100.0]]), Tensor([0.0])])
    try model.fit(x, y, batchSize: 1, epochs: 1, verbose: 0)
    #expect(model.numbers == [100, 0])
  }
}
