import TensorCore

/// An input of a model: the first layer of a ``Sequential`` one, where it declares the shape of a row and is not listed among the
/// layers, or the beginning of a graph, where it stands for a tensor (see ``Symbol``). (Keras: `keras.Input`.)
public final class Input: Layer {
  /// The dtype of the rows; nil for the model's.
  public internal(set) var dtype: DType?

  /// - Parameters:
  ///   - shape: of one row; nil for a size that is open, another in each batch (`[nil, 3]`).
  ///   - name: `input_layer` if nil, with a number where there are several.
  ///   - dtype: of the rows, to which data is cast on its way in; nil for `float32`, in a ``Sequential`` model for its own. Numbers
  ///     of rows of an ``Embedding`` are best given as `int32`.
  public init(shape: [Int?], name: String? = nil, dtype: DType? = nil) {
    self.dtype = dtype
    super.init(inputShape: shape, name: name)
  }

  override var baseName: String { "input_layer" }
  public override var acceptsIntegers: Bool { true }
}
