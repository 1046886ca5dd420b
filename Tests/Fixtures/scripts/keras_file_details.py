"""What Keras 3 (JAX backend) writes of models that say more than most: the shape of a batch, an optional input, inputs and outputs in
structures of structures, layers of dtypes of their own, models that are not trained; with what they give for `pattern`s. Writes
file-details.json, and keras-files/frozen.h5, a whole model in the old form in which a part of a nested model is frozen.
"""

import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_ENABLE_X64"] = "1"
import jax
import keras
import numpy as np

from fixturelib import FIXTURES, arguments, out_path, pattern, write

L = keras.layers
ROWS = 3


def flat(value):
    return [{"shape": list(v.shape), "dtype": str(v.dtype), "values": np.asarray(v).astype(float).reshape(-1)} for v in keras.tree.flatten(value)]


def case(name, model, structure):
    """`structure` makes the inputs of arrays in order."""
    for number, weight in enumerate(model.weights):
        weight.assign(pattern(tuple(weight.shape), 20 + number).astype(weight.dtype))
    arrays = [pattern((ROWS,) + tuple(x.shape[1:]), number).astype("float32") for number, x in enumerate(model.inputs)]
    results = model(structure(arrays))
    return {"name": name, "model": keras.src.saving.serialization_lib.serialize_keras_object(model), "results": flat(results), "dtypes": [str(w.dtype) for w in model.weights], "trainable": len(model.trainable_weights)}


def nested():
    a, b, c = (keras.Input((3,), name=n) for n in "abc")
    s, t = L.Add(name="s")([a, b]), L.Dense(2, name="t")(c)
    return keras.Model({"z": [a, b], "q": c}, [{"u": s, "k": t}, (t, s)], name="nested")


def frozen():
    i = keras.Input((4,), name="i")
    inner = keras.Sequential([L.Input((4,)), L.Dense(3, activation="relu", trainable=False), L.BatchNormalization(), L.Dense(2)], name="inner")
    model = keras.Model(i, L.Dense(1, name="o")(inner(i)), name="frozen")
    model.compile("adam", loss="mse", weighted_metrics=["mae"])
    x = pattern((8, 4), 1).astype("float32")
    model.fit(x, x[:, :1], batch_size=4, epochs=1, shuffle=False, verbose=0)
    model.save(os.path.join(FIXTURES, "keras-files", "frozen.h5"))
    return flat(model.predict(x, verbose=0))


def main():
    options = arguments(__doc__).parse_args()
    x = keras.Input(batch_shape=(5, 3), name="x")
    one, two = keras.Input((3,), name="one"), keras.Input((3,), name="two", optional=True)
    first = keras.Input((3,), name="first")
    cases = [
        case("batch shape", keras.Model(x, L.Dense(2, name="d")(x), name="m"), lambda xs: xs[0]),
        case("batch shape of a chain", keras.Sequential([keras.Input(batch_shape=(5, 3), name="x"), L.Dense(2, name="d")], name="m"), lambda xs: xs[0]),
        case("optional input", keras.Model([one, two], L.Add(name="s")([one, two]), name="m"), lambda xs: xs),
        case("structures in structures", nested(), lambda xs: {"q": xs[0], "z": xs[1:]}),
        case("dtypes of layers", keras.Model(first, L.Dense(2, name="e")(L.Dense(4, dtype="float64", activation="tanh", name="d")(first)), name="m"), lambda xs: xs[0]),
        case("a model that is not trained", keras.Model(first, L.Dense(2, name="f")(first), name="m", trainable=False), lambda xs: xs[0]),
    ]
    header = {"reference": f"keras {keras.__version__}, JAX {jax.__version__}", "made_by": "scripts/keras_file_details.py"}
    write(out_path(options, "file-details.json"), header, {"cases": cases, "frozen": frozen()})


if __name__ == "__main__":
    main()
