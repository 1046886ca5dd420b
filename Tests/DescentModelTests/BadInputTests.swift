import Descent
import DescentTestSupport
import Testing

/// Bad input gets one clear error and changes nothing.
@Suite struct BadInputTests {
  let x = SmallData.x()
  let y = SmallData.labels

  /// The message of what `body` throws on a fresh model, which it must leave as it was.
  private func message(_ kind: DescentError.Kind, _ body: (Sequential) throws -> Void) throws -> String {
    let model = try SmallData.model()
    try model.fit(x, y, epochs: 1, verbose: 0)
    let (before, steps) = (model.numbers, model.optimizerState!.iterations)
    let text = failure(kind) { try body(model) }
    #expect(model.numbers == before && model.optimizerState!.iterations == steps)
    return text
  }

  @Test func `Rows that do not match`() throws {
    #expect(try message(.data) { try $0.fit(x, y[0..<59], verbose: 0) } == "fit: x has 60 rows but y has 59")
    #expect(try message(.data) { try $0.evaluate(x, y[0..<59], verbose: 0) } == "evaluate: x has 60 rows but y has 59")
    #expect(try message(.data) { try $0.fit(x, y, verbose: 0, sampleWeight: Tensor.ones([3])) }
      == "fit: x has 60 rows but sampleWeight has 3")
    #expect(try message(.data) { try $0.fit(x, y, verbose: 0, validationData: (x, y[0..<1])) }
      == "fit: validation x has 60 rows but validation y has 1")
  }

  @Test func `Rows of the wrong shape`() throws {
    #expect(try message(.data) { try $0.fit(Tensor.zeros([60, 5]), y, verbose: 0) }
      == "fit: sequential takes rows of shape [4] but a row of x has shape [5]")
    #expect(try message(.data) { _ = try $0.predict(Tensor.zeros([60, 2, 2]), verbose: 0) }
      == "predict: sequential takes rows of shape [4] but a row of x has shape [2, 2]")
    #expect(try message(.data) { try $0.fit(x, Tensor.zeros([60, 3]), verbose: 0) }.contains("targets of shape [60, 3]"))
    #expect(try message(.data) { try $0.fit(x, y, verbose: 0, sampleWeight: Tensor.ones([60, 2])) }
      == "fit: sampleWeight is float32 [60, 2] for an output with rows of shape [3]; expected one number a row, or one for each of the values that the loss has of a row")
    #expect(try message(.data) { try $0.fit(Tensor(1 as Float), y, verbose: 0) }
      == "fit: x is a single number; expected a tensor whose axis 0 counts rows")
  }

  @Test func `No rows`() throws {
    #expect(try message(.data) { try $0.fit(Tensor.zeros([0, 4]), Tensor([UInt8]()), verbose: 0) } == "fit: x has no rows")
    #expect(try message(.data) { _ = try $0.predict(Tensor.zeros([0, 4]), verbose: 0) } == "predict: x has no rows")
    #expect(try message(.data) { try $0.fit(x, y, verbose: 0, validationSplit: 1e-17) }
      == "fit: validationSplit 1e-17 of 60 rows leaves none for validation")
    #expect(try message(.data) { try $0.fit(x, y, verbose: 0, validationSplit: 0.999) }
      == "fit: validationSplit 0.999 of 60 rows leaves none for training")
    #expect(try message(.invalidArgument) { try $0.fit(x, y, verbose: 0, validationSplit: 1) }
      == "fit: validationSplit is 1.0; it must be at least 0 and less than 1")
  }

  @Test func `What is said of a validation that there is none of`() throws {
    let rest = "is of no use without validationData or validationSplit"
    #expect(try message(.invalidArgument) { try $0.fit(x, y, verbose: 0, validationSteps: 5) } == "fit: validationSteps \(rest)")
    #expect(try message(.invalidArgument) { try $0.fit(x, y, verbose: 0, validationBatchSize: 5) } == "fit: validationBatchSize \(rest)")
    #expect(try message(.invalidArgument) { try $0.fit(x, y, verbose: 0, validationFrequency: 2) } == "fit: validationFrequency \(rest)")
    #expect(try message(.invalidArgument) { try $0.fit(x, y, verbose: 0, validationFrequency: [1, 2]) } == "fit: validationFrequency \(rest)")
    #expect(try message(.invalidArgument) { try $0.fit(Dataset(x, y).batch(7), verbose: 0, validationSteps: 5) }
      == "fit: validationSteps is of no use without validationData")
    #expect(try message(.invalidArgument) { try $0.fit(Dataset(x, y).batch(7), verbose: 0, validationFrequency: .every(3)) }
      == "fit: validationFrequency is of no use without validationData")
  }

  @Test func `Labels out of range`() throws {
    var labels = (0..<60).map { Int32($0 % 3) }
    labels[17] = 3
    #expect(try message(.data) { try $0.fit(x, Tensor(labels), verbose: 0) }
      == "fit: y[17] is 3, but the model's output is 3 wide: labels are whole numbers from 0 to 2")
    labels[17] = -1
    #expect(try message(.data) { try $0.evaluate(x, Tensor(labels), verbose: 0) }.hasPrefix("evaluate: y[17] is -1,"))
    #expect(try message(.data) { try $0.fit(x, Tensor(labels.map { Float($0) + 1.5 }), verbose: 0) }.hasPrefix("fit: y[0] is 1.5,"))
  }

  @Test func `Numbers that are none`() throws {
    var values = x.scalars(as: Float.self)
    values[4 * 13 + 2] = .nan
    #expect(try message(.data) { try $0.fit(Tensor(shape: [60, 4], scalars: values), y, verbose: 0) } == "fit: x[13, 2] is NaN")
    values[5] = -.infinity
    #expect(try message(.data) { try $0.trainOnBatch(Tensor(shape: [60, 4], scalars: values), y) }
      == "trainOnBatch: x[1, 1] is infinite")
  }

  @Test func `Settings out of range`() throws {
    #expect(try message(.invalidArgument) { try $0.fit(x, y, batchSize: 0, verbose: 0) } == "fit: batchSize is 0; it must be at least 1")
    #expect(try message(.invalidArgument) { try $0.fit(x, y, epochs: -1, verbose: 0) } == "fit: epochs is -1; it must be at least 0")
    #expect(try message(.invalidArgument) { try $0.fit(x, y, verbose: 3) }.hasPrefix("fit: verbose is 3;"))
    #expect(try message(.invalidArgument) { try $0.fit(x, y, verbose: 0, classWeight: [1: -2]) }
      == "fit: classWeight of 1 is -2.0; it must be at least 0")
    #expect(try message(.invalidArgument) { try $0.setLearningRate(-1) }
      == "setLearningRate: the rate is -1.0; it must be at least 0")
  }

  @Test func `What compile refuses`() throws {
    let model = try SmallData.model()
    func compile(_ optimizer: String = "adam", _ loss: Loss = "mse", _ metrics: [Metric] = []) -> String {
      failure(.invalidArgument) { try model.compile(optimizer: optimizer, loss: loss, metrics: metrics) }
    }
    #expect(compile("adma") == "unknown optimizer 'adma'; did you mean 'adam'?")
    #expect(compile("adam", "mean_sqared_error") == "unknown loss 'mean_sqared_error'; did you mean 'mean_squared_error'?")
    #expect(compile("adam", "mse", ["acuracy"]) == "unknown metric 'acuracy'; did you mean 'accuracy'?")
    #expect(compile("adam", "mse", ["mse", "mse"]) == "compile: two metrics are named 'mse'; rename one with named(_:)")
    #expect(compile("adam", Loss.meanSquaredError.reducing(by: .none)).contains("reduction none"))
    #expect(failure(.invalidArgument) {
      try model.compile(optimizer: SGD().with { $0.clipnorm = 1; $0.globalClipnorm = 1 }, loss: "mse")
    }.contains("clipnorm"))
    // What was compiled before is still in force.
    #expect(model.loss?.name == "sparse_categorical_crossentropy")
  }

  @Test func `Compile comes first`() {
    let model = Sequential { Dense(3, inputShape: [4]) }
    #expect(failure(.state) { try model.fit(x, y, verbose: 0) } == "fit: call compile(optimizer:loss:metrics:) first")
    #expect(failure(.state) { try model.evaluate(x, y, verbose: 0) } == "evaluate: call compile(optimizer:loss:metrics:) first")
  }
}
