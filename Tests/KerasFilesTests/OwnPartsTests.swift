import DescentTestSupport
import Foundation
import KerasFiles
import TestSupport
import Testing

private struct SignDescent: Optimizer {
  static let hyperparameters: [Hyperparameter<SignDescent>] = [.number("strength", \.strength, in: .positive, "factor of each step")]

  var options = OptimizerOptions(learningRate: 0.01)
  var strength = 1.0

  func update(_ w: inout Tensor, gradient g: Tensor, slots: inout Slots, step: Step) { w -= step.learningRate * strength * sign(g) }
}

private struct Halving: ConfigurableSchedule {
  static let template = Halving()
  static let hyperparameters: [Hyperparameter<Halving>] = [.number("initial_learning_rate", \.initialLearningRate, in: .positive, "first rate")]

  var initialLearningRate = 0.1

  func callAsFunction(step: Int) -> Double { initialLearningRate / Double(1 << min(step, 20)) }
}

private final class Shift: Layer, ConfigurableLayer {
  let by: Double
  let isNegative: Bool

  init(_ by: Double, isNegative: Bool = true, name: String? = nil) {
    self.by = by
    self.isNegative = isNegative
    super.init(name: name)
  }

  convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: Shift(1), except: "by")
    self.init(try options.double("by"), isNegative: try options.bool("is_negative"), name: options.name)
  }

  func options() -> JSONObject { JSONObject([("by", JSONValue(by)), ("is_negative", .bool(isNegative))]) }

  override func forward(_ x: Tensor, _ context: ForwardContext) -> Tensor { isNegative ? x - by : x + by }
}

/// Its options are of kinds that only it knows: one of a few words, a number that is checked, and layers.
private final class Repeated: Layer, ConfigurableLayer {
  enum Order: String, CaseIterable, Sendable { case forward, backward }

  let order: Order
  let times: Int
  let inner: [Shift]

  init(_ inner: [Shift], order: Order = .forward, times: Int = 1, name: String? = nil) {
    (self.order, self.times, self.inner) = (order, times, inner)
    super.init(name: name)
  }

  convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: Repeated([]), except: "inner")
    let times = try options.value("times", SettingKind<Int>.integer(atLeast: 1).map("an integer from 1 to 9") { $0 <= 9 ? $0 : nil })
    self.init(try options.layers("inner", "a Shift"), order: try options.choice("order"), times: times, name: options.name)
  }

  func options() throws -> JSONObject {
    JSONObject([
      ("inner", .array(try inner.map { try $0.serialize() })), ("order", .string(order.rawValue)), ("times", JSONValue(times)),
    ])
  }

  override func forward(_ x: Tensor, _ context: ForwardContext) -> Tensor { x }
}

/// A model in which everything that has a name is the program's own.
@Suite struct OwnPartsTests {
  private func register() throws {
    try Loss.register(.custom("own_loss") { target, prediction in pow(abs(target - prediction), 3).mean(axis: -1) })
    try Metric.register(.custom("own_metric") { target, prediction in abs(target - prediction).max(axis: -1) })
    try ActivationFunction.register(.custom("own_activation") { $0 * $0 })
    try Initializer.register(.custom("own_initializer") { shape, dtype, _ in Tensor.ones(shape, dtype: dtype) * 0.25 })
    try Regularizer.register(.custom("own_regularizer") { square($0).mean() * 0.5 })
    try Constraint.register(.custom("own_constraint") { maximum($0, -0.5) })
    OptimizerRegistry.register(SignDescent.self)
    ScheduleRegistry.register(Halving.self)
    LayerRegistry.register(Shift.self, package: "own")
    LayerRegistry.register(Repeated.self, package: "own")
  }

  @Test func `a model of nothing but the program's own parts is saved, read, and trained on alike`() throws {
    try register()
    let folder = TemporaryFolder()
    let model = Sequential(
      [
        Dense(
          3, activation: "own_activation", kernelInitializer: "own_initializer", kernelRegularizer: "own_regularizer",
          kernelConstraint: "own_constraint", inputShape: [2]), Shift(0.5), Dense(1),
      ], seed: 1)
    let optimizer = SignDescent(options: OptimizerOptions(learningRate: Halving(initialLearningRate: 0.05).learningRate), strength: 0.5)
    try model.compile(optimizer: optimizer, loss: "own_loss", metrics: "own_metric")
    let x = Tensor([[1, 2], [3, -1], [0.5, 0.25], [-2, 1]] as [[Float]]), y = Tensor([[1], [2], [3], [4]] as [[Float]])
    try model.fit(x, y, epochs: 2, verbose: 0)
    try model.save(folder.file("own.keras"))
    let again = try Sequential.load(folder.file("own.keras"))
    for model in [model, again] {
      let dense = try #require(model.layers[0] as? Dense)
      #expect(dense.activation.name == "own_activation" && dense.kernelInitializer.name == "own_initializer")
      #expect(dense.kernelRegularizer?.name == "own_regularizer" && dense.kernelConstraint?.name == "own_constraint")
      #expect((model.optimizer as? SignDescent)?.strength == 0.5 && model.loss?.name == "own_loss")
      try model.fit(x, y, epochs: 2, verbose: 0, shuffle: false)
    }
    #expect(apart(again.weights, model.weights) == 0)
    let (left, right) = (try model.evaluate(x, y, verbose: 0), try again.evaluate(x, y, verbose: 0))
    #expect(left["loss"] == right["loss"] && left["own_metric"] == right["own_metric"] && left["own_metric"] != nil)
  }

  @Test func `a default of one's own layer holds where its option is missing, and a wrong option has its neighbour named`() throws {
    try register()
    func shift(_ config: JSONObject) throws -> Shift {
      try #require(Layer.deserialize(["class_name": "Shift", "config": .object(config), "registered_name": "own>Shift"]) as? Shift)
    }
    #expect(try shift(JSONObject([("by", 2)])).isNegative)
    let missing = try #require(throws: DescentError.self) { try shift(JSONObject()) }
    #expect(missing.message.contains("'by' is missing; expected a number"))
    let wrong = try #require(throws: DescentError.self) { try shift(JSONObject([("by", 2), ("is_negativ", true)])) }
    #expect(wrong.message.contains("layer 'Shift': unknown setting 'is_negativ'; did you mean 'is_negative'?"))
  }

  @Test func `options of kinds of one's own are read, and refused in the same words as all`() throws {
    try register()
    let json = try Repeated([Shift(1), Shift(2)], order: .backward, times: 3, name: "r").serialize()
    let again = try #require(Layer.deserialize(json) as? Repeated)
    #expect(again.order == .backward && again.times == 3 && again.inner.map(\.by) == [1, 2])
    func said(_ key: String, _ value: JSONValue) throws -> String {
      var (object, config) = (try #require(json.object), try #require(json["config"]?.object))
      config[key] = value
      object["config"] = .object(config)
      return try #require(throws: DescentError.self) { try Layer.deserialize(.object(object)) }.message
    }
    #expect(try said("times", 10).contains("layer 'r': 'times' is 10; expected an integer from 1 to 9"))
    #expect(try said("order", "sideways").contains("layer 'r': 'order' is \"sideways\"; expected one of \"forward\", \"backward\""))
    #expect(try said("inner", [Dense(1).serialize()]).contains("'inner' is a Dense; expected a Shift"))
  }

  @Test func `a kind of file of the program's own is known by its ending everywhere`() throws {
    let folder = TemporaryFolder()
    ModelFormat.register(
      ModelFormat(
        suffixes: [".own-npz"], write: { try ModelFormat.npz.save($0, $1) },
        readWeights: { model, path, skipMismatch in try model.loadWeights(path, skipMismatch: skipMismatch, format: .npz) }))
    let model = Sequential([Dense(1, inputShape: [2])], seed: 1), other = Sequential([Dense(1, inputShape: [2])], seed: 2)
    try model.compile(optimizer: .sgd, loss: .mse)
    try model.fit(Tensor.ones([2, 2]), Tensor.ones([2, 1]), verbose: 0, callbacks: [ModelCheckpoint(folder.file("a.own-npz"))])
    try other.loadWeights(folder.file("a.own-npz"))
    #expect(apart(model.weights, other.weights) == 0)
    for (ending, isWhole, isWritable) in [(".keras", true, true), (".weights.h5", false, true), (".h5", true, true), (".NPZ", false, true)] {
      let format = try #require(ModelFormat(path: "a" + ending))
      #expect(format.isWholeModel == isWhole && format.isWritable == isWritable, "\(ending)")
    }
    #expect(ModelFormat(path: "a.onnx") == nil)
    ModelFormat.register(
      ModelFormat(
        suffixes: [".own-model"], isWholeModel: true, write: { try $0.toJSON().write(toFile: $1, atomically: true, encoding: .utf8) },
        readModel: { path, reading in
          let text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
          return try reading.type.fromJSON(text, name: path, compiled: reading.compiled, seed: reading.seed)
        }))
    try model.save(folder.file("a.own-model"))
    try FileManager.default.copyItem(atPath: folder.file("a.own-model"), toPath: folder.file("a.json"))
    for name in ["a.own-model", "a.json"] {
      let read = try Sequential.load(folder.file(name)), bare = try Model.load(folder.file(name), compiled: false)
      #expect(try read.toJSON() == model.toJSON() && bare.optimizer == nil)
    }
    final class Another: Model {}
    #expect(failure { _ = try Another.load(folder.file("a.own-model")) }.contains("the model is a Sequential, not a Another"))
    #expect(failure(.invalidArgument) { _ = try Model.load(folder.file("a.npz")) }.contains("weights alone"))
    #expect(failure(.invalidArgument) { try model.save(folder.file("a.npz")) }.contains("the name must end in .keras, .h5"))
    let error = try #require(throws: DescentError.self) { try model.saveWeights(folder.file("a.h5")) }
    #expect(error.message.contains("the name must end in .safetensors, .npz, .weights.h5"))
  }
}
