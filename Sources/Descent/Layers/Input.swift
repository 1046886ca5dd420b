import TensorCore

/// An input of a model: the first layer of a ``Sequential`` one, where it declares the shape of a row and is not listed among the
/// layers, or the beginning of a graph, where it stands for a tensor (see ``Symbol``). (Keras: `keras.Input`.)
public final class Input: Layer {
  /// The dtype of the rows; nil for the model's.
  public internal(set) var dtype: DType?
  /// How many rows a batch was said to have; nil if that was left open. Files keep it; here, as in Keras's functional models, a batch may
  /// have any number of rows all the same.
  public let batchSize: Int?
  /// Whether Keras's models may be called with `None` in its place. Files keep it; here every input has to be given.
  public let isOptional: Bool

  /// - Parameters:
  ///   - shape: of one row; nil for a size that is open, another in each batch (`[nil, 3]`).
  ///   - batchSize: see ``batchSize``.
  ///   - name: `input_layer` if nil, with a number where there are several.
  ///   - dtype: of the rows, to which data is cast on its way in; nil for `float32`, in a ``Sequential`` model for its own. Numbers
  ///     of rows of an ``Embedding`` are best given as `int32`.
  ///   - optional: see ``isOptional``.
  public init(shape: [Int?], batchSize: Int? = nil, name: String? = nil, dtype: DType? = nil, optional: Bool = false) {
    self.dtype = dtype
    self.batchSize = batchSize
    isOptional = optional
    super.init(inputShape: shape, name: name)
  }

  /// With the shape of a batch. (Keras: `Input(batch_shape=(32, 10))`.)
  /// - Parameters:
  ///   - batchShape: the number of rows, nil if it is open (see ``batchSize``), and the shape of one row.
  ///   - name: `input_layer` if nil, with a number where there are several.
  ///   - dtype: as for an input with the shape of a row.
  ///   - optional: see ``isOptional``.
  public convenience init(batchShape: [Int?], name: String? = nil, dtype: DType? = nil, optional: Bool = false) {
    guard let batchSize = batchShape.first else { programmingError("Input: batchShape is []; expected the number of rows and a row's shape") }
    self.init(shape: Array(batchShape.dropFirst()), batchSize: batchSize, name: name, dtype: dtype, optional: optional)
  }

  override var baseName: String { "input_layer" }
  public override var acceptsIntegers: Bool { true }
}
