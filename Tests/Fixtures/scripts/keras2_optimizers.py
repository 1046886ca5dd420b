"""The optimizers of Keras 2.2.4, transcribed from its formulas to NumPy float64, over the shared inputs.

First every "keras-2.2.4" entry of optimizers/golden-optimizers.json (values of the original
keras/optimizers.py) is reproduced to 1e-12; then optimizers/keras2.json is written.
"""

import json
import os
import re

import numpy as np

from fixturelib import FIXTURES, arguments, load_inputs, out_path, record, write

DEFAULTS = {
    "SGD": {"lr": 0.01, "momentum": 0.0, "decay": 0.0, "nesterov": False},
    "RMSprop": {"lr": 0.001, "rho": 0.9, "epsilon": None, "decay": 0.0},
    "Adagrad": {"lr": 0.01, "epsilon": None, "decay": 0.0},
    "Adadelta": {"lr": 1.0, "rho": 0.95, "epsilon": None, "decay": 0.0},
    "Adam": {"lr": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": None, "decay": 0.0, "amsgrad": False},
    "Adamax": {"lr": 0.002, "beta_1": 0.9, "beta_2": 0.999, "epsilon": None, "decay": 0.0},
    "Nadam": {"lr": 0.002, "beta_1": 0.9, "beta_2": 0.999, "epsilon": None, "schedule_decay": 0.004},
}


class Keras2:
    """One optimizer; `update` changes a list of arrays."""

    def __init__(self, name, clipnorm=0.0, clipvalue=0.0, **config):
        unknown = set(config) - set(DEFAULTS[name])
        assert not unknown, unknown
        self.name, self.clipnorm, self.clipvalue = name, clipnorm, clipvalue
        self.config = {**DEFAULTS[name], **config}
        if self.config.get("epsilon", 0) is None:
            self.config["epsilon"] = 1e-7
        self.iterations = 0
        self.slots = {}
        self.m_schedule = 1.0

    def clipped(self, gradients):
        if self.clipnorm > 0:
            norm = np.sqrt(sum(np.sum(np.square(g)) for g in gradients))
            if norm >= self.clipnorm:
                gradients = [g * self.clipnorm / norm for g in gradients]
        if self.clipvalue > 0:
            gradients = [np.clip(g, -self.clipvalue, self.clipvalue) for g in gradients]
        return gradients

    def slot(self, index, kind, like):
        return self.slots.setdefault((index, kind), np.zeros_like(like))

    def update(self, parameters, gradients):
        c = self.config
        gradients = self.clipped(gradients)
        lr = c["lr"]
        if c.get("decay", 0) > 0:
            lr = lr * (1.0 / (1.0 + c["decay"] * self.iterations))
        t = self.iterations + 1
        self.iterations = t
        if self.name == "Nadam":
            mu = c["beta_1"] * (1.0 - 0.5 * 0.96 ** (t * c["schedule_decay"]))
            mu_next = c["beta_1"] * (1.0 - 0.5 * 0.96 ** ((t + 1) * c["schedule_decay"]))
            product = self.m_schedule * mu
            product_next = self.m_schedule * mu * mu_next
            self.m_schedule = product

        for i, (p, g) in enumerate(zip(parameters, gradients)):
            p, g = np.asarray(p), np.asarray(g)
            eps = c.get("epsilon")
            if self.name == "SGD":
                v = c["momentum"] * self.slot(i, "m", p) - lr * g
                self.slots[i, "m"] = v
                new = p + c["momentum"] * v - lr * g if c["nesterov"] else p + v
            elif self.name == "RMSprop":
                a = c["rho"] * self.slot(i, "a", p) + (1.0 - c["rho"]) * np.square(g)
                self.slots[i, "a"] = a
                new = p - lr * g / (np.sqrt(a) + eps)
            elif self.name == "Adagrad":
                a = self.slot(i, "a", p) + np.square(g)
                self.slots[i, "a"] = a
                new = p - lr * g / (np.sqrt(a) + eps)
            elif self.name == "Adadelta":
                d = self.slot(i, "d", p)
                a = c["rho"] * self.slot(i, "a", p) + (1.0 - c["rho"]) * np.square(g)
                step = g * np.sqrt(d + eps) / np.sqrt(a + eps)
                self.slots[i, "a"] = a
                self.slots[i, "d"] = c["rho"] * d + (1.0 - c["rho"]) * np.square(step)
                new = p - lr * step
            else:
                b1, b2 = c["beta_1"], c["beta_2"]
                m = b1 * self.slot(i, "m", p) + (1.0 - b1) * g
                self.slots[i, "m"] = m
                if self.name == "Adamax":
                    u = np.maximum(b2 * self.slot(i, "u", p), np.abs(g))
                    self.slots[i, "u"] = u
                    new = p - lr / (1.0 - b1**t) * m / (u + eps)
                else:
                    v = b2 * self.slot(i, "v", p) + (1.0 - b2) * np.square(g)
                    self.slots[i, "v"] = v
                    if self.name == "Adam":
                        rate = lr * (np.sqrt(1.0 - b2**t) / (1.0 - b1**t))
                        if c["amsgrad"]:
                            v = np.maximum(self.slot(i, "vhat", p), v)
                            self.slots[i, "vhat"] = v
                        new = p - rate * m / (np.sqrt(v) + eps)
                    else:
                        g_prime = g / (1.0 - product)
                        m_prime = m / (1.0 - product_next)
                        v_prime = v / (1.0 - b2**t)
                        m_bar = (1.0 - mu) * g_prime + mu_next * m_prime
                        new = p - lr * m_bar / (np.sqrt(v_prime) + eps)
            parameters[i] = new


def check_golden():
    with open(os.path.join(FIXTURES, "optimizers", "golden-optimizers.json")) as file:
        golden = json.load(file)
    meta = golden["_meta"]
    worst = 0.0
    for key, steps in golden["keras-2.2.4"].items():
        name, inside = re.fullmatch(r"(\w+)\((.*)\)", key).groups()
        config = {pair.split("=")[0]: {"True": True, "False": False}.get(pair.split("=")[1]) for pair in inside.split(",") if pair}
        for pair in filter(None, inside.split(",")):
            argument, text = pair.split("=")
            if config[argument] is None:
                config[argument] = float(text)
        optimizer = Keras2(name, **config)
        parameters = [np.array(p, dtype=np.float64) for p in meta["params"]]
        for gradients, expected in zip(meta["grads"], steps):
            optimizer.update(parameters, [np.array(g, dtype=np.float64) for g in gradients])
            for have, want in zip(parameters, expected):
                # the golden file keeps 12 significant digits
                rounded = np.array([float(f"{x:.12g}") for x in have.reshape(-1)])
                worst = max(worst, float(np.max(np.abs(rounded - np.array(want)))))
    print(f"golden keras-2.2.4: {len(golden['keras-2.2.4'])} settings, greatest difference {worst:.1e}")
    assert worst < 1e-12


CASES = [
    ("SGD", [{}, {"lr": 0.1}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}, {"nesterov": True}, {"decay": 0.1}, {"momentum": 0.8, "nesterov": True, "decay": 0.01}]),
    ("RMSprop", [{}, {"lr": 0.01}, {"rho": 0.5}, {"epsilon": 0.5}, {"decay": 0.1}, {"lr": 0.01, "rho": 0.99}]),
    ("Adagrad", [{}, {"lr": 0.1}, {"epsilon": 0.5}, {"decay": 0.1}]),
    ("Adadelta", [{}, {"lr": 0.1}, {"rho": 0.5}, {"epsilon": 0.5}, {"decay": 0.1}]),
    ("Adam", [{}, {"lr": 0.05}, {"beta_1": 0.5}, {"beta_2": 0.9}, {"epsilon": 0.1}, {"decay": 0.1}, {"amsgrad": True, "beta_2": 0.9}, {"amsgrad": True, "beta_2": 0.5, "decay": 0.05, "epsilon": 1e-3}]),
    ("Adamax", [{}, {"lr": 0.05}, {"beta_1": 0.5}, {"beta_2": 0.8}, {"epsilon": 0.1}, {"decay": 0.1}]),
    ("Nadam", [{}, {"lr": 0.05}, {"beta_1": 0.5}, {"beta_2": 0.9}, {"epsilon": 0.1}, {"schedule_decay": 1.0}, {"schedule_decay": 0.1}]),
]
CLIPS = [{"clipnorm": 1.0}, {"clipvalue": 0.1}, {"clipnorm": 2.0, "clipvalue": 0.1}]


def main():
    options = arguments(__doc__).parse_args()
    check_golden()
    initial, gradients = load_inputs()
    names = list(initial)
    cases = []
    for name, variants in CASES:
        clipped = CLIPS if name != "Adadelta" else CLIPS[:1] + CLIPS[2:]
        for config in variants + [{**({"lr": 0.1} if name == "SGD" else {}), **clip} for clip in clipped]:
            optimizer = Keras2(name, **config)
            parameters = [initial[key] for key in names]
            steps = {}
            for step, gradient in enumerate(gradients, start=1):
                optimizer.update(parameters, [gradient[key] for key in names])
                if step in ((1, 3, 50) if not config else (50,)):
                    steps[step] = record(dict(zip(names, parameters)))
            cases.append({"reference": "keras-2.2", "optimizer": name, "config": config, "dtype": "float64", "steps": steps})
    header = {
        "reference": "Keras 2.2.4 formulas in NumPy float64 (the transcription reproduces golden-optimizers.json 'keras-2.2.4' to 1e-12)",
        "made_by": "scripts/keras2_optimizers.py",
        "dtype": "float64",
        "positions": "inputs.json 'recorded'",
    }
    write(out_path(options, "optimizers", "keras2.json"), header, {"cases": cases})


if __name__ == "__main__":
    main()
