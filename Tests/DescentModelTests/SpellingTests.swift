import Descent
import DescentTestSupport
import Testing

/// Ways to write things that users of Keras try, and how things read when they are printed.
@Suite struct SpellingTests {
  private func model() -> Sequential { Sequential([Dense(3, activation: .softmax, inputShape: [4])], seed: 1) }

  @Test func `compile takes one metric, the loss first, and an optimizer with settings in a text`() throws {
    let model = model()
    try model.compile(optimizer: .adam, loss: .mse, metrics: "accuracy")
    #expect(model.metrics.map(\.name) == ["accuracy"])
    try model.compile(optimizer: "sgd:lr=0.1,momentum=0.5", loss: "mse", metrics: .mae)
    #expect((model.optimizer as? SGD)?.momentum == 0.5 && model.metrics.map(\.name) == ["mae"])
    #expect(model.optimizer?.options.learningRate(step: 0) == 0.1)
    try model.compile(loss: .categoricalCrossentropy, optimizer: .lion(beta1: 0.5), metrics: [.acc, .mse])
    #expect((model.optimizer as? Lion)?.beta1 == 0.5 && model.metrics.map(\.name) == ["acc", "mse"])
    try model.compile(loss: "mse", optimizer: "muon", metrics: .accuracy)
    #expect(model.optimizer is Muon)
    try model.compile(loss: .bce, optimizer: .sgd)
    #expect(model.loss?.name == "binary_crossentropy")
    let error = try #require(throws: DescentError.self) { try model.compile(optimizer: "sgd:lr=-1", loss: .mse) }
    #expect(error.message.contains("'learning_rate' is -1"))
  }

  @Test func `compile of several outputs takes an optimizer's name, one metric an output, and weights without metrics`() throws {
    let a = Input(shape: [4])
    let model = try Model(inputs: a, outputs: [Dense(1, name: "p")(a), Dense(1, name: "q")(a)])
    let (x, y) = (SmallData.x(), Tensor.ones([SmallData.rows, 1]))
    func scores() throws -> Scores { try model.evaluate(x, [y, y], verbose: 0) }
    try model.compile(optimizer: "adam", loss: ["p": "mse", "q": "mae"])
    #expect(model.optimizer is Adam)
    let plain = try scores()
    #expect(plain.names == ["loss", "p_loss", "q_loss"])
    try model.compile(optimizer: "sgd:lr=0.5", loss: ["p": "mse", "q": "mae"], lossWeights: ["p": 1, "q": 0], metrics: ["p": "mae"])
    #expect(model.optimizer?.options.learningRate(step: 0) == 0.5)
    expectClose([try scores().loss], [plain["p_loss"]!])
    #expect(try scores().names.contains("p_mae") && !scores().names.contains("q_mae"))
    try model.compile(loss: ["p": "mse", "q": "mae"], metrics: ["p": .mae, "q": .mse])
    #expect(try Set(scores().names).isSuperset(of: ["p_mae", "q_mse"]))
    // One loss for all outputs.
    try model.compile(optimizer: .sgd, loss: "mse", lossWeights: ["p": 0, "q": 2])
    expectClose([try scores().loss], [2 * (try scores()["q_loss"]!)])
    try model.compile(optimizer: "sgd", loss: "mse", lossWeights: [0, 2], metrics: ["q": ["mae"]])
    #expect(try scores().names.contains("q_mae"))
    try model.compile(optimizer: "sgd", loss: "mse", metrics: ["p": ["mae"]])
    #expect(try scores().names.contains("p_mae"))
    // No loss: the model's own step has one.
    try model.compile(optimizer: "nadam")
    #expect(model.optimizer is Nadam && model.loss == nil)
    #expect(throws: DescentError.self) { try model.compile(optimizer: "adm", loss: ["p": "mse"]) }
  }

  @Test func `a model is made again of its options`() throws {
    let chain = model()
    let again = try Sequential.fromConfig(chain.getConfig())
    #expect(try again.toJSON() == chain.toJSON() && again.optimizer == nil)
    #expect(try Model.fromConfig(chain.getConfig()) is Sequential)
    let a = Input(shape: [4], name: "a")
    let graph = try Model(inputs: a, outputs: ["p": Dense(1)(a), "q": Dense(2)(a)], name: "two")
    let copy = try Model.fromConfig(graph.getConfig())
    #expect(copy.name == "two" && copy.outputNames == graph.outputNames)
    #expect(try copy.toJSON() == graph.toJSON())
    let error = try #require(throws: DescentError.self) { try Model.fromConfig(JSONObject([("name", "x")])) }
    #expect(error.message.contains("Model.fromConfig"), "\(error.message)")
  }

  @Test func `short names are Keras's`() throws {
    for (loss, name) in [(Loss.mse, "mse"), (.mae, "mae"), (.mape, "mape"), (.msle, "msle"), (.kld, "kld"), (.bce, "bce")] {
      #expect(try loss.json() == Loss(named: name).json())
    }
    for (metric, name) in [(Metric.mse, "mse"), (.mae, "mae"), (.mape, "mape"), (.msle, "msle"), (.kld, "kld"), (.bce, "bce"), (.acc, "acc")] {
      #expect(try metric.name == name && metric.json() == Metric(named: name).json())
    }
  }

  @Test func `what is printed is short`() throws {
    #expect("\(Loss.mse)" == "mean_squared_error")
    #expect("\(Loss.huber(delta: 2))" == "huber_loss(delta: 2.0)")
    #expect("\(Loss.mae.reducing(by: .sum))" == "mean_absolute_error(reduction: .sum)")
    #expect("\(Metric.topKCategoricalAccuracy(k: 3))".hasSuffix("(k: 3)"))
    #expect("\(Initializer.glorotUniform)" == "glorot_uniform")
    let model = model()
    #expect("\(model)" == "Sequential(\"sequential\"): Dense(\"dense\")" || "\(model)".contains("Dense(\"dense\", 15 parameters)"))
    try model.compile(optimizer: .adam, loss: .sparseCategoricalCrossentropy)
    let history = try model.fit(SmallData.x(), SmallData.labels, epochs: 2, verbose: 0)
    #expect(
      "\(history)".wholeMatch(of: #/History of 2 epochs: loss [0-9.]+ → [0-9.]+\nepoch    loss\n    1  [0-9.]+\n    2  [0-9.]+/#) != nil, "\(history)")
    #expect("\(History())" == "History of 0 epochs")
    #expect("\(model)" == "Sequential(\"\(model.name)\", 15 parameters): Dense(\"\(model.layers[0].name)\", 15 parameters)")
  }

  @Test func `a model with a loss and a metric of the program's own is written and read`() throws {
    try Loss.register(.custom("cubic_for_tests") { target, prediction in pow(abs(target - prediction), 3).mean(axis: -1) })
    try Metric.register(.custom("greatest_for_tests") { target, prediction in abs(target - prediction).max(axis: -1) })
    let model = Sequential([Dense(2, inputShape: [4])], seed: 1)
    try model.compile(optimizer: "adam", loss: "cubic_for_tests", metrics: "greatest_for_tests")
    let again = try #require(try Sequential.fromJSON(model.toJSON()) as Model?)
    #expect(again.loss?.name == "cubic_for_tests" && again.metrics.map(\.name) == ["greatest_for_tests"])
    try again.setWeights(model.weights)
    let (x, y) = (SmallData.x(), Tensor.ones([SmallData.rows, 2]))
    let (left, right) = (try model.evaluate(x, y, verbose: 0), try again.evaluate(x, y, verbose: 0))
    #expect(left["loss"] == right["loss"] && left["greatest_for_tests"] == right["greatest_for_tests"])
    #expect(Loss.knownNames.contains("cubic_for_tests"))
    // What nobody registered says how.
    let error = try #require(throws: DescentError.self) { try Loss.custom("other") { $1 - $0 }.json() }
    #expect(error.message.contains("Loss.register"))
  }
}
