"""Files to and from the real Keras: models move both ways and are trained on, and the two runs are compared.

    KERAS_BACKEND=jax python keras_files.py --descent .build/release/descent

For each optimizer: Keras trains a model and saves it; Keras and Descent both go on from that file for two epochs (losses and
weights are compared); Descent's result is loaded by Keras (weights and the optimizer's variables are compared), which goes on
from it for two more epochs, and so does the model that Keras trained all along. Exits with 1 if anything is too far apart.

Written for keras 3.15.1 with the JAX backend.
"""

import argparse
import csv
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

CASES = {
    "sgd": lambda: optimizers.SGD(0.05),
    "sgd momentum": lambda: optimizers.SGD(0.05, momentum=0.9),
    "sgd nesterov clipvalue": lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True, clipvalue=0.05),
    "sgd schedule": lambda: optimizers.SGD(schedules.ExponentialDecay(0.1, 5, 0.9), momentum=0.5),
    "adam accumulation": lambda: optimizers.Adam(0.01, gradient_accumulation_steps=2),
    "sgd decay ema": lambda: optimizers.SGD(0.05, weight_decay=0.01, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=7),
    "rmsprop": lambda: optimizers.RMSprop(0.005),
    "rmsprop centered": lambda: optimizers.RMSprop(0.005, momentum=0.5, centered=True),
    "adagrad": lambda: optimizers.Adagrad(0.05),
    "adadelta": lambda: optimizers.Adadelta(1.0),
    "adam": lambda: optimizers.Adam(0.01),
    "adam clipnorm": lambda: optimizers.Adam(0.01, clipnorm=0.1),
    "adam global clipnorm": lambda: optimizers.Adam(0.01, global_clipnorm=0.1),
    "adam amsgrad": lambda: optimizers.Adam(0.01, amsgrad=True),
    "adam cosine": lambda: optimizers.Adam(
        schedules.CosineDecay(0.001, 20, warmup_target=0.01, warmup_steps=5)),
    "adam piecewise": lambda: optimizers.Adam(schedules.PiecewiseConstantDecay([9, 16], [0.01, 0.005, 0.001])),
    "adamw": lambda: optimizers.AdamW(0.01, weight_decay=0.1),
    "adamax": lambda: optimizers.Adamax(0.01),
    "nadam": lambda: optimizers.Nadam(0.01),
    "adafactor": lambda: optimizers.Adafactor(0.01),
    "ftrl": lambda: optimizers.Ftrl(0.05, l1_regularization_strength=0.001),
    "lion": lambda: optimizers.Lion(0.001),
    "lamb": lambda: optimizers.Lamb(0.01),
    "muon": lambda: optimizers.Muon(0.01),
    "schedule free": lambda: optimizers.ScheduleFreeAdamW(0.01, warmup_steps=3),
    "loss scale": lambda: optimizers.LossScaleOptimizer(optimizers.Adam(0.01)),
    "multi": lambda: optimizers.MultiOptimizer(
        optimizers.OptimizerMap(optimizers.Adam(0.01), {".*kernel": optimizers.SGD(0.05, momentum=0.9)})),
}


def dense(optimizer):
    model = keras.Sequential([
        keras.Input((6, 2)),
        layers.Flatten(),
        layers.Dense(9, activation="relu", kernel_regularizer=keras.regularizers.L2(1e-3)),
        layers.Dense(8, activation="tanh", kernel_initializer="he_normal"),
        layers.Dense(4, activation="softmax"),
    ])
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def normalized(optimizer):
    model = keras.Sequential([
        keras.Input((6, 2)),
        layers.Rescaling(0.5, offset=0.1),
        layers.Flatten(name="flat"),
        layers.Dense(9, use_bias=False),
        layers.BatchNormalization(),
        layers.LeakyReLU(negative_slope=0.2),
        layers.LayerNormalization(),
        keras.Sequential([layers.Dense(7), layers.ELU(), layers.Reshape((7, 1)), layers.Flatten()], name="inner"),
        layers.Activation("gelu"),
        layers.Dense(4),
    ])
    model.compile(
        optimizer=optimizer, loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


def data(rows=100):
    generator = np.random.default_rng(5)
    x = generator.normal(size=(rows, 6, 2)).astype("float32")
    mixing = generator.normal(size=(12, 4))
    y = np.argmax(x.reshape(rows, 12) @ mixing, axis=1).astype("int32")
    return x, y


def descent(arguments):
    done = subprocess.run(arguments, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip() or done.stdout.strip())
    return done.stdout


def column(path, name):
    with open(path) as file:
        return [float(row[name]) for row in csv.DictReader(file)]


def apart(ours, theirs):
    """The greatest difference of an array's elements, by the array's greatest element; of all arrays the worst."""
    worst = 0.0
    for a, b in zip(ours, theirs, strict=True):
        a, b = np.asarray(a, "float64"), np.asarray(b, "float64")
        if a.shape != b.shape:
            return float("inf")
        scale = np.max(np.abs(b)) if b.size else 0
        difference = np.max(np.abs(a - b)) if b.size else 0
        worst = max(worst, difference / scale if scale > 0 else difference)
    return worst


def run(name, make, build, binary, folder):
    x, y = data()
    np.savez(f"{folder}/d.npz", x=x, y=y)
    settings = dict(batch_size=16, shuffle=False, verbose=0)
    keras.utils.set_random_seed(3)
    model = build(make())
    model.fit(x, y, epochs=2, **settings)
    model.save(f"{folder}/a.keras")
    reference = keras.saving.load_model(f"{folder}/a.keras")
    history = reference.fit(x, y, epochs=2, **settings).history["loss"]
    descent([binary, "train", "--model", f"{folder}/a.keras", "--data", f"{folder}/d.npz", "--no-shuffle", "--batch-size", "16",
             "--epochs", "2", "--save", f"{folder}/b.keras", "--out", f"{folder}/out-{abs(hash(name))}-{build.__name__}", "--verbose", "0"])
    losses = column(f"{folder}/out-{abs(hash(name))}-{build.__name__}/history.csv", "loss")
    back = keras.saving.load_model(f"{folder}/b.keras")
    result = {
        "losses": apart([losses], [history]),
        "weights": apart(back.get_weights(), reference.get_weights()),
        "optimizer": apart([v.value for v in back.optimizer.variables], [v.value for v in reference.optimizer.variables]),
    }
    # Read again: with averages Keras cannot fit the same model twice on JAX.
    reference.save(f"{folder}/c.keras")
    reference = keras.saving.load_model(f"{folder}/c.keras")
    after = reference.fit(x, y, epochs=2, **settings).history["loss"]
    ours = back.fit(x, y, epochs=2, **settings).history["loss"]
    result["losses after"] = apart([ours], [after])
    result["weights after"] = apart(back.get_weights(), reference.get_weights())
    # Prediction through the file.
    descent([binary, "predict", "--model", f"{folder}/b.keras", "--data", f"{folder}/d.npz", "--out", f"{folder}/p.npy"])
    result["predictions"] = apart(
        [np.load(f"{folder}/p.npy")], [keras.saving.load_model(f"{folder}/b.keras").predict(x, verbose=0)])
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--descent", required=True, help="the descent program")
    parser.add_argument("--only", help="cases whose names contain this")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    arguments = parser.parse_args()
    binary = os.path.abspath(arguments.descent)
    names = ["losses", "weights", "optimizer", "losses after", "weights after", "predictions"]
    print(f"{'':34}" + "".join(f"{name:>15}" for name in names))
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for build in (dense, normalized):
            for name, make in CASES.items():
                if arguments.only and arguments.only not in name:
                    continue
                label = f"{name} ({build.__name__})"
                try:
                    result = run(name, make, build, binary, folder)
                except Exception as error:
                    print(f"{label:34} {type(error).__name__}: {str(error)[:300]}")
                    failed = True
                    continue
                bad = [n for n in names if not result[n] <= arguments.tolerance]
                failed = failed or bool(bad)
                print(f"{label:34}" + "".join(f"{result[n]:15.1e}" for n in names) + ("  <-- " + ", ".join(bad) if bad else ""))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
