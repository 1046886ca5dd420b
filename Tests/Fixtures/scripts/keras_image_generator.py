"""What Keras's old `ImageDataGenerator` makes of a picture with given transformations, how it scales, and which files it takes.

Writes `image-generator.json`. Run in the environment of `tf_keras_files.py`, with Pillow and SciPy in it, and KERAS_BACKEND=tensorflow.
"""

import io
import os
import tempfile

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pandas
import PIL
import scipy
from keras.src.legacy.preprocessing.image import ImageDataGenerator
from PIL import Image

from fixturelib import arguments, out_path, write
from keras_images import TREE, numbers

SCRIPT = "keras_image_generator.py"


def transform_cases(random):
    cases = []
    pictures = {
        "rgb": random.randint(0, 256, (5, 6, 3)).astype("float32"), "grey": random.randint(0, 256, (6, 4, 1)).astype("float32"),
        "rgba": random.randint(0, 256, (4, 4, 4)).astype("float32"), "signed": random.uniform(-1, 1, (4, 5, 3)).astype("float32"),
    }

    def add(name, data_format="channels_last", fill_mode="nearest", cval=0.0, interpolation_order=1, **transform):
        x = pictures[name]
        if data_format == "channels_first":
            x = x.transpose(2, 0, 1)
        settings = {"data_format": data_format, "fill_mode": fill_mode, "cval": cval, "interpolation_order": interpolation_order}
        result = ImageDataGenerator(**settings).apply_transform(x.copy(), transform)
        cases.append({"picture": name, **settings, "transform": transform, **numbers(np.asarray(result, "float32"))})

    for fill_mode in ("nearest", "constant", "reflect", "wrap"):
        for order in (0, 1):
            add("rgb", fill_mode=fill_mode, cval=9.0, interpolation_order=order, theta=37.5, tx=1.25, ty=-0.75, shear=12.0, zx=1.3, zy=0.8)
        add("grey", fill_mode=fill_mode, cval=3.0, tx=-7.5, ty=6.25)
        add("grey", fill_mode=fill_mode, theta=-100.0, zx=2.5, zy=3.5)
    for transform in ({}, {"theta": 90.0}, {"tx": 2, "ty": -1}, {"shear": 30.0}, {"zx": 0.5, "zy": 2.0}, {"flip_horizontal": True},
                      {"flip_vertical": True}, {"channel_shift_intensity": 40.5}, {"channel_shift_intensity": -30.25}):
        add("rgb", **transform)
    add("signed", channel_shift_intensity=0.25, flip_horizontal=True, flip_vertical=True, theta=10.0)
    for brightness in (0.0, 0.35, 1.0, 1.9, -0.5):
        for name in ("rgb", "grey", "rgba", "signed"):
            add(name, brightness=brightness)
    add("rgb", data_format="channels_first", theta=20.0, ty=1.5, zx=0.7, zy=1.2, flip_horizontal=True, channel_shift_intensity=5.0)
    return pictures, cases


def scale_cases(random):
    cases = []
    x = random.randint(0, 256, (4, 3, 5, 3)).astype("float32")
    for settings in ({"rescale": 1 / 255}, {"samplewise_center": True}, {"samplewise_std_normalization": True}, {"featurewise_center": True},
                     {"featurewise_std_normalization": True}, {"featurewise_std_normalization": True, "samplewise_std_normalization": True, "rescale": 0.5}):
        for data_format in ("channels_last", "channels_first"):
            given = x if data_format == "channels_last" else x.transpose(0, 3, 1, 2)
            generator = ImageDataGenerator(data_format=data_format, **settings)
            generator.fit(given)
            batch = next(generator.flow(given, shuffle=False, batch_size=4))
            case = {"settings": settings, "data_format": data_format, **numbers(batch.astype("float32"))}
            for name in ("mean", "std"):
                if getattr(generator, name) is not None:
                    case[name] = getattr(generator, name).reshape(-1)
            cases.append(case)
    return x, cases


def directory_cases():
    cases = []
    with tempfile.TemporaryDirectory() as folder:
        for name in TREE + ["a/nodot_png"]:
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            Image.fromarray(np.zeros((2, 2, 3), "u1")).save(path, "png")
        for split, subset in ((0.0, None), (0.4, None), (0.4, "training"), (0.4, "validation")):
            for classes, class_mode in ((None, "categorical"), (["c", "b"], "binary"), (["b", "a b", "a"], "sparse"), (None, None)):
                flow = ImageDataGenerator(validation_split=split).flow_from_directory(
                    folder, target_size=(2, 2), shuffle=False, subset=subset, classes=classes, class_mode=class_mode)
                case = {"validation_split": split, "subset": subset, "classes": classes, "class_mode": class_mode}
                case["file_paths"] = [os.path.relpath(path, folder) for path in flow.filepaths]
                case["class_names"] = list(flow.class_indices)
                if class_mode is not None:
                    case.update(numbers(next(flow)[1]))
                cases.append(case)
    return cases


def zca_cases(random):
    """Pictures of fewer numbers than there are of them, so that no singular value is next to 0."""
    x = random.randint(0, 256, (14, 2, 3, 1)).astype("float32")
    cases = []
    for settings in ({"zca_epsilon": 0.1}, {"rescale": 1 / 255, "samplewise_center": True, "zca_epsilon": 1.0}):
        generator = ImageDataGenerator(zca_whitening=True, featurewise_std_normalization=True, **settings)
        generator.fit(x)
        batch = next(generator.flow(x, shuffle=False, batch_size=14))
        cases.append({"settings": settings, "matrix": generator.zca_whitening_matrix.reshape(-1), **numbers(batch.astype("float32"))})
    return x, cases


TABLE = """file,kind,size,weight
a.png,cat,1.5,1
b.jpg,dog,2.5,2
missing.png,dog,3.5,1
c.png,"cow, brown",4.5,0.5
d.txt,cat,5.5,1
below/e.jpeg,cat,6.5,1
f.PNG,dog,7.5,3
"""


def data_frame_cases():
    cases = []
    with tempfile.TemporaryDirectory() as folder:
        for name in ("a.png", "b.jpg", "c.png", "d.txt", "below/e.jpeg", "f.PNG"):
            os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
            Image.fromarray(np.zeros((2, 2, 3), "u1")).save(os.path.join(folder, name), "png")
        frame = pandas.read_csv(io.StringIO(TABLE))
        for split, subset in ((0.0, None), (0.4, "training"), (0.4, "validation")):
            for classes, class_mode, column in ((None, "categorical", "kind"), (["dog", "cat"], "binary", "kind"), (["dog", "cow, brown"], "sparse", "kind"),
                                                (None, "raw", "size"), (None, "raw", ["size", "weight"])):
                flow = ImageDataGenerator(validation_split=split).flow_from_dataframe(
                    frame, directory=folder, x_col="file", y_col=column, target_size=(2, 2), shuffle=False, subset=subset, classes=classes, class_mode=class_mode)
                case = {"validation_split": split, "subset": subset, "classes": classes, "class_mode": class_mode, "columns": column}
                case["file_paths"] = [os.path.relpath(path, folder) for path in flow.filepaths]
                case.update(numbers(np.asarray(next(flow)[1], "float32")))
                cases.append(case)
    return cases


def main():
    options = arguments(__doc__).parse_args()
    random = np.random.RandomState(31)
    pictures, transforms = transform_cases(random)
    rows, scales = scale_cases(random)
    zca_rows, zca = zca_cases(random)
    versions = {"keras": keras.__version__, "pillow": PIL.__version__, "scipy": scipy.__version__, "numpy": np.__version__}
    header = {"script": SCRIPT, "versions": versions, "tree": TREE + ["a/nodot_png"], "rows": numbers(rows), "zca_rows": numbers(zca_rows), "table": TABLE,
              "pictures": {name: numbers(x) for name, x in pictures.items()}}
    write(out_path(options, "image-generator.json"), header, {"transforms": transforms, "scales": scales, "directory": directory_cases(), "zca": zca, "data_frame": data_frame_cases()})


if __name__ == "__main__":
    main()
