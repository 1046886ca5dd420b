"""Fills a folder with weights, pixels and results of keras.applications (JAX backend) at their own sizes, for
`descent-bench applications FOLDER`; with --read checks what that wrote.

    python check_applications.py FOLDER [NETWORK …] [--drawn] [--pictures N]

NAME.y.npy: logits in float32. NAME.y64.npy: those of the same network, with the same float32 weights and pixels, computed in float64: what
both float32 results are rounded from. NAME.p.npy, NAME.p64.npy: the predictions, softmax of either.

Some gigabytes. The weights are those of `keras_applications.py`, or with --drawn those that Keras gives a new network.
"""

import argparse
import os

from keras_applications import A, draw_nothing, pattern, set_weights, summary, use
import keras
import numpy as np

NAMES = ["ResNet50", "ResNet50V2", "VGG16", "VGG19", "MobileNetV2"] + [f"EfficientNetB{i}" for i in range(8)] + ["DenseNet121"]
WHOLE = ["ResNet50", "MobileNetV2", "EfficientNetB0", "DenseNet121"]


def make(name, dtype):
    keras.backend.clear_session()
    use(dtype)
    return getattr(A, name)(weights=None, classifier_activation=None)


def fill(folder, name, is_drawn, pictures):
    keras.utils.set_random_seed(1)
    model = make(name, "float32")
    if not is_drawn:
        set_weights(model)
    x = pattern((pictures,) + tuple(model.input_shape[1:]), 3).astype("float32")
    if name.startswith("Efficient"):
        x = x * 127 + 128
    path = os.path.join(folder, name)
    model.save_weights(path + ".weights.h5")
    if name in WHOLE:
        model.save(path + ".keras")
    np.save(path + ".x.npy", x)
    with open(path + ".summary.txt", "w") as file:
        file.write(summary(model))
    save_results(path, "", model, x)
    weights = model.get_weights()
    model = make(name, "float64")
    model.set_weights(weights)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    save_results(path, "64", model, x)
    print(name, flush=True)


def save_results(path, bits, model, x):
    y = model.predict(x, verbose=0)
    assert y.dtype == f"float{bits or 32}"
    np.save(f"{path}.y{bits}.npy", y)
    np.save(f"{path}.p{bits}.npy", np.asarray(keras.activations.softmax(keras.ops.convert_to_tensor(y))))


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


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("networks", nargs="*", default=NAMES)
    parser.add_argument("--drawn", action="store_true", help="the weights that Keras draws for a new network")
    parser.add_argument("--pictures", type=int, default=1)
    parser.add_argument("--read", action="store_true", help="check what descent-bench wrote")
    arguments = parser.parse_args()
    os.makedirs(arguments.folder, exist_ok=True)
    if not arguments.drawn:
        draw_nothing()
    for name in arguments.networks:
        if arguments.read:
            read(arguments.folder, name)
        else:
            fill(arguments.folder, name, arguments.drawn, arguments.pictures)
