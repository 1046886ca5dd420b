import TensorCore

/// The greatest element of each window, for each channel. What the poolings of one, two and three spatial axes share. The derivative goes
/// to the first of those that tie.
public class MaxPooling: PoolingLayer {
  override func pooled(_ x: Tensor, _ pooling: Pooling) -> Tensor { pooling.result(.chosen, [x, x]) }
}

/// The greatest element of each window of sequences: `[rows, steps, channels]`. (Keras: `keras.layers.MaxPooling1D`.)
public final class MaxPooling1D: MaxPooling {
  override class var axes: Int { 1 }
}

/// The greatest element of each window of images: `[rows, height, width, channels]`. (Keras: `keras.layers.MaxPooling2D`.)
public final class MaxPooling2D: MaxPooling {
  override class var axes: Int { 2 }
}

/// The greatest element of each window of volumes: `[rows, depth, height, width, channels]`. (Keras: `keras.layers.MaxPooling3D`.)
public final class MaxPooling3D: MaxPooling {
  override class var axes: Int { 3 }
}
