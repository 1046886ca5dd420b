"""Models of Keras 3 (JAX backend, float64) whose rows have sizes that are open (`None`), or layers of another dtype; writes open-shapes.json.

Each case: the model's description, predictions for two lengths, the logs of an epoch whose two batches have these lengths, the evaluation of
both, and two weighted sums of each weight that came out. Weights and data are `pattern`s, so that they are not stored.
"""

import keras64
import jax
import keras
import numpy as np
import keras_sequences  # JAX's attention multiplies in float32; there the same formula in float64 takes its place.

from fixturelib import arguments, out_path, pattern, sharing, whole_pattern, write

L, ops = keras.layers, keras.ops


def lstm():
    i = keras.Input((None, 3))
    return keras.Model(i, L.Dense(2)(L.LSTM(4)(i))), "mse", []


def text():
    i = keras.Input((None,), dtype="int32")
    x = L.Embedding(7, 3, mask_zero=True)(i)
    return keras.Model(i, L.Dense(1, activation="sigmoid")(L.GlobalAveragePooling1D()(x))), "binary_crossentropy", ["accuracy"]


def tagger():
    i = keras.Input((None, 2))
    x = L.Bidirectional(L.GRU(3, return_sequences=True))(i)
    return keras.Model(i, L.TimeDistributed(L.Dense(3, activation="softmax"))(x)), "sparse_categorical_crossentropy", ["accuracy"]


def image():
    i = keras.Input((None, None, 2))
    x = L.MaxPooling2D(2)(L.Conv2D(3, 3, padding="same", activation="tanh")(i))
    return keras.Model(i, L.Dense(2)(L.GlobalAveragePooling2D()(L.Conv2D(2, 2)(x)))), "mse", ["mae"]


def unet():
    i = keras.Input((None, None, 1))
    fine = L.Conv2D(2, 3, padding="same", activation="tanh")(i)
    coarse = L.Conv2D(3, 3, padding="same", activation="tanh")(L.MaxPooling2D(2)(fine))
    x = L.Concatenate()([L.UpSampling2D(2)(coarse), fine])
    return keras.Model(i, L.Conv2D(1, 1, activation="sigmoid")(x)), "binary_crossentropy", ["mae"]


def attention():
    i = keras.Input((None, 4))
    x = L.LayerNormalization()(L.Add()([i, L.MultiHeadAttention(2, 2)(i, i)]))
    return keras.Model(i, L.Dense(2)(L.GlobalAveragePooling1D()(x))), "mse", []


def translator():
    source, target = keras.Input((None, 3), name="source"), keras.Input((None, 2), name="target")
    _, h, c = L.LSTM(3, return_state=True)(source)
    x = L.LSTM(3, return_sequences=True)(target, initial_state=[h, c])
    return keras.Model([source, target], L.Dense(3, activation="softmax")(x)), "sparse_categorical_crossentropy", ["accuracy"]


def chain():
    return keras.Sequential([keras.Input((None, 3)), L.SimpleRNN(4), L.Dense(2)]), "mse", []


def sliced():
    i = keras.Input((None, 3))
    x = L.Conv1D(4, 3, padding="causal", activation="tanh")(i)[:, ::2]
    x = L.Conv1D(3, 2, strides=2)(x)
    return keras.Model(i, L.Dense(2)(ops.mean(x, axis=1) + ops.max(x, axis=1))), "mse", []


def nested():
    j = keras.Input((None, 3))
    inner = keras.Model(j, L.Dense(2, activation="tanh")(L.GRU(3)(j)))
    a, b = keras.Input((None, 3), name="a"), keras.Input((4, 3), name="b")
    return keras.Model([a, b], L.Dense(2)(L.Multiply()([inner(a), inner(b)]))), "mse", []


def dtypes():
    i = keras.Input((3,))
    x = L.Dense(4, activation="tanh", dtype="float32")(i)
    return keras.Model(i, L.Dense(2)(L.Concatenate()([x, ops.cast(i > 0, "int32")]))), "mse", []


def chain_of_dtypes():
    return keras.Sequential([keras.Input((3,)), L.Dense(4, activation="tanh", dtype="float32"), L.Dense(2)]), "mse", []


def masked_translator():
    source, target = keras.Input((None,), dtype="int32", name="source"), keras.Input((None,), dtype="int32", name="target")
    _, h, c = L.LSTM(3, return_state=True)(L.Embedding(7, 3, mask_zero=True)(source))
    # Beside states a mask that travels is not passed on.
    x = L.LSTM(3, return_sequences=True)(L.Embedding(7, 2, mask_zero=True)(target), initial_state=[h, c])
    return keras.Model([source, target], L.Dense(3, activation="softmax")(x)), "sparse_categorical_crossentropy", []


def given_mask():
    i = keras.Input((None,), dtype="int32")
    x = L.Embedding(7, 2)(i)
    _, h = L.GRU(3, return_state=True)(x, mask=ops.not_equal(i, 0))
    both = L.Bidirectional(L.SimpleRNN(3))(x, initial_state=[h, h], mask=ops.not_equal(i, 1))
    return keras.Model(i, L.Dense(2)(L.Add()([L.GRU(6)(x, initial_state=[both], mask=ops.not_equal(i, 2)), both]))), "mse", []


ALL = [lstm, text, tagger, image, unet, attention, translator, chain, sliced, nested, dtypes, chain_of_dtypes, masked_translator, given_mask]


def data(model, length, salt):
    def filled(shape):
        return tuple(length if size is None else size for size in shape)

    x = []
    for place, i in enumerate(model.inputs):
        shape = (4,) + filled(i.shape[1:])
        x.append(whole_pattern(shape, salt + place, 0, 6) if i.dtype == "int32" else pattern(shape, salt + place))
        if i.dtype == "int32":
            x[-1][:, 0] = 1 + x[-1][:, 0] % 6
    shape = filled(model.outputs[0].shape[1:])
    if shape[-1] == 2:
        y = pattern((4,) + shape, salt + 10)
    elif shape[-1] == 1:
        y = whole_pattern((4,) + shape, salt + 10, 0, 1)
    else:
        y = whole_pattern((4,) + shape[:-1], salt + 10, 0, 2)
    return (x if len(x) > 1 else x[0]), y


def case(make, number):
    keras.utils.clear_session()
    model, loss, metrics = make()
    model.set_weights([pattern(w.shape, 1000 * number + place) / 2 for place, w in enumerate(model.weights)])
    model.compile(optimizer=keras.optimizers.SGD(0.05), loss=loss, metrics=metrics)
    lengths = (6, 10)
    result = {"name": make.__name__, "seed": number, "lengths": lengths, "model": keras.src.saving.serialization_lib.serialize_keras_object(model),
              "shapes": [[size for size in layer.output.shape[1:]] for layer in model.layers if not isinstance(layer.output, (list, tuple))]}
    batches = [data(model, length, 1000 * number + 500 + 100 * place) for place, length in enumerate(lengths)]
    result["predict"] = [np.asarray(model.predict(x, verbose=0)).reshape(-1) for x, _ in batches]

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return len(batches)

        def __getitem__(self, place):
            return batches[place]

    history = model.fit(Batches(), epochs=1, shuffle=False, verbose=0).history
    result["history"] = {name: values[0] for name, values in history.items()}
    result["evaluate"] = model.evaluate(Batches(), verbose=0, return_dict=True)
    result["sums_after"] = [[float((w * pattern(w.shape, salt)).sum()) for salt in (1, 2)] for w in model.get_weights()]
    return result


if __name__ == "__main__":
    options = arguments(__doc__).parse_args()
    cases = [case(make, number) for number, make in enumerate(ALL)]
    table, models = sharing([entry.pop("model") for entry in cases])
    header = {"reference": f"keras {keras.__version__}, JAX {jax.__version__}, float64", "made_by": "scripts/keras_open_shapes.py"}
    write(out_path(options, "open-shapes.json"), header, {"shared": table, "cases": [{"model": model, **entry} for entry, model in zip(cases, models)]})
