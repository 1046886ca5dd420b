"""One epoch of Fashion-MNIST with every optimizer, by Keras and by `descent train`, from the same weights and in the same order.

    KERAS_BACKEND=jax python fashion_mnist_epoch.py --descent .build/release/descent --data /usr/share/datasets/fashion-mnist

Prints, for each optimizer, how far apart the losses and the weights are: weights by tensor, the greatest difference of an element by
the tensor's greatest element, and the norm of the difference by the norm. Written for keras 3.15.1 with the JAX backend.

With relu, which is not smooth, a run has about an even chance to be thrown off by a single unit whose input is within rounding of zero: of
the six million a epoch computes, about one is. --perturbed shows Keras against itself from weights that differ in their last bits; compare
with another --activation (tanh, gelu) to see the optimizers alone.
"""

import argparse
import csv
import gzip
import json
import os
import subprocess
import sys
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


def descent(binary, folder, name, optimizer, loss):
    out = f"{folder}/{abs(hash(name))}"
    done = subprocess.run(
        [binary, "train", "--model", f"{folder}/init.keras", "--data", f"{folder}/d.npz", "--no-shuffle", "--optimizer", optimizer,
         "--loss", loss, "--epochs", "1", "--save", f"{folder}/out.keras", "--out", out, "--verbose", "0"], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    with open(f"{out}/history.csv") as file:
        return float(list(csv.DictReader(file))[0]["loss"]), keras.saving.load_model(f"{folder}/out.keras").get_weights()


def perturbed(model, start, x, y):
    generator = np.random.default_rng(1)
    model.set_weights([(w * (1 + 1.2e-7 * generator.choice([-1, 0, 1], w.shape))).astype("float32") for w in start])
    return model.fit(x, y, epochs=1, shuffle=False, verbose=0).history["loss"][0], model.get_weights()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--descent", required=True)
    parser.add_argument("--data", required=True, help="a folder with train-images-idx3-ubyte and train-labels-idx1-ubyte")
    parser.add_argument("--rows", type=int, default=60000)
    parser.add_argument("--logits", action="store_true", help="a last layer without softmax, and the loss from its logits")
    parser.add_argument("--activation", default="relu", help="of the hidden layer")
    parser.add_argument("--perturbed", action="store_true", help="compare Keras with Keras, last bits of the weights changed")
    parser.add_argument("--only")
    arguments = parser.parse_args()
    binary = os.path.abspath(arguments.descent)
    x = (idx(arguments.data, "train-images-idx3-ubyte")[:arguments.rows] / np.float32(255)).astype("float32")
    y = idx(arguments.data, "train-labels-idx1-ubyte")[:arguments.rows].astype("int32")
    print(f"{'':28}{'loss (Keras)':>14}{'loss apart':>12}{'weights: element':>18}{'norm':>10}")
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/d.npz", x=x, y=y)
        for name, make in CASES.items():
            if arguments.only and arguments.only not in name:
                continue
            keras.utils.set_random_seed(1)
            model = keras.Sequential([
                keras.Input((28, 28)), layers.Flatten(), layers.Dense(100, activation=arguments.activation),
                layers.Dense(10, activation="linear" if arguments.logits else "softmax"),
            ])
            model.compile(make(), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=arguments.logits), metrics=["accuracy"])
            model.save(f"{folder}/init.keras")
            optimizer = json.dumps(keras.optimizers.serialize(model.optimizer))
            start = model.get_weights()
            loss = model.fit(x, y, epochs=1, shuffle=False, verbose=0).history["loss"][0]
            if arguments.perturbed:
                ours, back = perturbed(keras.saving.load_model(f"{folder}/init.keras"), start, x, y)
            else:
                try:
                    ours, back = descent(binary, folder, name, optimizer, json.dumps(keras.losses.serialize(model.loss)))
                except RuntimeError as error:
                    print(f"{name:28}{str(error)[:200]}")
                    failed = True
                    continue
            element = norm = 0.0
            for a, b in zip(back, model.get_weights(), strict=True):
                element = max(element, float(np.max(np.abs(a - b)) / np.max(np.abs(b))))
                norm = max(norm, float(np.linalg.norm(a - b) / np.linalg.norm(b)))
            apart = abs(ours - loss) / loss
            bad = "not smooth" not in name and (apart > 1e-5 or norm > 1e-4)
            failed = failed or bad
            print(f"{name:28}{loss:14.7f}{apart:12.1e}{element:18.1e}{norm:10.1e}{'  <--' if bad else ''}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
