"""Writes ../datasets: small files of exactly the formats that Keras's data sets have, and what Keras 3.15.1 (NumPy 2.4.6,
Python 3.11) makes of them and of its utilities for data (../datasets/expected.json).

Usage: KERAS_BACKEND=jax python keras_datasets.py
"""

import gzip
import io
import json
import os
import pickle
import random
import struct
import tarfile
import zipfile

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras
from keras.src.datasets import boston_housing, california_housing, cifar, imdb, mnist, reuters
from keras.src.utils import dataset_utils, timeseries_dataset_utils

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "datasets")
expected = {}


def path(name):
    return os.path.join(FOLDER, name)


def listed(array):
    array = np.asarray(array)
    return {"shape": list(array.shape), "values": [float(v) for v in array.ravel()]}


def weighed(array):
    """A number that depends on each element and its place."""
    flat = np.asarray(array).ravel().astype(np.int64)
    return {"shape": list(np.shape(array)), "weighed": int((flat * (np.arange(flat.size) % 251 + 1)).sum())}


def with_files(module):
    """Keras's own reading, on files that do not have the published checksums."""
    module.get_file = lambda fname=None, **_: path(fname)
    return module


def ragged(rows):
    result = np.empty(len(rows), dtype=object)
    for i, row in enumerate(rows):
        result[i] = row
    return result


def python2_pickle(pairs):
    """A dictionary as Python 2's cPickle writes it with protocol 2: texts are bytes (U, T), arrays have NumPy 1's names."""
    def text(value):
        value = value if isinstance(value, bytes) else value.encode()
        return b"U" + bytes([len(value)]) + value if len(value) < 256 else b"T" + struct.pack("<i", len(value)) + value

    def integer(value):
        return b"K" + bytes([value]) if value < 256 else b"J" + struct.pack("<i", value)

    memo = iter(range(10**6))
    put = lambda: (lambda n: b"q" + bytes([n]) if n < 256 else b"r" + struct.pack("<I", n))(next(memo))
    out = b"\x80\x02}" + put() + b"("
    for key, value in pairs:
        out += text(key) + put()
        if isinstance(value, np.ndarray):
            out += b"cnumpy.core.multiarray\n_reconstruct\n" + put() + b"cnumpy\nndarray\n" + put()
            out += integer(0) + b"\x85" + put() + text("b") + b"\x87" + put() + b"R" + put()
            out += b"(" + integer(1) + integer(value.shape[0]) + integer(value.shape[1]) + b"\x86" + put()
            out += b"cnumpy\ndtype\n" + put() + text("u1") + put() + integer(0) + integer(1) + b"\x87" + put() + b"R" + put()
            out += b"(" + integer(3) + text("|") + put() + b"NNN" + b"J\xff\xff\xff\xff" * 2 + integer(0) + b"t" + put() + b"b"
            out += b"\x89" + text(value.tobytes()) + put() + b"t" + put() + b"b"
        elif isinstance(value, list):
            out += b"]" + put() + b"("
            for element in value:
                out += integer(element) if isinstance(element, int) else text(element) + put()
            out += b"e"
        else:
            out += text(value) + put()
    return out + b"u."


def cifar_files(rng):
    def batch(rows, labels):
        data = rng.integers(0, 256, (rows, 3072), dtype=np.uint8)
        names = [f"picture_{i}.png" for i in range(rows)]
        return python2_pickle([("batch_label", "some batch"), *labels, ("data", data), ("filenames", names)])

    inner = os.path.join(FOLDER, "cifar-10-batches-py-target", "cifar-10-batches-py")
    os.makedirs(inner, exist_ok=True)
    for name in [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]:
        with open(os.path.join(inner, name), "wb") as file:
            file.write(batch(2, [("labels", [int(v) for v in rng.integers(0, 10, 2)])]))
    parts = {}
    for name in [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]:
        x, y = cifar.load_batch(os.path.join(inner, name))
        parts[name] = {"x": weighed(x.transpose(0, 2, 3, 1)), "y": listed(np.reshape(y, (len(y), 1)))}
    x = np.concatenate([cifar.load_batch(os.path.join(inner, f"data_batch_{i}"))[0] for i in range(1, 6)])
    parts["train"] = {"x": weighed(x.transpose(0, 2, 3, 1))}
    expected["cifar10"] = parts

    contents = {}
    for name in ["train", "test"]:
        fine, coarse = [int(v) for v in rng.integers(0, 100, 3)], [int(v) for v in rng.integers(0, 20, 3)]
        contents[name] = batch(3, [("fine_labels", fine), ("coarse_labels", coarse)])
    with tarfile.open(path("cifar-100-python.tar.gz"), "w:gz", format=tarfile.GNU_FORMAT) as archive:
        for name, data in contents.items():
            info = tarfile.TarInfo("cifar-100-python/" + name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    result = {}
    for name, data in contents.items():
        scratch = path("scratch")
        with open(scratch, "wb") as file:
            file.write(data)
        for mode in ["fine", "coarse"]:
            x, y = cifar.load_batch(scratch, label_key=mode + "_labels")
            result[f"{name}_{mode}"] = {"x": weighed(x.transpose(0, 2, 3, 1)), "y": listed(np.reshape(y, (len(y), 1)))}
        os.remove(scratch)
    expected["cifar100"] = result


def text_files(rng):
    def texts(count):
        return [[int(w) for w in rng.integers(1, 400, rng.integers(1, 14))] for _ in range(count)]

    train, test = texts(23), texts(17)
    # NumPy writes object arrays as pickles; imdb.npz was written by one that says numpy.core.
    np.savez(path("imdb.npz"), x_train=ragged(train), y_train=rng.integers(0, 2, 23), x_test=ragged(test), y_test=rng.integers(0, 2, 17))
    old_names = pickle.dumps(ragged(texts(31)), protocol=3).replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    np.savez(path("reuters.npz"), x=np.zeros(1), y=rng.integers(0, 46, 31))
    with zipfile.ZipFile(path("reuters.npz")) as archive:
        y = archive.read("y.npy")
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|O", "fortran_order": False, "shape": (31,)})
    with zipfile.ZipFile(path("reuters.npz"), "w") as archive:
        archive.writestr("x.npy", header.getvalue() + old_names)
        archive.writestr("y.npy", y)
    for name in ["imdb", "reuters"]:
        with open(path(f"{name}_word_index.json"), "w") as file:
            json.dump({"the": 1, "café": 20, 'a "quoted" one': 3}, file)

    settings = [
        {}, {"num_words": 100}, {"num_words": 100, "skip_top": 20, "seed": 7}, {"maxlen": 9, "index_from": 0},
        {"start_char": None, "oov_char": None, "num_words": 300}, {"start_char": None, "index_from": 0, "maxlen": 11},
        {"start_char": 5, "oov_char": 6, "index_from": 10, "seed": 0},
    ]
    for name, module in [("imdb", imdb), ("reuters", reuters)]:
        cases = []
        for kwargs in settings + ([{"test_split": 0.35}] if name == "reuters" else []):
            (x_train, y_train), (x_test, y_test) = with_files(module).load_data(**kwargs)
            rows = lambda xs: [[int(w) for w in x] for x in xs]
            cases.append({"settings": kwargs, "x_train": rows(x_train), "y_train": [int(v) for v in y_train],
                          "x_test": rows(x_test), "y_test": [int(v) for v in y_test]})
        expected[name] = cases


def table_files(rng):
    np.savez(path("boston_housing.npz"), x=rng.normal(size=(37, 13)).round(3), y=rng.normal(size=37).round(3))
    np.savez(path("california_housing.npz"), x=np.arange(650 * 8, dtype="float32").reshape(650, 8), y=np.arange(650, dtype="float32"))
    for name, module, settings in [
        ("boston_housing", boston_housing, [{}, {"test_split": 0.31, "seed": 5}, {"test_split": 0.0}]),
        ("california_housing", california_housing, [{"version": "small", "seed": 3}, {"test_split": 0.11}]),
    ]:
        cases = []
        for kwargs in settings:
            (x_train, y_train), (x_test, y_test) = with_files(module).load_data(**kwargs)
            cases.append({"settings": kwargs, "x_train": list(x_train.shape), "first": [float(v) for v in x_train[:3].ravel()],
                          "y_train": listed(y_train), "y_test": listed(y_test), "x_test": list(x_test.shape)})
        expected[name] = cases


def image_files(rng):
    images, labels = rng.integers(0, 256, (7, 28, 28), dtype=np.uint8), rng.integers(0, 10, 7).astype(np.uint8)
    np.savez_compressed(path("mnist.npz"), x_train=images[:4], y_train=labels[:4], x_test=images[4:], y_test=labels[4:])
    (x_train, y_train), (x_test, y_test) = with_files(mnist).load_data()
    expected["mnist"] = {"x_train": weighed(x_train), "y_train": listed(y_train), "x_test": weighed(x_test), "y_test": listed(y_test)}


def utilities(rng):
    cases = []
    sequences = [[1], [2, 3], [4, 5, 6], [], [7, 8, 9, 10]]
    floats = [[0.5, -1.5], [2.75], [3.5, 4.5, 5.5]]
    vectors = [[[1, 2], [3, 4]], [[5, 6]], [[7, 8], [9, 10], [11, 12]]]
    for data in [sequences, floats, vectors]:
        for maxlen in [None, 2, 6]:
            for padding in ["pre", "post"]:
                for truncating in ["pre", "post"]:
                    for dtype, value in [("int32", 0.0), ("float32", -1.5), ("int32", -1)]:
                        result = keras.utils.pad_sequences(data, maxlen, dtype, padding, truncating, value)
                        cases.append({"data": data, "maxlen": maxlen, "padding": padding, "truncating": truncating, "dtype": dtype,
                                      "value": value, "result": listed(result)})
    expected["pad_sequences"] = cases
    expected["to_categorical"] = [
        {"x": listed(x), "num_classes": n, "result": listed(keras.utils.to_categorical(x, n))}
        for x, n in [([0, 2, 1], None), ([0, 2, 1], 5), ([[1], [0]], None), ([[1, 0], [3, 2]], 4), ([[[1]], [[0]]], 2)]
    ]
    x = rng.normal(size=(3, 4)).round(3)
    x[1] = 0
    expected["normalize"] = [
        {"x": listed(x), "axis": axis, "order": order, "result": listed(keras.utils.normalize(x, axis=axis, order=order))}
        for axis in [-1, 1] for order in [1, 2, 3]
    ]
    expected["numpy_orders"] = []
    for seed, count in [(0, 1), (113, 10), (113, 257), (4294967295, 64), (7, 1000)]:
        order = np.arange(count)
        np.random.RandomState(seed).shuffle(order)
        expected["numpy_orders"].append({"seed": seed, "order": [int(v) for v in order]})
    splits = []
    for left, right, shuffle, seed, total in [
        (0.8, None, False, None, 11), (None, 0.25, True, 3, 10), (4, None, True, 2**40 + 5, 9), (3, 2, False, None, 10),
        (0.5, 0.25, True, 0, 13), (0.5, None, False, None, 5), (None, 7, True, 1, 300)]:
        order = list(range(total))
        if shuffle:
            random.seed(seed)
            random.shuffle(order)
        sizes = dataset_utils._rescale_dataset_split_sizes(left, right, total)
        splits.append({"left": left, "right": right, "shuffle": shuffle, "seed": seed, "total": total,
                       "left_rows": order[: sizes[0]], "right_rows": order[-sizes[1]:]})
    expected["split_dataset"] = splits
    series = []
    data = np.arange(40).reshape(20, 2)
    for kwargs in [
        {"sequence_length": 4}, {"sequence_length": 3, "sequence_stride": 2, "sampling_rate": 3, "batch_size": 3},
        {"sequence_length": 5, "start_index": 3, "end_index": 17, "batch_size": 4}, {"sequence_length": 4, "batch_size": None}]:
        # The targets begin at start_index too.
        for targets in [None, np.arange(100, 120), np.arange(100, 109 + 2 * kwargs.get("start_index", 0))]:
            dataset = timeseries_dataset_utils.timeseries_dataset_from_array(data, targets, format="grain", **kwargs)
            batches = [[listed(part) for part in (batch if targets is not None else (batch,))] for batch in dataset]
            series.append({"settings": kwargs, "targets": None if targets is None else [int(v) for v in targets], "batches": batches})
    expected["timeseries"] = series


def main():
    os.makedirs(FOLDER, exist_ok=True)
    rng = np.random.default_rng(1)
    image_files(rng)
    cifar_files(rng)
    text_files(rng)
    table_files(rng)
    utilities(rng)
    # What a hostile file looks like: it asks for a call.
    with open(path("hostile.pickle"), "wb") as file:
        file.write(b"\x80\x02cos\nsystem\nU\x04true\x85R.")
    with open(path("expected.json"), "w") as file:
        json.dump(expected, file)


main()
