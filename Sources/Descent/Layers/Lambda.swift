import Optimizers
import TensorCore

/// A function as a layer: `Lambda { x in x * x }`, or `Lambda(merging: { inputs in inputs[0] - inputs[1] })` of several tensors.
/// (Keras: `keras.layers.Lambda`.)
///
/// To be written to a file and read from one, the function needs a name in the program; the file holds the name alone, never code:
///
///     Lambda.register("halved") { x in x / 2 }
///     let model = Sequential { Dense(4); Lambda(named: "halved") }
public final class Lambda: Layer {
  /// What the layer computes.
  public typealias Function = @Sendable ([Tensor]) throws -> Tensor
  /// The mask of the result, from inputs and their masks.
  public typealias MaskFunction = @Sendable (_ inputs: [Tensor], _ masks: [Tensor?]) -> Tensor?

  /// The name that the function was registered under; nil for one that cannot be written to a file.
  public let functionName: String?
  private let function: Function?
  private let mask: MaskFunction?

  /// - Parameters:
  ///   - mask: the mask of the result; nil for a function that a mask ends at.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  ///   - function: a tensor to another, both with rows on axis 0.
  public convenience init(
    mask: MaskFunction? = nil, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil,
    _ function: @escaping @Sendable (Tensor) throws -> Tensor
  ) {
    self.init(mask: mask, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype, merging: { try function(Lambda.only($0)) })
  }

  /// The same of several tensors.
  /// - Parameters:
  ///   - mask: the mask of the result; nil for a function that a mask ends at.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  ///   - function: the inputs to a tensor, all with rows on axis 0.
  public init(
    mask: MaskFunction? = nil, inputShape: [Int?]? = nil,
    name: String? = nil, trainable: Bool = true, dtype: DType? = nil, merging function: @escaping Function
  ) {
    self.function = function
    self.mask = mask
    functionName = nil
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  /// A function that is registered by the time the layer is called; a call before that is refused.
  /// - Parameters:
  ///   - functionName: what `Lambda.register` was given.
  ///   - mask: the mask of the result; nil for a function that a mask ends at. A layer with one cannot be written to a file.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables, of which there are none.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    named functionName: String, mask: MaskFunction? = nil, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    function = nil
    self.mask = mask
    self.functionName = functionName
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  private static let functions = Registry<(name: String, body: Function)>(of: "function", []) { [$0.name] }

  /// Gives a function a name that files can hold. The last one of a name counts.
  /// - Parameters:
  ///   - name: what files and `Lambda(named:)` call it.
  ///   - function: a tensor to another, both with rows on axis 0.
  public static func register(_ name: String, _ function: @escaping @Sendable (Tensor) throws -> Tensor) {
    register(name, merging: { try function(only($0)) })
  }

  /// The same of several tensors.
  /// - Parameters:
  ///   - name: what files and `Lambda(named:)` call it.
  ///   - function: the inputs to a tensor, all with rows on axis 0.
  public static func register(_ name: String, merging function: @escaping Function) {
    functions.register((name, function))
  }

  static func isRegistered(_ name: String) -> Bool { functions.find(name) != nil }

  private static func only(_ inputs: [Tensor]) throws -> Tensor {
    guard inputs.count == 1 else {
      throw DescentError(.invalidArgument, "Lambda: its function takes one tensor, and was called with \(inputs.count)")
    }
    return inputs[0]
  }

  public override var supportsMasking: Bool { mask != nil }
  /// As Keras's a call takes a mask, which ends here without a function that makes the result's.
  override var usesMasks: Bool { true }

  public override func computeMask(_ inputs: [Tensor], _ masks: [Tensor?], _ context: ForwardContext) -> [Tensor?] {
    [mask?(inputs, masks)]
  }

  public override var acceptsIntegers: Bool { true }

  public override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    guard let function = function ?? functionName.flatMap({ Lambda.functions.find($0)?.body }) else {
      throw DescentError(
        .state, "layer \(name): no function '\(functionName ?? "")' is registered; Lambda.register gives it")
    }
    return [try function(inputs)]
  }
}

extension Lambda: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    let function = options.value("function")
    // Shapes are found by tracing.
    _ = options.value("output_shape")
    try options.refuse("mask")
    try options.refuse("arguments", unless: .object(JSONObject()))
    // What Python called the function; one without a name is known by that of its layer.
    let code = function["class_name"]?.string == "__lambda__"
    let name = code ? options.name : function.string ?? function["config"]?.string ?? function["registered_name"]?.string
    guard let name, Lambda.isRegistered(name) else {
      let what = code
        ? "is a Lambda layer, whose code lies in the file and is not run" : "is a Lambda layer of a function '\(name ?? "?")', which is not known"
      throw DescentError(
        .file, "\(options.owner) \(what); Lambda.register(\"\(name ?? options.name)\") says what it does")
    }
    self.init(named: name, inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject {
    guard let functionName else {
      throw DescentError(
        .state, "layer \(name): its function has no name and cannot be written to a file; use Lambda.register and Lambda(named:)")
    }
    if mask != nil {
      throw DescentError(.state, "layer \(name): its mask is a function without a name and cannot be written to a file")
    }
    return JSONObject([("function", KerasObject.function(functionName).json), ("arguments", .object(JSONObject()))])
  }
}
