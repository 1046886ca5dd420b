"""keras.applications of Keras 3 (JAX backend); writes applications.json.

"summaries": for each network the checksum of its summary, 240 columns wide, and two letters of a checksum for each line of the table, so
that a test can tell which line is another. "predictions": logits for weights and pixels that a formula gives (see `pattern`).
"fine_tuning": losses of Keras's guide: a frozen network under a new head, then thawed but for its normalizations.
"""

import hashlib
import os

os.environ["COLUMNS"] = "300"
import keras64
import keras
import numpy as np

from fixturelib import FIXTURES, dumps

A = keras.applications


def use(dtype):
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)


use("float32")


def draw_nothing():
    """Drawing weights that are replaced or never looked at takes minutes."""
    for module in (keras.src.random, keras.src.backend.random):
        for name in ("uniform", "truncated_normal"):
            setattr(module, name, lambda shape, *arguments, **keywords: np.zeros(shape, "float32"))


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def summary(model):
    lines = []
    model.summary(line_length=240, print_fn=lambda text, line_break=True: lines.append(text))
    return "\n".join(line.rstrip() for line in "".join(lines).strip().split("\n"))


def entry(swift, make, **arguments):
    keras.backend.clear_session()
    model = make(weights=None, **arguments)
    text = summary(model)
    assert "…" not in text
    print(model.name, model.count_params(), len(model.layers), flush=True)
    return {
        "application": swift, "arguments": {k: list(v) if isinstance(v, tuple) else v for k, v in arguments.items()}, "name": model.name,
        "parameters": model.count_params(), "layers": len(model.layers), "digest": digest(text),
        "lines": "".join(digest(line)[:2] for line in text.split("\n")),
    }


# 6 is a primitive root of 251: numbers that look random, of prime period.
TABLE = np.array([(pow(6, j, 251) - 125.5) / 125.5 if j < 250 else 0 for j in range(251)])


def pattern(shape, offset):
    count = int(np.prod(shape))
    return np.resize(np.roll(TABLE, -offset), count).reshape(shape)


def set_weights(model, gain=1):
    """`gain`: what normalizations' gammas are multiplied by."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            set_weights(layer, gain)
            continue
        for variable in layer.weights:
            if variable.name == "count":
                continue
            shape = tuple(variable.shape)
            # Keras gives LayerScale's vector no name.
            name = "gamma" if type(layer).__name__ == "LayerScale" else variable.name
            t = pattern(shape, sum(f"{layer.name}/{name}".encode()) % 251)
            if name.endswith("kernel"):
                fan = np.prod(shape[:2]) if len(shape) == 4 and shape[3] == 1 else np.prod(shape[:-1])
                value = t * np.sqrt(6 / fan)
            elif name in ("gamma", "moving_variance", "variance"):
                value = (1 + 0.5 * t) * (gain if name == "gamma" else 1)
            else:
                value = 0.2 * t
            variable.assign(value.astype("float32"))
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()


NETWORKS = [
    ("resNet50", A.ResNet50, {}), ("resNet101", A.ResNet101, {}), ("resNet152", A.ResNet152, {}), ("resNet50V2", A.ResNet50V2, {}),
    ("resNet101V2", A.ResNet101V2, {}), ("resNet152V2", A.ResNet152V2, {}), ("vgg16", A.VGG16, {"input_shape": (48, 48, 3)}),
    ("vgg19", A.VGG19, {"input_shape": (48, 48, 3)}), ("mobileNetV2", A.MobileNetV2, {}),
    ("mobileNetV2", A.MobileNetV2, {"alpha": 0.35, "input_shape": (96, 97, 1), "classes": 7}),
    ("mobileNetV2", A.MobileNetV2, {"alpha": 1.4, "include_top": False, "input_shape": (128, 128, 3), "pooling": "max"}),
    ("efficientNetB0", A.EfficientNetB0, {}), ("efficientNetB1", A.EfficientNetB1, {}), ("efficientNetB2", A.EfficientNetB2, {}),
    ("efficientNetB3", A.EfficientNetB3, {}), ("efficientNetB4", A.EfficientNetB4, {}), ("efficientNetB5", A.EfficientNetB5, {}),
    ("efficientNetB6", A.EfficientNetB6, {}), ("efficientNetB7", A.EfficientNetB7, {}), ("denseNet121", A.DenseNet121, {}),
    ("denseNet169", A.DenseNet169, {}), ("denseNet201", A.DenseNet201, {}),
    ("resNet50", A.ResNet50, {"include_top": False, "input_shape": (33, 47, 3), "pooling": "avg"}),
    ("vgg16", A.VGG16, {"include_top": False, "input_shape": (32, 40, 3), "pooling": "avg"}),
    ("denseNet121", A.DenseNet121, {"include_top": False, "input_shape": (64, 64, 3)}),
    ("efficientNetB0", A.EfficientNetB0, {"include_top": False, "input_shape": (65, 64, 3), "pooling": "max"}),
    ("xception", A.Xception, {}), ("xception", A.Xception, {"include_top": False, "pooling": "avg"}),
    ("inceptionV3", A.InceptionV3, {}), ("inceptionV3", A.InceptionV3, {"include_top": False, "input_shape": (150, 150, 3), "pooling": "max"}),
    ("inceptionResNetV2", A.InceptionResNetV2, {}), ("mobileNet", A.MobileNet, {}),
    ("mobileNet", A.MobileNet, {"alpha": 0.25, "depth_multiplier": 2, "dropout": 0.1, "input_shape": (128, 128, 3), "classes": 7}),
    ("mobileNet", A.MobileNet, {"alpha": 0.5, "include_top": False, "input_shape": (97, 64, 1), "pooling": "avg"}),
    ("mobileNetV3Small", A.MobileNetV3Small, {}), ("mobileNetV3Large", A.MobileNetV3Large, {}),
    ("mobileNetV3Small", A.MobileNetV3Small, {"alpha": 1.3, "input_shape": (65, 64, 3), "classes": 9, "dropout_rate": 0.0}),
    ("mobileNetV3Large", A.MobileNetV3Large, {"minimalistic": True, "include_top": False, "pooling": "max", "include_preprocessing": False}),
    ("mobileNetV3Large", A.MobileNetV3Large, {"alpha": 0.75, "minimalistic": True}),
    ("efficientNetV2B0", A.EfficientNetV2B0, {}), ("efficientNetV2B1", A.EfficientNetV2B1, {}), ("efficientNetV2B2", A.EfficientNetV2B2, {}),
    ("efficientNetV2B3", A.EfficientNetV2B3, {}), ("efficientNetV2S", A.EfficientNetV2S, {}), ("efficientNetV2M", A.EfficientNetV2M, {}),
    ("efficientNetV2L", A.EfficientNetV2L, {}),
    ("efficientNetV2B0", A.EfficientNetV2B0, {"include_top": False, "input_shape": (64, 65, 1), "pooling": "avg"}),
    ("efficientNetV2S", A.EfficientNetV2S, {"include_preprocessing": False, "input_shape": (64, 64, 3), "classes": 5}),
    ("convNeXtTiny", A.ConvNeXtTiny, {}), ("convNeXtSmall", A.ConvNeXtSmall, {}), ("convNeXtBase", A.ConvNeXtBase, {}),
    ("convNeXtTiny", A.ConvNeXtTiny, {"include_top": False, "input_shape": (64, 64, 3), "pooling": "avg", "include_preprocessing": False}),
    ("nasNetMobile", A.NASNetMobile, {}), ("nasNetLarge", A.NASNetLarge, {}),
    ("nasNetMobile", A.NASNetMobile, {"include_top": False, "input_shape": (65, 64, 3), "pooling": "avg"}),
]
SMALL = [
    ("resNet50", A.ResNet50), ("resNet50V2", A.ResNet50V2), ("vgg16", A.VGG16), ("mobileNetV2", A.MobileNetV2),
    ("efficientNetB0", A.EfficientNetB0), ("denseNet121", A.DenseNet121), ("xception", A.Xception), ("inceptionV3", A.InceptionV3),
    ("inceptionResNetV2", A.InceptionResNetV2), ("mobileNet", A.MobileNet), ("mobileNetV3Small", A.MobileNetV3Small),
    ("mobileNetV3Large", A.MobileNetV3Large), ("efficientNetV2B0", A.EfficientNetV2B0), ("efficientNetV2S", A.EfficientNetV2S),
    ("convNeXtTiny", A.ConvNeXtTiny), ("nasNetMobile", A.NASNetMobile),
]
# The least size of those that do not take images of 32 × 32.
SIZES = {"xception": 71, "inceptionV3": 75, "inceptionResNetV2": 75}
# With gammas of 1 numbers grow from block to block, until rounding decides the logits.
GAINS = {"efficientNetV2B0": 0.75, "efficientNetV2S": 0.75}
# Those whose first layers scale pixels from 0 to 255.
TAKES_PIXELS = ("efficientNet", "mobileNetV3", "convNeXt")


def prediction(swift, make):
    keras.backend.clear_session()
    # With weights that are float32: in float32, ResNet50's logits differ by 2e-4 of the greatest in Keras itself.
    use("float64")
    size = SIZES.get(swift, 32)
    model = make(weights=None, input_shape=(size, size, 3), classes=10, classifier_activation=None)
    gain = GAINS.get(swift, 1)
    set_weights(model, gain)
    x = pattern((2, size, size, 3), 3).astype("float32")
    if swift.startswith(TAKES_PIXELS):
        x = x * 127 + 128
    y = model.predict(x, verbose=0)
    print(swift, y.dtype, y.std(), y[0, :3])
    use("float32")
    return {"application": swift, "size": size, "gain": gain, "y": [float(v) for v in y.reshape(-1)]}


def fine_tuning():
    keras.backend.clear_session()
    base = A.MobileNetV2(alpha=0.35, include_top=False, weights=None, input_shape=(32, 32, 3), pooling="avg")
    base.trainable = False
    inputs = keras.Input((32, 32, 3))
    x = A.mobilenet_v2.preprocess_input(inputs)
    outputs = keras.layers.Dense(2, activation="softmax", name="head")(base(x, training=False))
    model = keras.Model(inputs, outputs)
    set_weights(model)
    x = (pattern((8, 32, 32, 3), 5) * 127 + 128).astype("float32")
    y = np.arange(8) // 2 % 2
    fit = lambda: model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0).history["loss"]
    model.compile(keras.optimizers.SGD(2e-4), "sparse_categorical_crossentropy")
    frozen = fit()
    counts = [len(model.trainable_variables)]
    base.trainable = True
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    model.compile(keras.optimizers.SGD(2e-5), "sparse_categorical_crossentropy")
    counts.append(len(model.trainable_variables))
    thawed = fit()
    print(frozen, thawed, counts)
    return {"frozen": frozen, "thawed": thawed, "trainable": counts, "y": [float(v) for v in model.predict(x, verbose=0).reshape(-1)]}


def preprocessing():
    x = (pattern((2, 3, 3, 3), 7) * 127 + 128).astype("float32")
    modes = {m: A.imagenet_utils.preprocess_input(x.copy(), mode=m) for m in ("tf", "caffe", "torch")}
    first = {m: A.imagenet_utils.preprocess_input(x.copy(), data_format="channels_first", mode=m) for m in ("tf", "caffe", "torch")}
    return {m: {"last": v.reshape(-1).tolist(), "first": first[m].reshape(-1).tolist()} for m, v in modes.items()}


if __name__ == "__main__":
    draw_nothing()
    result = {
        "made_by": f"scripts/keras_applications.py, keras {keras.__version__}, JAX backend",
        "summaries": [entry(swift, make, **arguments) for swift, make, arguments in NETWORKS],
        "predictions": [prediction(*network) for network in SMALL], "fine_tuning": fine_tuning(), "preprocessing": preprocessing(),
    }
    with open(os.path.join(FIXTURES, "applications.json"), "w") as file:
        file.write(dumps(result) + "\n")
