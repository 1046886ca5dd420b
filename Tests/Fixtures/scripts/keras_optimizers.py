"""Runs the optimizers of Keras 3 (JAX backend) over the shared inputs.

Writes, under optimizers/:
  keras.json          float64: every optimizer, every argument away from its default, schedules, wrappers
  keras-float32.json  float32: the default and one variant of each optimizer, and settings drawn at random   (--dtype float32)
  keras-random.json   float64: settings drawn at random, last step only
  keras-state.json    float64: the optimizer's own variables in saved order, with their final values

In every case the gradients of inputs.json are given to `optimizer.apply` as they stand (nothing is
multiplied by a loss scale first). Case keys: "config" (constructor arguments; schedules and inner
optimizers as {"class_name", "config"}), "exclude_from_weight_decay" (var_names given to the method
of that name), "nonfinite" (see the header), "steps" (recorded positions of the
weights after the numbered calls of apply), "finalized" (weights after finalize_variable_values),
"state" (scalars worth checking), "serialized" (what keras.optimizers.serialize prints; not in every case).

    python keras_optimizers.py                   # keras.json, keras-random.json, keras-state.json
    python keras_optimizers.py --dtype float32   # keras-float32.json
"""

import os
import random
import sys

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("JAX_PLATFORMS", "cpu")
DTYPE = sys.argv[sys.argv.index("--dtype") + 1] if "--dtype" in sys.argv else "float64"
if DTYPE == "float64":
    import keras64

import jax
import keras
import numpy as np

from fixturelib import NAMES, all_finite, arguments, load_inputs, out_path, record, write

SCHEDULES = keras.optimizers.schedules


def schedule(class_name, **config):
    return {"class_name": class_name, "config": config}


def build(class_name, config):
    """A Keras optimizer from constructor arguments in which objects are {"class_name", "config"}."""
    config = dict(config)
    if isinstance(config.get("learning_rate"), dict):
        rate = config["learning_rate"]
        config["learning_rate"] = getattr(SCHEDULES, rate["class_name"])(**rate["config"])
    if class_name == "LossScaleOptimizer":
        inner = config.pop("inner_optimizer")
        return keras.optimizers.LossScaleOptimizer(build(inner["class_name"], inner["config"]), **config)
    if class_name == "MultiOptimizer":
        default = config.pop("default_optimizer")
        mapping = {pattern: build(item["class_name"], item["config"]) for pattern, item in config.pop("optimizer_map").items()}
        mapping = keras.optimizers.OptimizerMap(build(default["class_name"], default["config"]), mapping)
        return keras.optimizers.MultiOptimizer(mapping, **config)
    return getattr(keras.optimizers, class_name)(**config)


def variables(initial):
    made = []
    for name in NAMES:
        *scopes, short = name.split("/")
        value = initial[name]
        make = lambda: keras.Variable(value, dtype=DTYPE, name=short)
        if scopes:
            with keras.name_scope(scopes[0]):
                made.append(make())
        else:
            made.append(make())
        assert made[-1].path == name, made[-1].path
    return made


def run(case, recorded_steps, with_state=False):
    keras.utils.clear_session()
    initial, gradients = load_inputs(np.dtype(DTYPE))
    optimizer = build(case["optimizer"], case["config"])
    if "exclude_from_weight_decay" in case:
        optimizer.exclude_from_weight_decay(var_names=case["exclude_from_weight_decay"])
    weights = variables(initial)
    optimizer.build(weights)
    serialized = keras.optimizers.serialize(optimizer)

    def now():
        return {name: np.asarray(variable.value) for name, variable in zip(NAMES, weights)}

    steps = {}
    for step, gradient in enumerate(gradients, start=1):
        given = [jax.numpy.asarray(gradient[name]) for name in NAMES]
        if step in case.get("nonfinite", {}):
            parameter, value = case["nonfinite"][step]
            broken = gradient[parameter].copy()
            broken.reshape(-1)[0] = float(value)
            given[NAMES.index(parameter)] = jax.numpy.asarray(broken)
        with jax.disable_jit():  # conditions run in Python, so nothing is recompiled at each step
            optimizer.apply(given, weights)
        if step in recorded_steps:
            values = now()
            assert all(value.dtype == DTYPE for value in values.values()), {n: v.dtype for n, v in values.items()}
            steps[step] = record(values)
            if not all_finite(values):
                print("not finite:", case["optimizer"], case["config"])
    result = {"reference": "keras", **case, "dtype": DTYPE, "steps": steps}
    if getattr(optimizer, "use_ema", False) or case.get("finalize"):
        optimizer.finalize_variable_values(weights)
        result["finalized"] = record(now())
    if case["optimizer"] == "LossScaleOptimizer":
        result["state"] = {
            "dynamic_scale": float(optimizer.dynamic_scale.value),
            "step_counter": int(optimizer.step_counter.value),
            "inner_iterations": int(optimizer.inner_optimizer._iterations.value),
        }
    result["serialized"] = serialized
    if with_state:
        result["variables"] = [
            {"path": variable.path, "shape": list(variable.shape), "dtype": str(variable.dtype), "value": np.asarray(variable.value).reshape(-1)}
            for variable in optimizer.variables
        ]
    return result


# Each argument of each optimizer, away from its default, one at a time or in telling company.
OWN = {
    "SGD": [
        {"learning_rate": 0.3}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True},
        {"nesterov": True}, {"momentum": 1.0, "learning_rate": 0.001},
    ],
    "RMSprop": [
        {"learning_rate": 0.02}, {"rho": 0.5}, {"momentum": 0.9}, {"epsilon": 0.01}, {"centered": True},
        {"centered": True, "momentum": 0.5, "rho": 0.99, "epsilon": 1e-3},
    ],
    "Adagrad": [{"learning_rate": 0.1}, {"initial_accumulator_value": 0.0}, {"initial_accumulator_value": 2.0}, {"epsilon": 0.5}],
    "Adadelta": [{"learning_rate": 1.0}, {"rho": 0.5, "learning_rate": 1.0}, {"epsilon": 1e-3, "learning_rate": 1.0}],
    "Adam": [
        {"learning_rate": 0.05}, {"beta_1": 0.5}, {"beta_1": 0.0}, {"beta_2": 0.9}, {"epsilon": 0.1},
        {"amsgrad": True, "beta_2": 0.9}, {"amsgrad": True, "epsilon": 1e-3, "beta_1": 0.8, "beta_2": 0.8, "learning_rate": 0.01},
    ],
    "AdamW": [
        {"learning_rate": 0.05}, {"weight_decay": 0.3}, {"weight_decay": 0.0}, {"beta_1": 0.5}, {"beta_2": 0.9}, {"epsilon": 0.1},
        {"amsgrad": True, "beta_2": 0.9},
    ],
    "Adamax": [{"learning_rate": 0.05}, {"beta_1": 0.5}, {"beta_2": 0.8}, {"epsilon": 0.1}],
    "Nadam": [{"learning_rate": 0.05}, {"beta_1": 0.5}, {"beta_2": 0.9}, {"epsilon": 0.1}],
    "Adafactor": [
        {"learning_rate": 0.05}, {"beta_2_decay": -0.5}, {"epsilon_1": 1e-3}, {"epsilon_2": 1.5, "learning_rate": 0.01},
        {"clip_threshold": 0.5}, {"relative_step": False}, {"learning_rate": 2.0}, {"learning_rate": 2.0, "relative_step": False},
    ],
    "Ftrl": [
        {"learning_rate": 0.1}, {"learning_rate_power": -0.7, "learning_rate": 0.1}, {"learning_rate_power": 0.0, "learning_rate": 0.1},
        {"initial_accumulator_value": 2.0, "learning_rate": 0.1}, {"l1_regularization_strength": 0.5, "learning_rate": 0.1},
        {"l2_regularization_strength": 0.5, "learning_rate": 0.1}, {"l2_shrinkage_regularization_strength": 0.1, "learning_rate": 0.1},
        {"beta": 0.5, "learning_rate": 0.1},
        {"learning_rate": 0.1, "learning_rate_power": -0.5, "initial_accumulator_value": 0.3, "l1_regularization_strength": 0.2,
         "l2_regularization_strength": 0.3, "l2_shrinkage_regularization_strength": 0.05, "beta": 0.5},
    ],
    "Lion": [{"learning_rate": 0.01}, {"beta_1": 0.5}, {"beta_2": 0.8}],
    "Lamb": [{"learning_rate": 0.02}, {"beta_1": 0.5}, {"beta_2": 0.9}, {"epsilon": 0.1}],
    "Muon": [
        {"learning_rate": 0.02}, {"adam_beta_1": 0.5}, {"adam_beta_2": 0.9}, {"adam_weight_decay": 0.3}, {"epsilon": 0.1},
        {"weight_decay": 0.3}, {"weight_decay": None, "adam_weight_decay": None}, {"exclude_layers": ["kern"]}, {"muon_a": 3.0, "muon_b": -3.2, "muon_c": 1.2},
        {"adam_lr_ratio": 0.1}, {"momentum": 0.5}, {"ns_steps": 2}, {"nesterov": False}, {"rms_rate": None}, {"rms_rate": 1.0},
        {"exclude_embeddings": False},
    ],
    "ScheduleFreeAdamW": [
        {"learning_rate": 0.05}, {"beta_1": 0.5}, {"beta_2": 0.9}, {"epsilon": 0.1}, {"warmup_steps": 10}, {"warmup_steps": 200, "learning_rate": 0.1},
    ],
}

# The arguments that all optimizers share. SGD and Adam get all of them, the others the short list.
BASE = [
    {"weight_decay": 0.1}, {"clipnorm": 0.5}, {"global_clipnorm": 1.5}, {"clipvalue": 0.1},
    {"use_ema": True}, {"use_ema": True, "ema_momentum": 0.5}, {"use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 7},
    {"ema_overwrite_frequency": 3}, {"loss_scale_factor": 8.0},
    {"gradient_accumulation_steps": 2}, {"gradient_accumulation_steps": 3},
    {"gradient_accumulation_steps": 3, "global_clipnorm": 1.0, "weight_decay": 0.05},
    {"gradient_accumulation_steps": 2, "use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 5},
    {"loss_scale_factor": 16.0, "clipnorm": 0.05, "use_ema": True, "weight_decay": 0.2},
]
BASE_SHORT = [
    {"weight_decay": 0.1}, {"clipnorm": 0.5}, {"global_clipnorm": 1.5}, {"clipvalue": 0.1},
    {"use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 7}, {"loss_scale_factor": 8.0}, {"gradient_accumulation_steps": 3},
]

RATES = [
    schedule("ExponentialDecay", initial_learning_rate=0.1, decay_steps=10, decay_rate=0.5),
    schedule("ExponentialDecay", initial_learning_rate=0.1, decay_steps=10, decay_rate=0.5, staircase=True),
    schedule("PiecewiseConstantDecay", boundaries=[5, 20], values=[0.1, 0.03, 0.01]),
    schedule("PolynomialDecay", initial_learning_rate=0.1, decay_steps=30, end_learning_rate=0.01, power=2.0),
    schedule("PolynomialDecay", initial_learning_rate=0.1, decay_steps=12, end_learning_rate=0.01, power=0.5, cycle=True),
    schedule("InverseTimeDecay", initial_learning_rate=0.1, decay_steps=1, decay_rate=0.1),
    schedule("InverseTimeDecay", initial_learning_rate=0.1, decay_steps=8, decay_rate=0.7, staircase=True),
    schedule("CosineDecay", initial_learning_rate=0.1, decay_steps=40, alpha=0.1),
    schedule("CosineDecay", initial_learning_rate=0.01, decay_steps=30, warmup_target=0.1, warmup_steps=10),
    schedule("CosineDecayRestarts", initial_learning_rate=0.1, first_decay_steps=10),
    schedule("CosineDecayRestarts", initial_learning_rate=0.1, first_decay_steps=7, t_mul=1.0, m_mul=0.8, alpha=0.05),
]


def cases():
    for name, variants in OWN.items():
        yield {"optimizer": name, "config": {}}
        for config in variants:
            yield {"optimizer": name, "config": config}
        for config in BASE if name in ("SGD", "Adam") else BASE_SHORT:
            if name in ("AdamW", "Muon") and "weight_decay" in config:
                continue
            rate = {"learning_rate": 0.1 if name in ("SGD", "Adadelta", "Ftrl") else 0.01}
            yield {"optimizer": name, "config": {**rate, **config}}
    yield {"optimizer": "Adam", "config": {"weight_decay": 0.5}, "exclude_from_weight_decay": ["bias", "scale"]}
    yield {"optimizer": "AdamW", "config": {"weight_decay": 0.5}, "exclude_from_weight_decay": ["^k.*l$"]}
    yield {"optimizer": "SGD", "config": {"weight_decay": 0.5, "momentum": 0.5}, "exclude_from_weight_decay": ["conv"]}
    yield {"optimizer": "Muon", "config": {"weight_decay": 0.5, "adam_weight_decay": 0.2}, "exclude_from_weight_decay": ["scale"]}
    for rate in RATES:
        yield {"optimizer": "SGD", "config": {"learning_rate": rate, "momentum": 0.5}}
    for index, name in enumerate(name for name in OWN if name != "SGD"):
        rate = RATES[7] if name == "Ftrl" else RATES[index % len(RATES)]  # Ftrl divides by the rate: NaN where it is 0
        yield {"optimizer": name, "config": {"learning_rate": rate}}
    yield {"optimizer": "Adam", "config": {"learning_rate": RATES[5], "gradient_accumulation_steps": 3, "weight_decay": 0.1}}
    yield {"optimizer": "Adafactor", "config": {"learning_rate": RATES[7], "relative_step": True}}

    def inner(name, **config):
        return {"class_name": name, "config": config}

    nonfinite = {10: ["bias", "inf"], 11: ["kernel", "nan"], 30: ["scale", "-inf"]}
    yield {"optimizer": "LossScaleOptimizer", "config": {"inner_optimizer": inner("SGD", momentum=0.9)}}
    yield {"optimizer": "LossScaleOptimizer", "config": {"inner_optimizer": inner("Adam"), "initial_scale": 4.0}}
    yield {"optimizer": "LossScaleOptimizer", "config": {"inner_optimizer": inner("SGD", learning_rate=0.1), "initial_scale": 4.0, "dynamic_growth_steps": 7}}
    yield {"optimizer": "LossScaleOptimizer", "nonfinite": nonfinite,
           "config": {"inner_optimizer": inner("Adam", learning_rate=0.01, epsilon=0.01), "initial_scale": 4.0, "dynamic_growth_steps": 7}}
    yield {"optimizer": "LossScaleOptimizer", "nonfinite": nonfinite,
           "config": {"inner_optimizer": inner("AdamW", learning_rate=RATES[0], clipnorm=0.5, use_ema=True, ema_momentum=0.9), "initial_scale": 2.0, "dynamic_growth_steps": 3},
           "finalize": True}
    yield {"optimizer": "MultiOptimizer", "config": {"default_optimizer": inner("SGD", momentum=0.9), "optimizer_map": {"conv/.*": inner("Adam", learning_rate=0.01), "kernel": inner("RMSprop")}}}
    yield {"optimizer": "MultiOptimizer", "config": {"default_optimizer": inner("AdamW", weight_decay=0.1), "optimizer_map": {".*kernel": inner("Nadam", learning_rate=0.01, global_clipnorm=1.0)}, "loss_scale_factor": 4.0}}


FLOAT32_VARIANT = {
    "SGD": {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}, "RMSprop": {"learning_rate": 0.01, "momentum": 0.9, "centered": True, "epsilon": 1e-3},
    "Adagrad": {"learning_rate": 0.1}, "Adadelta": {"learning_rate": 1.0}, "Adam": {"learning_rate": 0.01, "amsgrad": True, "global_clipnorm": 1.0},
    "AdamW": {"learning_rate": 0.01, "use_ema": True, "ema_momentum": 0.9}, "Adamax": {"learning_rate": 0.01, "clipvalue": 0.5}, "Nadam": {"learning_rate": 0.01},
    "Adafactor": {"learning_rate": 0.01, "relative_step": False}, "Ftrl": {"learning_rate": 0.1, "l1_regularization_strength": 0.1, "beta": 0.5},
    "Lion": {"learning_rate": 0.01, "weight_decay": 0.1}, "Lamb": {"learning_rate": 0.01}, "Muon": {"learning_rate": 0.01, "nesterov": False},
    "ScheduleFreeAdamW": {"learning_rate": 0.01, "warmup_steps": 10},
}

STATE = [
    ("SGD", {}), ("SGD", {"momentum": 0.9}), ("RMSprop", {"momentum": 0.5, "centered": True}), ("Adagrad", {}), ("Adadelta", {}),
    ("Adam", {}), ("Adam", {"amsgrad": True, "use_ema": True, "gradient_accumulation_steps": 3}), ("Adamax", {}), ("Nadam", {}),
    ("Adafactor", {}), ("Ftrl", {}), ("Lion", {"learning_rate": RATES[0]}), ("Lamb", {}), ("Muon", {}), ("ScheduleFreeAdamW", {}),
    ("LossScaleOptimizer", {"inner_optimizer": {"class_name": "SGD", "config": {"momentum": 0.9}}, "dynamic_growth_steps": 7}),
    ("MultiOptimizer", {"default_optimizer": {"class_name": "SGD", "config": {"momentum": 0.9}}, "optimizer_map": {".*kernel": {"class_name": "Adam", "config": {}}}}),
]


def draw(generator):
    """One random setting: an optimizer, some of its arguments, some base arguments."""

    def uniform(low, high):
        return float(f"{generator.uniform(low, high):.4g}")

    def logarithmic(low, high):
        return float(f"{10 ** generator.uniform(np.log10(low), np.log10(high)):.3g}")

    own = {
        "SGD": {"momentum": lambda: uniform(0, 0.99), "nesterov": lambda: True},
        "RMSprop": {"rho": lambda: uniform(0.3, 0.999), "momentum": lambda: uniform(0, 0.95), "epsilon": lambda: logarithmic(1e-8, 1), "centered": lambda: True},
        "Adagrad": {"initial_accumulator_value": lambda: uniform(0, 2), "epsilon": lambda: logarithmic(1e-8, 1)},
        "Adadelta": {"rho": lambda: uniform(0.3, 0.999), "epsilon": lambda: logarithmic(1e-8, 1e-1)},
        "Adam": {"beta_1": lambda: uniform(0, 0.99), "beta_2": lambda: uniform(0.5, 0.9999), "epsilon": lambda: logarithmic(1e-8, 1), "amsgrad": lambda: True},
        "AdamW": {"weight_decay": lambda: logarithmic(1e-3, 1), "beta_1": lambda: uniform(0, 0.99), "beta_2": lambda: uniform(0.5, 0.9999), "epsilon": lambda: logarithmic(1e-8, 1), "amsgrad": lambda: True},
        "Adamax": {"beta_1": lambda: uniform(0, 0.99), "beta_2": lambda: uniform(0.5, 0.9999), "epsilon": lambda: logarithmic(1e-8, 1)},
        "Nadam": {"beta_1": lambda: uniform(0, 0.99), "beta_2": lambda: uniform(0.5, 0.9999), "epsilon": lambda: logarithmic(1e-8, 1)},
        "Adafactor": {"beta_2_decay": lambda: -uniform(0.3, 1.0), "epsilon_1": lambda: logarithmic(1e-30, 1e-2), "epsilon_2": lambda: logarithmic(1e-4, 2), "clip_threshold": lambda: uniform(0.3, 2), "relative_step": lambda: False},
        "Ftrl": {"learning_rate_power": lambda: -uniform(0.1, 0.9), "initial_accumulator_value": lambda: uniform(0.01, 2), "l1_regularization_strength": lambda: uniform(0, 1),
                 "l2_regularization_strength": lambda: uniform(0, 1), "l2_shrinkage_regularization_strength": lambda: uniform(0, 0.2), "beta": lambda: uniform(0, 1)},
        "Lion": {"beta_1": lambda: uniform(0.1, 0.99), "beta_2": lambda: uniform(0.5, 0.999)},
        "Lamb": {"beta_1": lambda: uniform(0, 0.99), "beta_2": lambda: uniform(0.5, 0.9999), "epsilon": lambda: logarithmic(1e-8, 1)},
        "Muon": {"adam_beta_1": lambda: uniform(0, 0.99), "adam_beta_2": lambda: uniform(0.5, 0.9999), "adam_weight_decay": lambda: logarithmic(1e-3, 1), "epsilon": lambda: logarithmic(1e-8, 1),
                 "weight_decay": lambda: logarithmic(1e-3, 1), "exclude_layers": lambda: ["^kernel"], "adam_lr_ratio": lambda: uniform(0.1, 2), "momentum": lambda: uniform(0, 0.99),
                 "ns_steps": lambda: generator.randint(1, 6), "nesterov": lambda: False, "rms_rate": lambda: generator.choice([None, 0.5])},
        "ScheduleFreeAdamW": {"beta_1": lambda: uniform(0.3, 0.99), "beta_2": lambda: uniform(0.5, 0.9999), "epsilon": lambda: logarithmic(1e-8, 1), "warmup_steps": lambda: generator.randint(1, 60)},
    }
    name = generator.choice(sorted(own))
    config = {}
    if generator.random() < 0.3:
        config["learning_rate"] = generator.choice(RATES)
        if name == "Ftrl":
            config["learning_rate"] = RATES[7]
    elif generator.random() < 0.85:
        config["learning_rate"] = logarithmic(1e-4, 0.3)
    for key, value in own[name].items():
        if generator.random() < 0.5:
            config[key] = value()
    if name not in ("AdamW", "Muon") and generator.random() < 0.4:
        config["weight_decay"] = logarithmic(1e-3, 1)
    clip = generator.choice([None, None, "clipnorm", "global_clipnorm", "clipvalue"])
    if clip:
        config[clip] = logarithmic(0.05, 5)
    if generator.random() < 0.3:
        config["use_ema"] = True
        if generator.random() < 0.7:
            config["ema_momentum"] = uniform(0, 1)
        if generator.random() < 0.5:
            config["ema_overwrite_frequency"] = generator.randint(1, 20)
    if generator.random() < 0.2:
        config["loss_scale_factor"] = uniform(0.5, 20)
    if generator.random() < 0.25:
        config["gradient_accumulation_steps"] = generator.randint(2, 6)
    case = {"optimizer": name, "config": config}
    if ("weight_decay" in config or name in ("AdamW", "Muon")) and generator.random() < 0.4:
        case["exclude_from_weight_decay"] = generator.choice([["bias"], ["bias", "scale"], ["^kernel$"], ["l"]])
    return case


def main():
    parser = arguments(__doc__)
    parser.add_argument("--dtype", default="float64", choices=["float64", "float32"])
    options = parser.parse_args()
    header = {
        "reference": f"keras {keras.__version__}, JAX {jax.__version__} backend, CPU, one operation at a time (not compiled)",
        "made_by": "scripts/keras_optimizers.py",
        "dtype": DTYPE,
        "gradients": "inputs.json, given to apply as they stand; 'nonfinite': {step: [parameter, value]} replaces element 0 of that gradient at that step",
        "positions": "inputs.json 'recorded'",
    }
    if DTYPE == "float32":
        listed = [{"optimizer": name, "config": config} for name in OWN for config in ({}, FLOAT32_VARIANT[name])]
        results = [run(case, {1, 50}) for case in listed]
        generator = random.Random(32)
        drawn = [run(draw(generator), {50}) for _ in range(60)]
        for result in drawn:
            del result["serialized"]
        write(out_path(options, "optimizers", "keras-float32.json"), header, {"cases": results + drawn})
        return

    results = [run(case, {1, 3, 50} if not case["config"] else {50}) for case in cases()]
    for result in results:  # the default, one with base arguments, and everything nested show what serialize prints
        nested = any(isinstance(value, dict) for value in result["config"].values())
        if result["config"] and not nested and "global_clipnorm" not in result["config"]:
            del result["serialized"]
    write(out_path(options, "optimizers", "keras.json"), header, {"cases": results})

    generator = random.Random(7)
    results = [run(draw(generator), {50}) for _ in range(150)]
    for result in results:
        del result["serialized"]
    write(out_path(options, "optimizers", "keras-random.json"), header, {"cases": results})

    results = []
    for name, config in STATE:
        result = run({"optimizer": name, "config": config}, {50}, with_state=True)
        del result["steps"]
        results.append(result)
    header["variables"] = "all positions of every optimizer variable after 50 steps, in the order in which Keras saves them (optimizer/vars/0, 1, ...)"
    write(out_path(options, "optimizers", "keras-state.json"), header, {"cases": results})


if __name__ == "__main__":
    main()
