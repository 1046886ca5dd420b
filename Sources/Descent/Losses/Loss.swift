/// What training makes small: `.meanSquaredError`, `"mse"`, `.sparseCategoricalCrossentropy(fromLogits: true)`,
/// `.custom("cubic") { target, prediction in … }`.
///
/// Names and definitions are those of [Keras](https://keras.io/api/losses/). A loss has one value per sample (for predictions
/// with inner axes, one per inner position: the last axis disappears); ``callAsFunction(target:prediction:sampleWeight:logits:)``
/// weights and reduces them.
public struct Loss: KerasNamed {
  public static var kindName: String { "loss" }
  public static var kerasModule: String { "keras.losses" }

  /// How the values of the samples become one number.
  public enum Reduction: String, Sendable, CaseIterable {
    /// The sum divided by the number of values (not by the sum of the weights).
    case sumOverBatchSize = "sum_over_batch_size"
    /// The sum.
    case sum
    /// The sum divided by the sum of the weights.
    case meanWithSampleWeight = "mean_with_sample_weight"
    /// The values themselves.
    case none
  }

  /// What is compared: both of the same rank, the target in the form the loss expects.
  struct Input {
    let target: Tensor
    let prediction: Tensor
    let logits: Logits?
  }

  /// Which targets a loss takes.
  enum TargetForm: Sendable {
    /// The prediction's shape.
    case likePrediction
    /// Class numbers: the prediction's shape without the class axis.
    case classIndices(axis: Int)
    /// By shape, as Keras's "crossentropy" and "accuracy".
    case byShape
    /// Numbers of labels `[rows, labels]` for predictions `[rows, steps, classes]`.
    case labelSequences
    /// A whole number for each row, of any size, for predictions `[rows, features]`.
    case labels
    /// Whatever the closure expects.
    case any
  }

  /// What Keras calls it, with its settings.
  public internal(set) var keras: KerasDescription
  /// How the values of the samples become one number.
  public private(set) var reduction: Reduction
  /// Whether the prediction is taken as logits rather than probabilities.
  public let isFromLogits: Bool
  let form: TargetForm
  /// Whether it compares probabilities with classes.
  package let isForClasses: Bool
  /// Whether it is a closure of the user's, whose result is looked at.
  private(set) var isOwn = false
  /// Whether the value of a row depends on the other rows of the batch.
  let comparesRows: Bool
  private let kept: Kept?
  private let body: @Sendable (Input) -> Tensor

  /// Which values count, from the target and the values.
  typealias Kept = @Sendable (_ target: Tensor, _ values: Tensor) -> Tensor

  init(
    _ className: String, name: String, config: [String: JSONValue] = [:], problem: DescentError? = nil,
    form: TargetForm = .likePrediction, forClasses: Bool = false, fromLogits: Bool = false, comparesRows: Bool = false, keeping kept: Kept? = nil,
    isFoundByName: Bool = true,
    _ body: @escaping @Sendable (Input) -> Tensor
  ) {
    reduction = .sumOverBatchSize
    var config = config
    config["name"] = .string(name)
    config["reduction"] = .string(reduction.rawValue)
    keras = KerasDescription(className, name: name, config: config, problem: problem, isFoundByName: isFoundByName)
    self.form = form
    isForClasses = forClasses
    isFromLogits = fromLogits
    self.comparesRows = comparesRows
    self.kept = kept
    self.body = body
  }

  init(
    unwritable name: String, problem: DescentError? = nil, form: TargetForm, forClasses: Bool = false, isKnownByNameOnly: Bool = false,
    _ body: @escaping @Sendable (Input) -> Tensor
  ) {
    reduction = .sumOverBatchSize
    keras = KerasDescription(nil, name: name, problem: problem, isKnownByNameOnly: isKnownByNameOnly)
    self.form = form
    isForClasses = forClasses
    isFromLogits = false
    comparesRows = false
    kept = nil
    self.body = body
  }

  public init(refusedWith error: DescentError) {
    self.init(unwritable: "refused", problem: error, form: .any) { $0.prediction }
  }

  /// A loss of one's own. Files can name it once it is registered (``KerasNamed/register(_:)``).
  /// - Parameters:
  ///   - name: what `summary` and History call it.
  ///   - body: gets the target and the prediction and returns one value per sample (axis 0 counts them; further axes are averaged),
  ///     or a scalar. A target [rows] of an output [rows, 1] comes as [rows, 1], as in Keras, and a target of the output's shape in the
  ///     output's dtype; any other, such as class numbers, in its own shape, as `int32` or the output's dtype. A result of another shape
  ///     is an error of `fit` and `evaluate`.
  public static func custom(
    _ name: String = "custom", _ body: @escaping @Sendable (_ target: Tensor, _ prediction: Tensor) -> Tensor
  ) -> Loss {
    var loss = Loss(unwritable: name, form: .any) { body($0.target, $0.prediction) }
    loss.isOwn = true
    return loss
  }

  /// The same loss under another name.
  public func named(_ name: String) -> Loss {
    var result = self
    result.keras.name = name
    if className != nil { result.keras.config["name"] = .string(name) }
    return result
  }

  /// The same loss with another reduction; ``Reduction/sumOverBatchSize`` is the default.
  public func reducing(by reduction: Reduction) -> Loss {
    var result = self
    result.reduction = reduction
    if className != nil || reduction != .sumOverBatchSize { result.keras.config["reduction"] = .string(reduction.rawValue) }
    return result
  }
}

// MARK: - Values

extension Loss {
  /// The loss of each sample, before weights and reduction.
  ///
  /// - Parameters:
  ///   - target: the prediction's shape, or class numbers for the sparse losses; any dtype. A missing or superfluous last axis
  ///     of size 1 is put right.
  ///   - prediction: floating-point.
  ///   - logits: what the model computed before a final sigmoid or softmax, if that is known; the cross-entropies use it in
  ///     place of the logarithm of the (clipped) prediction.
  /// - Precondition: the shapes fit; ``validate(targetShape:predictionShape:)`` tells.
  public func values(target: Tensor, prediction: Tensor, logits: Logits? = nil) -> Tensor {
    assumeValid()
    do {
      return try checkedValues(target: target, prediction: prediction, logits: logits)
    } catch {
      programmingError("\(error)")
    }
  }

  /// The loss of a batch: a scalar, or one value per sample with ``Reduction/none``.
  ///
  /// - Parameters:
  ///   - target: what should have been predicted; samples on axis 0.
  ///   - prediction: what was predicted.
  ///   - sampleWeight: one number per sample, or of any shape that stretches to that of ``values(target:prediction:logits:)``.
  ///   - logits: see ``values(target:prediction:logits:)``.
  public func callAsFunction(target: Tensor, prediction: Tensor, sampleWeight: Tensor? = nil, logits: Logits? = nil) -> Tensor {
    do {
      return try reduced(target: target, prediction: prediction, sampleWeight: sampleWeight, logits: logits)
    } catch {
      programmingError("\(error)")
    }
  }

  /// The loss of a batch, for a loop of one's own: `try Loss.mae(y, predictions)`. (Keras: `keras.losses.MeanAbsoluteError()(y_true, y_pred)`.)
  /// - Parameters:
  ///   - yTrue: what should have been predicted; samples on axis 0.
  ///   - yPred: what was predicted; whole numbers become `float32`.
  ///   - sampleWeight: one number per sample, or of any shape that stretches to that of ``values(_:_:)``.
  /// - Returns: a scalar, or one value per sample with ``Reduction/none``.
  /// - Throws: ``DescentError`` if shapes do not fit.
  public func callAsFunction(_ yTrue: Tensor, _ yPred: Tensor, sampleWeight: Tensor? = nil) throws -> Tensor {
    try reduced(target: yTrue, prediction: Loss.fractions(yPred), sampleWeight: sampleWeight, logits: nil)
  }

  /// Whole numbers as `float32`, as Keras casts predictions.
  private static func fractions(_ x: Tensor) -> Tensor { x.dtype.isFloatingPoint ? x : x.cast(to: .float32) }

  /// The loss of each sample. (Keras: `keras.losses.mean_absolute_error(y_true, y_pred)`, the function.)
  /// - Parameters:
  ///   - yTrue: what should have been predicted; samples on axis 0.
  ///   - yPred: what was predicted; whole numbers become `float32`.
  /// - Throws: ``DescentError`` if shapes do not fit.
  public func values(_ yTrue: Tensor, _ yPred: Tensor) throws -> Tensor {
    try checkedValues(target: yTrue, prediction: Loss.fractions(yPred), logits: nil)
  }

  /// The loss of a batch.
  /// - Throws: ``DescentError`` if shapes or dtypes do not fit, or a closure of the user's gives what is no loss.
  /// - Parameter mask: which steps of the prediction count, if not all do.
  func reduced(
    target: Tensor, prediction: Tensor, sampleWeight: Tensor?, logits: Logits?, mask outer: Tensor? = nil
  ) throws -> Tensor {
    let values = try checkedValues(target: target, prediction: prediction, logits: logits)
    try requireValuesOfRows(values, prediction)
    var kept = mask(target: target, values: values)
    if let outer {
      let fitted = try Loss.fitted(mask: outer, to: values, "loss \(name)")
      kept = kept.map { $0 .&& fitted } ?? fitted
    }
    return try reduce(values, weights: sampleWeight, mask: kept)
  }

  /// ``values(target:prediction:logits:)`` with every mistake an error that can be caught.
  func checkedValues(target: Tensor, prediction: Tensor, logits: Logits?) throws -> Tensor {
    try validate(targetShape: target.shape, predictionShape: prediction.shape)
    let values = body(aligned(target, prediction, logits))
    if !isOwn { return values }
    let rows = prediction.shape.first ?? 1
    guard values.dtype.isFloatingPoint else {
      throw DescentError(
        .invalidArgument, "loss \(name): the closure gives \(values.dtype) \(values.shape), which has no gradient; expected \(prediction.dtype)")
    }
    guard values.shape.isEmpty || values.shape[0] == rows else {
      throw DescentError(
        .invalidArgument,
        "loss \(name): the closure gives values of shape \(values.shape) for \(rows) rows; expected one value a row, [\(rows)], or one number, []")
    }
    return values.cast(to: prediction.dtype)
  }

  /// Which values count, if some do not.
  func mask(target: Tensor, values: Tensor) -> Tensor? { kept?(target, values) }
}
