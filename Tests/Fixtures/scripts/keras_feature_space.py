"""Columns of a table as tensors by Keras 3's FeatureSpace (TensorFlow backend); writes feature-space.json."""

import keras_tf64
import keras
import tensorflow as tf

from fixturelib import arguments, out_path, write

keras.config.set_floatx("float32")
F = keras.utils.FeatureSpace

COLUMNS = {
    "age": [22.0, 38.5, 26.0, 35.25, 54.0, 2.0, 27.0, 14.0, 4.0, 58.0] * 4, "income": [float(k * k % 97) / 4 for k in range(40)],
    "size": [k * 37 % 11 for k in range(40)], "code": [k * k % 7 - 2 for k in range(40)],
    "kind": [["cat", "dog", "고양이", "", "a longer string of more than thirty-two bytes", "dog"][k * 5 % 6] for k in range(40)],
    "town": [["Seoul", "Busan", "Paris"][k % 3] for k in range(40)],
}
ASKED = {
    "age": [30.0, -1.0, 100.0], "income": [0.0, 12.25, 99.0], "size": [3, 99, -4], "code": [-2, 4, 1000], "kind": ["dog", "cow", ""], "town": ["Paris", "Rome", "Seoul"],
}
TYPES = {
    "float": F.float, "float_normalized": F.float_normalized, "float_rescaled": F.float_rescaled, "float_discretized": F.float_discretized,
    "integer_categorical": F.integer_categorical, "string_categorical": F.string_categorical, "integer_hashed": F.integer_hashed, "string_hashed": F.string_hashed,
}


def result(value):
    value = value.numpy()
    return {"shape": list(value.shape), "values": value.reshape(-1).tolist()}


def listed(columns):
    return [{"name": name, "values": values} for name, values in columns.items()]


def case(features, crosses=(), **config):
    """Features as types' names, or as names with settings; crosses as names, or with settings."""
    made = {name: what if isinstance(what, str) else TYPES[what[0]](**what[1]) for name, what in features.items()}
    space = F(made, crosses=[F.cross(**c) if isinstance(c, dict) else tuple(c) for c in crosses] or None, **config)
    space.adapt({name: COLUMNS[name] for name in features})
    encoded = space({name: tf.constant(ASKED[name]) for name in features})
    if isinstance(encoded, dict):
        encoded = {name: result(value) for name, value in encoded.items()}
    else:
        encoded = result(encoded)
    return {"features": {n: [w, {}] if isinstance(w, str) else list(w) for n, w in features.items()}, "crosses": [c if isinstance(c, dict) else {"feature_names": c} for c in crosses],
            "config": config, "encoded": encoded}


def main():
    options = arguments(__doc__).parse_args()
    cases = [
        case({"age": "float"}), case({"age": "float_normalized", "income": "float_normalized"}), case({"age": ("float_rescaled", {"scale": 0.25, "offset": -1.0})}),
        case({"age": "float_discretized", "income": ("float_discretized", {"num_bins": 5})}, num_discretization_bins=4),
        case({"size": "integer_categorical", "code": ("integer_categorical", {"max_tokens": 4, "num_oov_indices": 2})}),
        case({"kind": "string_categorical", "town": ("string_categorical", {"max_tokens": 3})}),
        case({"kind": ("string_categorical", {"num_oov_indices": 3})}), case({"code": "integer_hashed", "kind": "string_hashed"}),
        case({"code": ("integer_hashed", {"num_bins": 5}), "kind": ("string_hashed", {"num_bins": 7})}, hashing_dim=3),
        case({"town": "string_categorical", "size": "integer_categorical", "age": "float"}, [["town", "size"]]),
        case({"town": "string_categorical", "size": "integer_hashed", "age": ("float_discretized", {"num_bins": 3})},
             [["size", "age"], {"feature_names": ["town", "age"], "crossing_dim": 5}], crossing_dim=9),
        case({"town": ("string_categorical", {"output_mode": "int"}), "code": ("integer_categorical", {"output_mode": "int"}), "age": "float_normalized", "kind": "string_hashed"},
             [{"feature_names": ["town", "code"], "crossing_dim": 11, "output_mode": "int"}], output_mode="dict"),
        case({"income": ("float_discretized", {"num_bins": 3, "output_mode": "int"}), "kind": ("string_hashed", {"num_bins": 4, "output_mode": "int"}),
              "code": ("integer_hashed", {"num_bins": 6, "output_mode": "int"})}, output_mode="dict"),
        case({"age": "float_normalized", "income": "float", "size": "integer_categorical", "kind": "string_categorical", "town": "string_hashed"}, [["kind", "size"], ["town", "kind"]]),
    ]
    header = {"reference": f"keras {keras.__version__}, TensorFlow {tf.__version__}", "made_by": "scripts/keras_feature_space.py"}
    write(out_path(options, "feature-space.json"), header, {"columns": listed(COLUMNS), "asked": listed(ASKED), "cases": cases})


if __name__ == "__main__":
    main()
