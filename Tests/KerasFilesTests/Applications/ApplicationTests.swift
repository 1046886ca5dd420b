import Foundation
import KerasFiles
import TestSupport
import Testing

/// The numbers that a formula gives, which Keras was given too (`keras_applications.py`).
enum Pattern {
  private static let table: [Double] = {
    var power = 1
    return (0..<250).map { _ in
      defer { power = power * 6 % 251 }
      return (Double(power) - 125.5) / 125.5
    } + [0]
  }()

  static func tensor(_ shape: [Int], offset: Int, _ scale: (Double) -> Double = { $0 }) -> Tensor {
    let numbers = (0..<251).map { Float(scale(table[($0 + offset) % 251])) }
    let count = shape.reduce(1, *)
    return Tensor(shape: shape, dtype: .float32) { bytes in
      numbers.withUnsafeBytes { numbers in
        for start in stride(from: 0, to: 4 * count, by: numbers.count) {
          let length = min(numbers.count, 4 * count - start)
          bytes[start..<start + length].copyBytes(from: numbers[..<length])
        }
      }
    }
  }

  /// - Parameter gain: what normalizations' gammas are multiplied by.
  static func setWeights(_ model: Model, gain: Double = 1) {
    for layer in model.layers {
      if let inner = layer as? Model {
        setWeights(inner, gain: gain)
        continue
      }
      for variable in layer.variables where variable.name != "count" {
        let shape = variable.shape
        let offset = "\(layer.name)/\(variable.name)".utf8.reduce(0) { $0 + Int($1) } % 251
        switch variable.name {
        case let name where name.hasSuffix("kernel"):
          let fan = (shape.count == 4 && shape[3] == 1 ? shape.prefix(2) : shape.dropLast()).reduce(1, *)
          let limit = (6 / Double(fan)).squareRoot()
          variable.assign(tensor(shape, offset: offset) { $0 * limit })
        case "gamma": variable.assign(tensor(shape, offset: offset) { (1 + 0.5 * $0) * gain })
        case "moving_variance", "variance": variable.assign(tensor(shape, offset: offset) { 1 + 0.5 * $0 })
        default: variable.assign(tensor(shape, offset: offset) { 0.2 * $0 })
        }
      }
    }
  }
}

extension Application {
  /// The network of a name in the fixtures, with the settings of its own that it was made with there.
  static func named(_ name: String, _ settings: JSONValue? = nil) throws -> Application {
    let alpha = settings?["alpha"]?.double, isMinimalistic = settings?["minimalistic"]?.bool ?? false
    switch name {
    case "mobileNet":
      return mobileNet(
        alpha: alpha ?? 1, depthMultiplier: settings?["depth_multiplier"]?.int ?? 1, dropout: settings?["dropout"]?.double ?? 0.001)
    case "mobileNetV2": return mobileNetV2(alpha: alpha ?? 1)
    case "mobileNetV3Small":
      return mobileNetV3Small(alpha: alpha ?? 1, minimalistic: isMinimalistic, dropoutRate: settings?["dropout_rate"]?.double ?? 0.2)
    case "mobileNetV3Large":
      return mobileNetV3Large(alpha: alpha ?? 1, minimalistic: isMinimalistic, dropoutRate: settings?["dropout_rate"]?.double ?? 0.2)
    default:
      let all: [String: Application] = [
        "resNet50": resNet50, "resNet101": resNet101, "resNet152": resNet152, "resNet50V2": resNet50V2, "resNet101V2": resNet101V2,
        "resNet152V2": resNet152V2, "vgg16": vgg16, "vgg19": vgg19, "efficientNetB0": efficientNetB0,
        "efficientNetB1": efficientNetB1, "efficientNetB2": efficientNetB2, "efficientNetB3": efficientNetB3,
        "efficientNetB4": efficientNetB4, "efficientNetB5": efficientNetB5, "efficientNetB6": efficientNetB6,
        "efficientNetB7": efficientNetB7, "denseNet121": denseNet121, "denseNet169": denseNet169, "denseNet201": denseNet201,
        "xception": xception, "inceptionV3": inceptionV3, "inceptionResNetV2": inceptionResNetV2, "efficientNetV2B0": efficientNetV2B0,
        "efficientNetV2B1": efficientNetV2B1, "efficientNetV2B2": efficientNetV2B2, "efficientNetV2B3": efficientNetV2B3,
        "efficientNetV2S": efficientNetV2S, "efficientNetV2M": efficientNetV2M, "efficientNetV2L": efficientNetV2L,
        "convNeXtTiny": convNeXtTiny, "convNeXtSmall": convNeXtSmall, "convNeXtBase": convNeXtBase, "convNeXtLarge": convNeXtLarge,
        "convNeXtXLarge": convNeXtXLarge, "nasNetMobile": nasNetMobile, "nasNetLarge": nasNetLarge,
      ]
      return try #require(all[name], "\(name)")
    }
  }
}

@Suite struct ApplicationTests {
  private static let fixture = try! JSONValue(
    parsing: ByteSource(path: Fixture.folder + "/../applications.json").allBytes(), name: "applications.json")
  private var fixture: JSONValue { Self.fixture }
  static let summaries = fixture["summaries"]?.array?.indices ?? 0..<0
  static let predictions = fixture["predictions"]?.array?.indices ?? 0..<0

  @Test func `there are cases`() { #expect(Self.summaries.count == 55 && Self.predictions.count == 16) }

  /// Names, classes, shapes, numbers of parameters and connections of all layers, and the totals.
  @Test(arguments: summaries)
  func `the summary is Keras's`(_ number: Int) throws {
    let entry = try #require(fixture["summaries"]?[number])
    let arguments = try #require(entry["arguments"])
    let application = try Application.named(#require(entry["application"]?.string), arguments)
    let model = try application(
      includeTop: arguments["include_top"]?.bool ?? true, weights: nil, inputShape: arguments["input_shape"]?.array?.compactMap(\.int),
      pooling: arguments["pooling"]?.string.flatMap(Application.Pooling.init(rawValue:)), classes: arguments["classes"]?.int ?? 1000,
      includePreprocessing: arguments["include_preprocessing"]?.bool ?? true)
    #expect(model.name == entry["name"]?.string)
    #expect(model.countParameters() == entry["parameters"]?.int)
    let lines = model.summaryText(lineLength: 240).split(separator: "\n").map { line in
      String(line.reversed().drop { $0 == " " }.reversed())
    }
    let expected = Array(entry["lines"]?.string ?? "")
    for (place, line) in lines.enumerated() {
      let own = try Checksum.sha256(Array(line.utf8)).prefix(2)
      let keras = String(expected.dropFirst(2 * place).prefix(2))
      if own != keras {
        Issue.record("\(model.name): line \(place + 1) is another in Keras: \(line)")
        break
      }
    }
    #expect(2 * lines.count == expected.count)
    #expect(try Checksum.sha256(Array(lines.joined(separator: "\n").utf8)) == entry["digest"]?.string)
  }

  @Test(arguments: predictions)
  func `the same weights give Keras's logits`(_ number: Int) throws {
    let entry = try #require(fixture["predictions"]?[number])
    let name = try #require(entry["application"]?.string)
    let size = try #require(entry["size"]?.int)
    let model = try Application.named(name)(weights: nil, inputShape: [size, size, 3], classes: 10, classifierActivation: nil)
    Pattern.setWeights(model, gain: try #require(entry["gain"]?.double))
    let pixels = ["efficientNet", "mobileNetV3", "convNeXt"].contains { name.hasPrefix($0) }
    let x = Pattern.tensor([2, size, size, 3], offset: 3) { pixels ? $0 * 127 + 128 : $0 }
    let expected = entry["y"]?.array?.compactMap(\.double) ?? []
    let greatest = expected.map(abs).max() ?? 1
    // Keras itself is off by 2e-4 with ResNet50 in float32.
    let tolerance = name == "resNet50" ? 2e-4 : 1e-4
    expectClose(
      try model.predict(x, verbose: 0).doubles.map { $0 / greatest }, expected.map { $0 / greatest }, tolerance: tolerance, name)
  }

  /// Keras's guide: a new head on a frozen network, then all but the normalizations thawed.
  @Test func `fine-tuning goes as Keras's`() throws {
    let expected = try #require(fixture["fine_tuning"])
    let application = Application.mobileNetV2(alpha: 0.35)
    let base = try application(includeTop: false, weights: nil, inputShape: [32, 32, 3], pooling: .avg)
    base.isTrainable = false
    let image = Input(shape: [32, 32, 3])
    let features = try base(application.preprocessInput(image), training: false)
    let model = try Model(inputs: image, outputs: Dense(2, activation: .softmax, name: "head")(features))
    Pattern.setWeights(model)
    let frozenWeights = base.weights.map(\.doubles)
    let x = Pattern.tensor([8, 32, 32, 3], offset: 5) { $0 * 127 + 128 }
    let y = Tensor((0..<8).map { Int32($0 / 2 % 2) })
    func losses() throws -> [Double] { try model.fit(x, y, batchSize: 4, epochs: 2, verbose: 0, shuffle: false)["loss"] }
    func numbers(_ key: String) -> [Double] { expected[key]?.array?.compactMap(\.double) ?? [] }

    try model.compile(optimizer: SGD(learningRate: 2e-4), loss: .sparseCategoricalCrossentropy)
    #expect(model.trainableVariables.count == Int(numbers("trainable")[0]))
    expectClose(try losses(), numbers("frozen"), tolerance: 1e-4, "frozen")
    #expect(base.weights.map(\.doubles) == frozenWeights)

    base.isTrainable = true
    for layer in base.layers where layer is BatchNormalization { layer.isTrainable = false }
    try model.compile(optimizer: SGD(learningRate: 2e-5), loss: .sparseCategoricalCrossentropy)
    #expect(model.trainableVariables.count == Int(numbers("trainable")[1]))
    expectClose(try losses(), numbers("thawed"), tolerance: 1e-4, "thawed")
    expectClose(try model.predict(x, verbose: 0), numbers("y"), tolerance: 1e-3, "predictions")
    for (layer, changes) in [("Conv1", true), ("bn_Conv1", false), ("block_16_project", true)] {
      let variables = try base.layer(named: layer).variables
      let places = base.variables.indices.filter { place in variables.contains { $0 === base.variables[place] } }
      #expect(places.allSatisfy { (base.variables[$0].value.doubles != frozenWeights[$0]) == changes }, "\(layer)")
    }
  }

  @Test func `a file of weights fits, another network's is refused`() throws {
    let folder = TemporaryFolder()
    let application = Application.mobileNetV2(alpha: 0.35)
    func model(_ weights: String?, classes: Int = 4) throws -> Model {
      try application(weights: weights, inputShape: [32, 32, 3], classes: classes)
    }
    let first = try model(nil)
    let x = Pattern.tensor([2, 32, 32, 3], offset: 1)
    for ending in ["weights.h5", "safetensors"] {
      let path = folder.file("mobile.\(ending)")
      try first.saveWeights(path)
      #expect(try model(path).predict(x, verbose: 0).doubles == first.predict(x, verbose: 0).doubles)
      let error = #expect(throws: DescentError.self) { try model(path, classes: 5) }
      #expect(error?.message.contains("does not fit the model") == true)
    }
    // On an input of another model, under a name of its own.
    let image = Input(shape: [32, 32, 3], name: "image")
    let scaled = try Rescaling(2)(image)
    let second = try application(
      weights: folder.file("mobile.safetensors"), inputTensor: scaled, classes: 4, classifierActivation: nil, name: "second")
    #expect(second.name == "second" && second.inputNames == ["image"])
    expectClose(try second.predict(x / 2, verbose: 0).softmax().doubles, try first.predict(x, verbose: 0).doubles, tolerance: 1e-6)
    let whole = folder.file("whole.keras")
    try second.save(whole)
    #expect(try Model.load(whole).predict(x, verbose: 0).doubles == second.predict(x, verbose: 0).doubles)
  }

  @Test func `arguments that do not fit one another are refused`() {
    func message(_ body: () throws -> Model) -> String {
      do {
        _ = try body()
        return "nothing was thrown"
      } catch { return (error as? DescentError)?.message ?? "\(error)" }
    }
    let resNet = Application.resNet50, mobile = Application.mobileNetV2
    let here = #filePath
    let refused: [(String, String)] = [
      (message { try resNet(weights: nil, inputShape: [31, 32, 3]) }, "resnet50: inputShape is [31, 32, 3]; expected at least 32 × 32"),
      (message { try resNet(weights: nil, inputShape: [224, 224]) }, "expected three integers"),
      (message { try resNet(weights: nil, inputShape: [224, 224, 0]) }, "expected at least one channel"),
      (message { try resNet(weights: nil, inputShape: [nil, nil, 3]) }, "a size may be left open only where there is no top"),
      (message { try resNet(includeTop: false, weights: nil, inputShape: [64, 64, nil]) }, "inputShape is [64, 64, any]; expected three integers"),
      (message { try resNet(weights: "imagenet", classes: 10) }, "classes is 10; expected 1000"),
      (message { try resNet(weights: "imagenet", inputShape: [200, 200, 3]) }, "expected [224, 224, 3] with the weights"),
      (message { try resNet(includeTop: false, weights: "imagenet", inputShape: [64, 64, 1]) }, "expected 3 channels"),
      (message { try resNet(weights: here, classifierActivation: .relu) }, "classifierActivation is relu; expected softmax or nil"),
      (message { try resNet(weights: "/nowhere.h5") }, "there is no file \"/nowhere.h5\""),
      (message { try resNet(weights: nil, pooling: .avg) }, "pooling stands in the place of the top"),
      (message { try resNet(includeTop: false, weights: nil, inputShape: [64, 64, 3], classes: 10) }, "without a top there is no classifier"),
      (message { try resNet(weights: nil, classes: 0) }, "classes is 0"),
      (message { try resNet(weights: nil, inputTensor: Input(shape: [64, 64, 3]), inputShape: [32, 32, 3]) }, "inputTensor has the shape [64, 64, 3]"),
      (message { try resNet(weights: nil, inputTensor: Input(shape: [64])) }, "expected [height, width, channels]"),
      (message { try Application.mobileNetV2(alpha: 0.6)(weights: "imagenet") }, "alpha is 0.6; expected 0.35, 0.5"),
      (message { try Application.mobileNet(alpha: 0.6)(weights: "imagenet") }, "mobilenet: alpha is 0.6; expected 0.25, 0.5"),
      (message { try Application.mobileNet(depthMultiplier: 2)(weights: "imagenet") }, "mobilenet: depthMultiplier is 2; expected 1"),
      (message { try Application.mobileNetV3Small(alpha: 0.5)() }, "MobileNetV3Small: alpha is 0.5; expected 0.75 or 1 with"),
      (message { try Application.mobileNetV3Large(alpha: 0.75, minimalistic: true)() }, "alpha is 0.75; expected 1 where it is minimalistic"),
      (message { try Application.mobileNetV3Large()() }, "weights_mobilenet_v3_large_224_1.0_float.h5 is not there"),
      (message { try Application.xception(weights: nil, inputShape: [70, 80, 3]) }, "expected at least 71 × 71 positions"),
      (message { try Application.inceptionV3(weights: nil, inputShape: [80, 74, 3]) }, "expected at least 75 × 75 positions"),
      (message { try resNet(weights: nil, includePreprocessing: false) }, "is a fixed part of this network"),
      (message { try Application.nasNetMobile(includeTop: false, weights: nil, inputShape: [nil, nil, 3]) }, "cells need to know the size"),
      (message { try Application.mobileNet(alpha: 1e18)(weights: nil) }, "alpha is 1e+18; expected more than 0, and at most 100"),
      (message { try Application.mobileNetV3Large(alpha: .nan)(weights: nil) }, "alpha is nan"),
      (message { try mobile(weights: nil, inputShape: [20, 96, 3]) }, "mobilenetv2_1.00_20: inputShape is [20, 96, 3]"),
    ]
    for (found, expected) in refused { #expect(found.contains(expected), "\(found)") }
  }

  @Test func `a published file that is not there is named`() {
    let folder = TemporaryFolder()
    let mobile = #expect(throws: DescentError.self) {
      try Application.mobileNetV2.publishedFile(includeTop: false, rows: 160).path(in: folder.path)
    }
    #expect(mobile?.message.contains("mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_160_no_top.h5 is not there") == true)
    let efficient = #expect(throws: DescentError.self) {
      try Application.efficientNetB3.publishedFile(includeTop: true, rows: 300).path(in: folder.path)
    }
    for part in ["efficientnetb3.h5", folder.path, "MD5 ffd1fdc53d0ce67064dc6a9c7960ede0", "https://storage.googleapis.com/keras-applications/"] {
      #expect(efficient?.message.contains(part) == true, "\(part)")
    }
  }

  @Test func `pixels are prepared as Keras prepares them`() throws {
    let x = Pattern.tensor([2, 3, 3, 3], offset: 7) { $0 * 127 + 128 }
    for mode in Application.Preprocessing.allCases where mode != .none {
      let expected = try #require(fixture["preprocessing"]?[mode.rawValue])
      expectClose(try mode(x), try TestSupport.Fixture.numbers(expected["last"]), tolerance: 1e-6, "\(mode)")
      expectClose(try mode(x, dataFormat: .channelsFirst), try TestSupport.Fixture.numbers(expected["first"]), tolerance: 1e-6, "\(mode), channels first")
      let image = Input(shape: [3, 3, 3])
      let model = try Model(inputs: image, outputs: mode(image))
      expectClose(try model.predict(x, verbose: 0), try TestSupport.Fixture.numbers(expected["last"]), tolerance: 1e-6, "\(mode), in a graph")
      #expect(throws: DescentError.self) { try mode(x[0..<1].reshaped([27])) }
    }
    #expect(try Application.efficientNetB0.preprocessInput(Tensor(shape: [1, 1, 1], scalars: [1 as UInt8])).dtype == .float32)
    #expect(throws: DescentError.self) { try Application.vgg16.preprocessInput(Tensor.zeros([4, 4, 1])) }
  }

  @Test func `guesses are named, the surest first`() throws {
    let folder = TemporaryFolder()
    let missing = #expect(throws: DescentError.self) {
      try Application.decodePredictions(Tensor.zeros([1, 1000]), folder: folder.path)
    }
    for part in ["imagenet_class_index.json is not there", folder.path, "c2c37ea517e94d9795004a39431a14cb", "cacheSubdirectory: \"models\""] {
      #expect(missing?.message.contains(part) == true, "\(part)")
    }
    let index = JSONObject((0..<1000).map { (String($0), JSONValue.array([.string("n\($0)"), .string("class \($0)")])) })
    try JSONValue.object(index).text().write(toFile: folder.file("imagenet_class_index.json"), atomically: true, encoding: .utf8)
    var scores = [Float](repeating: 0, count: 2000)
    (scores[7], scores[999], scores[1003]) = (0.5, 0.75, 1)
    let guesses = try Application.decodePredictions(Tensor(shape: [2, 1000], scalars: scores), top: 2, folder: folder.path)
    #expect(guesses.map { $0.map(\.className) } == [["n999", "n7"], ["n3", "n999"]])
    #expect(guesses[0][0].classDescription == "class 999" && guesses[0][0].score == 0.75)
    #expect(throws: DescentError.self) { try Application.decodePredictions(Tensor.zeros([1, 10]), folder: folder.path) }
    #expect(throws: DescentError.self) { try Application.decodePredictions(Tensor.zeros([1, 1000]), top: 0, folder: folder.path) }
    try "{\"0\": 1}".write(toFile: folder.file("imagenet_class_index.json"), atomically: true, encoding: .utf8)
    #expect(throws: DescentError.self) { try Application.decodePredictions(Tensor.zeros([1, 1000]), folder: folder.path) }
  }
}
