"""Writes optimizers/inputs.json: the initial values and the 50 gradients that every optimizer case uses.

All numbers are integers over one denominator (1024), so they are exact in float32 and float64.
Gradients change sign, their scale swings by a factor of about 100, about a tenth of the entries
are exactly zero, some positions stay zero for the first steps, and whole gradients are zero at
the steps named in "zero_gradients".
"""

import numpy as np

from fixturelib import NAMES, RECORDED, SHAPES, arguments, out_path, write

DENOMINATOR = 1024
STEPS = 50
ZERO = {"scale": [5], "bias": [7, 8, 23], "kernel": [12], "conv/kernel": [30]}


def main():
    options = arguments(__doc__).parse_args()
    random = np.random.RandomState(20240229)
    initial = {}
    for name in NAMES:
        size = int(np.prod(SHAPES[name], dtype=int))
        values = random.randint(-1024, 1025, size=size)
        if name == "scale":
            values[:] = 768
        elif name == "bias":
            values = values // 4
            values[2] = 0
        initial[name] = values.tolist()

    gradients = []
    for step in range(1, STEPS + 1):
        magnitude = 10 ** np.sin(2 * np.pi * step / 17)  # 0.1 … 10
        row = {}
        for offset, name in enumerate(NAMES):
            size = int(np.prod(SHAPES[name], dtype=int))
            slope = 0.4 * np.cos(2 * np.pi * (step + 5 * offset) / 31 + np.arange(size))
            noise = random.standard_normal(size)
            values = np.rint(DENOMINATOR * 0.3 * magnitude * (slope + noise)).astype(int)
            values[random.random_sample(size) < 0.1] = 0
            if name == "bias" and step <= 6:
                values[1] = 0
            if name == "kernel" and step <= 3:
                values[4:9] = 0
            if name == "conv/kernel" and step <= 20:
                values[13] = 0
            if step in ZERO[name]:
                values[:] = 0
            row[name] = values.tolist()
        gradients.append(row)

    header = {
        "note": "value = integer / denominator; arrays are flat, row-major; gradients[i] is used in step i + 1",
        "made_by": "scripts/make_inputs.py",
        "denominator": DENOMINATOR,
        "parameters": [{"name": name, "shape": list(SHAPES[name])} for name in NAMES],
        "recorded": RECORDED,
        "zero_gradients": ZERO,
        "initial": initial,
    }
    write(out_path(options, "optimizers", "inputs.json"), header, {"gradients": gradients})


if __name__ == "__main__":
    main()
