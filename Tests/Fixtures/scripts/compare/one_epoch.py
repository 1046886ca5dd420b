"""One epoch with every optimizer, by Keras and by `descent train`, from the same weights and in the same order.

    KERAS_BACKEND=jax python one_epoch.py --descent .build/release/descent --task fashion --data /usr/share/datasets/fashion-mnist

Prints, for each optimizer, how far apart the losses are (relative) and the weights (by tensor, the norm of the difference by the norm;
the greatest), and beside it the same for Keras against Keras, twice: with the last bits of the initial weights changed, and with the
inputs' features in another order, which changes nothing but the order in which sums are added up. What those two cannot do nobody can.
Written for keras 3.15.1 with the JAX backend; Documentation/ComparedWithKeras.md has what it printed.
"""

import argparse
import csv
import gzip
import json
import os
import subprocess
import tempfile

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
from keras import layers, optimizers
from keras.optimizers import schedules

# Those whose formula has a sign or a step function in it are not smooth: a difference in the last bit may become one of a whole step.
CASES = {
    "SGD": lambda: optimizers.SGD(0.01),
    "SGD momentum": lambda: optimizers.SGD(0.01, momentum=0.9),
    "SGD nesterov": lambda: optimizers.SGD(0.01, momentum=0.9, nesterov=True),
    "SGD schedule": lambda: optimizers.SGD(schedules.PolynomialDecay(0.05, 1875, 0.001), momentum=0.9),
    "RMSprop": lambda: optimizers.RMSprop(),
    "RMSprop centered, momentum": lambda: optimizers.RMSprop(momentum=0.5, centered=True),
    "Adagrad": lambda: optimizers.Adagrad(0.01),
    "Adadelta": lambda: optimizers.Adadelta(1.0),
    "Adam": lambda: optimizers.Adam(),
    "Adam amsgrad": lambda: optimizers.Adam(amsgrad=True),
    "Adam clipnorm": lambda: optimizers.Adam(clipnorm=0.5),
    "Adam global clipnorm": lambda: optimizers.Adam(global_clipnorm=0.5),
    "Adam EMA": lambda: optimizers.Adam(use_ema=True),
    "Adam accumulation": lambda: optimizers.Adam(gradient_accumulation_steps=5),
    "AdamW": lambda: optimizers.AdamW(),
    "Adamax": lambda: optimizers.Adamax(),
    "Nadam": lambda: optimizers.Nadam(),
    "Adafactor": lambda: optimizers.Adafactor(0.01),
    "Ftrl": lambda: optimizers.Ftrl(0.01),
    "Lamb": lambda: optimizers.Lamb(),
    "ScheduleFreeAdamW": lambda: optimizers.ScheduleFreeAdamW(),
    "Muon": lambda: optimizers.Muon(),
    "Lion (not smooth)": lambda: optimizers.Lion(0.0001),
}


def idx(folder, name):
    for path, opener in ((f"{folder}/{name}", open), (f"{folder}/{name}.gz", gzip.open)):
        if os.path.exists(path):
            with opener(path, "rb") as file:
                data = file.read()
            shape = [int.from_bytes(data[4 + 4 * i:8 + 4 * i], "big") for i in range(data[3])]
            return np.frombuffer(data, "uint8", offset=4 + 4 * len(shape)).reshape(shape)
    raise SystemExit(f"{folder} has no {name}")


def fashion(arguments):
    x = (idx(arguments.data, "train-images-idx3-ubyte") / np.float32(255)).astype("float32").reshape(-1, 784)
    y = idx(arguments.data, "train-labels-idx1-ubyte").astype("int32")
    last = layers.Dense(10, activation="linear" if arguments.logits else "softmax")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=arguments.logits)
    return x, y, [layers.Dense(100, activation=arguments.activation), last], loss


def regression(arguments):
    generator = np.random.default_rng(5)
    x = generator.normal(size=(20000, 20)).astype("float32")
    y = np.sin(x @ generator.normal(size=(20, 3))).sum(axis=1, keepdims=True) + 0.1 * generator.normal(size=(20000, 1))
    hidden = [layers.Dense(64, activation=arguments.activation) for _ in range(2)]
    return x, y.astype("float32"), [*hidden, layers.Dense(1)], keras.losses.MeanSquaredError()


def binary(arguments):
    generator = np.random.default_rng(6)
    x = generator.normal(size=(20000, 20)).astype("float32")
    y = (np.sin(x @ generator.normal(size=20)) + 0.3 * generator.normal(size=20000) > 0).astype("float32").reshape(-1, 1)
    loss = keras.losses.BinaryCrossentropy(from_logits=arguments.logits)
    last = layers.Dense(1, activation="linear" if arguments.logits else "sigmoid")
    return x, y, [layers.Dense(48, activation=arguments.activation), last], loss


TASKS = {"fashion": fashion, "regression": regression, "binary": binary}


class Run:
    """A task with an optimizer: the model that Keras starts from, and what it ends with."""

    def __init__(self, arguments, make, seed, folder):
        keras.utils.set_random_seed(seed)
        self.make, self.folder = make, folder
        self.x, self.y, stack, loss = TASKS[arguments.task](arguments)
        self.model = keras.Sequential([keras.Input((self.x.shape[1],)), *stack])
        self.model.compile(make(), loss=loss)
        self.model.save(f"{folder}/init.keras")
        self.optimizer = json.dumps(keras.optimizers.serialize(self.model.optimizer))
        self.start = self.model.get_weights()
        self.loss, self.end = self.by_keras(self.start, self.x)

    def by_keras(self, start, x):
        # Not loaded from the file: Keras gives a loaded optimizer its slots before the weights are there, and ScheduleFreeAdamW's are the weights.
        model = keras.models.clone_model(self.model)
        model.compile(self.make(), loss=self.model.loss)
        model.set_weights(start)
        loss = model.fit(x, self.y, epochs=1, shuffle=False, verbose=0).history["loss"][0]
        return loss, model.get_weights()

    def by_descent(self, binary):
        np.savez(f"{self.folder}/d.npz", x=self.x, y=self.y)
        done = subprocess.run(
            [binary, "train", "--model", f"{self.folder}/init.keras", "--data", f"{self.folder}/d.npz", "--no-shuffle",
             "--optimizer", self.optimizer, "--loss", json.dumps(keras.losses.serialize(self.model.loss)), "--epochs", "1",
             "--save", f"{self.folder}/out.keras", "--out", f"{self.folder}/out", "--verbose", "0"], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        with open(f"{self.folder}/out/history.csv") as file:
            loss = float(next(csv.DictReader(file))["loss"].replace("NA", "nan"))
        return loss, keras.saving.load_model(f"{self.folder}/out.keras").get_weights()

    def with_last_bits_changed(self):
        generator = np.random.default_rng(1)
        start = [(w * (1 + 1.2e-7 * generator.choice([-1, 0, 1], w.shape))).astype("float32") for w in self.start]
        return self.by_keras(start, self.x)

    def reordered(self):
        order = np.random.default_rng(2).permutation(self.x.shape[1])
        loss, end = self.by_keras([self.start[0][order], *self.start[1:]], self.x[:, order])
        return loss, [end[0][np.argsort(order)], *end[1:]]

    def apart(self, result):
        """The losses and the weights; not finite on both sides is together."""
        loss, end = result
        if not (np.isfinite(loss) or np.isfinite(self.loss)):
            return 0.0, 0.0
        norms = [float(np.linalg.norm(a - b) / np.linalg.norm(b)) for a, b in zip(end, self.end, strict=True)]
        return abs(loss - self.loss) / abs(self.loss), max(norms)


def passes(apart):
    return apart[0] <= 1e-5 and apart[1] <= 1e-4


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--descent", required=True)
    parser.add_argument("--task", choices=list(TASKS), default="fashion")
    parser.add_argument("--data", help="for fashion: a folder with train-images-idx3-ubyte and train-labels-idx1-ubyte")
    parser.add_argument("--logits", action="store_true", help="a last layer without softmax or sigmoid, and the loss from its logits")
    parser.add_argument("--activation", default="relu", help="of the hidden layers")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="of the initial weights")
    parser.add_argument("--only", help="part of an optimizer's name")
    arguments = parser.parse_args()
    binary = os.path.abspath(arguments.descent)
    print(f"{'':28}{'':6}{'':12}{'Descent':^18}  {'Keras, last bits':^18}  {'Keras, reordered':^18}")
    print(f"{'':28}{'seed':>6}{'loss':>12}" + f"{'loss':>10}{'weights':>8}  " * 3)
    counts = [0, 0, 0, 0]
    for name, make in CASES.items():
        if arguments.only and arguments.only not in name:
            continue
        for seed in arguments.seeds:
            with tempfile.TemporaryDirectory() as folder:
                run = Run(arguments, make, seed, folder)
                ours = run.apart(run.by_descent(binary))
                floors = [run.apart(run.with_last_bits_changed()), run.apart(run.reordered())]
            counts[0] += 1
            for index, result in enumerate([ours, *floors]):
                counts[1 + index] += passes(result)
            columns = "".join(f"{loss:10.0e}{weights:8.0e}{' ' if passes((loss, weights)) else '<'} " for loss, weights in [ours, *floors])
            print(f"{name:28}{seed:6}{run.loss:12.6f}{columns}", flush=True)
    print(f"of {counts[0]}, within 1e-5 (loss) and 1e-4 (weights): Descent {counts[1]}, Keras with the last bits changed {counts[2]}, reordered {counts[3]}")


if __name__ == "__main__":
    main()
