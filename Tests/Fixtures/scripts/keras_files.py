"""Files made by Keras 3 (JAX backend) for the readers of Keras's files; writes keras-files/*.

Each .keras file is a model after a few steps; expected.json holds what Keras made of it: its weights, its optimizer's variables, its
predictions, and losses and weights after two more epochs, not shuffled, in batches of 4 (the last holds 2).
"""

import io
import json
import os
import zipfile

os.environ["KERAS_BACKEND"] = "jax"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import h5py
import keras
import numpy as np
from keras import layers, optimizers
from keras.optimizers import schedules

from fixturelib import FIXTURES

FOLDER = os.path.join(FIXTURES, "keras-files")
generator = np.random.RandomState(7)
X = (generator.randint(-64, 65, size=(10, 3, 2)) / 32.0).astype("float32")
Y = generator.randint(0, 3, size=10).astype("int32")

OPTIMIZERS = {
    "adam": lambda: optimizers.Adam(0.01, clipnorm=1.0),
    "sgd": lambda: optimizers.SGD(schedules.ExponentialDecay(0.1, 4, 0.9), momentum=0.9, nesterov=True),
    "rmsprop": lambda: optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    "nadam": lambda: optimizers.Nadam(0.01),
    "adafactor": lambda: optimizers.Adafactor(0.01),
}


def model(optimizer):
    keras.utils.set_random_seed(11)
    made = keras.Sequential([
        keras.Input((3, 2)), layers.Flatten(), layers.Dense(4, activation="relu", name="hidden"), layers.Dropout(0.0),
        layers.Dense(3, activation="softmax"),
    ])
    made.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return made


def numbers(arrays):
    return [{"shape": list(np.shape(a)), "values": [float(v) for v in np.asarray(a, "float64").reshape(-1)]} for a in arrays]


def path(name):
    return os.path.join(FOLDER, name)


def save(made, name):
    """A .keras file with a date that does not change."""
    made.save(path(name))
    with zipfile.ZipFile(path(name)) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(path(name), "w") as archive:
        for member, data in members:
            if member == "metadata.json":
                data = json.dumps({**json.loads(data), "date_saved": "2026-01-01@00:00:00"}).encode()
            archive.writestr(zipfile.ZipInfo(member), data)


def main():
    os.makedirs(FOLDER, exist_ok=True)
    expected = {"keras": keras.__version__, "x": numbers([X])[0], "y": [int(v) for v in Y], "models": {}}
    settings = dict(batch_size=4, shuffle=False, verbose=0)
    for name, make in OPTIMIZERS.items():
        made = model(make())
        made.fit(X, Y, epochs=1, **settings)
        save(made, f"{name}.keras")
        record = {
            "weights": numbers(made.get_weights()),
            "optimizer": numbers([v.value for v in made.optimizer.variables]),
            "predictions": numbers([made.predict(X, verbose=0)])[0],
        }
        record["losses"] = [float(v) for v in made.fit(X, Y, epochs=2, **settings).history["loss"]]
        record["weights_after"] = numbers(made.get_weights())
        record["optimizer_after"] = numbers([v.value for v in made.optimizer.variables])
        expected["models"][name] = record

    # Weights alone, of Keras 3 and of before.
    made = model(optimizers.Adam(0.01))
    made.save_weights(path("plain.weights.h5"))
    made.save(path("legacy.h5"))
    expected["plain"] = numbers(made.get_weights())
    # Keras 2's layout: fixed strings, weights named with ":0".
    with h5py.File(path("keras2.h5"), "w") as file:
        file.attrs["layer_names"] = np.array([b"flatten_1", b"dense_1", b"dense_2"])
        file.attrs["backend"] = b"tensorflow"
        file.attrs["keras_version"] = b"2.2.4"
        file.create_group("flatten_1").attrs["weight_names"] = np.array([], dtype="S1")
        for layer, pair in (("dense_1", made.get_weights()[:2]), ("dense_2", made.get_weights()[2:])):
            group = file.create_group(layer)
            group.attrs["weight_names"] = np.array([f"{layer}/kernel:0".encode(), f"{layer}/bias:0".encode()])
            group[f"{layer}/kernel:0"], group[f"{layer}/bias:0"] = pair

    # Kinds of HDF5 files that Keras does not write by itself.
    def variant(name, **settings):
        with h5py.File(path(name), "w", **settings.pop("file", {})) as file:
            for layer, pair in (("dense", made.get_weights()[:2]), ("dense_1", made.get_weights()[2:])):
                group = file.create_group(f"layers/{layer}/vars")
                group.attrs["name"] = layer
                for index, array in enumerate(pair):
                    group.create_dataset(str(index), data=array.astype(settings.get("dtype", array.dtype)),
                                         **settings.get("dataset", {}))
    variant("compressed.weights.h5", dataset={"compression": "gzip", "shuffle": True})
    variant("latest.weights.h5", file={"libver": "latest"})
    variant("float64.weights.h5", dtype=">f8")
    variant("float16.weights.h5", dtype="f2")
    with h5py.File(path("bfloat16.weights.h5"), "w") as file:
        for layer, pair in (("dense", made.get_weights()[:2]), ("dense_1", made.get_weights()[2:])):
            group = file.create_group(f"layers/{layer}/vars")
            for index, array in enumerate(pair):
                half = (np.ascontiguousarray(array).view("uint32") >> 16).astype("uint16")
                group.create_dataset(str(index), data=half.view("V2")).attrs["dtype"] = "bfloat16"

    # What must be refused, by name.
    other = keras.Sequential([keras.Input((6, 6, 1)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(2)])
    other.save(path("conv2d.keras"))
    other = keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: x * 2), layers.Dense(2)])
    other.save(path("lambda.keras"))

    # One of each layer that Descent has, and a model inside.
    keras.utils.set_random_seed(12)
    every = keras.Sequential([
        keras.Input((3, 2)), layers.Rescaling(0.5, offset=0.25), layers.Reshape((6,)),
        layers.Dense(5, activation=layers.ReLU(negative_slope=0.1), use_bias=False, kernel_initializer="he_normal",
                     kernel_regularizer=keras.regularizers.L1L2(1e-4, 1e-3), activity_regularizer="l2", kernel_constraint="max_norm"),
        layers.BatchNormalization(momentum=0.9), layers.LeakyReLU(negative_slope=0.2), layers.LayerNormalization(),
        keras.Sequential([layers.Dense(4), layers.ELU(alpha=0.5), layers.Dropout(0.25, seed=3)], name="inner"),
        layers.Activation("tanh"), layers.Dense(3, trainable=False), layers.ReLU(max_value=6.0), layers.Softmax(),
    ])
    every.compile(optimizer=optimizers.AdamW(0.01), loss=keras.losses.SparseCategoricalCrossentropy(ignore_class=None),
                  metrics=["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(k=2, name="top2")], weighted_metrics=["accuracy"][:0])
    save(every, "every.keras")
    expected["every"] = {"weights": numbers(every.get_weights()), "predictions": numbers([every.predict(X, verbose=0)])[0]}

    # A table of rows, chosen by row numbers.
    keras.utils.set_random_seed(13)
    numbers_of_rows = generator.randint(0, 80, size=(10, 4)).astype("int32")
    table = keras.Sequential([keras.Input((4,)), layers.Embedding(80, 3, name="words"), layers.GlobalAveragePooling1D(),
                              layers.Dense(3, activation="softmax")])
    table.compile(optimizer=optimizers.Adagrad(0.1), loss="sparse_categorical_crossentropy")
    table.fit(numbers_of_rows, Y, epochs=1, **settings)
    save(table, "embedding.keras")
    table.save_weights(path("embedding.weights.h5"))
    record = {"x": numbers([numbers_of_rows])[0], "weights": numbers(table.get_weights()),
              "predictions": numbers([table.predict(numbers_of_rows, verbose=0)])[0]}
    record["losses"] = [float(v) for v in table.fit(numbers_of_rows, Y, epochs=2, **settings).history["loss"]]
    record["weights_after"] = numbers(table.get_weights())
    expected["embedding"] = record

    with open(path("expected.json"), "w") as file:
        json.dump(expected, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
