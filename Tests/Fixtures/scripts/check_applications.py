"""Fills a folder with weights, pixels and logits of keras.applications (JAX backend) at their own sizes, for
`descent-bench applications FOLDER`; with --read checks what that wrote; with --time prints how long predictions take.

    python check_applications.py FOLDER [NETWORK …]

Some gigabytes. The weights are those of `keras_applications.py`.
"""

import os
import sys
import time

from keras_applications import A, pattern, set_weights, summary
import keras
import numpy as np

NAMES = ["ResNet50", "ResNet50V2", "VGG16", "VGG19", "MobileNetV2"] + [f"EfficientNetB{i}" for i in range(8)] + ["DenseNet121"]
WHOLE = ["ResNet50", "MobileNetV2", "EfficientNetB0", "DenseNet121"]


def fill(folder, name):
    keras.backend.clear_session()
    model = getattr(A, name)(weights=None, classifier_activation=None)
    set_weights(model)
    shape = (1,) + tuple(model.input_shape[1:])
    x = pattern(shape, 3).astype("float32")
    if name.startswith("Efficient"):
        x = x * 127 + 128
    path = os.path.join(folder, name)
    model.save_weights(path + ".weights.h5")
    if name in WHOLE:
        model.save(path + ".keras")
    np.save(path + ".x.npy", x)
    with open(path + ".summary.txt", "w") as file:
        file.write(summary(model))
    np.save(path + ".y.npy", model.predict(x, verbose=0))
    print(name, flush=True)


def read(folder, name):
    path = os.path.join(folder, name)
    if not os.path.exists(path + ".descent.keras"):
        return
    model, other = keras.models.load_model(path + ".descent.keras"), keras.models.load_model(path + ".keras")
    same = [a == b for a, b in zip(model.get_config()["layers"], other.get_config()["layers"])]
    x, y = np.load(path + ".x.npy"), np.load(path + ".y.npy")
    print(name, "difference", np.abs(model.predict(x, verbose=0) - y).max(), "layers whose descriptions are equal", sum(same), "of", len(same), flush=True)
    for a, b in zip(model.get_config()["layers"], other.get_config()["layers"]):
        if a != b:
            print(a, b)
            break


def measure():
    for name in ("ResNet50", "MobileNetV2"):
        keras.backend.clear_session()
        model = getattr(A, name)(weights=None)
        for batch in (1, 16):
            x = np.full((batch, 224, 224, 3), 0.5, "float32")
            start = time.perf_counter()
            model.predict_on_batch(x)
            first = time.perf_counter() - start
            times = []
            end = time.perf_counter() + 6
            while len(times) < 5 or (time.perf_counter() < end and len(times) < 200):
                start = time.perf_counter()
                np.asarray(model.predict_on_batch(x))
                times.append(time.perf_counter() - start)
            print(f"{name} batch {batch}: {1000 * np.median(times):.1f} ms (least {1000 * min(times):.1f}); first {first:.2f} s", flush=True)


if __name__ == "__main__":
    names = [a for a in sys.argv[1:] if not a.startswith("--")]
    if "--time" in sys.argv:
        measure()
    else:
        folder, names = names[0], names[1:] or NAMES
        os.makedirs(folder, exist_ok=True)
        for name in names:
            (read if "--read" in sys.argv else fill)(folder, name)
