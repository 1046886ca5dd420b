"""Recomputes every case of the optimizer fixtures from formulas written out in NumPy float64.

The formulas are those of optimizers/REFERENCES.md, independent of the libraries, so a case that
agrees shows two things: the formula is what the library computes, and the recorded value is
accurate to float64. Prints the greatest relative difference per optimizer; fails above the
tolerance. Needs NumPy only.
"""

import json
import os
import re
import sys

import numpy as np

from fixturelib import FIXTURES, NAMES, RECORDED, SHAPES, load_inputs

INITIAL, GRADIENTS = load_inputs()
TOLERANCE = 1e-11
LOOSE = {"Shampoo": 1e-6, "ScalableShampoo": 1e-6, "SOAP": 1e-6}


def curvature(name):
    return (0.5 + 0.25 * (np.arange(INITIAL[name].size) % 4)).reshape(SHAPES[name])


def given_hessian(name, t):
    return (np.arange(INITIAL[name].size) % 5 * 0.25 * (1 + t % 3)).reshape(SHAPES[name])


def norm(x):
    return np.sqrt(np.sum(np.square(x)))


def rms(x):
    return np.sqrt(np.mean(np.square(x)))


def lerp(a, b, weight):
    return a + weight * (b - a)


class Slots(dict):
    """Slots of one parameter; a missing one starts at zero with the parameter's shape."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape

    def __missing__(self, key):
        return np.zeros(self.shape)


class Elementwise:
    """Runs `update(config, slots, w, g, t, name) -> w` for each parameter on its own."""

    def __init__(self, config, update, prepare=None):
        self.config, self.update, self.prepare, self.slots = config, update, prepare, {}

    def step(self, weights, gradients, t, regradient=None):
        gradients = self.prepare(self.config, gradients) if self.prepare else gradients
        return {n: self.update(self.config, self.slots.setdefault(n, Slots(weights[n].shape)), weights[n], gradients[n], t, n) for n in weights}


# ------------------------------------------------------------------ Keras 3

KERAS_DEFAULTS = {
    "SGD": dict(learning_rate=0.01, momentum=0.0, nesterov=False),
    "RMSprop": dict(learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False),
    "Adagrad": dict(learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-7),
    "Adadelta": dict(learning_rate=0.001, rho=0.95, epsilon=1e-7),
    "Adam": dict(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False),
    "AdamW": dict(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False, weight_decay=0.004),
    "Adamax": dict(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7),
    "Nadam": dict(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7),
    "Adafactor": dict(learning_rate=0.001, beta_2_decay=-0.8, epsilon_1=1e-30, epsilon_2=1e-3, clip_threshold=1.0, relative_step=True),
    "Ftrl": dict(learning_rate=0.001, learning_rate_power=-0.5, initial_accumulator_value=0.1, l1_regularization_strength=0.0, l2_regularization_strength=0.0, l2_shrinkage_regularization_strength=0.0, beta=0.0),
    "Lion": dict(learning_rate=0.001, beta_1=0.9, beta_2=0.99),
    "Lamb": dict(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7),
    "Muon": dict(learning_rate=0.001, adam_beta_1=0.9, adam_beta_2=0.999, adam_weight_decay=0.004, epsilon=1e-7, weight_decay=0.004, exclude_layers=None, exclude_embeddings=True, muon_a=3.4445, muon_b=-4.775, muon_c=2.0315, adam_lr_ratio=1, momentum=0.95, ns_steps=5, nesterov=True, rms_rate=0.2),
    "ScheduleFreeAdamW": dict(learning_rate=0.0025, beta_1=0.9, beta_2=0.999, epsilon=1e-8, warmup_steps=0),
}
KERAS_BASE = dict(weight_decay=None, clipnorm=None, clipvalue=None, global_clipnorm=None, use_ema=False, ema_momentum=0.99, ema_overwrite_frequency=None, loss_scale_factor=None, gradient_accumulation_steps=None)


def keras_rate(rate, s):
    """The schedules that the fixtures use, at raw iteration s."""
    if not isinstance(rate, dict):
        return rate
    k, c = rate["class_name"], dict(rate["config"])
    lr = c.get("initial_learning_rate")
    if k == "ExponentialDecay":
        p = s / c["decay_steps"]
        return lr * c["decay_rate"] ** (np.floor(p) if c.get("staircase") else p)
    if k == "PiecewiseConstantDecay":
        return c["values"][sum(s > b for b in c["boundaries"])]
    if k == "PolynomialDecay":
        d = c["decay_steps"]
        if c.get("cycle"):
            d = d * max(1, np.ceil(s / d))
        else:
            s = min(s, d)
        end = c.get("end_learning_rate", 1e-4)
        return (lr - end) * (1 - s / d) ** c.get("power", 1.0) + end
    if k == "InverseTimeDecay":
        p = s / c["decay_steps"]
        return lr / (1 + c["decay_rate"] * (np.floor(p) if c.get("staircase") else p))
    alpha = c.get("alpha", 0.0)
    if k == "CosineDecay":
        d, target, warm = c["decay_steps"], c.get("warmup_target"), c.get("warmup_steps", 0)
        if target is not None:
            s = min(s, d + warm)
            if s < warm:
                return (target - lr) * s / warm + lr
            s, lr = s - warm, target
        return lr * ((1 - alpha) * 0.5 * (1 + np.cos(np.pi * min(s, d) / d)) + alpha)
    if k == "CosineDecayRestarts":
        f, t_mul, m_mul = s / c["first_decay_steps"], c.get("t_mul", 2.0), c.get("m_mul", 1.0)
        if t_mul == 1:
            i = np.floor(f)
            f -= i
        else:
            i = np.floor(np.log(1 - f * (1 - t_mul)) / np.log(t_mul))
            f = (f - (1 - t_mul**i) / (1 - t_mul)) / t_mul**i
        return lr * ((1 - alpha) * 0.5 * m_mul**i * (1 + np.cos(np.pi * f)) + alpha)
    raise KeyError(k)


def newton_schulz(x, a, b, c, steps, epsilon, divide=None):
    flip = x.shape[0] > x.shape[1]
    x = x.T if flip else x
    x = x / (divide(norm(x)) if divide else norm(x) + epsilon)
    for _ in range(steps):
        m = x @ x.T
        x = a * x + (b * m + c * m @ m) @ x
    return x.T if flip else x


def keras_muon_is_adam(c, name, shape):
    if len(shape) != 2 or (c["exclude_embeddings"] and "embedding" in name.lower()):
        return True
    return any(re.search(pattern, name) for pattern in c["exclude_layers"] or [])


def keras_update(k, c, s, w, g, t, lr, name, scalars):
    eps = c.get("epsilon")
    if k == "SGD":
        if c["momentum"] == 0:
            return w - lr * g
        v = s["m"] = c["momentum"] * s["m"] - lr * g
        return w + c["momentum"] * v - lr * g if c["nesterov"] else w + v
    if k == "RMSprop":
        rho = c["rho"]
        v = s["v"] = rho * s["v"] + (1 - rho) * g * g
        if c["centered"]:
            a = s["a"] = rho * s["a"] + (1 - rho) * g
            v = v - a * a
        inc = lr * g / np.sqrt(v + eps)
        if c["momentum"] > 0:
            inc = s["m"] = c["momentum"] * s["m"] + inc
        return w - inc
    if k == "Adagrad":
        a = s["a"] = s.get("a", c["initial_accumulator_value"]) + g * g
        return w - lr * g / np.sqrt(a + eps)
    if k == "Adadelta":
        rho = c["rho"]
        a = s["a"] = rho * s["a"] + (1 - rho) * g * g
        delta = -np.sqrt(s["d"] + eps) * g / np.sqrt(a + eps)
        s["d"] = rho * s["d"] + (1 - rho) * delta**2
        return w + lr * delta
    if k in ("Adam", "AdamW", "Lamb", "Nadam"):
        b1, b2 = c["beta_1"], c["beta_2"]
        m = s["m"] = s["m"] + (g - s["m"]) * (1 - b1)
        v = s["v"] = s["v"] + (g * g - s["v"]) * (1 - b2)
        if k == "Lamb":
            u = m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps)
            ratio = norm(w) / norm(u) if norm(w) > 0 and norm(u) > 0 else 1.0
            return w - ratio * lr * u
        if k == "Nadam":
            mu, mu1, product = b1 * (1 - 0.5 * 0.96**t), b1 * (1 - 0.5 * 0.96 ** (t + 1)), scalars["product"]
            mh = mu1 * m / (1 - product * mu1) + (1 - mu) * g / (1 - product)
            return w - lr * mh / (np.sqrt(v / (1 - b2**t)) + eps)
        if c["amsgrad"]:
            v = s["vh"] = np.maximum(s["vh"], v)
        return w - lr * np.sqrt(1 - b2**t) / (1 - b1**t) * m / (np.sqrt(v) + eps)
    if k == "Adamax":
        m = s["m"] = s["m"] + (g - s["m"]) * (1 - c["beta_1"])
        u = s["u"] = np.maximum(c["beta_2"] * s["u"], np.abs(g))
        return w - lr * m / ((1 - c["beta_1"] ** t) * (u + eps))
    if k == "Adafactor":
        if c["relative_step"] and not isinstance(c["learning_rate"], dict):
            lr = min(lr, 1 / np.sqrt(t))
        alpha = max(c["epsilon_2"], rms(w)) * min(lr, 1 / np.sqrt(t))
        square, b = g * g + c["epsilon_1"], 1 - t ** c["beta_2_decay"]
        if w.ndim >= 2:
            r = s["r"] = b * s.get("r", 0.0) + (1 - b) * square.mean(-1)
            q = s["c"] = b * s.get("c", 0.0) + (1 - b) * square.mean(-2)
            v = (r / r.mean(-1, keepdims=True))[..., None] * q[..., None, :]
        else:
            v = s["v"] = b * s["v"] + (1 - b) * square
        u = g / np.sqrt(v)
        return w - alpha * u / max(1.0, rms(u) / c["clip_threshold"])
    if k == "Ftrl":
        p, l1 = -c["learning_rate_power"], c["l1_regularization_strength"]
        l2 = c["l2_regularization_strength"] + c["beta"] / (2 * lr)
        n = s.get("n", np.full(w.shape, c["initial_accumulator_value"]))
        new = n + g * g
        z = s["z"] = s["z"] + g + 2 * c["l2_shrinkage_regularization_strength"] * w - (new**p - n**p) / lr * w
        s["n"] = new
        return (np.clip(z, -l1, l1) - z) / (new**p / lr + 2 * l2)
    if k == "Lion":
        new = w - lr * np.sign(c["beta_1"] * s["m"] + (1 - c["beta_1"]) * g)
        s["m"] = c["beta_2"] * s["m"] + (1 - c["beta_2"]) * g
        return new
    if k == "Muon":
        if keras_muon_is_adam(c, name, w.shape):
            inner = dict(beta_1=c["adam_beta_1"], beta_2=c["adam_beta_2"], epsilon=eps, amsgrad=False)
            return keras_update("Adam", inner, s, w, g, t, lr * c["adam_lr_ratio"], name, scalars)
        m = s["m"] = c["momentum"] * s["m"] + g
        o = newton_schulz(g + c["momentum"] * m if c["nesterov"] else m, c["muon_a"], c["muon_b"], c["muon_c"], c["ns_steps"], 1e-7)
        return w - lr * o * (1 if c["rms_rate"] is None else np.sqrt(max(w.shape)) * c["rms_rate"])
    if k == "ScheduleFreeAdamW":
        b1, b2 = c["beta_1"], c["beta_2"]
        if c["warmup_steps"] > 0:
            lr = lr * min(t / c["warmup_steps"], 1.0)
        z = s.get("z", s["z0"])
        v = s["v"] = s["v"] + (g * g - s["v"]) * (1 - b2)
        x = (w - (1 - b1) * z) / b1
        z = s["z"] = z - lr * g / (np.sqrt(v / (1 - b2**t)) + eps)
        x = (1 - 1 / t) * x + z / t
        return (1 - b1) * z + b1 * x
    raise KeyError(k)


class Keras:
    def __init__(self, case):
        self.kind = case["optimizer"]
        self.c = {**KERAS_BASE, **KERAS_DEFAULTS[self.kind], **case["config"]}
        self.exclude = case.get("exclude_from_weight_decay")
        self.slots, self.iterations, self.average, self.accumulated = {}, 0, {}, {}
        self.scalars = {"product": 1.0}

    def step(self, weights, gradients, _t=None, regradient=None):
        for k in weights:  # Schedule-free's z starts at the weights of build time, before any decay
            self.slots.setdefault(k, Slots(weights[k].shape)).setdefault("z0", weights[k])
        c, n = self.c, self.c["gradient_accumulation_steps"] or 1
        weights = dict(weights)
        if c["loss_scale_factor"] is not None:
            gradients = {k: g / c["loss_scale_factor"] for k, g in gradients.items()}
        if n > 1:
            total = {k: g + self.accumulated.get(k, 0.0) for k, g in gradients.items()}
            gradients = {k: g / n for k, g in total.items()}
        if (self.iterations + 1) % n == 0:
            self.accumulated = {}
            self.update(weights, gradients, self.iterations // n + 1)
        else:
            self.accumulated = total
        if c["use_ema"]:
            m = c["ema_momentum"] if self.iterations // n != 0 else 0.0
            for k in weights:
                self.average[k] = m * self.average.get(k, 0.0) + (1 - m) * weights[k]
            if c["ema_overwrite_frequency"] and (self.iterations // n + 1) % c["ema_overwrite_frequency"] == 0:
                weights.update(self.average)
        self.iterations += 1
        return weights

    def update(self, weights, gradients, t):
        c = self.c
        if c["clipnorm"]:
            gradients = {k: g * c["clipnorm"] / max(norm(g), c["clipnorm"]) for k, g in gradients.items()}
        elif c["global_clipnorm"]:
            total = np.sqrt(sum(norm(g) ** 2 for g in gradients.values()))
            gradients = {k: g * c["global_clipnorm"] * min(1 / total, 1 / c["global_clipnorm"]) for k, g in gradients.items()}
        elif c["clipvalue"]:
            gradients = {k: np.clip(g, -c["clipvalue"], c["clipvalue"]) for k, g in gradients.items()}
        lr = keras_rate(c["learning_rate"], self.iterations)
        if self.kind == "Nadam":
            self.scalars["product"] *= c["beta_1"] * (1 - 0.5 * 0.96**t)
        for k in weights:
            decay = c["weight_decay"]
            if self.kind == "Muon" and keras_muon_is_adam(c, k, weights[k].shape):
                decay = c["adam_weight_decay"]
            short = k.split("/")[-1]
            if decay is not None and not (self.exclude and re.search("|".join(self.exclude), short)):
                weights[k] = weights[k] - weights[k] * decay * lr
        for k in weights:
            weights[k] = keras_update(self.kind, c, self.slots.setdefault(k, Slots(weights[k].shape)), weights[k], gradients[k], t, lr, k, self.scalars)


class KerasLossScale:
    def __init__(self, case):
        inner = case["config"]["inner_optimizer"]
        self.inner = Keras({"optimizer": inner["class_name"], "config": inner["config"]})
        self.scale, self.growth, self.counter = case["config"].get("initial_scale", 32768.0), case["config"].get("dynamic_growth_steps", 2000), 0

    def step(self, weights, gradients, t, regradient=None):
        if not all(np.all(np.isfinite(g)) for g in gradients.values()):
            self.scale, self.counter = self.scale / 2, 0
            return weights
        weights = self.inner.step(weights, {k: g / self.scale for k, g in gradients.items()})
        if self.counter == self.growth - 1:
            self.scale, self.counter = self.scale * 2, 0
        else:
            self.counter += 1
        return weights


class KerasMulti:
    def __init__(self, case):
        c = case["config"]
        base = {"loss_scale_factor": c.get("loss_scale_factor")}
        build = lambda item: Keras({"optimizer": item["class_name"], "config": {**item["config"], **base}})
        self.parts = [(pattern, build(item)) for pattern, item in c["optimizer_map"].items()] + [(".*", build(c["default_optimizer"]))]

    def step(self, weights, gradients, t, regradient=None):
        weights, left = dict(weights), list(weights)
        for pattern, optimizer in self.parts:
            mine = [k for k in left if re.fullmatch(pattern, k)]
            left = [k for k in left if k not in mine]
            if mine:
                weights.update(optimizer.step({k: weights[k] for k in mine}, {k: gradients[k] for k in mine}))
        return weights


# ------------------------------------------------------------------ PyTorch


def torch_update(k):
    def update(c, s, w, g, t, name):
        lr, wd, eps = c.get("lr"), c.get("weight_decay", 0.0), c.get("eps")
        if c.get("maximize"):
            g = -g
        if k == "Muon":
            m = s["m"] = lerp(s["m"], g, 1 - c["momentum"])
            o = newton_schulz(lerp(g, m, c["momentum"]) if c["nesterov"] else m, *c["ns_coefficients"], c["ns_steps"], 0, divide=lambda n: max(n, eps))
            rows, columns = w.shape
            factor = {"original": np.sqrt(max(1, rows / columns)), "match_rms_adamw": 0.2 * np.sqrt(max(rows, columns)), "spectral_unclamped": np.sqrt(rows / columns)}[c.get("adjust_lr_fn") or "original"]
            return w * (1 - lr * wd) - lr * factor * o
        if k == "Adafactor":
            eps1 = np.finfo(np.float64).eps if eps[0] is None else eps[0]
            alpha = max(eps[1], rms(w)) * min(lr, 1 / np.sqrt(t))
            beta = t ** c["beta2_decay"]
            w = w * (1 - lr * wd)
            if w.ndim > 1:
                r = s["r"] = lerp(s.get("r", 0.0), np.mean(g * g, -1, keepdims=True), beta)
                q = s["c"] = lerp(s.get("c", 0.0), np.mean(g * g, -2, keepdims=True), beta)
                v = r @ q / np.maximum(np.mean(r, -2, keepdims=True), eps1)
            else:
                v = s["v"] = lerp(s["v"], g * g, beta)
            u = g / np.sqrt(np.maximum(v, eps1 * eps1))
            return w - alpha / max(1.0, rms(u) / c["d"]) * u
        if k == "AdamW" or c.get("decoupled_weight_decay"):
            w = w * (1 - lr * wd)
        else:
            g = g + wd * w
        if k == "SGD":
            if c["momentum"] != 0:
                b = s["b"] = c["momentum"] * s["b"] + (1 - c["dampening"]) * g if "b" in s else g
                g = g + c["momentum"] * b if c["nesterov"] else b
            return w - lr * g
        if k == "RMSprop":
            a = c["alpha"]
            v = s["v"] = a * s["v"] + (1 - a) * g * g
            if c["centered"]:
                m = s["a"] = lerp(s["a"], g, 1 - a)
                v = v - m * m
            u = g / (np.sqrt(v) + eps)
            if c["momentum"] > 0:
                u = s["b"] = c["momentum"] * s["b"] + u
            return w - lr * u
        if k == "Adagrad":
            a = s["a"] = s.get("a", c["initial_accumulator_value"]) + g * g
            return w - lr / (1 + (t - 1) * c["lr_decay"]) * g / (np.sqrt(a) + eps)
        if k == "Adadelta":
            a = s["a"] = c["rho"] * s["a"] + (1 - c["rho"]) * g * g
            u = np.sqrt(s["d"] + eps) / np.sqrt(a + eps) * g
            s["d"] = c["rho"] * s["d"] + (1 - c["rho"]) * u * u
            return w - lr * u
        if k == "Rprop":
            sign = np.sign(g * s["g"])
            factor = np.where(sign > 0, c["etas"][1], np.where(sign < 0, c["etas"][0], 1.0))
            s["size"] = np.clip(s.get("size", lr) * factor, *c["step_sizes"])
            g = np.where(sign < 0, 0.0, g)
            s["g"] = g
            return w - np.sign(g) * s["size"]
        if k == "ASGD":
            eta, mu = s.get("eta", lr), s.get("mu", 1.0)
            w = w * (1 - c["lambd"] * eta) - eta * g
            s["ax"] = w if mu == 1 else s["ax"] + (w - s["ax"]) * mu
            s["eta"] = lr / (1 + c["lambd"] * lr * t) ** c["alpha"]
            s["mu"] = 1 / max(1, t - c["t0"])
            return w
        b1, b2 = c["betas"]
        m = s["m"] = lerp(s["m"], g, 1 - b1)
        if k == "Adamax":
            u = s["u"] = np.maximum(b2 * s["u"], np.abs(g) + eps)
            return w - lr / (1 - b1**t) * m / u
        v = s["v"] = b2 * s["v"] + (1 - b2) * g * g
        if k in ("Adam", "AdamW"):
            if c["amsgrad"]:
                v = s["vmax"] = np.maximum(s["vmax"], v)
            return w - lr / (1 - b1**t) * m / (np.sqrt(v) / np.sqrt(1 - b2**t) + eps)
        if k == "NAdam":
            mu, mu1 = b1 * (1 - 0.5 * 0.96 ** (t * c["momentum_decay"])), b1 * (1 - 0.5 * 0.96 ** ((t + 1) * c["momentum_decay"]))
            product = s["product"] = s.get("product", 1.0) * mu
            d = np.sqrt(v / (1 - b2**t)) + eps
            return w - lr * (1 - mu) / (1 - product) * g / d - lr * mu1 / (1 - product * mu1) * m / d
        if k == "RAdam":
            infinity = 2 / (1 - b2) - 1
            rho = infinity - 2 * t * b2**t / (1 - b2**t)
            u = m / (1 - b1**t)
            if rho > 5:
                u = u * np.sqrt((rho - 4) * (rho - 2) * infinity / ((infinity - 4) * (infinity - 2) * rho)) * np.sqrt(1 - b2**t) / (np.sqrt(v) + eps)
            return w - lr * u
        raise KeyError(k)

    return update


_ADAM = dict(lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, amsgrad=False)
TORCH_DEFAULTS = {
    "SGD": dict(lr=0.001, momentum=0, dampening=0, nesterov=False), "RMSprop": dict(lr=0.01, alpha=0.99, eps=1e-8, momentum=0, centered=False),
    "Adagrad": dict(lr=0.01, lr_decay=0, initial_accumulator_value=0, eps=1e-10), "Adadelta": dict(lr=1.0, rho=0.9, eps=1e-6),
    "Adam": _ADAM, "AdamW": {**_ADAM, "weight_decay": 0.01}, "Adamax": {**_ADAM, "lr": 0.002}, "NAdam": {**_ADAM, "lr": 0.002, "momentum_decay": 0.004}, "RAdam": _ADAM,
    "Rprop": dict(lr=0.01, etas=(0.5, 1.2), step_sizes=(1e-6, 50)), "ASGD": dict(lr=0.01, lambd=1e-4, alpha=0.75, t0=1e6),
    "Adafactor": dict(lr=0.01, beta2_decay=-0.8, eps=(None, 1e-3), d=1.0), "Muon": dict(lr=0.001, weight_decay=0.1, momentum=0.95, nesterov=True, ns_coefficients=(3.4445, -4.7750, 2.0315), eps=1e-7, ns_steps=5),
}

# ------------------------------------------------------------------ published packages


def decay(c, w, g):
    """pytorch_optimizer's three kinds of weight decay."""
    wd = c.get("weight_decay", 0.0)
    if wd == 0:
        return w, g
    if c.get("weight_decouple"):
        return w * (1 - wd * (1.0 if c.get("fixed_decay") else c["lr"])), g
    return w, g + wd * w


def rectified(c, t, threshold, degenerated):
    """(step size, length of the approximated average)"""
    b2 = c["betas"][1]
    longest = 2 / (1 - b2) - 1
    n = longest - 2 * t * b2**t / (1 - b2**t)
    if n >= threshold:
        return c["lr"] * np.sqrt((1 - b2**t) * (n - 4) / (longest - 4) * (n - 2) / n * longest / (longest - 2)), n
    return (c["lr"] if degenerated else -c["lr"]), n


def cautious_po(u, g):
    mask = (u * g > 0).astype(float)
    return u * mask * (mask.size / (mask.sum() + 1))


def cautious_timm(u, g):
    mask = (u * g > 0).astype(float)
    return u * mask / max(mask.mean(), 1e-3)


def adabelief(c, s, w, g, t, name):
    b1, b2 = c["betas"]
    w, g = decay(c, w, g)
    m = s["m"] = lerp(s["m"], g, 1 - b1)
    v = s["v"] = b2 * s["v"] + (1 - b2) * (g - m) ** 2 + c["eps"]
    if c.get("ams_bound"):
        v = s["vmax"] = np.maximum(s["vmax"], v)
    if not c.get("rectify"):
        return w - c["lr"] / (1 - b1**t) * m / (np.sqrt(v) / np.sqrt(1 - b2**t) + c["eps"])
    size, n = rectified(c, t, c["n_sma_threshold"], c["degenerated_to_sgd"])
    size = size / (1 - b1**t)
    if n >= c["n_sma_threshold"]:
        return w - size * m / (np.sqrt(v) + c["eps"])
    return w - size * m if size > 0 else w


def adan_prepare(c, gradients):
    if c["max_grad_norm"] == 0:
        return gradients
    total = np.sqrt(sum(norm(g) ** 2 for g in gradients.values())) + c["eps"]
    return {k: g * min(c["max_grad_norm"] / total, 1.0) for k, g in gradients.items()}


def adan(c, s, w, g, t, name):
    b1, b2, b3 = c["betas"]
    diff = g - s.get("g", g)
    s["g"] = g
    m = s["m"] = lerp(s["m"], g, 1 - b1)
    d = s["d"] = lerp(s["d"], diff, 1 - b2)
    n = s["n"] = b3 * s["n"] + (1 - b3) * (g + b2 * diff) ** 2
    denominator = np.sqrt(n) / np.sqrt(1 - b3**t) + c["eps"]
    if c["weight_decouple"]:
        w = w * (1 - c["lr"] * c["weight_decay"])
    w = w - c["lr"] * (m / (1 - b1**t) + b2 * d / (1 - b2**t)) / denominator
    return w if c["weight_decouple"] else w / (1 + c["lr"] * c["weight_decay"])


def ademamix(c, s, w, g, t, name):
    b1, b2, b3 = c["betas"]
    alpha, horizon = c["alpha"], c["t_alpha_beta3"]
    if horizon is not None:
        alpha = min(t * alpha / horizon, alpha)
        l1, l3 = np.log(b1), np.log(b3)
        # past the horizon the denominator changes sign or the value passes b3; the minimum is what the library takes
        b3 = min(np.exp(l1 * l3 / ((1 - t / horizon) * l3 + t / horizon * l1)), b3)
    w, g = decay(c, w, g)
    m = s["m"] = lerp(s["m"], g, 1 - b1)
    v = s["v"] = b2 * s["v"] + (1 - b2) * g * g
    slow = s["slow"] = lerp(s["slow"], g, 1 - b3)
    if c.get("cautious"):
        m = cautious_po(m, g)
    return w - c["lr"] * (m / (1 - b1**t) + alpha * slow) / (np.sqrt(v) / np.sqrt(1 - b2**t) + c["eps"])


def adopt(c, s, w, g, t, name):
    b1, b2 = c["betas"]
    w, g = decay(c, w, g)
    if t == 1:
        s["v"] = g * g
        return w
    u = g / np.maximum(np.sqrt(s["v"]), c["eps"])
    if c["clip_lambda"] is not None:
        u = np.clip(u, -(t**0.25), t**0.25)
    m = s["m"] = lerp(s["m"], u, 1 - b1)
    s["v"] = b2 * s["v"] + (1 - b2) * g * g
    return w - c["lr"] * (cautious_po(m, u) if c.get("cautious") else m)


def yogi(c, s, w, g, t, name):
    b1, b2 = c["betas"]
    w, g = decay(c, w, g)
    m = s["m"] = lerp(s.get("m", np.full(w.shape, c["initial_accumulator"])), g, 1 - b1)
    v = s.get("v", np.full(w.shape, c["initial_accumulator"]))
    v = s["v"] = v - (1 - b2) * np.sign(v - g * g) * g * g
    return w - c["lr"] / (1 - b1**t) * m / (np.sqrt(v) / np.sqrt(1 - b2**t) + c["eps"])


def novograd(c, s, w, g, t, name):
    b1, b2 = c["betas"]
    square = np.sum(g * g)
    v = s["v"] = lerp(s["v"], square, 1 - b2) if t > 1 else square
    w, g = decay(c, w, g / (np.sqrt(v) + c["eps"]))
    if t == 1:
        s["m"] = g
    else:
        s["m"] = b1 * s["m"] + ((1 - b1) * g if c["grad_averaging"] else g)
    size = c["lr"] * (np.sqrt(1 - b2**t) if c.get("adam_debias") else 1.0)
    return w - size * s["m"]


def lars(c, s, w, g, t, name):
    if w.ndim > 1:
        wn, gn = norm(w), norm(g)
        denominator = gn + c["weight_decay"] * wn
        ratio = c["trust_coefficient"] * wn / denominator if wn > 0 and denominator > 0 else 1.0
        g = (g + c["weight_decay"] * w) * ratio
    if c["momentum"] > 0:
        b = s["b"] = c["momentum"] * s["b"] + (1 - c["dampening"]) * g
        g = g + c["momentum"] * b if c["nesterov"] else b
    return w - c["lr"] * g


def lamb_prepare(c, gradients):
    if not c.get("pre_norm"):
        return gradients
    total = np.sqrt(sum(norm(g) ** 2 for g in gradients.values())) + c["eps"]
    return {k: g * min(c["max_grad_norm"] / total, 1.0) for k, g in gradients.items()}


def lamb(c, s, w, g, t, name):
    b1, b2 = c["betas"]
    m = s["m"] = b1 * s["m"] + ((1 - b1) if c["grad_averaging"] else 1.0) * g
    v = s["v"] = b2 * s["v"] + (1 - b2) * g * g
    if c["weight_decouple"]:
        w, _ = decay(c, w, g)
    size = c["lr"]
    if c["rectify"]:
        size, n = rectified(c, t, 5, False)
        size /= 1 - b1**t
        if size <= 0:
            return w
        u = m / (np.sqrt(v) + c["eps"]) if n >= 5 else m
        ratio_of = w - size * u
    else:
        size = size / (1 - b1**t)
        u = m / (np.sqrt(v) + c["eps"])
        if not c["weight_decouple"]:
            u = u + c["weight_decay"] * w
        ratio_of = u
    wn, un = min(norm(w), 10.0), norm(ratio_of)
    ratio = 1.0 if wn == 0 or un == 0 or c["adam"] else wn / (un + c["eps"])
    return w - size * ratio * u


def radam_po(c, s, w, g, t, name):
    b1, b2 = c["betas"]
    size, n = rectified(c, t, c["n_sma_threshold"], c["degenerated_to_sgd"])
    size /= 1 - b1**t
    if size > 0 or n >= c["n_sma_threshold"]:
        w, _ = decay(c, w, g)
    m = s["m"] = lerp(s["m"], g, 1 - b1)
    v = s["v"] = b2 * s["v"] + (1 - b2) * g * g
    if n >= c["n_sma_threshold"]:
        return w - size * m / (np.sqrt(v) + c["eps"])
    return w - size * m if size > 0 else w


def lion(c, s, w, g, t, name):
    b1, b2 = c["betas"]
    w, g = decay(c, w, g)
    u = np.sign(lerp(s["m"], g, 1 - b1))
    s["m"] = lerp(s["m"], g, 1 - b2)
    return w - c["lr"] * (cautious_po(u, g) if c.get("cautious") else u)


def nadamw_timm(c, s, w, g, t, name):
    b1, b2 = c["betas"]
    w = w * (1 - c["lr"] * c["weight_decay"])
    m = s["m"] = lerp(s["m"], g, 1 - b1)
    v = s["v"] = b2 * s["v"] + (1 - b2) * g * g
    m = lerp(m, g, 1 - b1)
    if c["caution"]:
        m = cautious_timm(m, g)
    return w - c["lr"] / (1 - b1**t) * m / (np.sqrt(v) / np.sqrt(1 - b2**t) + c["eps"])


def adamw_timm(c, s, w, g, t, name):
    b1, b2 = c["betas"]
    w = w * (1 - c["lr"] * c["weight_decay"])
    m = s["m"] = lerp(s["m"], g, 1 - b1)
    v = s["v"] = b2 * s["v"] + (1 - b2) * g * g
    if c["amsgrad"]:
        v = s["vmax"] = np.maximum(s["vmax"], v)
    if c["caution"]:
        m = cautious_timm(m, g)
    return w - c["lr"] / (1 - b1**t) * m / (np.sqrt(v) / np.sqrt(1 - b2**t) + c["eps"])


def lion_timm(c, s, w, g, t, name):
    b1, b2 = c["betas"]
    w = w * (1 - c["lr"] * c["weight_decay"])
    u = np.sign(b1 * s["m"] + (1 - b1) * g)
    s["m"] = lerp(s["m"], g, 1 - b2)
    return w - c["lr"] * (cautious_timm(u, g) if c["caution"] else u)


def adopt_timm(c, s, w, g, t, name):
    b1, b2 = c["betas"]
    if t == 1:
        s["v"] = g * g
        return w
    limit = (t - 1) ** c["clip_exp"]
    u = np.clip(g / np.maximum(np.sqrt(s["v"]), c["eps"]), -limit, limit)
    m = s["m"] = lerp(s["m"], u, 1 - b1)
    s["v"] = b2 * s["v"] + (1 - b2) * g * g
    return w - c["lr"] * (cautious_timm(m, g) if c["caution"] else m)


def lamb_timm_prepare(c, gradients):
    if c["max_grad_norm"] is None:
        return gradients
    total = np.sqrt(sum(norm(g) ** 2 for g in gradients.values()))
    return {k: g / max(total / c["max_grad_norm"], 1.0) for k, g in gradients.items()}


def lamb_timm(c, s, w, g, t, name):
    b1, b2 = c["betas"]
    m = s["m"] = b1 * s["m"] + ((1 - b1) if c["grad_averaging"] else 1.0) * g
    v = s["v"] = b2 * s["v"] + (1 - b2) * g * g
    c1, c2 = (1 - b1**t, 1 - b2**t) if c["bias_correction"] else (1.0, 1.0)
    u = m / c1 / (np.sqrt(v) / np.sqrt(c2) + c["eps"]) + c["weight_decay"] * w
    if c["weight_decay"] != 0 or c["always_adapt"]:
        ratio = norm(w) / norm(u) if norm(w) > 0 and norm(u) > 0 else 1.0
        u = u * (min(ratio, 1.0) if c["trust_clip"] else ratio)
    return w - c["lr"] * u


def lars_timm(c, s, w, g, t, name):
    wn, gn, wd = norm(w), norm(g), c["weight_decay"]
    if wd != 0 or c["always_adapt"]:
        ratio = c["trust_coeff"] * wn / (gn + wn * wd + c["eps"]) if wn > 0 and gn > 0 else 1.0
        g = (g + wd * w) * (min(ratio / c["lr"], 1.0) if c["trust_clip"] else ratio)
    if c["momentum"] != 0:
        b = s["b"] = c["momentum"] * s["b"] + (1 - c["dampening"]) * g if "b" in s else g
        g = g + c["momentum"] * b if c["nesterov"] else b
    return w - c["lr"] * g


def sophia(c, s, w, g, t, name):
    b1, b2 = c["betas"]
    w, g = decay({**c, "weight_decouple": True}, w, g)
    m = s["m"] = lerp(s["m"], g, 1 - b1)
    if (t - 1) % c["update_period"] == 0:
        s["h"] = lerp(s["h"], given_hessian(name, t), 1 - b2)
    return w - c["lr"] * np.clip(m / np.maximum(s["h"], c["eps"]), -c["p"], c["p"])


def inverse_root(matrix, order):
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * values ** (-1.0 / order)) @ vectors.T


def mode_product(x, matrix, axis):
    """Multiplies axis `axis` of x by the (symmetric or given) matrix: out[..., j, ...] = sum_i x[..., i, ...] matrix[i, j]"""
    return np.moveaxis(np.tensordot(x, matrix, axes=([axis], [0])), -1, axis)


def gram(x, axis):
    unfolded = np.moveaxis(x, axis, 0).reshape(x.shape[axis], -1)
    return unfolded @ unfolded.T


def shampoo(c, s, w, g, t, name):
    if c["momentum"] > 0:
        g = lerp(g, s.get("b", g), c["momentum"])
    w, g = decay(c, w, g)
    u = g
    for axis in range(w.ndim):
        s["L", axis] = (s["L", axis] if ("L", axis) in s else c["matrix_eps"] * np.eye(w.shape[axis])) + gram(g, axis)
        if t % c["preconditioning_compute_steps"] == 0:
            s["R", axis] = inverse_root(s["L", axis], 2 * w.ndim)
        u = mode_product(u, s["R", axis] if ("R", axis) in s else np.zeros((w.shape[axis],) * 2), axis)
    s["b"] = u
    return w - c["lr"] * u


def scalable_shampoo(c, s, w, g, t, name):
    b1, b2 = c["betas"]
    graft = g
    if c["graft_type"] == 2:
        a = s["a"] = s["a"] + g * g
        graft = g / (np.sqrt(a) + 1e-10)
    u = g
    if w.ndim > 1:
        for axis in range(w.ndim):
            s["L", axis] = b2 * (s["L", axis] if ("L", axis) in s else c["matrix_eps"] * np.eye(w.shape[axis])) + (1 - b2) * gram(g, axis)
            if t % c["preconditioning_compute_steps"] == 0:
                s["R", axis] = inverse_root(s["L", axis], 2 * w.ndim)
            if ("R", axis) in s:
                u = mode_product(u, s["R", axis], axis)
    else:
        u = graft
    u = u * norm(graft) / (norm(u) + 1e-16)
    u, graft = u + c["weight_decay"] * w, graft + c["weight_decay"] * w
    m = s["m"] = b1 * s["m"] + u
    gm = s["gm"] = b1 * s["gm"] + graft
    second = t >= c["start_preconditioning_step"]
    step = m if second else gm
    if c["nesterov"]:
        step = b1 * step + (u if second else graft)
    return w - c["lr"] * step


def soap(c, s, w, g, t, name):
    b1, b2 = c["betas"]
    shape = w.shape
    if c["merge_dims"]:
        merged, product = [], 1
        for d in shape:
            product *= d
            if product > c["max_precondition_dim"]:
                merged.append(product // d)
                product = d
        shape = (*merged, product)
    shampoo_beta = b2 if c["shampoo_beta"] is None else c["shampoo_beta"]
    axes = [axis for axis in range(len(shape)) if len(shape) > 1 and shape[axis] <= c["max_precondition_dim"]]
    G = g.reshape(shape)

    def accumulate():
        for axis in axes:
            s["L", axis] = lerp(s["L", axis] if ("L", axis) in s else np.zeros((shape[axis],) * 2), gram(G, axis), 1 - shampoo_beta)

    def project(x, back=False):
        x = x.reshape(shape)
        for axis in axes:
            q = s["Q", axis]
            x = mode_product(x, q.T if back else q, axis)
        return x

    if t == 1:  # the first gradient only starts the preconditioner
        accumulate()
        for axis in axes:
            s["Q", axis] = np.linalg.eigh(s["L", axis])[1][:, ::-1]
        s["m"], s["v"] = np.zeros(shape), np.zeros(shape)
        return w
    k = t - 1
    m = s["m"] = lerp(s["m"], G, 1 - b1)
    v = s["v"] = lerp(s["v"], project(G) ** 2, 1 - b2)
    u = project(project(m) / (np.sqrt(v) + c["eps"]), back=True).reshape(w.shape)
    if c["normalize_gradient"]:
        u = u / (rms(u) + c["eps"])
    size = c["lr"] * (np.sqrt(1 - b2**k) / (1 - b1**k) if c["correct_bias"] else 1.0)
    w = w - size * u
    w = w * (1 - c["lr"] * c["weight_decay"])
    accumulate()
    if k % c["precondition_frequency"] == 0:
        for axis in axes:
            q = s["Q", axis]
            product = s["L", axis] @ q
            order = np.argsort(-np.sum(q * product, axis=0), kind="stable")
            s["v"] = np.take(s["v"], order, axis=axis)
            s["Q", axis] = np.linalg.qr(product[:, order])[0]
    return w


class Prodigy:
    def __init__(self, c):
        self.c, self.d, self.numerator, self.largest, self.s = c, c["d0"], 0.0, c["d0"], {}

    def step(self, W, G, t, regradient=None):
        c, d = self.c, self.d
        b1, b2 = c["betas"]
        b3 = np.sqrt(b2) if c["beta3"] is None else c["beta3"]
        dlr = d * c["lr"] * (np.sqrt(1 - b2**t) / (1 - b1**t) if c["use_bias_correction"] else 1.0)
        self.numerator *= b3
        total = 0.0
        for k in W:
            s, g, p = self.s.setdefault(k, Slots(W[k].shape)), G[k], c["slice_p"]
            if c["weight_decay"] and not c["decouple"]:
                g = G[k] = g + c["weight_decay"] * W[k]
            if t == 1:
                s["p0"] = W[k].reshape(-1)[::p].copy()
                s["s"] = np.zeros_like(s["p0"])
            flat = g.reshape(-1)[::p]
            self.numerator += d / c["d0"] * dlr * np.dot(flat, s["p0"] - W[k].reshape(-1)[::p])
            s["m"] = b1 * s["m"] + d * (1 - b1) * g
            s["v"] = b2 * s["v"] + d * d * (1 - b2) * g * g
            s["s"] = b3 * s["s"] + d / c["d0"] * (d if c["safeguard_warmup"] else dlr) * flat
            total += np.sum(np.abs(s["s"]))
        if total == 0:
            return W
        estimate = c["d_coef"] * self.numerator / total
        if d == c["d0"]:
            d = max(d, estimate)
        self.largest = max(self.largest, estimate)
        self.d = d = min(self.largest, d * c["growth_rate"])
        out = {}
        for k in W:
            s, w = self.s[k], W[k]
            if c["weight_decay"] and c["decouple"]:
                w = w - c["weight_decay"] * dlr * w
            denominator = np.sqrt(s["v"]) + d * c["eps"]
            out[k] = w - dlr * (s["m"] if b1 > 0 else d * G[k]) / denominator
        return out


class DAdaptAdam:
    def __init__(self, c):
        self.c, self.d, self.numerator, self.s = c, c["d0"], 0.0, {}

    def step(self, W, G, t, regradient=None):
        c, d = self.c, self.d
        b1, b2 = c["betas"]
        root = np.sqrt(b2)
        dlr = d * c["lr"] * (np.sqrt(1 - b2**t) / (1 - b1**t) if c["use_bias_correction"] else 1.0)
        inner = total = 0.0
        for k in W:
            s, g = self.s.setdefault(k, Slots(W[k].shape)), G[k]
            if c["weight_decay"] and not c["decouple"]:
                g = g + c["weight_decay"] * W[k]
            inner += dlr * np.sum(g * s["s"] / (np.sqrt(s["v"]) + c["eps"]))
            s["m"] = b1 * s["m"] + dlr * (1 - b1) * g
            s["v"] = b2 * s["v"] + (1 - b2) * g * g
            s["s"] = root * s["s"] + dlr * (1 - root) * g
            total += np.sum(np.abs(s["s"]))
        if total == 0:
            return W
        self.numerator = root * self.numerator + (1 - root) * inner
        self.d = max(d, min(self.numerator / ((1 - root) * total), d * c["growth_rate"]))
        out = {}
        for k in W:
            s, w = self.s[k], W[k]
            if c["weight_decay"] and c["decouple"]:
                w = w - c["weight_decay"] * dlr * w
            out[k] = w - s["m"] / (np.sqrt(s["v"]) + c["eps"])
        return out


class DAdaptSGD:
    def __init__(self, c):
        self.c, self.d, self.numerator, self.s = c, c["d0"], 0.0, {}

    def step(self, W, G, t, regradient=None):
        c = self.c
        if t == 1:
            self.g0 = np.sqrt(sum(norm(g) ** 2 for g in G.values()))
        dlr, total = self.d * c["lr"] / self.g0, 0.0
        for k in W:
            s = self.s.setdefault(k, Slots(W[k].shape))
            if t == 1:
                s["x0"] = W[k]
            g = G[k] + c["weight_decay"] * W[k]
            self.numerator += dlr * np.sum(g * s["s"])
            s["s"] = s["s"] + dlr * g
            total += np.sum(s["s"] ** 2)
        self.d = max(self.d, min(2 * self.numerator / np.sqrt(total), self.d * c["growth_rate"]))
        return {k: c["momentum"] * W[k] + (1 - c["momentum"]) * (self.s[k]["x0"] - self.s[k]["s"]) for k in W}


class ScheduleFree:
    """The authors' SGD, AdamW and RAdam: one averaging around three inner steps."""

    def __init__(self, kind, c):
        self.kind, self.c, self.s, self.weight_sum, self.lr_max = kind, c, {}, 0.0, -1.0

    def step(self, W, G, t, regradient=None):
        c, kind = self.c, self.kind
        beta = c["momentum"] if kind == "ScheduleFreeSGD" else c["betas"][0]
        self.beta = beta
        lr, adaptive = c["lr"], kind != "ScheduleFreeSGD"
        if kind == "ScheduleFreeRAdam":
            b2 = c["betas"][1]
            infinity = 2 / (1 - b2) - 1
            rho = infinity - 2 * t * b2**t / (1 - b2**t)
            adaptive = rho > 4
            lr = lr * (np.sqrt((rho - 4) * (rho - 2) * infinity / ((infinity - 4) * (infinity - 2) * rho)) if adaptive else float(not c["silent_sgd_phase"]))
        elif t - 1 < c["warmup_steps"]:
            lr = lr * t / c["warmup_steps"]
        self.lr_max = max(lr, self.lr_max)
        weight = t ** c["r"] * self.lr_max ** c["weight_lr_power"]
        self.weight_sum += weight
        share = weight / self.weight_sum if self.weight_sum else 0.0
        out = {}
        for k in W:
            y, g, s = W[k], G[k], self.s.setdefault(k, Slots(W[k].shape))
            z = s.get("z", y)
            if kind != "ScheduleFreeSGD":
                b2 = c["betas"][1]
                s["v"] = b2 * s["v"] + (1 - b2) * g * g
                if adaptive:
                    g = g / (np.sqrt(s["v"] / (1 - b2**t)) + c["eps"])
            g = g + c["weight_decay"] * y
            out[k] = lerp(y, z, share) + lr * (beta * (1 - share) - 1) * g
            s["z"] = z - lr * g
        return out

    def evaluation(self, W):
        return {k: lerp(W[k], self.s[k]["z"], 1 - 1 / self.beta) for k in W}


class Lookahead:
    def __init__(self, c, inner):
        self.c, self.inner, self.slow, self.slow_momentum = c, inner, None, {}

    def step(self, W, G, t, regradient=None):
        if self.slow is None:
            self.slow = dict(W)
        W = self.inner.step(W, G, t)
        if t % self.c["k"] == 0:
            W = {k: self.slow[k] + self.c["alpha"] * (W[k] - self.slow[k]) for k in W}
            self.slow = dict(W)
            for k in W:
                if self.c["pullback_momentum"] == "reset":
                    self.inner.slots[k]["b"] = np.zeros(W[k].shape)
                if self.c["pullback_momentum"] == "pullback":
                    b = self.slow_momentum.get(k, 0.0) * (1 - self.c["alpha"]) + self.c["alpha"] * self.inner.slots[k]["b"]
                    self.inner.slots[k]["b"] = self.slow_momentum[k] = b
        return W


class SAM:
    def __init__(self, c, inner):
        self.c, self.inner = c, inner

    def step(self, W, G, t, regradient=None):
        c = self.c
        total = np.sqrt(sum(norm(G[k] * (np.abs(W[k]) if c["adaptive"] else 1.0)) ** 2 for k in W)) + c["perturb_eps"]
        moved = {k: W[k] + (W[k] ** 2 if c["adaptive"] else 1.0) * G[k] * c["rho"] / total for k in W}
        return self.inner.step(W, regradient(moved), t)


_B = dict(lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)
PUBLISHED = {
    "pytorch_optimizer.AdaBelief": (adabelief, {**_B, "eps": 1e-16, "weight_decouple": True, "n_sma_threshold": 5, "degenerated_to_sgd": True}, None),
    "pytorch_optimizer.Adan": (adan, {**_B, "betas": (0.98, 0.92, 0.99), "weight_decouple": False, "max_grad_norm": 0.0}, adan_prepare),
    "pytorch_optimizer.AdEMAMix": (ademamix, {**_B, "betas": (0.9, 0.999, 0.9999), "alpha": 5.0, "t_alpha_beta3": None, "weight_decouple": False}, None),
    "pytorch_optimizer.ADOPT": (adopt, {**_B, "betas": (0.9, 0.9999), "eps": 1e-6, "clip_lambda": 0.25, "weight_decouple": False}, None),
    "pytorch_optimizer.Yogi": (yogi, {**_B, "lr": 0.01, "eps": 1e-3, "initial_accumulator": 1e-6, "weight_decouple": True}, None),
    "pytorch_optimizer.NovoGrad": (novograd, {**_B, "betas": (0.95, 0.98), "grad_averaging": False, "weight_decouple": False}, None),
    "pytorch_optimizer.LARS": (lars, dict(lr=0.001, weight_decay=0.0, momentum=0.9, dampening=0.0, trust_coefficient=0.001, nesterov=False), None),
    "pytorch_optimizer.Lamb": (lamb, {**_B, "eps": 1e-6, "weight_decouple": True, "rectify": False, "grad_averaging": True, "max_grad_norm": 1.0, "adam": False, "pre_norm": False}, lamb_prepare),
    "pytorch_optimizer.RAdam": (radam_po, {**_B, "weight_decouple": True, "n_sma_threshold": 5, "degenerated_to_sgd": False}, None),
    "pytorch_optimizer.Lion": (lion, dict(lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0, weight_decouple=True), None),
    "pytorch_optimizer.SophiaH": (sophia, dict(lr=0.06, betas=(0.96, 0.99), weight_decay=0.0, p=0.01, update_period=10, eps=1e-12), None),
    "pytorch_optimizer.Shampoo": (shampoo, dict(lr=0.001, momentum=0.0, weight_decay=0.0, weight_decouple=False, preconditioning_compute_steps=1, matrix_eps=1e-6), None),
    "pytorch_optimizer.ScalableShampoo": (scalable_shampoo, dict(lr=0.001, betas=(0.9, 0.999), weight_decay=0.0, graft_type=1, matrix_eps=1e-6, nesterov=True), None),
    "pytorch_optimizer.SOAP": (soap, dict(lr=0.003, betas=(0.95, 0.95), shampoo_beta=None, weight_decay=0.01, precondition_frequency=10, max_precondition_dim=10000, merge_dims=False, correct_bias=True, normalize_gradient=False, eps=1e-8), None),
    "timm.optim.NAdamW": (nadamw_timm, {**_B, "weight_decay": 0.01, "caution": False}, None),
    "timm.optim.AdamWLegacy": (adamw_timm, {**_B, "weight_decay": 0.01, "caution": False, "amsgrad": False}, None),
    "timm.optim.Lion": (lion_timm, dict(lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0, caution=False), None),
    "timm.optim.Adopt": (adopt_timm, {**_B, "betas": (0.9, 0.9999), "eps": 1e-6, "clip_exp": 0.333, "caution": False}, None),
    "timm.optim.Lamb": (lamb_timm, {**_B, "eps": 1e-6, "weight_decay": 0.01, "bias_correction": True, "grad_averaging": True, "max_grad_norm": 1.0, "trust_clip": False, "always_adapt": False}, lamb_timm_prepare),
    "timm.optim.Lars": (lars_timm, dict(lr=1.0, momentum=0, dampening=0, weight_decay=0, nesterov=False, trust_coeff=0.001, eps=1e-8, trust_clip=False, always_adapt=False), None),
}
_FREE = dict(lr=0.0025, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, warmup_steps=0, r=0.0, weight_lr_power=2.0, silent_sgd_phase=True)
WHOLE = {
    "prodigyopt.Prodigy": lambda c: Prodigy({**dict(lr=1.0, betas=(0.9, 0.999), beta3=None, eps=1e-8, weight_decay=0, decouple=True, use_bias_correction=False, safeguard_warmup=False, d0=1e-6, d_coef=1.0, growth_rate=np.inf, slice_p=1), **c}),
    "dadaptation.DAdaptAdam": lambda c: DAdaptAdam({**dict(lr=1.0, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, decouple=False, use_bias_correction=False, d0=1e-6, growth_rate=np.inf), **c}),
    "dadaptation.DAdaptSGD": lambda c: DAdaptSGD({**dict(lr=1.0, momentum=0.0, weight_decay=0, d0=1e-6, growth_rate=np.inf), **c}),
    "schedulefree.SGDScheduleFree": lambda c: ScheduleFree("ScheduleFreeSGD", {**_FREE, "lr": 1.0, "momentum": 0.9, **c}),
    "schedulefree.AdamWScheduleFree": lambda c: ScheduleFree("ScheduleFreeAdamW", {**_FREE, **c}),
    "schedulefree.RAdamScheduleFree": lambda c: ScheduleFree("ScheduleFreeRAdam", {**_FREE, **c}),
}

# ------------------------------------------------------------------ optax


def optax_trust(u, w, coefficient=1.0, eps=0.0):
    return u * (coefficient * norm(w) / (norm(u) + eps) if norm(w) != 0 and norm(u) != 0 else 1.0)


def optax_adam(c, s, g, t):
    b1, b2 = c["b1"], c["b2"]
    m = s["m"] = b1 * s["m"] + (1 - b1) * g
    v = s["v"] = b2 * s["v"] + (1 - b2) * g * g
    mh = b1 * m / (1 - b1 ** (t + 1)) + (1 - b1) * g / (1 - b1**t) if c.get("nesterov") else m / (1 - b1**t)
    return mh / (np.sqrt(v / (1 - b2**t) + c["eps_root"]) + c["eps"])


def optax_update(k):
    def update(c, s, w, g, t, name):
        lr, wd = c["learning_rate"], c.get("weight_decay") or 0.0
        eps, root = c.get("eps"), c.get("eps_root", 0.0)
        b1, b2 = c.get("b1"), c.get("b2")
        if k == "sgd":
            if c.get("momentum") is not None:
                b = s["b"] = g + c["momentum"] * s["b"]
                g = g + c["momentum"] * b if c.get("nesterov") else b
            return w - lr * g
        if k in ("adam", "adamw", "nadam", "nadamw"):
            return w - lr * (optax_adam({**c, "nesterov": k in ("nadam", "nadamw")}, s, g, t) + wd * w)
        if k == "lamb":
            return w - lr * optax_trust(optax_adam(c, s, g, t) + wd * w, w)
        if k == "lars":
            u = -lr * optax_trust(g + wd * w, w, c["trust_coefficient"], eps)
            b = s["b"] = u + c["momentum"] * s["b"]
            return w + (u + c["momentum"] * b if c["nesterov"] else b)
        if k == "adabelief":
            m = s["m"] = b1 * s["m"] + (1 - b1) * g
            v = s["v"] = b2 * s["v"] + (1 - b2) * (g - m) ** 2 + root
            mh = b1 * m / (1 - b1 ** (t + 1)) + (1 - b1) * g / (1 - b1**t) if c.get("nesterov") else m / (1 - b1**t)
            return w - lr * mh / (np.sqrt(v / (1 - b2**t)) + eps)
        if k == "adan":
            b3 = c["b3"]
            diff = g - s["g"] if t > 1 else np.zeros(w.shape)
            s["g"] = g
            m = s["m"] = b1 * s["m"] + (1 - b1) * g
            d = s["d"] = b2 * s["d"] + (1 - b2) * diff
            n = s["n"] = b3 * s["n"] + (1 - b3) * (g + (1 - b2) * diff) ** 2
            u = (m / (1 - b1**t) + (1 - b2) * d / (1 - b2**t)) / (np.sqrt(n / (1 - b3**t) + root) + eps)
            return w - lr * (u + wd * w)
        if k == "yogi":
            m = s["m"] = b1 * s.get("m", np.full(w.shape, 1e-6)) + (1 - b1) * g
            v = s.get("v", np.full(w.shape, 1e-6))
            v = s["v"] = v - (1 - b2) * np.sign(v - g * g) * g * g
            return w - lr * m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps)
        if k == "novograd":
            square = np.sum(g * g)
            v = s["v"] = b2 * s["v"] + (1 - b2) * square if t > 1 else square
            u = g / (np.sqrt(v + root) + eps) + wd * w
            m = s["m"] = b1 * s["m"] + u if t > 1 else u
            return w - lr * m
        if k == "lion":
            u = np.sign(b1 * s["m"] + (1 - b1) * g)
            s["m"] = b2 * s["m"] + (1 - b2) * g
            return w - lr * (u + wd * w)
        if k in ("adamax", "adamaxw"):
            m = s["m"] = b1 * s["m"] + (1 - b1) * g
            u = s["u"] = np.maximum(np.abs(g) + eps, b2 * s["u"])
            return w - lr * (m / (1 - b1**t) / u + wd * w)
        if k == "adagrad":
            a = s["a"] = s.get("a", 0.1) + g * g
            return w - lr * np.where(a > 0, g / np.sqrt(a + 1e-7), 0.0)
        if k == "adadelta":
            g = g + wd * w
            a = s["a"] = 0.9 * s["a"] + 0.1 * g * g
            u = np.sqrt(s["d"] + 1e-6) / np.sqrt(a + 1e-6) * g
            s["d"] = 0.9 * s["d"] + 0.1 * u * u
            return w - lr * u
        if k == "rmsprop":
            rho = c["decay"]
            v = s["v"] = rho * s.get("v", c["initial_scale"]) + (1 - rho) * g * g
            if c["centered"]:
                a = s["a"] = rho * s["a"] + (1 - rho) * g
                v = v - a * a
            if c["bias_correction"]:
                v = v / (1 - rho**t)
            u = -lr * g / (np.sqrt(v + eps) if c["eps_in_sqrt"] else np.sqrt(v) + eps)
            if c["momentum"] is not None:
                b = s["b"] = u + c["momentum"] * s["b"]
                u = u + c["momentum"] * b if c["nesterov"] else b
            return w + u
        if k == "radam":
            infinity = 2 / (1 - b2) - 1
            m = s["m"] = b1 * s["m"] + (1 - b1) * g
            v = s["v"] = b2 * s["v"] + (1 - b2) * g * g
            rho = infinity - 2 * t * b2**t / (1 - b2**t)
            u = b1 * m / (1 - b1 ** (t + 1)) + (1 - b1) * g / (1 - b1**t) if c.get("nesterov") else m / (1 - b1**t)
            if rho >= c["threshold"]:
                u = np.sqrt((rho - 4) * (rho - 2) * infinity / ((infinity - 4) * (infinity - 2) * rho)) * u / (np.sqrt(v / (1 - b2**t) + root) + eps)
            return w - lr * u
        if k == "rprop":
            sign = g * s["p"]
            size = s.get("size", np.full(w.shape, lr))
            size = s["size"] = np.where(sign == 0, size, np.clip(size * np.where(sign > 0, c["eta_plus"], c["eta_minus"]), c["min_step_size"], c["max_step_size"]))
            before = s["p"]
            s["p"] = np.where(sign < 0, 0.0, size * np.sign(g))
            return w - np.where(sign < 0, 0.0, before)
        if k == "adafactor":
            b = 1 - float(t - c["decay_offset"]) ** -c["decay_rate"]
            square = g * g + c["eps"]
            order = np.argsort(w.shape)
            if c["factored"] and w.ndim >= 2 and w.shape[order[-2]] >= c["min_dim_size_to_factor"]:
                d1, d0 = int(order[-2]), int(order[-1])
                r = s["r"] = b * s.get("r", 0.0) + (1 - b) * square.mean(d0)
                q = s["c"] = b * s.get("c", 0.0) + (1 - b) * square.mean(d1)
                along = d1 - 1 if d1 > d0 else d1
                u = g / np.expand_dims(np.sqrt(r / r.mean(along, keepdims=True)), d0) / np.expand_dims(np.sqrt(q), d1)
            else:
                v = s["v"] = b * s["v"] + (1 - b) * square
                u = g / np.sqrt(v)
            if c["clipping_threshold"] is not None:
                u = u / max(1.0, rms(u) / c["clipping_threshold"])
            u = u * (lr if lr is not None else 1.0)
            if c["multiply_by_parameter_scale"]:
                u = u * max(rms(w), 1e-3)
            if c["momentum"] is not None:
                u = s["b"] = c["momentum"] * s["b"] + (1 - c["momentum"]) * u
            return w - u - (c["weight_decay_rate"] or 0.0) * w
        if k == "amsgrad":
            m = s["m"] = b1 * s["m"] + (1 - b1) * g
            v = s["v"] = b2 * s["v"] + (1 - b2) * g * g
            vh = s["vmax"] = np.maximum(s["vmax"], v / (1 - b2**t) if c["bias_correction_nu"] else v)
            return w - lr * (m / (1 - b1**t) if c["bias_correction_mu"] else m) / (np.sqrt(vh + root) + eps)
        if k == "ademamix":
            m = s["m"] = b1 * s["m"] + (1 - b1) * g
            slow = s["slow"] = c["b3"] * s["slow"] + (1 - c["b3"]) * g
            v = s["v"] = b2 * s["v"] + (1 - b2) * g * g
            return w - lr * ((m / (1 - b1**t) + c["alpha"] * slow) / (np.sqrt(v / (1 - b2**t) + root) + eps) + wd * w)
        if k == "adopt":
            first = t == 1
            u = g / np.maximum(np.sqrt(s["v"]), eps)
            if c["use_clipping"]:
                u = np.clip(u, -((t - 1) ** 0.25), (t - 1) ** 0.25)
            s["v"] = g * g if first else b2 * s["v"] + (1 - b2) * g * g
            beta = 1.0 if first else b1
            m = s["m"] = beta * s["m"] + (1 - beta) * u
            return w - lr * (beta * m + (1 - beta) * u if c["nesterov"] else m)
        if k == "muon":
            if w.ndim != 2:
                inner = dict(b1=c["adam_b1"], b2=c["adam_b2"], eps=eps, eps_root=0.0, nesterov=c["nesterov"])
                rate = lr if c["adam_learning_rate"] is None else c["adam_learning_rate"]
                return w - rate * (optax_adam(inner, s, g, t) + c["adam_weight_decay"] * w)
            beta = c["beta"]
            m = s["m"] = beta * s["m"] + (1 - beta) * g
            mh = beta * m / (1 - beta ** (t + 1)) + (1 - beta) * g / (1 - beta**t) if c["nesterov"] else m / (1 - beta**t)
            o = newton_schulz(mh, *c["ns_coeffs"], c["ns_steps"], eps)
            if c["adaptive"]:
                o = np.sum(mh * o) * o
            rows, columns = w.shape
            factor = np.sqrt(max(1, columns / rows)) if c["consistent_rms"] is None else np.sqrt(max(rows, columns)) * c["consistent_rms"]
            return w - lr * (factor * o + wd * w)
        if k == "sophia":
            m = s["m"] = b1 * s["m"] + (1 - b1) * g
            u = m / (1 - b1**t) / np.maximum(c["gamma"] * s["h"], eps)
            if c["clip_threshold"] is not None:
                u = np.clip(u, -c["clip_threshold"], c["clip_threshold"])
            if (t - 1) % c["update_interval"] == 0:
                s["h"] = b2 * s["h"] + (1 - b2) * given_hessian(name, t)
            return w - lr * (u + c["weight_decay"] * w)
        raise KeyError(k)

    return update


_O = dict(b1=0.9, b2=0.999, eps=1e-8, eps_root=0.0)
OPTAX_DEFAULTS = {
    "sgd": {}, "adam": _O, "nadam": _O, "adamw": {**_O, "weight_decay": 1e-4}, "nadamw": {**_O, "weight_decay": 1e-4}, "adabelief": {**_O, "eps": 1e-16, "eps_root": 1e-16},
    "adan": dict(b1=0.98, b2=0.92, b3=0.99, eps=1e-8, eps_root=1e-8), "yogi": dict(b1=0.9, b2=0.999, eps=1e-3), "novograd": dict(b1=0.9, b2=0.25, eps=1e-6, eps_root=0.0),
    "lars": dict(trust_coefficient=0.001, eps=0.0, momentum=0.9, nesterov=False), "lamb": {**_O, "eps": 1e-6}, "lion": dict(b1=0.9, b2=0.99, weight_decay=1e-3), "adamax": _O, "adamaxw": {**_O, "weight_decay": 1e-4},
    "adagrad": {}, "adadelta": {}, "rmsprop": dict(decay=0.9, eps=1e-8, initial_scale=0.0, eps_in_sqrt=True, centered=False, momentum=None, nesterov=False, bias_correction=False), "radam": {**_O, "threshold": 5.0},
    "rprop": dict(eta_minus=0.5, eta_plus=1.2, min_step_size=1e-6, max_step_size=50.0),
    "adafactor": dict(min_dim_size_to_factor=128, decay_rate=0.8, decay_offset=0, multiply_by_parameter_scale=True, clipping_threshold=1.0, momentum=None, weight_decay_rate=None, eps=1e-30, factored=True),
    "amsgrad": {**_O, "bias_correction_mu": True, "bias_correction_nu": True}, "ademamix": {**_O, "b3": 0.9999, "alpha": 5.0}, "adopt": dict(b1=0.9, b2=0.9999, eps=1e-6, nesterov=False, use_clipping=True),
    "muon": dict(ns_coeffs=(3.4445, -4.7750, 2.0315), ns_steps=5, beta=0.95, eps=1e-8, nesterov=True, adaptive=False, adam_b1=0.9, adam_b2=0.999, adam_weight_decay=0.0, adam_learning_rate=None, consistent_rms=None),
    "sophia": dict(b1=0.965, b2=0.99, eps=1e-8, weight_decay=1e-4, gamma=0.01, clip_threshold=1.0, update_interval=10),
}


class OptaxScheduleFree:
    def __init__(self, k, c):
        defaults = dict(learning_rate=1.0, warmup_steps=None, b1=0.9, b2=0.999, eps=1e-8, weight_decay=0.0, weight_lr_power=2.0)
        if k == "schedule_free_adamw":
            defaults["learning_rate"] = 0.0025
        self.k, self.c, self.s, self.total, self.largest = k, {**defaults, **c}, {}, 0.0, 0.0

    def rate(self, count):
        if self.c["warmup_steps"] is None:
            return self.c["learning_rate"]
        return self.c["learning_rate"] * min(count / self.c["warmup_steps"], 1.0)

    def step(self, W, G, t, regradient=None):
        c, b1 = self.c, self.c["b1"]
        self.largest = max(self.largest, self.rate(t))  # the weight sees the rate of count t,
        lr = self.rate(t - 1)  # the inner step that of count t - 1
        weight = self.largest ** c["weight_lr_power"]
        self.total += weight
        share = weight / self.total if self.total else 0.0
        out = {}
        for k in W:
            y, g, s = W[k], G[k], self.s.setdefault(k, Slots(W[k].shape))
            if self.k == "schedule_free_adamw":
                s["v"] = c["b2"] * s["v"] + (1 - c["b2"]) * g * g
                g = g / (np.sqrt(s["v"] / (1 - c["b2"] ** t)) + c["eps"])
            z = s.get("z", y)
            x = (y - (1 - b1) * z) / b1
            z = s["z"] = z - lr * (g + (c["weight_decay"] or 0.0) * y)
            out[k] = b1 * ((1 - share) * x + share * z) + (1 - b1) * z
        return out

    def evaluation(self, W):
        return {k: (W[k] - (1 - self.c["b1"]) * self.s[k]["z"]) / self.c["b1"] for k in W}


class OptaxDistance:
    """optax.contrib.prodigy and dadapt_adamw."""

    def __init__(self, k, c):
        self.k, self.c = k, {**dict(learning_rate=1.0, betas=(0.9, 0.999), eps=1e-8, estim_lr0=1e-6, weight_decay=0.0, safeguard_warmup=False), **c}
        self.d, self.numerator, self.s = self.c["estim_lr0"], 0.0, {}

    def step(self, W, G, t, regradient=None):
        c, d, eps = self.c, self.d, self.c["eps"]
        b1, b2 = c["betas"]
        root = np.sqrt(b2)
        dlr = d * c["learning_rate"] * np.sqrt(1 - b2**t) / (1 - b1**t)
        S = {k: self.s.setdefault(k, Slots(W[k].shape)) for k in W}
        if self.k == "prodigy":
            if t == 1:
                self.start = dict(W)
            inner = sum(np.sum(G[k] * (self.start[k] - W[k])) for k in W)
            self.numerator = root * self.numerator + d / c["estim_lr0"] * dlr * inner
            for k, s in S.items():
                s["m"] = b1 * s["m"] + (1 - b1) * d * G[k]
                s["v"] = b2 * s["v"] + (1 - b2) * (d * G[k]) ** 2
                s["s"] = root * s["s"] + (d if c["safeguard_warmup"] else dlr) * d * G[k] / c["estim_lr0"]
            self.d = max(d, self.numerator / sum(np.sum(np.abs(s["s"])) for s in S.values()))
            return {k: W[k] - c["weight_decay"] * dlr * W[k] - dlr * s["m"] / (np.sqrt(s["v"]) + self.d * eps) for k, s in S.items()}
        inner = sum(np.sum(G[k] * s["s"] / (np.sqrt(s["v"]) + eps)) for k, s in S.items())
        for k, s in S.items():
            s["m"] = b1 * s["m"] + (1 - b1) * dlr * G[k]
            s["v"] = b2 * s["v"] + (1 - b2) * G[k] ** 2
            s["s"] = root * s["s"] + (1 - root) * dlr * G[k]
        self.numerator = root * self.numerator + (1 - root) * dlr * inner
        self.d = max(d, self.numerator / ((1 - root) * sum(np.sum(np.abs(s["s"])) for s in S.values())))
        return {k: W[k] - c["weight_decay"] * dlr * W[k] - s["m"] / (np.sqrt(s["v"]) + eps) for k, s in S.items()}


class OptaxLookahead:
    def __init__(self, c, inner):
        self.c, self.inner, self.slow = c, inner, None

    def step(self, W, G, t, regradient=None):
        if self.slow is None:
            self.slow = dict(W)
        W = self.inner.step(W, G, t)
        if t % self.c["sync_period"] == 0:
            W = {k: self.slow[k] + self.c["slow_step_size"] * (W[k] - self.slow[k]) for k in W}
            self.slow = dict(W)
            if self.c.get("reset_state"):
                self.inner.slots = {}
        return W


# ------------------------------------------------------------------ running the cases


def torch_inner(wrapped):
    name = wrapped["function"].split(".")[-1]
    return Elementwise({**TORCH_DEFAULTS[name], **wrapped["config"]}, torch_update(name))


def optax_inner(wrapped):
    name = wrapped["function"].split(".")[-1]
    return Elementwise({**OPTAX_DEFAULTS[name], **wrapped["config"]}, optax_update(name))


def model(file, case):
    c = case["config"]
    if file.startswith("keras"):
        return {"LossScaleOptimizer": KerasLossScale, "MultiOptimizer": KerasMulti}.get(case["optimizer"], Keras)(case)
    function = case["function"].split(" ")[0].split("(")[0]
    if file == "torch.json":
        return Elementwise({**TORCH_DEFAULTS[case["optimizer"]], **c}, torch_update(case["optimizer"]))
    if file == "published.json":
        if function in WHOLE:
            return WHOLE[function](c)
        if function == "pytorch_optimizer.Lookahead":
            return Lookahead({**dict(k=5, alpha=0.5, pullback_momentum="none"), **c}, torch_inner(case["wrapped"]))
        if function == "pytorch_optimizer.SAM":
            return SAM({**dict(rho=0.05, adaptive=False, perturb_eps=1e-12), **c}, torch_inner(case["wrapped"]))
        update, defaults, prepare = PUBLISHED[function]
        return Elementwise({**defaults, **c}, update, prepare)
    name = function.split(".")[-1]
    if name.startswith("schedule_free"):
        return OptaxScheduleFree(name, c)
    if name in ("prodigy", "dadapt_adamw"):
        return OptaxDistance(name, c)
    if name == "lookahead":
        return OptaxLookahead(c, optax_inner(case["wrapped"]))
    if name == "sam":
        return SAM({**c, "adaptive": False, "perturb_eps": 0.0}, optax_inner(case["wrapped"]))
    return Elementwise({**OPTAX_DEFAULTS[name], **c}, optax_update(name))


def difference(have, want):
    want = np.array(want, dtype=np.float64)
    return float(np.max(np.abs(have - want) / np.maximum(np.abs(want), 1e-3)))


def check(file, case):
    names = case.get("parameters", ["kernel"] if case["optimizer"] == "Muon" and file == "torch.json" else NAMES)
    optimizer = model(file, case)
    weights = {k: INITIAL[k].copy() for k in names}
    worst = 0.0
    for t in range(1, 51):
        gradients = {k: GRADIENTS[t - 1][k].copy() for k in names}
        for step, (parameter, value) in case.get("nonfinite", {}).items():
            if int(step) == t:
                gradients[parameter].reshape(-1)[0] = float(value)

        def gradient_at(W):
            return {k: gradients[k] + curvature(k) * W[k] for k in names}

        weights = optimizer.step(weights, gradient_at(weights) if case.get("objective") else gradients, t, gradient_at)
        if str(t) in case["steps"]:
            for k in names:
                worst = max(worst, difference(np.asarray(weights[k]).reshape(-1)[RECORDED[k]], case["steps"][str(t)][k]))
    for key, values in (("finalized", lambda: getattr(optimizer, "inner", optimizer).average), ("evaluation", lambda: optimizer.evaluation(weights)), ("slow", lambda: optimizer.slow),
                        ("average", lambda: {k: optimizer.slots[k]["ax"] for k in names})):
        if key in case:
            for k in names:
                worst = max(worst, difference(np.asarray(values()[k]).reshape(-1)[RECORDED[k]], case[key][k]))
    return worst


def main():
    failed = 0
    for file in sys.argv[1:] or ["keras.json", "keras-random.json", "torch.json", "published.json", "optax.json"]:
        with open(os.path.join(FIXTURES, "optimizers", file)) as handle:
            cases = json.load(handle)["cases"]
        summary = {}
        for case in cases:
            with np.errstate(all="ignore"):
                worst = check(file, case)
            entry = summary.setdefault(case["optimizer"], [0, 0.0])
            entry[0] += 1
            entry[1] = max(entry[1], worst)
            if not worst <= LOOSE.get(case["optimizer"], TOLERANCE):
                failed += 1
                print(f"{file}: {case.get('function', case['optimizer'])} {case['config']} {'objective ' if case.get('objective') else ''}differs by {worst:.2e}")
        print(f"{file}: {len(cases)} cases; " + ", ".join(f"{name} {count} ({worst:.0e})" for name, (count, worst) in summary.items()))
    sys.exit(f"{failed} cases differ" if failed else 0)


if __name__ == "__main__":
    main()
