"""Categories as numbers by Keras 3 (TensorFlow backend): IntegerLookup, Hashing, HashedCrossing; writes hashing.json."""

import keras_tf64
import keras
import tensorflow as tf

from fixturelib import arguments, out_path, write

keras.config.set_floatx("float32")
L = keras.layers

NUMBERS = [12, 36, 12, -5, 1138, 36, 12, 0, 7, 100]
ASKED = [12, 0, -5, 999, -7, 36, 1138, 1000000]
WORDS = ["A", "B", "", "고양이", "a longer string of more than thirty-two bytes", "B", "z" * 70, "12"]


def result(value):
    value = value.numpy()
    return {"shape": list(value.shape), "values": value.reshape(-1).tolist()}


def forms(layer, asked):
    return {"row": result(layer(tf.constant(asked))), "column": result(layer(tf.constant([[a] for a in asked]))),
            "pairs": result(layer(tf.constant([asked[:2], asked[2:4]])))}


def lookup(**config):
    layer = L.IntegerLookup(**config)
    if not config.get("vocabulary"):
        layer.adapt(NUMBERS)
    asked = NUMBERS if config.get("num_oov_indices") == 0 else ASKED
    return {"config": config, "vocabulary": [int(v) for v in layer.get_vocabulary()], "size": layer.vocabulary_size(), "asked": asked, **forms(layer, asked)}


def hashing(**config):
    layer = L.Hashing(**config)
    of_numbers = not isinstance(config.get("mask_value"), str)
    of_words = not isinstance(config.get("mask_value"), int)
    return {"config": config, "words": forms(layer, WORDS) if of_words else None, "numbers": forms(layer, ASKED) if of_numbers else None}


def crossing(*columns, **config):
    return {"config": config, "columns": columns, "row": result(L.HashedCrossing(**config)(tuple(tf.constant(c) for c in columns)))}


def main():
    options = arguments(__doc__).parse_args()
    codes = [12, 36, 1138, 42]
    lookups = [
        lookup(), lookup(max_tokens=4), lookup(mask_token=0), lookup(mask_token=0, num_oov_indices=3), lookup(num_oov_indices=5, max_tokens=8), lookup(num_oov_indices=0),
        lookup(oov_token=-5), lookup(vocabulary=codes), lookup(vocabulary=[-1] + codes), lookup(output_mode="one_hot"), lookup(output_mode="multi_hot", mask_token=0),
        lookup(output_mode="count", max_tokens=12, pad_to_max_tokens=True), lookup(output_mode="tf_idf", vocabulary=codes, idf_weights=[0.5, 1.0, 2.0, 0.25]),
    ]
    hashes = [
        hashing(num_bins=3), hashing(num_bins=1), hashing(num_bins=1000), hashing(num_bins=7, mask_value="B"), hashing(num_bins=7, mask_value=36), hashing(num_bins=7, salt=133),
        hashing(num_bins=7, salt=[133, 137]), hashing(num_bins=7, salt=5, mask_value=""), hashing(num_bins=4, output_mode="one_hot"), hashing(num_bins=4, output_mode="multi_hot"),
        hashing(num_bins=4, output_mode="count"),
    ]
    numbers = [1, -2, 3, 4000000000, 0, 7, 8, 9]
    crossings = [
        crossing(WORDS, WORDS[::-1], num_bins=5), crossing(WORDS, numbers, num_bins=1000), crossing(numbers, ASKED, WORDS, num_bins=17),
        crossing(WORDS, numbers, num_bins=6, output_mode="one_hot"), crossing(numbers, numbers, num_bins=1),
    ]
    header = {"reference": f"keras {keras.__version__}, TensorFlow {tf.__version__}", "made_by": "scripts/keras_hashing.py"}
    write(out_path(options, "hashing.json"), header, {"numbers": NUMBERS, "words": WORDS, "asked": ASKED, "lookups": lookups, "hashes": hashes, "crossings": crossings})


if __name__ == "__main__":
    main()
