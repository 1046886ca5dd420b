"""Recurrent layers and cells of Keras 3 (JAX backend, float64), called on their own; writes recurrent-layers.json.

Each case: the layer's configuration, what it is called with (a mask, initial states), all that it gives in as many calls as are
asked for, and the gradient of the sum of all squared results with respect to the sequence, the initial states and the weights.
Sequences, states and weights are `pattern`s; only results are stored.
"""

import keras64
import jax
import keras
import numpy as np

from fixturelib import arguments, out_path, pattern, write

L = keras.layers
ROWS, STEPS, FEATURES, UNITS = 3, 4, 2, 2
MASK = np.array([[True, True, False, True], [False, True, True, False], [False, False, False, False]])


def three(**options):
    return [cls(UNITS, **options) for cls in (L.SimpleRNN, L.LSTM, L.GRU)]


def cases():
    for layers, masked, states, calls in [
        (three(), 0, 0, 1), (three(return_sequences=True, use_bias=False), 0, 0, 1), (three(return_sequences=True, return_state=True), 0, 1, 1),
        (three(go_backwards=True), 0, 0, 1), (three(go_backwards=True, return_sequences=True, activation="relu"), 1, 0, 1),
        (three(return_sequences=True, return_state=True), 1, 1, 1), (three(return_state=True), 1, 0, 1),
        (three(return_sequences=True, zero_output_for_mask=True), 1, 1, 1), (three(zero_output_for_mask=True, return_state=True), 1, 0, 1),
        (three(stateful=True, return_sequences=True), 0, 0, 2), (three(stateful=True, return_state=True), 1, 0, 2),
        (three(unroll=True, return_sequences=True), 0, 1, 1),
        ([L.LSTM(UNITS, recurrent_activation="hard_sigmoid", activation="softsign", unit_forget_bias=False)], 0, 0, 1),
        ([L.GRU(UNITS, reset_after=False, return_sequences=True), L.GRU(UNITS, reset_after=False, return_state=True, use_bias=False)], 1, 1, 1),
        ([L.GRU(UNITS, recurrent_activation="tanh", activation="linear")], 0, 0, 1),
        ([L.SimpleRNN(1, kernel_regularizer="l2", recurrent_regularizer="l1", bias_regularizer="l2", activity_regularizer="l2")], 0, 0, 1),
    ]:
        for layer in layers:
            yield layer, masked, states, calls
    for cell in [L.SimpleRNNCell(UNITS), L.LSTMCell(UNITS), L.GRUCell(UNITS), L.GRUCell(UNITS, reset_after=False)]:
        yield L.RNN(cell, return_sequences=True, return_state=True), 1, 0, 1
    stacked = lambda: [L.LSTMCell(UNITS), L.GRUCell(3), L.SimpleRNNCell(UNITS)]
    yield L.RNN(stacked()), 0, 0, 1
    yield L.RNN(stacked(), return_sequences=True, go_backwards=True), 1, 0, 1
    for mode in ["concat", "sum", "mul", "ave"]:
        yield L.Bidirectional(L.LSTM(UNITS, return_sequences=True), merge_mode=mode), 0, 0, 1
        yield L.Bidirectional(L.GRU(UNITS), merge_mode=mode), 1, 0, 1
    yield L.Bidirectional(L.SimpleRNN(UNITS, return_sequences=True)), 1, 0, 1
    yield L.Bidirectional(L.LSTM(UNITS, return_state=True)), 0, 1, 1
    yield L.Bidirectional(L.GRU(UNITS, return_sequences=True, return_state=True), merge_mode=None), 0, 1, 1
    yield L.Bidirectional(L.LSTM(UNITS), backward_layer=L.GRU(3, go_backwards=True)), 0, 0, 1


def state_sizes(layer):
    if isinstance(layer, L.Bidirectional):
        return state_sizes(layer.forward_layer) + state_sizes(layer.backward_layer)
    return [size for size in keras.tree.flatten(layer.state_size)]


def run(layer, masked, with_states, calls, shape=(ROWS, STEPS, FEATURES), state_shapes=None):
    """One case; `state_shapes` gives those of a built layer's states, which are `[rows, state_size]` otherwise."""
    sequences = [pattern(shape, 1 + call) for call in range(calls)]
    mask = keras.ops.convert_to_tensor(MASK) if masked else None
    layer.build(shape)
    shapes = state_shapes(layer) if state_shapes else [(ROWS, size) for size in state_sizes(layer)]
    states = [pattern(shape, 20 + place) for place, shape in enumerate(shapes)] if with_states else None
    variables = [v for v in layer.weights if not v.path.endswith("seed_generator_state")]
    for place, variable in enumerate(variables):
        variable.assign(pattern(variable.shape, 40 + place))
    entry = {
        "layer": keras.saving.serialize_keras_object(layer), "masked": bool(masked), "states": None if states is None else [list(s.shape) for s in states],
        "weights": [[v.name, list(v.shape)] for v in variables],
    }

    def call(x, states):
        kwargs = {} if states is None else {"initial_state": [keras.ops.convert_to_tensor(s) for s in states]}
        return keras.tree.flatten(layer(keras.ops.convert_to_tensor(x), mask=mask, **kwargs))

    pack = lambda value: {"shape": list(np.shape(value)), "values": np.asarray(value).reshape(-1)}
    entry["calls"] = [[pack(y) for y in call(x, states)] for x in sequences]
    entry["losses"] = float(sum(layer.losses)) if layer.losses else 0.0

    if calls == 1:
        def total(x, states, weights):
            others = [v.value for v in layer.non_trainable_variables]
            kwargs = {} if states is None else {"initial_state": states}
            y, _ = layer.stateless_call(weights, others, x, mask=mask, **kwargs)
            return sum(keras.ops.sum(part * part) for part in keras.tree.flatten(y))

        gradients = jax.grad(total, argnums=(0, 1, 2) if states else (0, 2))(
            keras.ops.convert_to_tensor(sequences[0]), states and [keras.ops.convert_to_tensor(s) for s in states],
            [v.value for v in layer.trainable_variables])
        entry["gradients"] = [np.asarray(g).reshape(-1) for g in keras.tree.flatten(gradients)]
    return entry


def main():
    options = arguments(__doc__).parse_args()
    header = {
        "reference": f"keras {keras.__version__}, JAX {jax.__version__}, float64", "made_by": "scripts/keras_recurrent_layers.py",
        "shape": [ROWS, STEPS, FEATURES], "mask": MASK.astype(int).tolist(),
    }
    write(out_path(options, "recurrent-layers.json"), header, {"cases": [run(*case) for case in cases()]})


if __name__ == "__main__":
    main()
