import TensorCore

/// The greatest element of all positions, for each channel. What the global poolings of more than one number of spatial axes share.
public class GlobalMaxPooling: GlobalPooling {
  override func reduced(_ x: Tensor, over axes: [Int]) -> Tensor { x.max(axes: axes, keepDims: keepDims) }
}

/// The greatest element of all positions of sequences: `[rows, steps, channels]` to `[rows, channels]`. (Keras: `keras.layers.GlobalMaxPooling1D`.)
public final class GlobalMaxPooling1D: GlobalMaxPooling {
  override class var axes: Int { 1 }
}

/// The greatest element of all positions of images: `[rows, height, width, channels]` to `[rows, channels]`. (Keras: `keras.layers.GlobalMaxPooling2D`.)
public final class GlobalMaxPooling2D: GlobalMaxPooling {
  override class var axes: Int { 2 }
}

/// The greatest element of all positions of volumes: `[rows, depth, height, width, channels]` to `[rows, channels]`. (Keras: `keras.layers.GlobalMaxPooling3D`.)
public final class GlobalMaxPooling3D: GlobalMaxPooling {
  override class var axes: Int { 3 }
}
