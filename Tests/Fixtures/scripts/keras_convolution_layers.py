"""Convolution, pooling and resampling layers of Keras 3 (JAX backend, float64), called on their own; writes convolution-layers.json.

As keras_layers.py, which does the work.
"""

import keras_layers
import numpy as np
from keras_layers import X, arguments, jax, keras, numbers, out_path, pack, run, write

L = keras.layers
INPUTS = {"q": numbers(2, 7, 2), "r": numbers(2, 2, 7), "m": numbers(2, 5, 6, 2), "n": numbers(2, 2, 5, 6), "v": numbers(1, 4, 3, 5, 2),
          "u": numbers(1, 2, 4, 3, 5), "w": numbers(2, 4, 4, 4)}
INPUTS["y"] = numbers(1, 6, 6, 5, 4)
INPUTS["z"] = numbers(1, 4, 5, 4, 5)
X.clear()
X.update(INPUTS)
FIRST = {"data_format": "channels_first"}
CASES = [
    (L.Conv1D(3, 3), "q"), (L.Conv1D(3, 2, strides=3, padding="same", activation="relu"), "q"), (L.Conv1D(2, 3, padding="causal", dilation_rate=2), "q"),
    (L.Conv1D(4, 3, groups=2, use_bias=False, **FIRST), "r"), (L.Conv1D(2, 2, strides=2, padding="causal"), "q"),
    (L.Conv2D(3, 3), "m"), (L.Conv2D(3, (2, 3), strides=(2, 1), padding="same", activation="tanh"), "m"), (L.Conv2D(2, (3, 2), dilation_rate=(2, 1)), "m"),
    (L.Conv2D(4, 2, groups=2), "m"), (L.Conv2D(2, 3, padding="same", activation="softmax", **FIRST), "n"), (L.Conv2D(3, 1, strides=2), "m"),
    (L.Conv2D(2, 3, kernel_regularizer="l2", kernel_constraint="max_norm", bias_initializer="ones", activity_regularizer="l1"), "m"),
    (L.Conv3D(2, 2), "v"), (L.Conv3D(3, (2, 1, 3), strides=(1, 2, 1), padding="same"), "v"), (L.Conv3D(2, 2, **FIRST), "u"),
    (L.Conv1DTranspose(3, 3), "q"), (L.Conv1DTranspose(2, 3, strides=2, padding="same", output_padding=1), "q"), (L.Conv1DTranspose(2, 2, strides=3, padding="same"), "q"),
    (L.Conv1DTranspose(2, 2, strides=3), "q"), (L.Conv1DTranspose(2, 3, dilation_rate=2, **FIRST), "r"),
    (L.Conv2DTranspose(3, 3, strides=2, padding="same", activation="relu"), "m"), (L.Conv2DTranspose(2, (2, 3), strides=(3, 1)), "m"),
    (L.Conv2DTranspose(2, 3, strides=2, output_padding=(1, 0)), "m"), (L.Conv2DTranspose(2, 4, strides=2, padding="same", output_padding=0), "m"),
    (L.Conv2DTranspose(2, 3, padding="same", dilation_rate=(1, 2), use_bias=False, **FIRST), "n"), (L.Conv3DTranspose(2, 2, strides=(2, 1, 2), padding="same"), "v"), (L.Conv3DTranspose(1, 2, **FIRST), "u"),
    (L.DepthwiseConv1D(3, depth_multiplier=2), "q"), (L.DepthwiseConv1D(2, strides=2, padding="same", **FIRST), "r"),
    (L.DepthwiseConv2D(3, padding="same"), "m"), (L.DepthwiseConv2D((2, 3), depth_multiplier=3, strides=(2, 2), activation="relu"), "m"), (L.DepthwiseConv2D(2, dilation_rate=2, use_bias=False, **FIRST), "n"),
    (L.SeparableConv1D(3, 3, padding="same", depth_multiplier=2), "q"), (L.SeparableConv1D(3, 2, strides=2, **FIRST), "r"),
    (L.SeparableConv2D(3, 3, activation="tanh"), "m"), (L.SeparableConv2D(2, (2, 3), strides=(2, 2), padding="same", depth_multiplier=2, use_bias=False, **FIRST), "n"),
    (L.MaxPooling1D(), "q"), (L.MaxPooling1D(3, strides=2, padding="same"), "q"), (L.MaxPooling1D(2, **FIRST), "r"),
    (L.MaxPooling2D(), "m"), (L.MaxPooling2D((3, 2), strides=(1, 2), padding="same"), "m"), (L.MaxPooling2D(2, padding="same", **FIRST), "n"), (L.MaxPooling3D(2, padding="same"), "v"), (L.MaxPooling3D((2, 1, 2), **FIRST), "u"),
    (L.AveragePooling1D(2), "q"), (L.AveragePooling1D(3, strides=1, padding="same"), "q"), (L.AveragePooling2D((3, 2), strides=(1, 2), padding="same"), "m"), (L.AveragePooling2D(2, **FIRST), "n"),
    (L.AveragePooling3D(2, padding="same"), "v"), (L.AveragePooling3D((2, 1, 2), **FIRST), "u"),
    (L.GlobalMaxPooling1D(), "q"), (L.GlobalMaxPooling1D(keepdims=True, **FIRST), "r"), (L.GlobalMaxPooling2D(), "m"), (L.GlobalMaxPooling2D(keepdims=True, **FIRST), "n"), (L.GlobalMaxPooling3D(), "v"),
    (L.GlobalAveragePooling2D(), "m"), (L.GlobalAveragePooling2D(keepdims=True, **FIRST), "n"), (L.GlobalAveragePooling3D(keepdims=True), "v"), (L.GlobalAveragePooling3D(**FIRST), "u"),
    (L.ZeroPadding1D(), "q"), (L.ZeroPadding1D((1, 2), **FIRST), "r"), (L.ZeroPadding2D(), "m"), (L.ZeroPadding2D((1, 2)), "m"), (L.ZeroPadding2D(((1, 0), (2, 3)), **FIRST), "n"), (L.ZeroPadding3D(((1, 0), (0, 1), (2, 0))), "v"),
    (L.Cropping1D(), "q"), (L.Cropping1D((0, 3)), "q"), (L.Cropping2D(((1, 1), (2, 0))), "m"), (L.Cropping2D(1, **FIRST), "n"), (L.Cropping3D(((1, 0), (0, 1), (2, 0))), "v"),
    (L.UpSampling1D(3), "q"), (L.UpSampling2D(), "m"), (L.UpSampling2D((2, 3), **FIRST), "n"), (L.UpSampling2D((2, 3), interpolation="bilinear"), "m"), (L.UpSampling2D(2, interpolation="bicubic"), "m"),
    (L.UpSampling2D(3, interpolation="lanczos3", **FIRST), "n"), (L.UpSampling2D(2, interpolation="lanczos5"), "m"), (L.UpSampling3D((1, 2, 3)), "v"),
    (L.BatchNormalization(momentum=0.9), "m"), (L.BatchNormalization(axis=1, momentum=0.9), "n"), (L.BatchNormalization(axis=2, momentum=0.5), "v"),
    # Each argument in each number of axes.
    (L.Conv1D(4, 3, padding="same", dilation_rate=2, **FIRST), "r"), (L.Conv1D(2, 3, strides=2, groups=2), "q"), (L.Conv1D(2, 2, strides=3, padding="causal"), "q"),
    (L.Conv1D(4, 3, padding="causal", groups=2, use_bias=False), "q"), (L.Conv1D(2, 2, padding="causal", dilation_rate=3, **FIRST), "r"), (L.Conv1D(2, 4, strides=2, padding="same", **FIRST), "r"),
    (L.Conv2D(2, 3, padding="same", dilation_rate=2), "m"), (L.Conv2D(4, (3, 2), strides=2, padding="same", groups=2, **FIRST), "n"), (L.Conv2D(2, 2, dilation_rate=(1, 3), **FIRST), "n"),
    (L.Conv2D(6, 3, padding="same", groups=2, dilation_rate=(2, 1)), "w"), (L.Conv2D(4, (1, 3), strides=(1, 2), groups=4), "w"), (L.Conv2D(2, (4, 3), strides=(3, 2), padding="same"), "m"),
    (L.Conv3D(4, 2, groups=2), "v"), (L.Conv3D(2, 2, dilation_rate=(2, 1, 1), padding="same"), "v"), (L.Conv3D(2, 3, strides=2, padding="same", use_bias=False, **FIRST), "u"),
    (L.Conv3D(4, (2, 1, 2), groups=4, dilation_rate=(1, 2, 2)), "y"), (L.Conv3D(2, (1, 2, 3), strides=(2, 1, 2), groups=2, **FIRST), "z"),
    (L.Conv1DTranspose(2, 2, strides=3, output_padding=2), "q"), (L.Conv1DTranspose(2, 4, strides=2, padding="same", **FIRST), "r"), (L.Conv1DTranspose(2, 3, padding="same", dilation_rate=2, use_bias=False), "q"), (L.Conv1DTranspose(2, 2, strides=3, padding="same", output_padding=1, **FIRST), "r"),
    (L.Conv2DTranspose(2, (3, 2), strides=2, output_padding=1, **FIRST), "n"), (L.Conv2DTranspose(2, (2, 4), strides=(2, 3), padding="same", output_padding=(1, 2)), "m"), (L.Conv2DTranspose(2, 2, dilation_rate=2), "m"), (L.Conv2DTranspose(3, (1, 5), strides=(3, 2), padding="same", **FIRST), "n"),
    (L.Conv3DTranspose(2, (2, 3, 2), strides=(2, 3, 1), output_padding=(1, 2, 0)), "v"), (L.Conv3DTranspose(1, 2, dilation_rate=(1, 2, 1), padding="same"), "v"), (L.Conv3DTranspose(2, 3, strides=(1, 2, 1), padding="same", use_bias=False, **FIRST), "u"), (L.Conv3DTranspose(1, (1, 2, 3), strides=(1, 2, 2), padding="same", output_padding=(0, 1, 1)), "v"),
    (L.DepthwiseConv1D(2, dilation_rate=2, use_bias=False), "q"), (L.DepthwiseConv1D(3, strides=2, padding="same", depth_multiplier=2, activation="tanh"), "q"), (L.DepthwiseConv1D(2, dilation_rate=3, padding="same", **FIRST), "r"),
    (L.DepthwiseConv2D((3, 2), strides=2, padding="same", **FIRST), "n"), (L.DepthwiseConv2D(2, depth_multiplier=2, dilation_rate=(1, 2), padding="same"), "m"),
    (L.SeparableConv1D(2, 2, dilation_rate=2, depth_multiplier=2), "q"), (L.SeparableConv1D(2, 3, strides=2, padding="same", use_bias=False, **FIRST), "r"), (L.SeparableConv2D(2, 2, dilation_rate=(2, 1), padding="same", depth_multiplier=2), "m"), (L.SeparableConv2D(3, (3, 2), strides=2, **FIRST), "n"),
    (L.MaxPooling1D(2, strides=3), "q"), (L.MaxPooling1D(3, strides=1, padding="same", **FIRST), "r"), (L.MaxPooling2D(3, strides=1, **FIRST), "n"), (L.MaxPooling2D((2, 3), strides=3, padding="same"), "m"), (L.MaxPooling3D(2, strides=1), "v"), (L.MaxPooling3D((3, 2, 2), strides=(2, 1, 2), padding="same", **FIRST), "u"),
    (L.AveragePooling1D(3, strides=2, **FIRST), "r"), (L.AveragePooling1D(2, strides=3, padding="same"), "q"), (L.AveragePooling2D(3, strides=1), "m"), (L.AveragePooling2D((2, 3), strides=3, padding="same", **FIRST), "n"), (L.AveragePooling3D(2, strides=1), "v"), (L.AveragePooling3D((3, 2, 2), strides=(2, 1, 2), padding="same", **FIRST), "u"),
    (L.GlobalMaxPooling1D(keepdims=True), "q"), (L.GlobalMaxPooling3D(keepdims=True, **FIRST), "u"), (L.GlobalAveragePooling1D(keepdims=True), "q"), (L.GlobalAveragePooling3D(), "v"),
    (L.ZeroPadding1D(3), "q"), (L.ZeroPadding2D(((0, 2), (1, 0))), "m"), (L.ZeroPadding3D(2), "v"), (L.ZeroPadding3D((1, 0, 2), **FIRST), "u"),
    (L.Cropping1D((2, 1)), "q"), (L.Cropping2D((1, 2)), "m"), (L.Cropping3D(1), "v"), (L.Cropping3D(((1, 0), (0, 1), (2, 0)), **FIRST), "u"),
    (L.UpSampling2D((1, 3), interpolation="nearest"), "m"), (L.UpSampling2D(2, interpolation="bicubic", **FIRST), "n"), (L.UpSampling3D(2, **FIRST), "u"),
    (L.AdaptiveAveragePooling1D(3), "q"), (L.AdaptiveAveragePooling1D(7, **FIRST), "r"), (L.AdaptiveMaxPooling1D(4), "q"), (L.AdaptiveMaxPooling1D(1, **FIRST), "r"),
    (L.AdaptiveAveragePooling2D((3, 4)), "m"), (L.AdaptiveAveragePooling2D(2, **FIRST), "n"), (L.AdaptiveAveragePooling2D(2), "w"), (L.AdaptiveMaxPooling2D((2, 5)), "m"), (L.AdaptiveMaxPooling2D((5, 4), **FIRST), "n"),
    (L.AdaptiveAveragePooling3D((3, 2, 4)), "v"), (L.AdaptiveAveragePooling3D(2, **FIRST), "u"), (L.AdaptiveMaxPooling3D((1, 2, 3)), "v"), (L.AdaptiveMaxPooling3D((3, 2, 4), **FIRST), "u"),
    (L.Resizing(7, 4), "m"), (L.Resizing(3, 9, interpolation="nearest"), "m"), (L.Resizing(8, 3, interpolation="bicubic", **FIRST), "n"), (L.Resizing(7, 9, interpolation="lanczos3"), "m"), (L.Resizing(9, 4, interpolation="lanczos5"), "m"),
    (L.Resizing(3, 4, interpolation="bilinear", antialias=True), "m"), (L.Resizing(2, 3, interpolation="bicubic", antialias=True), "m"), (L.Resizing(3, 2, interpolation="lanczos3", antialias=True, **FIRST), "n"), (L.Resizing(3, 3, interpolation="nearest", antialias=True), "m"),
    (L.Resizing(4, 4, crop_to_aspect_ratio=True), "m"), (L.Resizing(3, 7, crop_to_aspect_ratio=True, **FIRST), "n"), (L.Resizing(4, 9, pad_to_aspect_ratio=True, fill_value=0.5), "m"), (L.Resizing(8, 4, pad_to_aspect_ratio=True, fill_value=-1.0), "m"),
]


def short(case):
    """Without what training gives, where it is the same."""
    same = lambda a, b: all(np.array_equal(x["values"], y["values"]) for x, y in zip(a, b))
    if same([case["y"]], [case["training_y"]]) and same(case["weights"], case["weights_after"]):
        del case["training_y"], case["weights_after"]
    return case


def main():
    options = arguments(__doc__).parse_args()
    cases = [short(run(layer, [name], None)) for layer, name in CASES]
    header = {"reference": f"keras {keras.__version__}, JAX {jax.__version__}, float64", "made_by": "scripts/keras_convolution_layers.py", "inputs": {name: pack(value) for name, value in X.items()}}
    write(out_path(options, "convolution-layers.json"), header, {"cases": cases})


if __name__ == "__main__":
    main()
