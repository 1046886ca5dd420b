import TensorCore

/// The mean of each window, for each channel. What the poolings of one, two and three spatial axes share.
public class AveragePooling: PoolingLayer {
  override func pooled(_ x: Tensor, _ pooling: Pooling) -> Tensor { pooling.result(.mean, [x]) }
}

/// The mean of each window of sequences: `[rows, steps, channels]`. (Keras: `keras.layers.AveragePooling1D`.)
public final class AveragePooling1D: AveragePooling {
  override class var axes: Int { 1 }
}

/// The mean of each window of images: `[rows, height, width, channels]`. (Keras: `keras.layers.AveragePooling2D`.)
public final class AveragePooling2D: AveragePooling {
  override class var axes: Int { 2 }
}

/// The mean of each window of volumes: `[rows, depth, height, width, channels]`. (Keras: `keras.layers.AveragePooling3D`.)
public final class AveragePooling3D: AveragePooling {
  override class var axes: Int { 3 }
}
