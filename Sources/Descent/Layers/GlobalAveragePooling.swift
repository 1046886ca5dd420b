import TensorCore

/// The mean of all positions, for each channel. What the global poolings of more than one number of spatial axes share.
public class GlobalAveragePooling: GlobalPooling {
  override func reduced(_ x: Tensor, over axes: [Int]) -> Tensor { x.mean(axes: axes, keepDims: keepDims) }
}

/// The mean of all positions of images: `[rows, height, width, channels]` to `[rows, channels]`. (Keras: `keras.layers.GlobalAveragePooling2D`.)
public final class GlobalAveragePooling2D: GlobalAveragePooling {
  override class var axes: Int { 2 }
}

/// The mean of all positions of volumes: `[rows, depth, height, width, channels]` to `[rows, channels]`. (Keras: `keras.layers.GlobalAveragePooling3D`.)
public final class GlobalAveragePooling3D: GlobalAveragePooling {
  override class var axes: Int { 3 }
}
