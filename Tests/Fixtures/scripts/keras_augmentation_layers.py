"""Layers of Keras 3 (JAX backend, float64) that erase, blur, bend, mix or equalize images; writes augmentation-layers.json, of the form of
image-layers.json (`keras_image_layers.py`). Homographies and histograms are float32 in Keras whatever the dtype."""

import keras64
import keras
import numpy as np

from fixturelib import arguments, out_path, write

L = keras.layers
generator = np.random.RandomState(31)
pixels = generator.randint(0, 256, size=(3, 6, 7, 3)).astype("float64")
# A channel of one value, and one of few.
pixels[1, :, :, 0], pixels[2, :, :, 2] = 40, np.minimum(pixels[2, :, :, 2], 20)
X = {"c": pixels, "f": pixels.transpose(0, 3, 1, 2), "unit": pixels / 255, "flat": np.full((2, 3, 4, 3), 77.0)}
# XLA divides by 255 by multiplying with its reciprocal, which puts some values into the bin below theirs; TensorFlow and NumPy do not.
exact = np.where((np.arange(256.0) * (1 / 255.0) * 255).astype(int) == np.arange(256), np.arange(256.0), np.arange(256.0) + 1)[pixels.astype(int)]
X["e"], X["ef"] = exact, exact.transpose(0, 3, 1, 2)
CASES = []
tensor = lambda values: keras.ops.convert_to_tensor(np.array(values, dtype="float64"))


def pack(value):
    value = np.asarray(value)
    return {"shape": list(value.shape), "values": value.reshape(-1).astype("float64")}


def add(layer, name, drawn, transformation, training=True):
    x = keras.ops.convert_to_tensor(X[name])
    layer.build(x.shape)
    y = layer(x, training=training) if drawn is None else layer.transform_images(x, transformation, training=True) \
        if not isinstance(layer, L.RandomPerspective) else layer._transform_images(x, transformation, layer.interpolation)
    CASES.append({
        "layer": keras.layers.serialize(layer), "x": name, "training": training, "drawn": None if drawn is None else [pack(d) for d in drawn],
        "y": pack(y),
    })


marks = np.array([True, False, True])
x0, x1, y0, y1 = np.array([0.5, 1.0, 3.0]), np.array([4.25, 3.0, 7.0]), np.array([0.0, 1.5, 2.0]), np.array([2.0, 5.0, 3.5])
order, weight = np.array([2, 0, 1]), np.array([0.25, 0.75, 0.5])
noise = generator.normal(size=pixels.shape) * 255
moves = generator.uniform(-0.5, 0.5, size=(3, 4, 2))


def boxes(layer, shape):
    return layer._generate_batch_mask(shape, tuple(tensor(v) for v in (x0, x1, y0, y1)))


def erased(name, fill, **options):
    layer = L.RandomErasing((0.5, 1.0), scale=(0.1, 0.4), fill_value=fill, **options)
    shape = X[name].shape
    low, high = layer.value_range
    own = noise if name != "f" else noise.transpose(0, 3, 1, 2)
    values = np.clip(own if fill is None else np.ones(shape) * fill, low, high)
    drawn = [marks, x0, x1, y0, y1] + ([noise] if fill is None else [])
    add(layer, name, drawn, {"apply_erasing": marks, "batch_masks": boxes(layer, shape), "fill_value": tensor(values)})


def bent(name, own, **options):
    layer = L.RandomPerspective((0.5, 1.0), **options)
    width, height = 6.0, 5.0
    start = np.repeat(np.array([[[0.0, 0.0], [width, 0.0], [0.0, height], [width, height]]]), 3, axis=0)
    add(layer, name, [marks, own], {"apply_perspective": marks, "start_points": tensor(start), "end_points": tensor(start + start * own), "input_shape": X[name].shape})


for name, options in (("c", {}), ("f", {"data_format": "channels_first"})):
    add(L.AutoContrast(**options), name, None, None)
    add(L.AutoContrast(**options), name, None, None, training=False)
    add(L.Equalization(**options), "e" if name == "c" else "ef", None, None)
    add(L.Equalization(bins=16, **options), "e" if name == "c" else "ef", None, None)
    add(L.RandomColorDegeneration((0.2, 0.8), **options), name, [weight], {"factor": tensor(weight.reshape(3, 1, 1, 1))})
    add(L.RandomColorDegeneration(0.5, **options), name, [-weight], {"factor": tensor(-weight.reshape(3, 1, 1, 1))})
    add(L.RandomSharpness(0.75, seed=3, **options), name, [weight], {"factor": tensor(weight)})
    for size, sigmas in ((3, (1.0, 0.5)), ((5, 3), (0.75, 0.3)), ((1, 7), (0.2, 0.9))):
        add(L.RandomGaussianBlur(0.5, kernel_size=size, sigma=(0.1, 1.0), **options), name, [marks, np.array(sigmas)],
            {"should_apply_blur": marks, "blur_factor": tensor(sigmas)})
    add(L.RandomPosterization(5, **options), name, [np.array([7, 4, 0])], {"shift_factor": keras.ops.convert_to_tensor(np.array([7, 4, 0], dtype="uint8"))})
    for fill in (None, 9.0, (1.0, 200.0, 300.0)):
        if fill is None or name == "c" or not isinstance(fill, tuple):
            erased(name, fill, **options)
    for interpolation in ("bilinear", "nearest"):
        bent(name, moves, interpolation=interpolation, fill_value=17.0, **options)
    bent(name, moves * 0.1, scale=0.1, **options)
    add(L.MixUp(0.4, seed=2, **options), name, [weight, order], {"mix_weight": tensor(weight), "permutation_order": order})
    layer = L.CutMix(0.8, **options)
    masks, _ = boxes(layer, X[name].shape)
    add(layer, name, [x0, x1, y0, y1, order], {"batch_masks": masks, "permutation_order": order})
add(L.AutoContrast(value_range=(0.0, 1.0)), "unit", None, None)
add(L.AutoContrast(), "flat", None, None)
add(L.Equalization(value_range=(0.0, 1.0), bins=64), "unit", None, None)
add(L.Equalization(), "flat", None, None)
add(L.Equalization(), "c", None, None, training=False)
add(L.RandomPosterization((3, 3), value_range=(0.0, 1.0)), "unit", [np.array([5, 5, 5])], {"shift_factor": keras.ops.convert_to_tensor(np.array([5, 5, 5], dtype="uint8"))})
add(L.RandomSharpness((0.5, 1.0), value_range=(0.0, 1.0)), "unit", [weight], {"factor": tensor(weight)})
for layer in (L.RandomErasing(), L.RandomPerspective(), L.RandomGaussianBlur(), L.RandomPosterization(4), L.RandomSharpness(0.5), L.MixUp(), L.CutMix(), L.RandAugment(seed=1),
              L.RandAugment(value_range=(0, 1), num_ops=3, factor=(0.1, 0.4), interpolation="nearest")):
    add(layer, "c", None, None, training=False)

# Labels that are mixed alike.
labels = np.array([[1.0, 0.0], [0.0, 1.0], [0.25, 0.75]])
cut = L.CutMix()
MIXED = {
    "labels": pack(labels), "order": pack(order), "weight": pack(weight), "boxes": [pack(v) for v in (x0, x1, y0, y1)],
    "mix_up": pack(L.MixUp().transform_labels(tensor(labels), {"mix_weight": tensor(weight), "permutation_order": order})),
    "cut_mix": pack(cut.transform_labels(tensor(labels), {"mix_weight": boxes(cut, X["c"].shape)[1], "permutation_order": order})),
}

if __name__ == "__main__":
    options = arguments(__doc__).parse_args()
    header = {"made_by": f"scripts/keras_augmentation_layers.py, keras {keras.__version__}, JAX backend, float64", "inputs": {k: pack(v) for k, v in X.items()}, "mixed": MIXED}
    write(out_path(options, "augmentation-layers.json"), header, {"cases": CASES})
    print(len(CASES))
