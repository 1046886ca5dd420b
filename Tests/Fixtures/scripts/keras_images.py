"""Pictures in files, and what real Keras makes of them: `load_img` (on Pillow) and `image_dataset_from_directory` (on TensorFlow).

Writes `images/` and `images.json`. Run in the environment of `tf_keras_files.py`, with Pillow and SciPy in it, and KERAS_BACKEND=tensorflow.
"""

import io
import os
import shutil
import struct
import tempfile
import zlib

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import PIL
import tensorflow as tf
from keras.src.utils import image_dataset_utils
from PIL import Image

from fixturelib import arguments, out_path, write
from gif_bmp_files import bmps, gifs

SCRIPT = "keras_images.py"
HEIGHT, WIDTH = 5, 7
GREY, COLOUR, PALETTE, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, COLOUR: 3, PALETTE: 1, GREY_ALPHA: 2, COLOUR_ALPHA: 4}
# Where the pixels of each pass begin and how far they are from one another: x, y, step of x, step of y.
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(kind, depth, samples, palette=None, transparency=None, interlaced=False):
    """A PNG file of any kind: Pillow writes few of them."""
    height, width = samples.shape[:2]

    def lines(part):
        for row in part:
            flat = row.reshape(-1)
            if depth == 16:
                packed = flat.astype(">u2").tobytes()
            else:
                bits = np.unpackbits(flat.astype("u1")[:, None], axis=1)[:, 8 - depth :]
                packed = np.packbits(bits.reshape(-1)).tobytes()
            yield b"\0" + packed

    raw = b""
    for x, y, step_x, step_y in ADAM7 if interlaced else [(0, 0, 1, 1)]:
        part = samples[y::step_y, x::step_x]
        if part.size:
            raw += b"".join(lines(part))
    file = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, int(interlaced)))
    if palette is not None:
        file += chunk(b"PLTE", palette.astype("u1").tobytes())
    if transparency is not None:
        file += chunk(b"tRNS", transparency)
    return file + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")


def pngs(random):
    def samples(kind, depth, least=0):
        return random.randint(least, 1 << depth, (HEIGHT, WIDTH, CHANNELS[kind]))

    files = {}
    for depth in (1, 2, 4, 8, 16):
        files[f"grey{depth}"] = png(GREY, depth, samples(GREY, depth))
    for depth in (8, 16):
        files[f"rgb{depth}"] = png(COLOUR, depth, samples(COLOUR, depth))
        files[f"grey-alpha{depth}"] = png(GREY_ALPHA, depth, samples(GREY_ALPHA, depth))
        files[f"rgba{depth}"] = png(COLOUR_ALPHA, depth, samples(COLOUR_ALPHA, depth))
    for depth in (1, 2, 4, 8):
        colours = random.randint(0, 256, (1 << min(depth, 5), 3))
        indices = samples(PALETTE, depth) % len(colours)
        files[f"palette{depth}"] = png(PALETTE, depth, indices, palette=colours)
        files[f"palette-alpha{depth}"] = png(PALETTE, depth, indices, palette=colours, transparency=bytes(random.randint(0, 256, 2).tolist()))
    grey, rgb = samples(GREY, 8), samples(COLOUR, 8)
    files["grey-key8"] = png(GREY, 8, grey, transparency=struct.pack(">H", grey[1, 2, 0]))
    files["rgb-key8"] = png(COLOUR, 8, rgb, transparency=struct.pack(">HHH", *rgb[2, 3].tolist()))
    files["interlaced8"] = png(COLOUR, 8, samples(COLOUR, 8), interlaced=True)
    return {f"{name}.png": data for name, data in files.items()}


def jpegs(random):
    # Smooth and coloured: what cameras write, and large enough for several blocks.
    y, x = np.mgrid[0:19, 0:22]
    picture = np.stack([128 + 100 * np.sin(x / 5), 10 * y + 20, 255 - 5 * x - 5 * y], -1) + random.randint(-9, 9, (19, 22, 3))
    picture = Image.fromarray(picture.clip(0, 255).astype("u1"))

    def jpeg(picture, **settings):
        file = io.BytesIO()
        picture.save(file, "jpeg", **settings)
        return file.getvalue()

    turned = Image.Exif()
    turned[0x0112] = 6
    return {
        "444.jpg": jpeg(picture, quality=90, subsampling=0),
        "420.jpg": jpeg(picture, quality=75, subsampling=2),
        "422-progressive.jpeg": jpeg(picture, quality=80, subsampling=1, progressive=True),
        "grey.JPG": jpeg(picture.convert("L"), quality=80),
        "cmyk.jpg": jpeg(picture.convert("CMYK"), quality=90),
        "turned.jpg": jpeg(picture.crop((0, 0, 12, 8)), quality=80, exif=turned),
    }


def numbers(array):
    array = np.asarray(array)
    return {"shape": list(array.shape), "values": array.reshape(-1)}


def load_cases(folder, names):
    cases = []

    def add(name, color_mode, **settings):
        image = keras.utils.load_img(os.path.join(folder, name), color_mode=color_mode, **settings)
        settings = {key: list(value) if isinstance(value, tuple) else value for key, value in settings.items()}
        result = numbers(keras.utils.img_to_array(image).astype("int64"))
        cases.append({"file": name, "color_mode": color_mode, **settings, **result})

    for name in names:
        for color_mode in ("grayscale", "rgb", "rgba"):
            add(name, color_mode)
    for interpolation in ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos"):
        for size in ((3, 9), (8, 4), (5, 3), (12, 7)):
            add("rgb8.png", "rgb", target_size=size, interpolation=interpolation)
        add("rgba8.png", "rgba", target_size=(4, 5), interpolation=interpolation)
        add("grey8.png", "grayscale", target_size=(11, 4), interpolation=interpolation)
        add("444.jpg", "rgb", target_size=(3, 4), interpolation=interpolation)
        add("grey16.png", "grayscale", target_size=(4, 9), interpolation=interpolation)
        for size in ((4, 3), (3, 10)):
            add("rgb8.png", "rgb", target_size=size, interpolation=interpolation, keep_aspect_ratio=True)
    return cases


# The GIF and BMP files that TensorFlow reads, and as what.
OTHERS = {
    **{f"{name}.gif": "rgb" for name in ("interlaced", "plain", "animated", "grey", "two", "local", "transparent")},
    **{f"{name}.bmp": "rgb" for name in ("rgb24", "rgb24-top-down", "pillow24")},
}


def dataset_cases(folder, names):
    cases = []
    channels = {"grayscale": 1, "rgb": 3, "rgba": 4}

    def add(name, color_mode, size, interpolation="bilinear", data_format="channels_last", **settings):
        image = image_dataset_utils._load_image_tf(
            os.path.join(folder, name), size, channels[color_mode], interpolation, data_format, **settings)
        case = {"file": name, "color_mode": color_mode, "image_size": list(size), "interpolation": interpolation, **settings}
        cases.append({**case, "data_format": data_format, **numbers(image.numpy().astype("float32"))})

    for name in names:
        for color_mode in ("grayscale", "rgb", "rgba"):
            # TensorFlow makes no other colors of these, and reads few kinds of them.
            if name.endswith((".gif", ".bmp")):
                if color_mode == OTHERS.get(name):
                    add(name, color_mode, (6, 8), "nearest")
                continue
            # TensorFlow gives pictures in JPEG files no fourth channel, and makes four inks no grey.
            if not name.endswith("png") and (color_mode == "rgba" or (name, color_mode) == ("cmyk.jpg", "grayscale")):
                continue
            size = (HEIGHT, WIDTH) if name.endswith("png") else (6, 5)
            add(name, color_mode, size, "nearest")
    methods = ["bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic"]
    for method in methods:
        for size in ((3, 9), (8, 4), (HEIGHT, WIDTH)):
            add("rgb8.png", "rgb", size, method)
        add("444.jpg", "grayscale", (4, 5), method)
        for size in ((4, 3), (3, 10)):
            # What Keras crops, it resizes by the methods of its own layers only.
            if method not in ("gaussian", "mitchellcubic"):
                add("rgb8.png", "rgb", size, method, crop_to_aspect_ratio=True)
            add("rgb8.png", "rgb", size, method, pad_to_aspect_ratio=True)
    add("rgba8.png", "rgba", (3, 4), data_format="channels_first")
    add("rgb8.png", "rgb", (3, 4), data_format="channels_first", crop_to_aspect_ratio=True)
    add("rgb8.png", "rgb", (3, 4), data_format="channels_first", pad_to_aspect_ratio=True)
    return cases


TREE = [
    "b/2.png", "b/10.png", "b/inner/3.PNG", "b/inner/0.png", "a/z.png", "a/Y.jpeg", "a/x.jpg", "a/notes.txt", "a b/1.png", ".hidden/1.png",
    "loose.png", "c/1.png", "c/.2.png",
]


def directory_cases():
    cases = []
    with tempfile.TemporaryDirectory() as folder:
        random = np.random.RandomState(1)
        for name in TREE:
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            Image.fromarray(random.randint(0, 256, (2, 2, 3)).astype("u1")).save(path, "png")

        def add(**settings):
            dataset = keras.utils.image_dataset_from_directory(folder, image_size=(2, 2), verbose=False, **settings)
            case = dict(settings)
            if "class_names" in settings:
                case["class_names_given"] = settings["class_names"]
            case["class_names"] = dataset.class_names
            case["file_paths"] = [os.path.relpath(path, folder) for path in dataset.file_paths]
            if not settings.get("shuffle", True) and settings.get("labels", "inferred") is not None and settings.get("label_mode", "int"):
                labels = np.concatenate([y.numpy() for _, y in dataset])
                case.update(numbers(labels), dtype=str(labels.dtype))
            cases.append(case)

        add(shuffle=False)
        add(shuffle=False, label_mode="categorical")
        add(shuffle=False, label_mode="binary", class_names=["c", "a"])
        add(shuffle=False, class_names=["c", "a b", "b"])
        add(shuffle=False, labels=None)
        add(shuffle=False, labels=[5, 1, 5, 3, 0, 1, 1, 1, 3, 1, 0, 5])
        add(shuffle=False, labels=[2, 0, 2, 1, 0, 1, 1, 1, 1, 1, 0, 2], label_mode="categorical")
        for seed in (0, 1337):
            add(seed=seed)
            add(seed=seed, labels=None)
            add(seed=seed, validation_split=0.3, subset="training")
            add(seed=seed, validation_split=0.3, subset="validation")
        add(shuffle=False, validation_split=0.25, subset="validation")
        add(shuffle=False, validation_split=0.25, subset="training")
    return cases


def array_cases(random):
    cases = []
    for name, x in {
        "grey": random.uniform(-3, 9, (3, 4, 1)), "rgb": random.uniform(0, 1, (3, 4, 3)), "rgba": random.uniform(0, 300, (2, 3, 4)),
        "constant": np.full((2, 2, 3), 7.0), "zero": np.zeros((2, 2, 1)), "negative": np.full((1, 2, 3), -4.0),
    }.items():
        x = x.astype("float32")
        for data_format in ("channels_last", "channels_first"):
            given = x if data_format == "channels_last" else x.transpose(2, 0, 1)
            image = keras.utils.array_to_img(given, data_format=data_format)
            cases.append({"name": name, "data_format": data_format, "x": numbers(given), **numbers(np.asarray(image).astype("int64"))})
    bytes_ = random.randint(0, 256, (2, 3, 3)) + 0.75
    image = keras.utils.array_to_img(bytes_, scale=False)
    cases.append({"name": "unscaled", "data_format": "channels_last", "scale": False, "x": numbers(bytes_), **numbers(np.asarray(image).astype("int64"))})
    return cases


def main():
    options = arguments(__doc__).parse_args()
    random = np.random.RandomState(20)
    folder = out_path(options, "images")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    files = {**pngs(random), **jpegs(random), **gifs(np.random.RandomState(21)), **bmps(np.random.RandomState(22))}
    for name, data in files.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    versions = {"keras": keras.__version__, "tensorflow": tf.__version__, "pillow": PIL.__version__, "numpy": np.__version__}
    write(out_path(options, "images.json"), {"script": SCRIPT, "versions": versions, "tree": TREE}, {
        "load": load_cases(folder, files), "dataset": dataset_cases(folder, files), "directory": directory_cases(),
        "arrays": array_cases(random),
    })


if __name__ == "__main__":
    main()
