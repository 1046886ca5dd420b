"""Layers of Keras 3 (JAX backend, float64) that change images; writes image-layers.json.

Each case: the layer's configuration, the images, what was drawn for them (here given, so that the result can be compared), and the result.
"""

import keras64
import keras
import numpy as np

from fixturelib import arguments, out_path, write

L = keras.layers
generator = np.random.RandomState(23)
X = {
    "a": generator.randint(0, 256, size=(3, 5, 7, 2)).astype("float64"),
    "b": generator.randint(0, 256, size=(2, 6, 4, 1)).astype("float64"),
    "f": generator.randint(0, 256, size=(3, 2, 5, 7)).astype("float64"),
}
CASES = []


def pack(value):
    value = np.asarray(value)
    return {"shape": list(value.shape), "values": value.reshape(-1).astype("float64")}


def add(layer, name, drawn, transformation, training=True):
    x = keras.ops.convert_to_tensor(X[name])
    y = layer.transform_images(x, transformation, training=True) if drawn is not None else layer(x, training=training)
    CASES.append({
        "layer": keras.layers.serialize(layer), "x": name, "training": training, "drawn": None if drawn is None else [pack(d) for d in drawn],
        "y": pack(y),
    })


def tensor(values):
    return keras.ops.convert_to_tensor(np.array(values, dtype="float64"))


for name, data_format in (("a", "channels_last"), ("f", "channels_first")):
    format = {"data_format": data_format}
    for mode in ("horizontal", "vertical", "horizontal_and_vertical"):
        flips = np.array([True, False, True])
        add(L.RandomFlip(mode, seed=3, **format), name, [flips], {"flips": flips.reshape(3, 1, 1, 1)})
    for fill_mode in ("reflect", "wrap", "constant", "nearest"):
        for interpolation in ("bilinear", "nearest"):
            if name == "f" and (fill_mode, interpolation) not in (("reflect", "bilinear"), ("constant", "nearest")):
                continue
            options = dict(fill_mode=fill_mode, interpolation=interpolation, fill_value=7.5, **format)
            layer = L.RandomRotation((-0.2, 0.3), **options)
            angle = np.array([17.0, -113.0, 300.5])
            zero, one = np.zeros(3), np.ones(3)
            matrix = layer._compute_affine_matrix(
                center_x=0.5, center_y=0.5, angle=tensor(angle), translate_x=zero, translate_y=zero, scale=one, shear_x=zero, shear_y=zero,
                height=5, width=7)
            add(layer, name, [angle * np.pi / 180], {"rotation_matrix": matrix})
            # Numbers that float32, in which Keras makes these, holds exactly.
            height, width = np.array([0.75, 1.5, 1.03125]), np.array([1.3125, 0.625, 1.875])
            add(
                L.RandomZoom((-0.5, 0.9), 0.9, **options), name, [height, width],
                {"height_zoom": tensor(height[:, None]), "width_zoom": tensor(width[:, None])})
            down, right = np.array([1.25, -2.375, 11.0]), np.array([-3.0, 0.8125, -16.28125])
            add(
                L.RandomTranslation(0.5, (-1.0, 1.0), **options), name, [down, right],
                {"translations": tensor(np.stack([right, down], 1))})
            sx, sy = np.array([0.3125, -0.71875, 0.09375]), np.array([-0.15625, 0.40625, 0.96875])
            add(L.RandomShear(0.75, (0.25, 0.5), **options), name, [sx, sy], {"shear_factor": tensor(np.stack([sx, sy], 1))})
    factor = np.array([0.5, 1.75, 1.0])
    for layer in (L.RandomContrast(0.5, **format), L.RandomContrast((0.25, 0.75), value_range=(20.0, 200.0), **format)):
        add(layer, name, [factor], {"contrast_factor": tensor(factor.reshape(3, 1, 1, 1))})
    delta = np.array([-60.0, 12.5, 99.0])
    for layer in (L.RandomBrightness(0.5, **format), L.RandomBrightness((-0.25, 0.75), value_range=(20.0, 200.0), seed=9, **format)):
        add(layer, name, [delta], {"rgb_delta": tensor(delta.reshape(3, 1, 1, 1))})
    for top, left in ((0, 0), (2, 3), (1, 2)):
        add(L.RandomCrop(3, 4, **format), name, [np.array([top]), np.array([left])], (top, left))
    for height, width in ((5, 3), (3, 7), (9, 4), (4, 9), (8, 8)):
        add(L.RandomCrop(height, width, seed=1, **format), name, None, None)
    for height, width in ((3, 4), (5, 7), (2, 2), (9, 4), (4, 9), (8, 8)):
        add(L.CenterCrop(height, width, **format), name, None, None)
for layer in (L.RandomFlip(), L.RandomRotation(0.5), L.RandomZoom(0.5), L.RandomContrast(0.5), L.RandomBrightness(0.5), L.RandomTranslation(0.1, 0.1), L.RandomShear(0.5)):
    add(layer, "b", None, None, training=False)

if __name__ == "__main__":
    options = arguments(__doc__).parse_args()
    write(out_path(options, "image-layers.json"), {"made_by": f"scripts/keras_image_layers.py, keras {keras.__version__}, JAX backend, float64", "inputs": {k: pack(v) for k, v in X.items()}}, {"cases": CASES})
    print(len(CASES))
