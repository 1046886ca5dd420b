"""Models of Keras (on TensorFlow) whose input is strings, in files; writes keras-files/text.keras, text-functional.keras, text-weighted.keras
and text-files.json.

With `--check FILE` it reads a file that Descent wrote instead and prints what Keras predicts for the texts.
"""

import os
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
import tensorflow as tf

from fixturelib import FIXTURES, dumps

L = keras.layers
TEXTS = ["The cat sat on the mat.", "A dog ran; a cat ran!", "Birds sing", "", "the dog and the bird, the cat"]
NEW = ["the cat and the dog sat", "", "unknown words", "Mat! the mat..."]
FOLDER = os.path.join(FIXTURES, "keras-files")


def sequential():
    vectorize = L.TextVectorization(max_tokens=12, output_sequence_length=6)
    vectorize.adapt(TEXTS)
    return keras.Sequential([keras.Input((), dtype="string"), vectorize, L.Embedding(12, 3), L.GlobalAveragePooling1D(), L.Dense(2, activation="softmax")])


def functional():
    vectorize = L.TextVectorization(ngrams=2, output_mode="count", split="whitespace", standardize="lower", name="words")
    vectorize.adapt(TEXTS)
    inner = keras.Sequential([keras.Input((vectorize.vocabulary_size(),)), L.Dense(3, activation="tanh")], name="inner")
    texts = keras.Input((), dtype="string", name="texts")
    hidden = inner(vectorize(texts))
    return keras.Model(texts, L.Add()([L.Dense(3)(hidden), hidden]), name="whole")


def weighted():
    vectorize = L.TextVectorization(max_tokens=16, ngrams=2, output_mode="tf_idf", pad_to_max_tokens=True)
    vectorize.adapt(TEXTS)
    return keras.Sequential([keras.Input((), dtype="string"), vectorize, L.Dense(2, activation="softmax")])


def predict(model, texts):
    return np.asarray(model(tf.constant(texts)))


def main():
    if sys.argv[1:2] == ["--check"]:
        print(predict(keras.saving.load_model(sys.argv[2]), NEW).tolist())
        return
    keras.utils.set_random_seed(4)
    result = {"made_by": f"scripts/keras_text_models.py, keras {keras.__version__}, TensorFlow {tf.__version__}", "texts": TEXTS, "new": NEW}
    for name, make in (("text", sequential), ("text-functional", functional), ("text-weighted", weighted)):
        model = make()
        model.compile("adam", "sparse_categorical_crossentropy" if name != "text-functional" else "mse")
        model.save(os.path.join(FOLDER, f"{name}.keras"))
        value = predict(model, NEW)
        result[name] = {"shape": list(value.shape), "values": value.reshape(-1).tolist()}
    with open(os.path.join(FIXTURES, "text-files.json"), "w") as file:
        file.write(dumps(result) + "\n")


if __name__ == "__main__":
    main()
