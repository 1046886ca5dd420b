"""Keras 3 on JAX, 784-100-10 on Fashion-MNIST, five seeds: the figures that Descent's own mean is compared with.

    python compare/keras_five_seeds.py --data FOLDER --out FILE

FOLDER holds the four IDX files, gzipped or not (Debian: package dataset-fashion-mnist). The first
48,000 training images train, the last 12,000 validate (validation_split=0.2); batches of 32, Adam
with its defaults, 5 epochs, reshuffled each epoch; keras.utils.set_random_seed(1 … 5).
"""

import argparse
import gzip
import json
import os
import statistics
import struct
import time

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import keras
import numpy as np


def idx(folder, name):
    path = os.path.join(folder, name)
    opener = open if os.path.exists(path) else gzip.open
    with opener(path if opener is open else path + ".gz", "rb") as file:
        _, _, kind, rank = struct.unpack(">BBBB", file.read(4))
        assert kind == 8
        shape = struct.unpack(f">{rank}I", file.read(4 * rank))
        return np.frombuffer(file.read(), dtype=np.uint8).reshape(shape)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3, 4, 5])
    parser.add_argument("--epochs", type=int, default=5)
    options = parser.parse_args()
    train = idx(options.data, "train-images-idx3-ubyte").astype("float32") / 255
    labels = idx(options.data, "train-labels-idx1-ubyte").astype("int32")
    test = idx(options.data, "t10k-images-idx3-ubyte").astype("float32") / 255
    test_labels = idx(options.data, "t10k-labels-idx1-ubyte").astype("int32")

    runs = []
    for seed in options.seeds:
        keras.utils.set_random_seed(seed)
        model = keras.Sequential([
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(100, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ])
        model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        start = time.time()
        history = model.fit(train, labels, batch_size=32, epochs=options.epochs, validation_split=0.2, verbose=0).history
        seconds = time.time() - start
        test_loss, test_accuracy = model.evaluate(test, test_labels, batch_size=32, verbose=0)
        runs.append({"seed": seed, "history": {key: [round(value, 6) for value in values] for key, values in history.items()},
                     "test_loss": round(test_loss, 6), "test_accuracy": round(test_accuracy, 6), "seconds": round(seconds, 1)})
        print(runs[-1], flush=True)

    summary = {}
    for key in ("loss", "accuracy", "val_loss", "val_accuracy"):
        values = [run["history"][key][-1] for run in runs]
        summary[key] = {"mean": round(statistics.mean(values), 6), "standard_deviation": round(statistics.stdev(values), 6)}
    for key in ("test_loss", "test_accuracy"):
        values = [run[key] for run in runs]
        summary[key] = {"mean": round(statistics.mean(values), 6), "standard_deviation": round(statistics.stdev(values), 6)}
    print(json.dumps(summary, indent=1))
    with open(options.out, "w") as file:
        json.dump({"reference": f"keras {keras.__version__}, JAX {jax.__version__}, CPU, float32", "made_by": "scripts/compare/keras_five_seeds.py",
                   "note": "after the last epoch; standard_deviation is the sample's (n - 1)", "summary": summary, "runs": runs}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
