import Foundation

/// A network that people know: its layers carry Keras's names, so that Keras's weight files fit. (Keras: `keras.applications`.)
///
///     let model = try Application.resNet50(weights: "resnet50.weights.h5")
///     let scores = try model.predict(Application.resNet50.preprocessInput(images))
///     print(try Application.decodePredictions(scores, top: 3))
///
/// `Application.resNet50` is the network's description; calling it makes a model. For training on other images, take it without its top and
/// freeze it:
///
///     let base = try Application.mobileNetV2(includeTop: false, inputShape: [160, 160, 3], pooling: .avg)
///     base.isTrainable = false
///     let image = Input(shape: [160, 160, 3])
///     let features = try base(Application.mobileNetV2.preprocessInput(image), training: false)
///     let model = try Model(inputs: image, outputs: Dense(1, activation: .sigmoid)(features))
public struct Application: Sendable {
  /// What stands in the place of a network's top.
  public enum Pooling: String, Sendable, CaseIterable {
    /// The mean of each channel over all positions.
    case avg
    /// The greatest element of each channel.
    case max
  }

  /// What a network that is to be made was asked for, beside its input.
  struct Request {
    let includeTop: Bool
    let weights: Weights
    /// The height of an image.
    let rows: Int
    /// Whether the layers that scale pixels are a part of it.
    let includePreprocessing: Bool
    /// What the model is called; the names of some networks' layers begin with it.
    let name: String
    /// What the classifier, if any, gives.
    let classes: Int
    let classifierActivation: ActivationFunction

    /// The layer that tells the classes apart.
    func classifier(_ x: Symbol, initializer: Initializer = .glorotUniform, name: String = "predictions") throws -> Symbol {
      try Dense(classes, activation: classifierActivation, kernelInitializer: initializer, name: name)(x)
    }
  }

  /// Where the first weights come from.
  enum Weights: Equatable {
    case random
    /// What Keras publishes.
    case imageNet
    case file(String)
  }

  /// What Keras calls the model, given the height of an image, or `None`.
  let defaultName: @Sendable (_ rows: String) -> String
  /// The size of an image where nothing else is said.
  let defaultSize: @Sendable (_ given: [Int?]?) -> Int
  let preprocessing: Preprocessing
  /// The file that Keras publishes.
  let publishedFile: @Sendable (_ includeTop: Bool, _ rows: Int) -> DatasetFile
  /// Checks what only this network asks of its arguments.
  var check: @Sendable (Request) throws -> Void = { _ in }
  /// The layers up to the last feature maps.
  let features: @Sendable (_ image: Symbol, Request) throws -> Symbol
  /// The layers from there on, with the classifier.
  var top: @Sendable (_ features: Symbol, Request) throws -> Symbol = { try $1.classifier(GlobalAveragePooling2D(name: "avg_pool")($0)) }
  /// Whether the pooling that stands in the top's place has a name of its own.
  var namesPooling = true
  /// What follows where there is no top.
  var ending: @Sendable (Symbol) throws -> Symbol = { $0 }
  /// The least height and width of an image.
  var minimumSize = 32
  /// Whether images may be of any size also where there is a top.
  var takesAnySize = false
  /// Whether a size may be left open where there is no top.
  var takesOpenSizes = true
  /// Whether there are layers that scale pixels, which can be left out.
  var hasPreprocessing = false

  /// Makes a model.
  /// - Parameters:
  ///   - includeTop: whether the classifier is a part of it.
  ///   - weights: `"imagenet"` for the file that Keras publishes, looked for in Keras's cache (`$KERAS_HOME/models`, by default
  ///     `~/.keras/models`; nothing is downloaded); the path of a file with weights, `.weights.h5`, `.h5`, `.keras`, `.safetensors` or `.npz`;
  ///     nil for random ones.
  ///   - inputTensor: an input, or what another layer gave, to put the network on; nil for an input of its own.
  ///   - inputShape: `[height, width, channels]` of an image, at least 32 × 32 (Xception: 71, Inception: 75); nil for the network's own size, and without
  ///     a top for images of any size, as `[nil, nil, 3]` is. (MobileNetV3 takes any size with its top, too; NASNet none but its own then.)
  ///   - pooling: what follows the last feature maps where there is no top; nil for nothing.
  ///   - classes: how many the classifier tells apart; 1000 for `"imagenet"`.
  ///   - classifierActivation: nil for the logits. Where weights are loaded, softmax or nil. Without a top it means nothing.
  ///   - includePreprocessing: whether the layers that scale pixels from 0 to 255 are a part of it, where a network has such
  ///     (``efficientNetV2B0``, ``mobileNetV3Small-swift.type.property``, ``convNeXtTiny`` and their kin; others refuse false).
  ///   - name: of the model; nil for Keras's.
  /// - Throws: ``DescentError`` for arguments that do not fit one another, or weights that are not there or do not fit the model.
  public func callAsFunction(
    includeTop: Bool = true, weights: String? = "imagenet", inputTensor: (any Symbolic)? = nil, inputShape: [Int?]? = nil,
    pooling: Pooling? = nil, classes: Int = 1000, classifierActivation: ActivationFunction? = .softmax,
    includePreprocessing: Bool = true, name: String? = nil
  ) throws -> Model {
    let source: Weights = weights.map { $0 == "imagenet" ? .imageNet : .file($0) } ?? .random
    let given = inputShape ?? inputTensor?.symbol.shape
    let caller = name ?? defaultName("\(given?.first.flatMap { $0 } ?? defaultSize(nil))")
    func refusal(_ message: String) -> DescentError { DescentError(.invalidArgument, "\(caller): \(message)") }
    if case .file(let path) = source, !FileManager.default.fileExists(atPath: path) {
      throw refusal("there is no file \(path.debugDescription); weights is nil (random), \"imagenet\" or the path of a file with weights")
    }
    if includeTop, pooling != nil { throw refusal("pooling stands in the place of the top; expected nil where includeTop is true") }
    if !includeTop, classes != 1000 { throw refusal("classes is \(classes), but without a top there is no classifier") }
    try NumberRange.count.check("classes", classes, caller)
    if includeTop, source == .imageNet, classes != 1000 {
      throw refusal("classes is \(classes); expected 1000 with the weights \"imagenet\" and the top")
    }
    if includeTop, source != .random, let activation = classifierActivation, !["softmax", "linear"].contains(activation.name) {
      throw refusal("classifierActivation is \(activation.name); expected softmax or nil where weights are loaded")
    }

    let image: Symbol
    if let symbol = inputTensor?.symbol {
      if let inputShape, inputShape != symbol.shape {
        throw refusal("inputShape is \(inputShape.text), but a row of inputTensor has the shape \(symbol.shape.text)")
      }
      guard symbol.shape.count == 3, symbol.shape[2] != nil else { throw refusal("a row of inputTensor has the shape \(symbol.shape.text); expected [height, width, channels]") }
      image = symbol
    } else {
      let shape = try checkedShape(inputShape, includeTop, source, refusal)
      image = Input(shape: shape).symbol
    }
    if !includePreprocessing, !hasPreprocessing { throw refusal("includePreprocessing is false, but what scales pixels, if anything, is a fixed part of this network") }
    let rows = image.shape[0] ?? defaultSize(nil)
    let request = Request(
      includeTop: includeTop, weights: source, rows: rows, includePreprocessing: includePreprocessing,
      name: name ?? defaultName(image.shape[0] != nil || source == .imageNet ? "\(rows)" : "None"), classes: classes,
      classifierActivation: classifierActivation ?? .linear)
    try check(request)
    // Found before the network is made: a file that is missing is told at once.
    let file: String? =
      switch source {
      case .random: nil
      case .file(let path): path
      case .imageNet: try publishedFile(includeTop, rows).path(in: nil)
      }

    var x = try features(image, request)
    if includeTop {
      x = try top(x, request)
    } else {
      switch pooling {
      case .avg: x = try GlobalAveragePooling2D(name: namesPooling ? "avg_pool" : nil)(x)
      case .max: x = try GlobalMaxPooling2D(name: namesPooling ? "max_pool" : nil)(x)
      case nil: break
      }
      x = try ending(x)
    }
    let inputs = image.sourceInputs
    let model = try inputs.count == 1 ? Model(inputs: inputs[0], outputs: x, name: request.name) : Model(inputs: inputs, outputs: x, name: request.name)
    if let file { try model.loadWeights(file) }
    return model
  }

  /// The shape of an image, given or not. (Keras: `obtain_input_shape`.)
  private func checkedShape(
    _ given: [Int?]?, _ includeTop: Bool, _ weights: Weights, _ refusal: (String) -> DescentError
  ) throws -> [Int?] {
    let size = defaultSize(given)
    guard let given else {
      return includeTop && !takesAnySize || !takesOpenSizes ? [size, size, 3] : [nil, nil, 3]
    }
    guard given.count == 3, let channels = given[2] else {
      throw refusal("inputShape is \(given.text); expected three integers: [height, width, channels]")
    }
    if includeTop, weights == .imageNet, !takesAnySize, given != [size, size, 3] {
      throw refusal("inputShape is \(given.text); expected [\(size), \(size), 3] with the weights \"imagenet\" and the top")
    }
    if weights == .imageNet, channels != 3 {
      throw refusal("inputShape is \(given.text); expected 3 channels with the weights \"imagenet\"")
    }
    guard given.prefix(2).allSatisfy({ $0 ?? minimumSize >= minimumSize }) else {
      throw refusal("inputShape is \(given.text); expected at least \(minimumSize) × \(minimumSize) positions")
    }
    guard takesOpenSizes || given.known != nil else { throw refusal("inputShape is \(given.text); this network's cells need to know the size") }
    guard !includeTop || takesAnySize || given.known != nil else { throw refusal("inputShape is \(given.text); a size may be left open only where there is no top") }
    guard channels > 0 else { throw refusal("inputShape is \(given.text); expected at least one channel") }
    return given
  }
}

extension Application {
  /// The file that Keras publishes for images of that height, with the top or without.
  package func publishedFile(includeTop: Bool, rows: Int) -> DatasetFile {
    publishedFile(includeTop, rows)
  }

  /// Margins that make a strided window of the given size start where the original networks start it. (Keras: `correct_pad`.)
  static func correctPadding(_ x: Symbol, _ kernelSize: Int) -> AxisMargins {
    func pair(_ size: Int?) -> AxisMargins {
      .list([.number(kernelSize / 2 - (1 - (size ?? 0) % 2)), .number(kernelSize / 2)])
    }
    return .list([pair(x.shape[0]), pair(x.shape[1])])
  }

  /// - Throws: ``DescentError`` for a width that is no number to multiply filters by.
  static func checkWidth(_ alpha: Double, _ name: String) throws {
    guard alpha > 0 && alpha <= 100 else {
      throw DescentError(.invalidArgument, "\(name): alpha is \(alpha); expected more than 0, and at most 100")
    }
  }

  /// The nearest multiple of 8, at least 8, that is not more than 10 % less. (Keras: `_make_divisible`, `_depth`.)
  static func divisible(_ value: Double) -> Int {
    let nearest = max(8, Int(value + 4) / 8 * 8)
    return Double(nearest) < 0.9 * value ? nearest + 8 : nearest
  }

  /// The file of a network that Keras publishes with its top and without.
  /// - Parameters:
  ///   - ending: of the one without.
  ///   - folder: where Keras's files lie, after the network.
  static func published(
    _ name: String, ending: String = "_notop", _ checksums: (top: String, noTop: String), in folder: String
  ) -> @Sendable (_ includeTop: Bool, _ rows: Int) -> DatasetFile {
    { includeTop, _ in
      cachedFile(
        name + (includeTop ? ".h5" : ending + ".h5"), includeTop ? checksums.top : checksums.noTop,
        "https://storage.googleapis.com/tensorflow/keras-applications/\(folder)/")
    }
  }

  /// The size of a square image for which Keras publishes weights, or 224.
  static func publishedSize(_ sizes: [Int]) -> @Sendable ([Int?]?) -> Int {
    { given in
      guard let given, given.count == 3, given[0] == given[1], let rows = given[0], sizes.contains(rows) else { return 224 }
      return rows
    }
  }

  /// A file in the folder of models of Keras's cache.
  static func cachedFile(_ name: String, _ checksum: String?, _ base: String) -> DatasetFile {
    DatasetFile(name: name, checksum: checksum, origin: base + name, subfolder: "models")
  }
}
