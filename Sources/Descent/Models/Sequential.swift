import TensorCore

/// Layers one after another: a model whose only input goes through all of them in order.
///
///     let model = Sequential {
///       Flatten(inputShape: [28, 28])
///       Dense(100, activation: .relu)
///       Dense(10, activation: .softmax)
///     }
///
/// The shape of the input is that of the first layer, of an ``Input`` before it, or of the data that `fit` meets first.
/// (Keras: `keras.Sequential`.)
public final class Sequential: Model {
  /// An ``Input`` in front; it is not among the layers.
  private(set) var inputLayer: Input?
  /// What is wrong with the layers' names or order, told when the model is built.
  private var problem: DescentError?

  /// - Parameters:
  ///   - layers: in the order in which they are applied; more can be added.
  ///   - name: `sequential` if nil; in another model, numbered where there are several.
  ///   - trainable: whether training changes the layers' variables.
  ///   - dtype: of the variables and the computation: `float32` or `float64`.
  ///   - seed: for the initial weights, the order of rows and dropout; nil for one derived from ``setRandomSeed(_:)``'s.
  public init(_ layers: [Layer] = [], name: String? = nil, trainable: Bool = true, dtype: DType = .float32, seed: UInt64? = nil) {
    super.init(name: name, trainable: trainable, dtype: dtype, seed: seed)
    layers.forEach(add)
  }

  /// A model of the layers that the closure lists.
  /// - Parameters:
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the layers' variables.
  ///   - dtype: of the variables.
  ///   - seed: for the initial weights, the order of rows and dropout; nil for one derived from ``setRandomSeed(_:)``'s.
  ///   - layers: one after another.
  public convenience init(
    name: String? = nil, trainable: Bool = true, dtype: DType = .float32, seed: UInt64? = nil, @LayerListBuilder _ layers: () -> [Layer]
  ) {
    self.init(layers(), name: name, trainable: trainable, dtype: dtype, seed: seed)
  }

  /// The layers in order, without an ``Input``.
  public override var layers: [Layer] { sublayers }

  /// Puts a layer at the end. A model that was compiled must be compiled again.
  public func add(_ layer: Layer) {
    if let layer = layer as? Input {
      if inputLayer != nil || !sublayers.isEmpty {
        problem = problem ?? DescentError(.invalidArgument, "\(name): Input must be the first layer")
      }
      inputLayer = layer
    } else {
      if sublayers.contains(where: { $0 === layer || (layer.hasGivenName && $0.name == layer.name) }) {
        problem = problem ?? DescentError(
          .invalidArgument, "\(name): there are two layers named '\(layer.name)'; give one of them another name")
      }
      sublayers.append(layer)
      layer.place(under: self)
    }
    structureChanged()
  }

  /// Takes the last layer away. A model that was compiled must be compiled again.
  @discardableResult
  public func pop() -> Layer? {
    let last = sublayers.popLast()
    if last != nil { structureChanged() }
    return last
  }

  /// In another model that of what is around it, whatever it was made with.
  override var innerDType: DType { variableDType ?? requestedDType ?? LayerJSON.around ?? dtype }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    if let problem { throw problem }
    if let shape = inputLayer?.givenInputShape, !shape.fits(Array(x.shape.dropFirst())) {
      throw DescentError(
        .invalidArgument, "\(name): Input says \(shape.text) but a row of the input has shape \(Array(x.shape.dropFirst()))")
    }
    var y = x
    for layer in sublayers {
      // A layer of the program's own may make what it likes of whole numbers.
      if !y.dtype.isFloatingPoint && layer.isBuiltIn { y = layer.fitted(y, context) }
      y = try layer(y, context)
    }
    return y
  }

  /// The whole numbers that ``Input`` says its rows are, where the first layer takes them as they are.
  var declaredRowDType: DType? {
    guard let dtype = inputLayer?.dtype, !dtype.isFloatingPoint, sublayers.first?.acceptsIntegers == true else { return nil }
    return dtype
  }

  public override var acceptsIntegers: Bool { declaredRowDType != nil || super.acceptsIntegers }

  override var acceptedRowNumbers: Range<Int>? { sublayers.first?.acceptedRowNumbers }

  override var declaredInputShape: [Int?]? {
    if let shape = inputLayer?.givenInputShape { return shape }
    return sublayers.first?.givenInputShape ?? (sublayers.first as? Model)?.declaredInputShape
  }
}

/// Lists layers one a line, with `if` and `for` where wanted.
@resultBuilder
public enum LayerListBuilder {
  /// A part of the list of layers.
  public static func buildExpression(_ layer: Layer) -> [Layer] { [layer] }
  /// A part of the list of layers.
  public static func buildExpression(_ layers: [Layer]) -> [Layer] { layers }
  /// A part of the list of layers.
  public static func buildBlock(_ parts: [Layer]...) -> [Layer] { parts.flatMap { $0 } }
  /// A part of the list of layers.
  public static func buildOptional(_ part: [Layer]?) -> [Layer] { part ?? [] }
  /// A part of the list of layers.
  public static func buildEither(first part: [Layer]) -> [Layer] { part }
  /// A part of the list of layers.
  public static func buildEither(second part: [Layer]) -> [Layer] { part }
  /// A part of the list of layers.
  public static func buildArray(_ parts: [[Layer]]) -> [Layer] { parts.flatMap { $0 } }
}
