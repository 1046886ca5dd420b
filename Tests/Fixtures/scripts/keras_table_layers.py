"""Layers of Keras 3 (JAX backend, float64) that prepare columns of tables, adapted to data where they can be; writes table-layers.json.

Each case: the layer's configuration before and after, the batches it was adapted to, what its weights became, the input and the result.
"""

import keras64
import keras
import numpy as np

from fixturelib import arguments, out_path, write

# What Keras asks of TensorFlow here is only whether data is a data set of its own.
from types import SimpleNamespace
from keras.src.layers.preprocessing import normalization
normalization.tf = SimpleNamespace(data=SimpleNamespace(Dataset=type("Dataset", (), {})))

L = keras.layers
generator = np.random.RandomState(31)
numbers = lambda *shape: np.round(generator.normal(size=shape) * 10, 3)
X = {
    "a": numbers(6, 3), "b": numbers(2, 4, 3), "many": numbers(300, 2), "few": numbers(5, 1), "ids": generator.randint(0, 5, size=(4, 3)),
    "one": generator.randint(-1, 6, size=(4, 1)), "deep": generator.randint(0, 4, size=(2, 3, 2)), "w": numbers(4, 3), "edge": np.array([[-1.5, 0.0], [0.25, 2.5], [2.5000001, 9.0]]),
}
CASES = []


def pack(value):
    value = np.asarray(value)
    return {"shape": list(value.shape), "values": value.reshape(-1).astype("float64")}


def case(layer, name, data=None, weights=None):
    before = keras.layers.serialize(layer)
    if data and isinstance(layer, L.Discretization):
        for batch in data:
            layer.update_state(X[batch])
        layer.finalize_state()
    elif data:
        layer.adapt(X[data[0]] if len(data) == 1 else [X[batch] for batch in data])
    x = keras.ops.convert_to_tensor(X[name])
    y = layer(x, count_weights=keras.ops.convert_to_tensor(X[weights])) if weights else layer(x)
    CASES.append({
        "layer": before, "adapted": keras.layers.serialize(layer) if data else None, "data": data, "x": name, "weights": weights, "y": pack(y),
        "integers": "int" in str(y.dtype), "variables": [pack(w) for w in layer.weights if "count" not in w.name],
    })


for arguments_ in ({}, {"invert": True}, {"axis": None}, {"axis": (1,)}):
    case(L.Normalization(**arguments_), "a", ["a"])
case(L.Normalization(), "b", ["b"])
case(L.Normalization(axis=(1, 2)), "b", ["b"])
case(L.Normalization(axis=1), "b", ["b"])
case(L.Normalization(axis=(-1, 1)), "b", ["b"])
case(L.Normalization(), "a")
case(L.Normalization(mean=3.0, variance=2.0), "a")
case(L.Normalization(mean=[1.0, 2.0, -3.0], variance=[4.0, 0.0, 0.25]), "a")
case(L.Normalization(mean=[1.0, 2.0, -3.0], variance=[4.0, 1.0, 0.25], axis=(1, 2), invert=True), "b")
case(L.Normalization(), "many", ["many", "edge"])
for mode in ("int", "one_hot", "multi_hot", "count"):
    case(L.Discretization(bin_boundaries=[-5.0, 0.0, 2.5], output_mode=mode), "a")
    case(L.Discretization(bin_boundaries=[-5.0, 0.0, 2.5], output_mode=mode), "edge")
    case(L.Discretization(num_bins=4, output_mode=mode), "few", ["many"])
for data in (["many"], ["few"], ["many", "few", "a"], ["a", "many", "many"], ["edge"]):
    for bins, epsilon in ((3, 0.01), (10, 0.01), (4, 0.1), (7, 0.3)):
        case(L.Discretization(num_bins=bins, epsilon=epsilon), "a", data)
for mode in ("one_hot", "multi_hot", "count"):
    for name in ("ids", "one", "deep"):
        case(L.CategoryEncoding(num_tokens=5, output_mode=mode), name)
case(L.CategoryEncoding(num_tokens=4, output_mode="count"), "ids", weights="w")


def whole_model(folder):
    """A model that begins with such layers, and with ones that change images, in a file."""
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    keras.utils.set_random_seed(1)
    a, b, c = keras.Input((3,), name="a"), keras.Input((1,), name="b"), keras.Input((3,), name="c", dtype="int32")
    image = keras.Input((6, 6, 1), name="image")
    scaled, binned = L.Normalization(), L.Discretization(num_bins=4, output_mode="one_hot")
    scaled.adapt(X["a"].astype("float32"))
    binned.update_state(X["many"])
    binned.finalize_state()
    x = L.RandomFlip("horizontal", seed=3)(image)
    for layer in (L.RandomRotation(0.1), L.RandomZoom(0.2, fill_mode="constant"), L.RandomTranslation(0.1, (-0.2, 0.3)), L.RandomContrast(0.2), L.RandomBrightness((-0.1, 0.2), value_range=(0, 1)), L.CenterCrop(4, 4), L.Flatten()):
        x = layer(x)
    x = L.Concatenate()([scaled(a), binned(b), L.CategoryEncoding(num_tokens=5, output_mode="count")(c), x])
    model = keras.Model([a, b, c, image], L.Dense(2)(x))
    rows = [X["a"][:4].astype("float32"), X["few"][:4].astype("float32"), X["ids"].astype("int32"), generator.rand(4, 6, 6, 1).astype("float32")]
    model.save(f"{folder}/keras-files/preprocessing.keras")
    return {"x": [pack(r) for r in rows], "y": pack(model.predict(rows, verbose=0))}


if __name__ == "__main__":
    options = arguments(__doc__).parse_args()
    import os
    header = {"made_by": f"scripts/keras_table_layers.py, keras {keras.__version__}, JAX backend, float64", "inputs": {k: pack(v) for k, v in X.items()}}
    header["model"] = whole_model(os.path.dirname(out_path(options, "x")))
    write(out_path(options, "table-layers.json"), header, {"cases": CASES})
    print(len(CASES))
