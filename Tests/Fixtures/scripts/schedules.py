"""Learning-rate schedules of Keras, PyTorch, optax and pytorch_optimizer, and the Noam formula; writes schedules.json.

Every list holds one rate per entry of the case's "steps" (0-based: the rate with which step s is taken).
"""

import warnings

import keras64
import jax
import jax.numpy as jnp
import keras
import numpy as np
import optax
import pytorch_optimizer as po
import torch

from fixturelib import arguments, out_path, write

warnings.filterwarnings("ignore")

LONG = list(range(0, 41)) + [50, 75, 99, 100, 101, 150, 1000, 100000]

KERAS = {
    "ExponentialDecay": [
        dict(initial_learning_rate=0.1, decay_steps=10, decay_rate=0.5), dict(initial_learning_rate=0.1, decay_steps=10, decay_rate=0.5, staircase=True),
        dict(initial_learning_rate=0.02, decay_steps=7, decay_rate=0.9),
    ],
    "PiecewiseConstantDecay": [dict(boundaries=[5, 20], values=[0.1, 0.03, 0.01]), dict(boundaries=[0, 1, 30], values=[1.0, 0.5, 0.25, 0.125])],
    "PolynomialDecay": [
        dict(initial_learning_rate=0.1, decay_steps=20), dict(initial_learning_rate=0.1, decay_steps=20, end_learning_rate=0.01), dict(initial_learning_rate=0.1, decay_steps=20, power=2.0),
        dict(initial_learning_rate=0.1, decay_steps=8, end_learning_rate=0.01, power=0.5, cycle=True), dict(initial_learning_rate=0.1, decay_steps=10, cycle=True),
    ],
    "InverseTimeDecay": [dict(initial_learning_rate=0.1, decay_steps=1, decay_rate=0.1), dict(initial_learning_rate=0.1, decay_steps=8, decay_rate=0.7), dict(initial_learning_rate=0.1, decay_steps=8, decay_rate=0.7, staircase=True)],
    "CosineDecay": [
        dict(initial_learning_rate=0.1, decay_steps=30), dict(initial_learning_rate=0.1, decay_steps=30, alpha=0.1), dict(initial_learning_rate=0.0, decay_steps=30, warmup_target=0.1, warmup_steps=10),
        dict(initial_learning_rate=0.02, decay_steps=30, alpha=0.2, warmup_target=0.1, warmup_steps=5), dict(initial_learning_rate=0.02, decay_steps=30, warmup_steps=5), dict(initial_learning_rate=0.02, decay_steps=30, warmup_target=0.1),
    ],
    "CosineDecayRestarts": [
        dict(initial_learning_rate=0.1, first_decay_steps=10), dict(initial_learning_rate=0.1, first_decay_steps=7, t_mul=1.0), dict(initial_learning_rate=0.1, first_decay_steps=5, t_mul=1.5), dict(initial_learning_rate=0.1, first_decay_steps=7, m_mul=0.5),
        dict(initial_learning_rate=0.1, first_decay_steps=7, alpha=0.1), dict(initial_learning_rate=0.1, first_decay_steps=6, t_mul=1.0, m_mul=0.8, alpha=0.05),
    ],
}

TORCH = {
    "StepLR": [dict(step_size=10), dict(step_size=7, gamma=0.5)],
    "MultiStepLR": [dict(milestones=[5, 20]), dict(milestones=[3, 4, 30], gamma=0.5)],
    "ConstantLR": [dict(), dict(factor=0.5, total_iters=8)],
    "LinearLR": [dict(), dict(start_factor=0.1, total_iters=10), dict(start_factor=1.0, end_factor=0.2, total_iters=15)],
    "ExponentialLR": [dict(gamma=0.9)],
    "PolynomialLR": [dict(), dict(total_iters=20, power=2.0)],
    "CosineAnnealingLR": [dict(T_max=10), dict(T_max=20, eta_min=0.01)],
    "CosineAnnealingWarmRestarts": [dict(T_0=8), dict(T_0=5, T_mult=2, eta_min=0.01)],
    "CyclicLR": [
        dict(base_lr=0.01, max_lr=0.1, step_size_up=5), dict(base_lr=0.01, max_lr=0.1, step_size_up=4, step_size_down=8), dict(base_lr=0.01, max_lr=0.1, step_size_up=5, mode="triangular2"),
        dict(base_lr=0.01, max_lr=0.1, step_size_up=5, mode="exp_range", gamma=0.97),
    ],
    "OneCycleLR": [
        dict(max_lr=0.1, total_steps=40), dict(max_lr=0.1, total_steps=40, anneal_strategy="linear"), dict(max_lr=0.1, total_steps=40, three_phase=True), dict(max_lr=0.1, total_steps=40, three_phase=True, anneal_strategy="linear", pct_start=0.4),
        dict(max_lr=0.1, total_steps=40, pct_start=0.2, div_factor=10.0, final_div_factor=100.0), dict(max_lr=0.1, epochs=4, steps_per_epoch=10, pct_start=0.5),
    ],
}

OPTAX = {
    "constant_schedule": [dict(value=0.1)],
    "linear_schedule": [dict(init_value=0.1, end_value=0.01, transition_steps=20), dict(init_value=0.0, end_value=0.1, transition_steps=10, transition_begin=5)],
    "polynomial_schedule": [dict(init_value=0.1, end_value=0.01, power=2, transition_steps=20, transition_begin=5)],
    "exponential_decay": [dict(init_value=0.1, transition_steps=10, decay_rate=0.5, transition_begin=3, staircase=True, end_value=0.02)],
    "cosine_decay_schedule": [dict(init_value=0.1, decay_steps=20), dict(init_value=0.1, decay_steps=20, alpha=0.1, exponent=2.0)],
    "warmup_constant_schedule": [dict(init_value=0.01, peak_value=0.1, warmup_steps=8)],
    "warmup_cosine_decay_schedule": [dict(init_value=0.0, peak_value=0.1, warmup_steps=10, decay_steps=40), dict(init_value=0.01, peak_value=0.1, warmup_steps=5, decay_steps=30, end_value=0.02), dict(init_value=0.0, peak_value=0.1, warmup_steps=5, decay_steps=30, end_value=0.01, exponent=2.0)],
    "warmup_exponential_decay_schedule": [dict(init_value=0.0, peak_value=0.1, warmup_steps=5, transition_steps=10, decay_rate=0.5)],
    "linear_onecycle_schedule": [dict(transition_steps=30, peak_value=0.1), dict(transition_steps=30, peak_value=0.1, pct_start=0.4, pct_final=0.7, div_factor=10.0, final_div_factor=100.0)],
    "cosine_onecycle_schedule": [dict(transition_steps=30, peak_value=0.1), dict(transition_steps=30, peak_value=0.1, pct_start=0.4, div_factor=10.0, final_div_factor=100.0)],
    "piecewise_constant_schedule": [dict(init_value=0.1, boundaries_and_scales={"5": 0.5, "20": 0.1})],
    "sgdr_schedule": [dict(cosine_kwargs=[dict(init_value=0.0, peak_value=0.1, warmup_steps=3, decay_steps=12), dict(init_value=0.01, peak_value=0.05, warmup_steps=2, decay_steps=10)])],
}


def torch_rates(make, count, lr):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    scheduler = make(optimizer)
    rates = []
    for _ in range(count):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return rates


def main():
    options = arguments(__doc__).parse_args()
    cases = []
    for name, variants in KERAS.items():
        for config in variants:
            schedule = getattr(keras.optimizers.schedules, name)(**config)
            with jax.disable_jit():  # conditions run in Python instead of being compiled at each step
                values = [schedule(jnp.asarray(s, jnp.int32)) for s in LONG]
            assert all(value.dtype == jnp.float64 for value in values), name
            cases.append({"reference": "keras", "schedule": name, "config": config, "steps": LONG, "values": [float(value) for value in values], "serialized": keras.optimizers.schedules.serialize(schedule)})

    for name, variants in TORCH.items():
        for config in variants:
            count = 40 if name == "OneCycleLR" else 45
            extra = {"cycle_momentum": False} if name in ("CyclicLR", "OneCycleLR") else {}
            rates = torch_rates(lambda optimizer: getattr(torch.optim.lr_scheduler, name)(optimizer, **config, **extra), count, 0.1)
            cases.append({"reference": "torch", "schedule": name, "config": {**config, **extra}, "initial_learning_rate": 0.1, "steps": list(range(count)), "values": rates})
    parts = lambda o: [torch.optim.lr_scheduler.LinearLR(o, start_factor=0.1, total_iters=5), torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=20), torch.optim.lr_scheduler.ConstantLR(o, factor=0.2, total_iters=100)]
    rates = torch_rates(lambda o: torch.optim.lr_scheduler.SequentialLR(o, parts(o), milestones=[5, 25]), 45, 0.1)
    cases.append({"reference": "torch", "schedule": "SequentialLR", "config": {"milestones": [5, 25], "schedulers": ["LinearLR(start_factor=0.1, total_iters=5)", "CosineAnnealingLR(T_max=20)", "ConstantLR(factor=0.2, total_iters=100)"]}, "initial_learning_rate": 0.1,
                  "steps": list(range(45)), "values": rates})

    steps = list(range(45)) + [100]
    for name, variants in OPTAX.items():
        for config in variants:
            given = dict(config)
            if "boundaries_and_scales" in given:
                given["boundaries_and_scales"] = {int(key): value for key, value in given["boundaries_and_scales"].items()}
            schedule = getattr(optax, name)(**given)
            cases.append({"reference": "optax", "schedule": name, "config": config, "steps": steps, "values": [float(schedule(jnp.asarray(s, jnp.float64))) for s in steps]})
    joined = optax.join_schedules([optax.linear_schedule(0.0, 0.1, 5), optax.constant_schedule(0.1), optax.cosine_decay_schedule(0.1, 20, alpha=0.1)], [5, 15])
    cases.append({"reference": "optax", "schedule": "join_schedules", "config": {"boundaries": [5, 15], "schedules": ["linear_schedule(0, 0.1, 5)", "constant_schedule(0.1)", "cosine_decay_schedule(0.1, 20, alpha=0.1)"]},
                  "steps": steps, "values": [float(joined(jnp.asarray(s, jnp.float64))) for s in steps], "note": "each schedule sees the step minus its boundary"})

    for config in (dict(num_warmup_steps=5, num_stable_steps=10, num_decay_steps=20), dict(num_warmup_steps=5, num_stable_steps=10, num_decay_steps=20, min_lr_ratio=0.1), dict(num_warmup_steps=4, num_stable_steps=10, num_decay_steps=20, cooldown_type="cosine"),
                   dict(num_warmup_steps=4, num_stable_steps=10, num_decay_steps=20, cooldown_type="linear", min_lr_ratio=0.2)):
        rates = torch_rates(lambda optimizer: po.get_wsd_schedule(optimizer, **config), 45, 0.1)
        cases.append({"reference": "pytorch_optimizer", "schedule": "get_wsd_schedule", "config": config, "initial_learning_rate": 0.1, "steps": list(range(45)), "values": rates})

    for config in (dict(d_model=512, warmup_steps=10), dict(d_model=64, warmup_steps=4000), dict(d_model=512, warmup_steps=10, factor=2.0)):
        numbers = list(range(1, 41)) + [100, 1000, 4000, 4001, 100000]
        values = [config.get("factor", 1.0) * config["d_model"] ** -0.5 * min(n**-0.5, n * config["warmup_steps"] ** -1.5) for n in numbers]
        cases.append({"reference": "formula", "schedule": "Noam", "config": config, "step_numbers": numbers, "values": values,
                      "note": "factor * d_model^-1/2 * min(n^-1/2, n * warmup^-3/2) of Vaswani et al. 2017, n counted from 1 (0-based step s: n = s + 1)"})

    header = {"reference": {"keras": keras.__version__, "jax": jax.__version__, "torch": torch.__version__, "optax": optax.__version__, "pytorch_optimizer": po.__version__ if hasattr(po, "__version__") else "4.1.0"},
              "made_by": "scripts/schedules.py", "note": "Keras in float64 (as installed it computes in float32); optax at float64 steps; torch and pytorch_optimizer in Python floats"}
    write(out_path(options, "schedules.json"), header, {"cases": cases})


if __name__ == "__main__":
    main()
