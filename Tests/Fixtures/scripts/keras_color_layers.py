"""Layers of Keras 3 (JAX backend, float64) that resize images or change their colours; writes color-layers.json, of the form of
image-layers.json (`keras_image_layers.py`)."""

import keras64
import keras
import numpy as np

from fixturelib import arguments, out_path, write

L = keras.layers
generator = np.random.RandomState(29)
pixels = generator.randint(0, 256, size=(3, 4, 5, 3)).astype("float64")
# Gray, black, and equal channels, where hues are decided by the order of comparisons.
pixels[0, 0, 0], pixels[0, 0, 1], pixels[0, 0, 2], pixels[0, 0, 3], pixels[0, 0, 4] = 0, 77, (9, 200, 200), (200, 200, 9), (200, 9, 200)
X = {"c": pixels, "f": pixels.transpose(0, 3, 1, 2), "unit": pixels / 255}
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


tensor = lambda values: keras.ops.convert_to_tensor(np.array(values, dtype="float64"))
for name, format in (("c", {}), ("f", {"data_format": "channels_first"})):
    chosen = np.array([True, False, True])
    add(L.RandomGrayscale(0.3, **format), name, [chosen], chosen.reshape(3, 1, 1, 1))
    add(L.RandomInvert(0.5, value_range=(0.0, 300.0), seed=3, **format), name, [chosen], {"apply_inversion": chosen})
    additions, thresholds = np.array([0.0, 60.0, 255.0]), np.array([128.0, 255.0, 30.0])
    shape = lambda values: tensor(values.reshape(3, 1, 1, 1))
    add(L.Solarization((0.1, 0.5), 0.75, **format), name, [additions, thresholds], {"additions": shape(additions), "thresholds": shape(thresholds)})
    add(L.RandomSaturation((0.25, 0.75), **format), name, [np.array([0.5, 1.75, 1.0])], {"factor": tensor([0.5, 1.75, 1.0])})
    add(L.RandomHue(0.5, **format), name, [np.array([0.4375, -0.28125, 0.0])], {"factor": tensor([0.4375, -0.28125, 0.0])})
    for height, width in ((2, 3), (7, 9), (8, 4)):
        for interpolation in ("nearest", "bilinear", "bicubic"):
            add(L.Resizing(height, width, interpolation=interpolation, **format), name, None, None)
        if name == "c":
            add(L.Resizing(height, width, crop_to_aspect_ratio=True, **format), name, None, None)
            add(L.Resizing(height, width, pad_to_aspect_ratio=True, fill_value=9.0, antialias=True, **format), name, None, None)
add(L.RandomSaturation(1.0, value_range=(0.0, 1.0)), "unit", [np.array([0.5, 9.0, 0.0])], {"factor": tensor([0.5, 9.0, 0.0])})
add(L.RandomHue((0.1, 0.3), value_range=(0.0, 1.0)), "unit", [np.array([0.25, -0.5, 0.125])], {"factor": tensor([0.25, -0.5, 0.125])})
additions, thresholds = np.array([10.0, 60.0, 255.0]), np.array([128.0, 255.0, 30.0])
add(L.Solarization(0.5, 0.75, value_range=(0.0, 1.0)), "unit", [additions, thresholds], {"additions": shape(additions), "thresholds": shape(thresholds)})


def add_jitter(name, value_range, drawn, **factors):
    """RandomColorJitter asks four layers what they draw, in place of which they are told."""
    layer = L.RandomColorJitter(value_range=value_range, **factors)
    tell = {
        "brightness": lambda d: {"rgb_delta": tensor(d.reshape(3, 1, 1, 1))}, "contrast": lambda d: {"contrast_factor": tensor(d.reshape(3, 1, 1, 1))},
        "saturation": lambda d: {"factor": tensor(d)}, "hue": lambda d: {"factor": tensor(d)},
    }
    ways = [way for way in tell if f"{way}_factor" in factors]
    for way, numbers in zip(ways, drawn):
        told = tell[way](np.array(numbers))
        getattr(layer, f"random_{way}").get_random_transformation = lambda *arguments, told=told, **keywords: dict(told)
    add(layer, name, [np.array(numbers) for numbers in drawn], None)


lights, contrasts, saturations, hues = [-40.0, 0.0, 100.5], [0.75, 1.5, 1.25], [0.5, 1.75, 1.0], [0.4375, -0.28125, 0.0]
add_jitter("c", (0, 255), [lights, contrasts, saturations, hues], brightness_factor=0.5, contrast_factor=(0.25, 0.5), saturation_factor=(0.25, 0.75), hue_factor=0.9)
add_jitter("c", (0, 255), [lights, saturations], brightness_factor=(-0.2, 0.5), saturation_factor=0.75)
add_jitter("unit", (0.0, 1.0), [contrasts], contrast_factor=0.5)
add(L.RandomColorJitter(brightness_factor=0.5, hue_factor=0.5), "c", None, None, training=False)
add(L.RandomColorJitter(), "c", None, None)
for layer in (L.RandomGrayscale(), L.RandomInvert(), L.Solarization(0.5), L.RandomSaturation(0.5), L.RandomHue(0.5)):
    add(layer, "c", None, None, training=False)

if __name__ == "__main__":
    options = arguments(__doc__).parse_args()
    header = {"made_by": f"scripts/keras_color_layers.py, keras {keras.__version__}, JAX backend, float64", "inputs": {k: pack(v) for k, v in X.items()}}
    write(out_path(options, "color-layers.json"), header, {"cases": CASES})
    print(len(CASES))
