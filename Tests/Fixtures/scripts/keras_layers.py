"""Layers of Keras 3 (JAX backend, float64), called on their own; writes layers.json.

Each case: the layer's configuration, its weights, the inputs (and masks), what it gives for them in inference and in training
where that is not random, the weights after training, and the gradient of the sum of the squared result with respect to inputs
and trainable weights.
"""

import keras64
import jax
import keras
import numpy as np

from fixturelib import arguments, out_path, write

L = keras.layers
generator = np.random.RandomState(11)


def numbers(*shape):
    return generator.randint(-128, 129, size=shape) / 64.0


MASK = np.array([[True, True, False], [True, False, False], [True, True, True], [False, True, False]])
MASK2 = np.array([[True, False, False], [True, True, False], [False, True, True], [False, False, False]])
X = {
    "a": numbers(4, 3), "b": numbers(4, 3), "c": numbers(4, 1), "d": numbers(4, 2, 3), "e": numbers(4, 5, 3), "f": numbers(4, 3, 2),
    "g": numbers(4, 6), "h": numbers(4, 3, 2, 4), "i": numbers(4, 2, 4, 6), "s": numbers(4, 3, 2), "t": numbers(4, 3, 2),
}
X["s"][~MASK] = 0.25
zero = X["s"].copy()
zero[~MASK] = 0

# layer, inputs, masks (by input, or None)
CASES = [
    (L.Add(), ["a", "b"], None), (L.Add(), ["a", "c"], None), (L.Add(), ["d", "a"], None), (L.Add(), ["a", "b", "c"], None),
    (L.Subtract(), ["a", "b"], None), (L.Multiply(), ["a", "b", "c"], None), (L.Average(), ["a", "b", "c"], None),
    (L.Maximum(), ["a", "b", "c"], None), (L.Minimum(), ["d", "a"], None),
    (L.Add(), ["s", "t"], [MASK, MASK2]), (L.Add(), ["s", "t"], [MASK, None]), (L.Multiply(), ["s", "t"], [MASK, MASK2]), (L.Multiply(), ["s", "t"], [MASK, None]),
    (L.Maximum(), ["s", "t"], [MASK, MASK2]), (L.Minimum(), ["s", "t"], [None, MASK2]), (L.Average(), ["s", "t"], [MASK, MASK2]),
    (L.Concatenate(), ["a", "c"], None), (L.Concatenate(axis=1), ["d", "e"], None), (L.Concatenate(), ["s", "t"], [MASK, MASK2]), (L.Concatenate(axis=1), ["s", "t"], [None, MASK2]),
    (L.Dot(axes=1), ["a", "b"], None), (L.Dot(axes=-1, normalize=True), ["a", "b"], None), (L.Dot(axes=(2, 1)), ["d", "f"], None), (L.Dot(axes=2), ["d", "e"], None),
    (L.Dot(axes=(2, 2)), ["f", "h"], None), (L.Dot(axes=(1, 1)), ["a", "f"], None),
    (L.Permute((2, 1)), ["d"], None), (L.Permute((3, 1, 2)), ["h"], None), (L.RepeatVector(3), ["a"], None), (L.Identity(), ["s"], [MASK]),
    (L.EinsumDense("ab,bc->ac", output_shape=5), ["a"], None), (L.EinsumDense("abc,cd->abd", output_shape=(None, 4), bias_axes="d", activation="tanh"), ["d"], None),
    (L.EinsumDense("...x,xy->...y", output_shape=3, bias_axes="y"), ["h"], None), (L.EinsumDense("abcd,cde->abe", output_shape=(3, 2), bias_axes="be"), ["h"], None),
    (L.EinsumDense("abc...,cd->abd...", output_shape=(3, 2), bias_axes="d"), ["h"], None),
    (L.ActivityRegularization(l1=0.1, l2=0.2), ["a"], None), (L.PReLU(alpha_initializer="ones"), ["a"], None), (L.PReLU(shared_axes=[1, 2]), ["h"], None), (L.PReLU(shared_axes=[1]), ["d"], None),
    (L.UnitNormalization(), ["a"], None), (L.UnitNormalization(axis=[1, 2]), ["d"], None), (L.UnitNormalization(axis=1), ["h"], None),
    (L.GroupNormalization(groups=2), ["g"], None), (L.GroupNormalization(groups=3, epsilon=0.01), ["i"], None), (L.GroupNormalization(groups=-1, center=False), ["h"], None), (L.GroupNormalization(groups=2, axis=1, scale=False), ["i"], None),
    (L.RMSNormalization(), ["a"], None), (L.RMSNormalization(axis=[1, 2], epsilon=0.01), ["d"], None),
    (L.TimeDistributed(L.Dense(2, activation="tanh")), ["d"], None), (L.TimeDistributed(L.Dense(4)), ["s"], [MASK]), (L.TimeDistributed(L.BatchNormalization(momentum=0.9)), ["e"], None),
    (L.SpectralNormalization(L.Dense(3)), ["a"], None), (L.SpectralNormalization(L.EinsumDense("abc,cd->abd", output_shape=(None, 4)), power_iterations=3), ["d"], None),
    (L.Masking(), ["zero"], None), (L.Masking(mask_value=0.25), ["s"], None),
    (L.GlobalAveragePooling1D(), ["s"], [MASK | True]), (L.GlobalAveragePooling1D(keepdims=True), ["t"], [MASK]), (L.GlobalAveragePooling1D(data_format="channels_first"), ["d"], None),
    (L.BatchNormalization(momentum=0.9), ["t"], [MASK]), (L.BatchNormalization(axis=1), ["h"], None), (L.LayerNormalization(axis=[1, 2]), ["d"], None),
    (L.Dense(3, activation="relu", activity_regularizer="l2"), ["s"], [MASK]), (L.Softmax(axis=[1, 2]), ["d"], None), (L.Flatten(data_format="channels_first"), ["h"], None), (L.Rescaling([2.0, 3.0], offset=[0.0, 1.0]), ["f"], None),
    (L.GaussianNoise(0.5), ["s"], [MASK]), (L.GaussianDropout(0.5), ["a"], None), (L.AlphaDropout(0.5), ["a"], None), (L.SpatialDropout1D(0.5), ["d"], None), (L.SpatialDropout2D(0.5), ["h"], None), (L.SpatialDropout3D(0.5, data_format="channels_first"), ["h5"], None),
    (L.Activation("tanh"), ["a"], None), (L.ReLU(), ["s"], [MASK]), (L.ReLU(max_value=1.0, negative_slope=0.2, threshold=0.5), ["a"], None), (L.LeakyReLU(), ["a"], None), (L.LeakyReLU(negative_slope=0.1), ["d"], None),
    (L.ELU(alpha=0.7), ["a"], None), (L.Reshape((3, 2)), ["g"], None), (L.Reshape((-1,)), ["d"], None), (L.Dropout(0.5, noise_shape=(None, 1, 3)), ["d"], None), (L.Dropout(0.5), ["s"], [MASK]),
]
X["zero"] = zero
X["h5"] = numbers(2, 2, 1, 2, 3)
RANDOM = (L.Dropout, L.GaussianNoise, L.GaussianDropout, L.AlphaDropout, L.SpatialDropout1D, L.SpatialDropout2D, L.SpatialDropout3D)


def pack(value):
    value = np.asarray(value)
    return {"shape": list(value.shape), "values": value.reshape(-1), "dtype": "bool" if value.dtype == bool else "float64"}


def run(layer, names, masks):
    inputs = [keras.ops.convert_to_tensor(X[name]) for name in names]
    several = isinstance(layer, L.Add.__mro__[1])
    argument = inputs if several else inputs[0]
    layer(argument)
    for variable in layer.weights:
        if variable.path.endswith("seed_generator_state"):
            continue
        shape = variable.shape
        values = numbers(*shape)
        variable.assign(np.abs(values) + 0.5 if "variance" in variable.name else values)

    def call(inputs, training):
        if masks:
            for x, mask in zip(inputs, masks):
                if mask is not None:
                    keras.src.backend.set_keras_mask(x, keras.ops.convert_to_tensor(mask))
        takes = {"training": training} if "training" in layer._call_signature.parameters else {}
        return layer(list(inputs) if several else inputs[0], **takes)

    result = {"layer": keras.saving.serialize_keras_object(layer), "inputs": names, "masks": None if masks is None else [None if m is None else pack(m) for m in masks], "several": several}
    start = layer.get_weights()
    result["weights"] = [pack(w) for w in start]
    fresh = lambda: [keras.ops.convert_to_tensor(X[name].copy()) for name in names]
    y = call(fresh(), False)
    result["y"] = pack(y)
    mask = keras.src.backend.get_keras_mask(y)
    result["mask"] = None if mask is None else pack(mask)
    result["losses"] = float(sum(layer.losses)) if layer.losses else 0.0

    def total(inputs, trainable):
        y, _ = layer.stateless_call(trainable, [v.value for v in layer.non_trainable_variables], list(inputs) if several else inputs[0])
        return keras.ops.sum(y * y)

    if not masks:
        of_inputs, of_weights = jax.grad(total, argnums=(0, 1))(tuple(fresh()), [v.value for v in layer.trainable_variables])
        result["input_gradients"] = [pack(g) for g in of_inputs]
        result["weight_gradients"] = [pack(g) for g in of_weights]
    if not isinstance(layer, RANDOM):
        y = call(fresh(), True)
        result["training_y"] = pack(y)
        result["weights_after"] = [pack(w) for w in layer.get_weights()]
        layer.set_weights(start)
    return result


def main():
    options = arguments(__doc__).parse_args()
    cases = [run(*case) for case in CASES]
    header = {"reference": f"keras {keras.__version__}, JAX {jax.__version__}, float64", "made_by": "scripts/keras_layers.py", "inputs": {name: pack(value) for name, value in X.items()}}
    write(out_path(options, "layers.json"), header, {"cases": cases})


if __name__ == "__main__":
    main()
