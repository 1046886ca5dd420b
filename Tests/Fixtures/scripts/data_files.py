"""Writes the files in ../files that the readers are tried on: made by NumPy 2.4.6, safetensors 0.8.0 and Python's
gzip, zipfile and csv. expected.json holds what is in them.

Usage: python data_files.py
"""

import csv
import gzip
import json
import os
import struct

import numpy as np
from safetensors.numpy import save_file

FILES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "files")

expected = {}


def expect(file, name, array):
    values = [float(value) for value in np.asarray(array, dtype=np.float64).ravel()]
    expected.setdefault(file, {})[name] = {"shape": list(array.shape), "values": values}


def ramp(dtype, shape, low, step):
    count = int(np.prod(shape))
    return (low + step * np.arange(count)).astype(dtype).reshape(shape)


def arrays():
    result = {}
    for code in ["f2", "f4", "f8"]:
        for order in "<>":
            result[f"{'little' if order == '<' else 'big'}_{code}"] = ramp(order + code, (2, 3), -1.25, 0.75)
    for code in ["i1", "i2", "i4", "i8"]:
        for order in "<>":
            result[f"{'little' if order == '<' else 'big'}_{code}"] = ramp(order + code, (3, 2), -100, 37)
    for code in ["u1", "u2", "u4", "u8"]:
        for order in "<>":
            result[f"{'little' if order == '<' else 'big'}_{code}"] = ramp(order + code, (6,), 3, 50)
    result["bool"] = np.array([[True, False], [False, True]])
    result["special_f2"] = np.array([65504, 6e-8, -0.0, np.inf], dtype="<f2")
    result["scalar"] = np.array(2.5, dtype="<f4")
    result["empty"] = np.zeros((0, 3), dtype="<f4")
    result["fortran_matrix"] = np.asfortranarray(ramp("<f4", (3, 5), 0, 1))
    result["fortran_cube"] = np.asfortranarray(ramp(">i2", (2, 3, 4), -5, 1))
    result["fortran_bytes"] = np.asfortranarray(ramp("u1", (4, 1, 3, 2), 0, 1))
    result["fortran_doubles"] = np.asfortranarray(ramp("<f8", (2, 2, 2), 0.5, 1))
    result["group/kernel"] = ramp("<f4", (2, 2), 1, 1)
    return result


def main():
    os.makedirs(FILES, exist_ok=True)
    path = lambda name: os.path.join(FILES, name)

    # What JSON cannot say is left out of the expectation.
    contents = arrays()
    np.savez(path("arrays.npz"), **contents)
    np.savez_compressed(path("arrays-compressed.npz"), **contents)
    for name, array in contents.items():
        if name != "special_f2":
            expect("arrays", name, array)

    for version in [(1, 0), (2, 0), (3, 0)]:
        with open(path(f"version-{version[0]}.npy"), "wb") as file:
            np.lib.format.write_array(file, ramp("<f4", (2, 4), 0.5, 0.25), version=version)
    np.save(path("too-wide-i8.npy"), np.array([1, 2**31, 3], dtype="<i8"))
    np.save(path("complex.npy"), np.array([1 + 2j]))
    np.save(path("text.npy"), np.array(["a", "bc"]))
    np.save(path("object.npy"), np.array([{"a": 1}], dtype=object), allow_pickle=True)
    np.save(path("structure.npy"), np.array([(1, 2.0)], dtype=[("a", "<i4"), ("b", "<f4")]))

    tensors = {
        "float32": ramp("<f4", (2, 3), -1.5, 0.5),
        "float64": ramp("<f8", (4,), 0.125, 1),
        "float16": ramp("<f2", (3,), -0.5, 0.5),
        "int8": ramp("i1", (3,), -1, 1),
        "int32": ramp("<i4", (2, 2), -7, 1000),
        "int64": ramp("<i8", (2,), -5, 7),
        "uint8": ramp("u1", (5,), 250, 1),
        "bool": np.array([True, False, True]),
        "scalar": np.array(3.5, dtype="<f4"),
        "empty": np.zeros((2, 0), dtype="<f4"),
    }
    save_file(tensors, path("tensors.safetensors"), metadata={"format": "np", "note": "grüße"})
    for name, array in tensors.items():
        expect("tensors.safetensors", name, array)

    # IDX is big-endian: two zeros, the type, the number of axes, the sizes.
    images = bytes([0, 0, 8, 3]) + struct.pack(">3I", 4, 2, 3) + bytes(range(24))
    with open(path("images-idx3-ubyte"), "wb") as file:
        file.write(images)
    with open(path("images-idx3-ubyte.gz"), "wb") as file:
        file.write(gzip.compress(images, mtime=0))
    with open(path("two-members-idx3-ubyte.gz"), "wb") as file:
        file.write(gzip.compress(images[:20], mtime=0) + gzip.compress(images[20:], mtime=0))
    for name, code, dtype in [("int8", 9, "i1"), ("int16", 11, ">i2"), ("int32", 12, ">i4"), ("float32", 13, ">f4"), ("float64", 14, ">f8")]:
        array = ramp(dtype, (2, 3), -2, 1.5 if "f" in dtype else 1)
        with open(path(f"{name}.idx"), "wb") as file:
            file.write(bytes([0, 0, code, 2]) + struct.pack(">2I", 2, 3) + array.tobytes())
        expect("idx", name, array)

    with open(path("table.csv"), "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["width, cm", 'the "length"', "kind", "weight"])
        writer.writerow([1.5, -2, "plum", 1e-3])
        writer.writerow([2.25, 3, "apple, red", 123456.75])
        writer.writerow([0.1, 4, 'so-called "pear"', -1.7976931348623157e30])
        writer.writerow([7, 5e10, "apple, red", 0])

    with open(path("expected.json"), "w") as file:
        json.dump(expected, file, indent=None, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
