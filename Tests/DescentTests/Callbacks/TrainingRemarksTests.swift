import DescentTestSupport
import Testing

@testable import Descent

@Suite struct TrainingRemarksTests {
  private func remarks(
    _ loss: Loss, _ last: ActivationFunction, units: Int = 3, optimizer: any Optimizer = Adam(), epochs: Int = 1, y: Tensor? = nil,
    metrics: [Metric] = [], hidden: [Layer] = [], isStream: Bool = false
  ) throws -> [String] {
    var said: [String] = []
    let model = Sequential([Input(shape: [4])] + hidden + [Dense(8, activation: .relu), Dense(units, activation: last)], seed: 2)
    try model.compile(anyOptimizer: optimizer, loss: loss, metrics: metrics)
    let y = y ?? SmallData.labels
    let say: (String) -> Void = { said.append($0) }
    if isStream {
      try model.fit(Dataset(SmallData.x(), y).batch(32), epochs: epochs, verbose: 0, callbacks: [TrainingRemarks(say: say)])
    } else {
      try model.fit(SmallData.x(), y, epochs: epochs, verbose: 0, callbacks: [TrainingRemarks(targets: y, rows: y.shape[0], say: say)])
    }
    return said
  }

  @Test func `outputs that do not fit the loss are remarked, others are not`() throws {
    let oneHot = Tensor(shape: [60, 3], scalars: (0..<60).flatMap { row in (0..<3).map { row % 3 == $0 ? Float(1) : 0 } })
    let truths = Tensor(shape: [60, 1], scalars: (0..<60).map { Float($0 % 2) })
    let sparse = Loss.sparseCategoricalCrossentropy
    for (said, words) in [
      (try remarks(.binaryCrossentropy, .softmax, y: oneHot), "each unit for a question of its own"),
      (try remarks(.categoricalCrossentropy, .relu, y: oneHot), "activation is relu; use softmax"),
      (try remarks(sparse, .linear), "activation is linear; use softmax"),
      (try remarks(.binaryCrossentropy, .linear, units: 1, y: truths), "use sigmoid, or the loss with fromLogits"),
      (try remarks(.binaryCrossentropy, .softmax, units: 1, y: truths), "softmax of one unit"),
      (try remarks(.meanSquaredError, .relu, units: 1, y: truths), "cannot predict anything less than 0"),
      (try remarks(.sparseCategoricalCrossentropy(fromLogits: true), .softmax), "logits"),
    ] {
      #expect(said.count == 1 && said[0].contains(words), "\(said): \(words)")
    }
    for said in [
      try remarks(sparse, .softmax), try remarks(.sparseCategoricalCrossentropy(fromLogits: true), .linear), try remarks(.categoricalCrossentropy, .softmax, y: oneHot),
      try remarks(.binaryCrossentropy, .sigmoid, units: 1, y: truths), try remarks(.meanSquaredError, .linear, units: 1, y: truths),
    ] {
      #expect(said.isEmpty, "\(said)")
    }
  }

  @Test func `rates and decays that are far from usual are remarked once`() throws {
    let sparse = Loss.sparseCategoricalCrossentropy
    #expect(try remarks(sparse, .softmax, optimizer: Adam(learningRate: 0.5), epochs: 2).filter { $0.contains("usual one is 0.001") }.count == 1)
    #expect(try remarks(sparse, .softmax, optimizer: Adam(learningRate: 1e-8)).contains { $0.contains("find-rate") })
    #expect(try remarks(sparse, .softmax, optimizer: AdamW(weightDecay: 0.1)).contains { $0.contains("bias towards 0") })
    let excluded = AdamW(weightDecay: 0.1).with { $0.weightDecayExclusions = [.vectors] }
    #expect(try remarks(sparse, .softmax, optimizer: excluded).isEmpty)
    #expect(try remarks(sparse, .softmax, optimizer: AdamW()).isEmpty)
  }

  @Test func `losses that do not fall or are not finite are remarked`() throws {
    let sparse = Loss.sparseCategoricalCrossentropy
    #expect(try remarks(sparse, .softmax, optimizer: SGD(learningRate: 0), epochs: 5).filter { $0.contains("has not fallen in 4 epochs") }.count == 1)
    let exploding = try remarks(.meanSquaredError, .linear, units: 1, optimizer: SGD(learningRate: 1e15), epochs: 3, y: Tensor((0..<60).map { Float($0) }))
    #expect(exploding.contains { $0.hasPrefix("The loss is nan") || $0.hasPrefix("The loss is inf") })
  }

  @Test(arguments: [false, true]) func `an accuracy that one class explains is remarked`(isStream: Bool) throws {
    let y = Tensor((0..<60).map { UInt8($0 % 10 == 0 ? 1 : 0) })
    let oneHot = Tensor(shape: [60, 2], scalars: (0..<60).flatMap { $0 % 10 == 0 ? [0, 1] as [Float] : [1, 0] })
    for (loss, targets) in [(Loss.sparseCategoricalCrossentropy, y), (.categoricalCrossentropy, oneHot)] {
      let said = try remarks(
        loss, .softmax, units: 2, optimizer: SGD(learningRate: 0.1), epochs: 8, y: targets, metrics: [.accuracy], isStream: isStream)
      #expect(said.filter { $0.contains("one class alone makes up 0.900") }.count == 1, "\(said)")
    }
    #expect(try remarks(.sparseCategoricalCrossentropy, .softmax, epochs: 4, metrics: [.accuracy], isStream: isStream).isEmpty)
  }

  @Test func `of a stream the same is remarked as of rows in memory`() throws {
    let truths = Tensor(shape: [60, 1], scalars: (0..<60).map { Float($0 % 2) })
    let sparse = Loss.sparseCategoricalCrossentropy
    let deep = (0..<12).map { _ in Dense(4, activation: .sigmoid, kernelInitializer: .randomNormal(standardDeviation: 0.01)) }
    for isStream in [false, true] {
      for (said, words) in [
        (try remarks(.binaryCrossentropy, .softmax, units: 1, y: truths, isStream: isStream), "softmax of one unit"),
        (try remarks(sparse, .softmax, optimizer: Adam(learningRate: 0.5), isStream: isStream), "usual one is 0.001"),
        (try remarks(sparse, .softmax, optimizer: SGD(learningRate: 0), epochs: 5, isStream: isStream), "has not fallen in 4 epochs"),
        (try remarks(sparse, .softmax, optimizer: AdamW(weightDecay: 0.1), isStream: isStream), "bias towards 0"),
        (try remarks(sparse, .softmax, optimizer: SGD(learningRate: 0.1), hidden: deep, isStream: isStream), "gradients vanish"),
      ] {
        #expect(said.filter { $0.contains(words) }.count == 1, "\(said): \(words), stream: \(isStream)")
      }
      #expect(try remarks(sparse, .softmax, isStream: isStream).isEmpty)
    }
  }

  @Test func `gradients that vanish on their way are remarked`() throws {
    let deep = (0..<12).map { _ in Dense(4, activation: .sigmoid, kernelInitializer: .randomNormal(standardDeviation: 0.01)) }
    #expect(try remarks(.sparseCategoricalCrossentropy, .softmax, optimizer: SGD(learningRate: 0.1), epochs: 2, hidden: deep).contains { $0.contains("gradients vanish") })
  }

  @Test func `the landscape of a training goes through it, and nothing is changed`() throws {
    let model = try SmallData.model()
    let way = WeightTrajectory("adam", every: 2)
    try model.fit(SmallData.x(), SmallData.labels, batchSize: 20, epochs: 4, verbose: 0, callbacks: [way])
    #expect(way.points.count == 7)
    let before = model.numbers, loss = try model.evaluate(SmallData.x(), SmallData.labels, verbose: 0).loss
    let landscape = try model.lossLandscape(SmallData.x(), SmallData.labels, trajectories: [way], steps: 9)
    #expect(model.numbers == before)
    let end = try #require(landscape.ways[0].points.last)
    #expect(abs(end.x) < 1e-6 && abs(end.y) < 1e-6)
    #expect(try #require(landscape.explained) > 0.8)
    // Near the end of the way the loss is the model's.
    let column = landscape.x.indices.min { abs(landscape.x[$0]) < abs(landscape.x[$1]) }!, row = landscape.y.indices.min { abs(landscape.y[$0]) < abs(landscape.y[$1]) }!
    #expect(abs(landscape.losses[row][column] - loss) < 0.05)
    #expect(landscape.svg.contains("adam") || landscape.svg.contains("class=\"l c0"))
    let random = try model.lossLandscape(SmallData.x(), SmallData.labels, steps: 5, reach: 0.5)
    #expect(abs(random.losses[2][2] - loss) < 1e-5 && random.losses[0][0] != random.losses[4][4])
    #expect(failure(.invalidArgument) { try model.lossLandscape(SmallData.x(), SmallData.labels, steps: 2) }.contains("steps is 2"))
  }
}
