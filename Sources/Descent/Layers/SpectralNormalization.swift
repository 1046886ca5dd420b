import TensorCore

/// A layer whose kernel is divided by its greatest singular value at each step of training, as far as `powerIterations` more
/// iterations of the power method know it: the kernel that the optimizer changes is the divided one. (Miyato et al., 2018; Keras:
/// `keras.layers.SpectralNormalization`, as on its TensorFlow backend, where the kernel is assigned in training.)
public final class SpectralNormalization: Wrapper {
  /// How many steps of the power method each batch of training makes.
  public let powerIterations: Int
  /// The left singular vector as far as it is known, `[1, units]`; nil until the layer is built.
  public private(set) var vectorU: Variable?

  /// - Parameters:
  ///   - layer: one with a kernel, or an ``Embedding``.
  ///   - powerIterations: iterations of the power method a step, at least 1.
  ///   - inputShape: the shape of one row of input, for the first layer of a model.
  ///   - name: made from the class's if nil.
  ///   - trainable: whether training changes the variables.
  ///   - dtype: of the variables and of what is computed: `float32` or `float64`; nil for the model's.
  public init(
    _ layer: Layer, powerIterations: Int = 1, inputShape: [Int?]? = nil, name: String? = nil, trainable: Bool = true, dtype: DType? = nil
  ) {
    self.powerIterations = powerIterations
    super.init(layer, inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  public override func build(inputShape: [Int]) throws {
    try checkSetting("powerIterations", powerIterations, .count)
  }

  override class var trainingByDefault: Bool? { false }

  public override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    // Building it tells how large the kernel is.
    if !layer.isBuilt { _ = try layer(x, context) }
    guard let kernel = layer.ownVariables.first(where: { $0.name == "kernel" || $0.name == "embeddings" }) else {
      throw DescentError(.invalidArgument, "layer \(name): layer \(layer.name) has no variable 'kernel' or 'embeddings'")
    }
    let width = kernel.shape[kernel.shape.count - 1]
    if vectorU == nil {
      vectorU = try Trace.suspended {
        try addVariable(
          "vector_u", shape: [1, width], initializer: .truncatedNormal(standardDeviation: 0.02), isTrainable: false)
      }
      // As in Keras's files, where the kernel stands at both places.
      share(kernel)
    }
    if context.isTraining, let vectorU {
      let value = kernel.value
      let matrix = stopGradient(value).reshaped([kernel.count / width, width])
      var u = vectorU.value
      var v = u
      for _ in 0..<powerIterations {
        v = normalize(matmul(u, matrix, transposeB: true), axes: nil)
        u = normalize(matmul(v, matrix), axes: nil)
      }
      let sigma = matmul(matmul(v, matrix), u, transposeB: true).reshaped([])
      let isZero = abs(matrix).max() .== 0
      vectorU.assign(stopGradient(select(isZero, vectorU.value, u)))
      // The derivative is that of the divided kernel, which the optimizer changes: the second part is zero, and carries it.
      let divided = select(isZero, stopGradient(value), stopGradient(value) / sigma)
      kernel.assign(stopGradient(divided) + (value - stopGradient(value)))
    }
    return try layer(x, context)
  }
}

extension SpectralNormalization: ConfigurableLayer {
  public convenience init(_ options: inout LayerOptions) throws {
    try options.useDefaults(of: SpectralNormalization(Dense(1)), except: "layer")
    self.init(
      try options.layer("layer"), powerIterations: try options.int("power_iterations"),
      inputShape: options.inputShape, name: options.name)
  }

  public func options() throws -> JSONObject {
    JSONObject([("layer", try layerOption()), ("power_iterations", JSONValue(powerIterations))])
  }
}
