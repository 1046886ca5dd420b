"""Writes a folder of pictures, one folder for each class, from Fashion-MNIST's files (Debian package dataset-fashion-mnist).

    python3 picture_folder.py FOLDER [--new] [--count N] [--data FOLDER]      (--new: 20 of each class from the test rows, all in one folder)
"""

import argparse
import gzip
import os
import struct
import zlib

NAMES = ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"]


def read(path):
    with gzip.open(path) as file:
        data = file.read()
    return data[4 * (1 + data[3]):]


def png(pixels, side=28):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + pixels[row * side:(row + 1) * side] for row in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder")
parser.add_argument("--new", action="store_true")
parser.add_argument("--count", type=int)
parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist")
options = parser.parse_args()
part = "t10k" if options.new else "train"
images, labels = read(f"{options.data}/{part}-images-idx3-ubyte.gz"), read(f"{options.data}/{part}-labels-idx1-ubyte.gz")
count, written = options.count or (20 if options.new else 150), [0] * 10
for row, label in enumerate(labels):
    if written[label] == count:
        continue
    name = f"{NAMES[label]}-{written[label]:03}.png" if options.new else f"{NAMES[label]}/{written[label]:04}.png"
    path = os.path.join(options.folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(png(images[row * 784:(row + 1) * 784]))
    written[label] += 1
print(f"Wrote {sum(written)} pictures to {options.folder}")
