"""What all fixture scripts share: the inputs, number formatting, and the JSON layout.

Layout of a fixture file: a JSON object whose long lists ("cases") stand one element per line, so
that a changed case is one changed line. Every number is the shortest text that reads back to the
same float64 (or float32, in files that say so).
"""

import argparse
import json
import math
import os

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.dirname(HERE)

NAMES = ["scale", "bias", "kernel", "conv/kernel"]
SHAPES = {"scale": (), "bias": (7,), "kernel": (5, 6), "conv/kernel": (3, 3, 2, 4)}

# Only these flat (row-major) positions are recorded, in this order. Every position of an
# elementwise optimizer sees gradients of its own, and in all others each position depends on the
# whole parameter, so a sample loses nothing but bytes.
RECORDED = {
    "scale": [0],
    "bias": list(range(7)),
    "kernel": list(range(0, 30, 3)),
    "conv/kernel": list(range(1, 72, 6)),
}


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--out", default=None, help="folder to write to (default: the fixtures beside the scripts)")
    return parser


def load_inputs(dtype=np.float64):
    """(initial, gradients): dictionary of arrays, and a list of 50 such dictionaries."""
    with open(os.path.join(FIXTURES, "optimizers", "inputs.json")) as file:
        data = json.load(file)
    denominator = data["denominator"]

    def array(name, integers):
        return (np.array(integers, dtype=np.float64) / denominator).astype(dtype).reshape(SHAPES[name])

    initial = {name: array(name, data["initial"][name]) for name in NAMES}
    gradients = [{name: array(name, step[name]) for name in NAMES} for step in data["gradients"]]
    return initial, gradients


def flat(value):
    return np.asarray(value).reshape(-1)


def record(values, whole=False):
    """The recorded positions of each parameter, as lists of numbers."""
    out = {}
    for name in values:
        numbers = flat(values[name])
        out[name] = numbers if whole else numbers[RECORDED[name]]
    return out


class _Encoder(json.JSONEncoder):
    def default(self, o):
        if isinstance(o, np.ndarray):
            return o.tolist()
        if isinstance(o, np.generic):
            return o.item()
        return super().default(o)


def plain(value):
    """JSON-ready: arrays become lists; float32 keeps its short form; non-finite become strings."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        if value.dtype == np.float32:
            return [plain(item) for item in value] if value.ndim else float(str(value))
        return plain(value.tolist())
    if isinstance(value, np.float32):
        return plain(float(str(value)))
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        if math.isnan(value):
            return "nan"
        if math.isinf(value):
            return "inf" if value > 0 else "-inf"
        if value == int(value) and abs(value) < 1e15 and not (value == 0 and math.copysign(1, value) < 0):
            return value
    return value


def dumps(value):
    return json.dumps(plain(value), separators=(",", ":"), cls=_Encoder, allow_nan=False)


def write(path, header, lists):
    """`header`: dictionary; `lists`: {key: [elements, one per line]}."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write("{\n")
        parts = [f"{json.dumps(key)}:{dumps(value)}" for key, value in header.items()]
        for key, elements in lists.items():
            body = ",\n".join(dumps(element) for element in elements)
            parts.append(f"{json.dumps(key)}:[\n{body}\n]")
        file.write(",\n".join(parts))
        file.write("\n}\n")
    with open(path) as file:
        json.load(file)
    count = ", ".join(f"{len(elements)} {key}" for key, elements in lists.items())
    print(f"{os.path.basename(path)}: {count}, {os.path.getsize(path)} bytes")


def out_path(options, *parts):
    return os.path.join(options.out or FIXTURES, *parts)


def all_finite(values):
    return all(bool(np.all(np.isfinite(np.asarray(value, dtype=np.float64)))) for value in values.values())


def pattern(shape, salt, low=-128, high=128, denominator=64.0):
    """Numbers that look random and need not be stored: `Fixture.pattern` gives the same."""
    mask = 0xFFFFFFFF
    numbers = []
    for index in range(int(np.prod(shape, dtype=np.int64))):
        h = (index * 0x9E3779B1 + salt * 0x85EBCA77 + 1) & mask
        h ^= h >> 15
        h = (h * 0x2C1B3C6D) & mask
        h ^= h >> 12
        h = (h * 0x297A2D39) & mask
        h ^= h >> 15
        numbers.append(low + h % (high - low + 1))
    return np.array(numbers, dtype=np.int64).reshape(shape) / denominator


def whole_pattern(shape, salt, low, high):
    """The same as whole numbers from low to high."""
    return pattern(shape, salt, low, high, 1.0).astype("int32")


def sharing(values, least=24):
    """JSON values that repeat parts of each other, as (table, values): a part that comes twice or more stands in the table once, and
    {"&": place} in its stead. Parts of the table refer to earlier ones. `Fixture.resolved` undoes it."""
    counts, table, places = {}, [], {}

    def count(value):
        if not isinstance(value, (dict, list)):
            return
        text = json.dumps(value, sort_keys=False)
        counts[text] = counts.get(text, 0) + 1
        if counts[text] == 1:
            for part in value.values() if isinstance(value, dict) else value:
                count(part)

    def replaced(value):
        if not isinstance(value, (dict, list)):
            return value
        text = json.dumps(value, sort_keys=False)
        if text in places:
            return {"&": places[text]}
        result = {k: replaced(v) for k, v in value.items()} if isinstance(value, dict) else [replaced(v) for v in value]
        if counts[text] > 1 and len(text) > least:
            places[text] = len(table)
            table.append(result)
            return {"&": places[text]}
        return result

    values = plain(values)
    for value in values:
        count(value)
    values = [replaced(value) for value in values]
    return table, values
