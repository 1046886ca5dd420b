"""ConvLSTM1D, 2D and 3D of Keras 3 (JAX backend, float64), called on their own; writes conv-lstm.json.

The cases are as those of keras_recurrent_layers.py, with a shape of their own. Keras's loop on JAX takes no mask where states have
more than two axes; its unrolled steps do, and give the same where the states begin with zeros.
"""

import keras64
import jax
import keras

from fixturelib import arguments, out_path, write
from keras_recurrent_layers import MASK, ROWS, STEPS, run

L = keras.layers
BY_AXES = {1: L.ConvLSTM1D, 2: L.ConvLSTM2D, 3: L.ConvLSTM3D}
SPATIAL = {1: (5,), 2: (3, 4), 3: (2, 3, 2)}
FIRST = "channels_first"


def cases():
    """Axes, the layer's arguments, whether there are a mask and initial states, and how many calls."""
    for axes in BY_AXES:
        yield axes, dict(kernel_size=2), 0, 0, 1
        yield axes, dict(kernel_size=3, padding="same", return_sequences=True), 0, 1, 1
    yield 1, dict(kernel_size=3, strides=2, return_sequences=True, return_state=True, data_format=FIRST), 0, 1, 1
    yield 1, dict(kernel_size=2, dilation_rate=2, use_bias=False, go_backwards=True, return_sequences=True, unroll=True), 1, 0, 1
    yield 1, dict(kernel_size=2, return_sequences=True, unroll=True), 1, 0, 1
    yield 2, dict(kernel_size=(2, 3), strides=(1, 2), padding="same", activation="relu", recurrent_activation="hard_sigmoid"), 0, 0, 1
    yield 2, dict(kernel_size=2, dilation_rate=(1, 2), padding="same", unit_forget_bias=False, return_state=True, unroll=True), 1, 0, 1
    yield 2, dict(kernel_size=(1, 2), data_format=FIRST, stateful=True, return_sequences=True), 0, 0, 2
    yield 2, dict(kernel_size=2, stateful=True, return_state=True, unroll=True), 1, 0, 2
    yield 2, dict(kernel_size=2, kernel_regularizer="l2", recurrent_regularizer="l1", bias_regularizer="l2", activity_regularizer="l2"), 0, 0, 1
    yield 3, dict(kernel_size=2, data_format=FIRST, padding="same", return_state=True), 0, 1, 1


def shape(axes, data_format):
    spatial = SPATIAL[axes]
    return (ROWS, STEPS) + ((2,) + spatial if data_format == FIRST else spatial + (2,))


def state_shapes(layer):
    if isinstance(layer, L.Bidirectional):
        return state_shapes(layer.forward_layer) + state_shapes(layer.backward_layer)
    return [state.shape for state in layer.cell.get_initial_state(ROWS)]


def made():
    for axes, options, masked, states, calls in cases():
        filters = 1 if axes == 3 else 2
        x = shape(axes, options.get("data_format"))
        yield x, run(BY_AXES[axes](filters, **options), masked, states, calls, x, state_shapes)
    for axes, options, wrapper, masked, states in [
        (2, dict(kernel_size=2, return_sequences=True), dict(), 0, 1), (1, dict(kernel_size=2, unroll=True), dict(merge_mode="ave"), 1, 0),
    ]:
        x = shape(axes, None)
        yield x, run(L.Bidirectional(BY_AXES[axes](1, **options), **wrapper), masked, states, 1, x, state_shapes)


def main():
    options = arguments(__doc__).parse_args()
    header = {
        "reference": f"keras {keras.__version__}, JAX {jax.__version__}, float64", "made_by": "scripts/keras_conv_lstm.py",
        "mask": MASK.astype(int).tolist(),
    }
    write(out_path(options, "conv-lstm.json"), header, {"cases": [{"shape": list(x)} | entry for x, entry in made()]})


if __name__ == "__main__":
    main()
