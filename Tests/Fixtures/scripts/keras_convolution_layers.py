"""Convolution, pooling and resampling layers of Keras 3 (JAX backend, float64), called on their own; writes convolution-layers.json.

As keras_layers.py, which does the work.
"""

import keras_layers
from keras_layers import X, arguments, jax, keras, numbers, out_path, pack, run, write

L = keras.layers
INPUTS = {"q": numbers(2, 7, 2), "r": numbers(2, 2, 7), "m": numbers(2, 5, 6, 2), "n": numbers(2, 2, 5, 6), "v": numbers(1, 4, 3, 5, 2),
          "u": numbers(1, 2, 4, 3, 5), "w": numbers(2, 4, 4, 4)}
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
]


def main():
    options = arguments(__doc__).parse_args()
    cases = [run(layer, [name], None) for layer, name in CASES]
    header = {"reference": f"keras {keras.__version__}, JAX {jax.__version__}, float64", "made_by": "scripts/keras_convolution_layers.py", "inputs": {name: pack(value) for name, value in X.items()}}
    write(out_path(options, "convolution-layers.json"), header, {"cases": cases})


if __name__ == "__main__":
    main()
