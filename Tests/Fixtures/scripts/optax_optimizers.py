"""Runs optax's optimizers in float64 over the shared inputs; writes optimizers/optax.json.

Two things are changed, so that the formulas can be checked exactly: the decay schedule of optax's
Adafactor, and the warm-up inside schedule_free_sgd and schedule_free_adamw, are computed in float32
whatever the parameters are; here both are computed in float64.
"""

import os
import types

os.environ["JAX_ENABLE_X64"] = "1"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import numpy as np
import optax
from optax._src import factorized
from optax.contrib import _schedule_free as schedule_free_module

from fixturelib import NAMES, SHAPES, all_finite, arguments, load_inputs, out_path, record, write


def decay_rate_pow(step, exponent):
    return 1.0 - jnp.asarray(step + 1, jnp.float64) ** (-exponent)


defaults = factorized.scale_by_factored_rms.__defaults__
assert defaults[-1] is factorized._decay_rate_pow
factorized.scale_by_factored_rms.__defaults__ = (*defaults[:-1], decay_rate_pow)

def warmup_constant_schedule(init_value, peak_value, warmup_steps):
    return lambda count: init_value + (peak_value - init_value) * jnp.clip(jnp.asarray(count, jnp.float64) / warmup_steps, 0.0, 1.0)


schedule_free_module._schedule = types.SimpleNamespace(warmup_constant_schedule=warmup_constant_schedule)

CURVATURE = {name: jnp.asarray((0.5 + 0.25 * (np.arange(int(np.prod(SHAPES[name], dtype=int))) % 4)).reshape(SHAPES[name])) for name in NAMES}
OBJECTIVE = "'objective': true means: the gradient of step t at the weights w is c * w + gradients[t], with c[i] = 0.5 + 0.25 * (i mod 4) for flat position i; otherwise it is gradients[t]"
HESSIAN = "the Hessian diagonal given at step t is h[i] = (i mod 5) * 0.25 * (1 + t mod 3) for flat position i"

PLAIN = {
    "adabelief": [{}, {"b1": 0.5, "b2": 0.9}, {"eps": 0.1}, {"eps_root": 1e-3}, {"nesterov": True}],
    "adan": [{}, {"b1": 0.9, "b2": 0.7, "b3": 0.8}, {"eps": 0.1}, {"eps_root": 1e-2}, {"weight_decay": 0.1}],
    "yogi": [{}, {"b1": 0.5, "b2": 0.9}, {"eps": 0.1}],
    "novograd": [{}, {"b1": 0.5, "b2": 0.9}, {"eps": 0.1}, {"eps_root": 0.1}, {"weight_decay": 0.1}],
    "lars": [{"learning_rate": 0.1}, {"learning_rate": 0.1, "weight_decay": 0.1}, {"learning_rate": 0.1, "trust_coefficient": 0.02}, {"learning_rate": 0.1, "eps": 0.1}, {"learning_rate": 0.1, "momentum": 0.5}, {"learning_rate": 0.1, "nesterov": True}],
    "lamb": [{}, {"b1": 0.5, "b2": 0.9}, {"eps": 0.1}, {"eps_root": 0.1}, {"weight_decay": 0.1}],
    "lion": [{}, {"b1": 0.5, "b2": 0.8}, {"weight_decay": 0.1}],
    "nadam": [{}], "nadamw": [{}, {"b1": 0.5, "b2": 0.9, "weight_decay": 0.1}],
    "adam": [{}, {"eps_root": 0.1}], "adamw": [{}, {"weight_decay": 0.1}],
    "adamax": [{}, {"eps": 0.1}], "adamaxw": [{"weight_decay": 0.1}],
    "adagrad": [{}], "adadelta": [{"learning_rate": 1.0}, {"learning_rate": 1.0, "weight_decay": 0.1}],
    "rmsprop": [{}, {"eps_in_sqrt": False}, {"centered": True}, {"momentum": 0.9, "nesterov": True}, {"initial_scale": 1.0, "eps": 0.1}, {"bias_correction": True}],
    "sgd": [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}],
    "radam": [{}, {"b1": 0.5, "b2": 0.9}, {"eps": 0.1}, {"threshold": 8.0, "b2": 0.9}, {"nesterov": True, "b2": 0.9}],
    "rprop": [{}, {"eta_minus": 0.3, "eta_plus": 1.5}, {"min_step_size": 0.005, "max_step_size": 0.02}],
    "adafactor": [{"min_dim_size_to_factor": 2}, {}, {"min_dim_size_to_factor": 2, "decay_rate": 0.5}, {"min_dim_size_to_factor": 2, "decay_offset": -3}, {"min_dim_size_to_factor": 2, "multiply_by_parameter_scale": False}, {"min_dim_size_to_factor": 2, "clipping_threshold": None},
                  {"min_dim_size_to_factor": 2, "clipping_threshold": 0.5}, {"min_dim_size_to_factor": 2, "momentum": 0.9, "dtype_momentum": "float64"}, {"min_dim_size_to_factor": 2, "weight_decay_rate": 0.01}, {"min_dim_size_to_factor": 2, "eps": 1e-3}, {"factored": False}, {"min_dim_size_to_factor": 5},
                  {"min_dim_size_to_factor": 2, "learning_rate": None}],
    "amsgrad": [{}, {"b1": 0.5, "b2": 0.9}, {"b2": 0.9, "eps": 0.1}, {"b2": 0.9, "bias_correction_mu": False, "bias_correction_nu": False}],
}
CONTRIB = {
    "ademamix": [{}, {"b1": 0.5, "b2": 0.9, "b3": 0.99}, {"alpha": 2.0, "b3": 0.99}, {"eps": 0.1, "eps_root": 1e-3}, {"weight_decay": 0.1}],
    "adopt": [{}, {"b1": 0.5, "b2": 0.9}, {"eps": 0.1}, {"nesterov": True}, {"use_clipping": False}],
    "muon": [{}, {"beta": 0.5}, {"nesterov": False}, {"ns_steps": 3}, {"ns_coeffs": [3.0, -3.2, 1.2]}, {"weight_decay": 0.1}, {"adaptive": True}, {"consistent_rms": 0.2}, {"adam_b1": 0.5, "adam_b2": 0.9, "adam_weight_decay": 0.1}, {"adam_learning_rate": 0.05}, {"eps": 0.1}],
    "schedule_free_sgd": [{"learning_rate": 0.05}, {"learning_rate": 0.05, "b1": 0.5}, {"learning_rate": 0.05, "warmup_steps": 10}, {"learning_rate": 0.05, "weight_decay": 0.1}, {"learning_rate": 0.05, "weight_lr_power": 0.0, "warmup_steps": 10}],
    "schedule_free_adamw": [{}, {"b1": 0.5, "b2": 0.9}, {"eps": 0.1}, {"weight_decay": 0.1}, {"warmup_steps": 10}],
    "prodigy": [{"learning_rate": 1.0}, {"learning_rate": 1.0, "betas": [0.5, 0.9], "estim_lr0": 0.01}, {"learning_rate": 1.0, "weight_decay": 0.1, "estim_lr0": 0.01}, {"learning_rate": 1.0, "safeguard_warmup": True, "estim_lr0": 1e-3}],
    "dadapt_adamw": [{"learning_rate": 1.0}, {"learning_rate": 1.0, "betas": [0.5, 0.9], "estim_lr0": 0.01}, {"learning_rate": 1.0, "weight_decay": 0.1, "estim_lr0": 0.01}],
    "sophia": [{}, {"b1": 0.5, "b2": 0.9}, {"gamma": 0.2}, {"clip_threshold": 0.3}, {"clip_threshold": None, "eps": 0.5}, {"weight_decay": 0.1}, {"update_interval": 3}],
}


def sophia_hessian():
    def init(params):
        return jnp.zeros([], jnp.int32)

    # called at update steps only, so the step is counted by the caller through a closure over the count in extra args
    def update(updates, state, params=None, step=None, **extra):
        h = {name: jnp.asarray((np.arange(int(np.prod(SHAPES[name], dtype=int))) % 5 * 0.25).reshape(SHAPES[name])) * (1 + step % 3) for name in NAMES}
        return h, state

    return optax.GradientTransformationExtraArgs(init, update)


def run(case, optimizer, evaluate=None, extra=None, lookahead=None, sam=False, state_of=None):
    initial, gradients = load_inputs()
    weights = {name: jnp.asarray(initial[name]) for name in NAMES}
    params = optax.LookaheadParams(fast=weights, slow=weights) if lookahead else weights
    state = optimizer.init(params)
    steps = {}

    def gradient_at(values, step):
        return {name: jnp.asarray(gradients[step - 1][name]) + (CURVATURE[name] * values[name] if case.get("objective") else 0.0) for name in NAMES}

    @jax.jit
    def apply(gradient, state, params, step):
        arguments = {"step": step} if extra else {}
        if sam:
            stacked = {name: jnp.stack([jnp.asarray(g[name]) for g in gradients])[step - 1] for name in NAMES}
            arguments["grad_fn"] = lambda p, i: {name: stacked[name] + CURVATURE[name] * p[name] for name in NAMES}
        updates, state = optimizer.update(gradient, state, params, **arguments)
        return optax.apply_updates(params, updates), state

    for step in range(1, 51):
        current = params.fast if lookahead else params
        params, state = apply(gradient_at(current, step), state, params, jnp.asarray(step))
        values = {name: np.asarray((params.fast if lookahead else params)[name]) for name in NAMES}
        if step in ((1, 3, 50) if not case["config"] else (1, 50)):
            assert all(value.dtype == np.float64 for value in values.values())
            if not all_finite(values):
                print("not finite:", case["function"], case["config"], step)
            steps[step] = record(values)
    result = {**case, "dtype": "float64", "steps": steps}
    if lookahead:
        result["slow"] = record({name: np.asarray(params.slow[name]) for name in NAMES})
    if evaluate:
        result["evaluation"] = record({name: np.asarray(value) for name, value in evaluate(state, params).items()})
    if state_of:
        result["state"] = {key: float(getattr(state, key)) for key in state_of}
    return result


def main():
    options = arguments(__doc__).parse_args()
    results = []
    for namespace, table in (("optax", PLAIN), ("optax.contrib", CONTRIB)):
        for name, variants in table.items():
            for config in variants:
                given = {key: tuple(value) if isinstance(value, list) else value for key, value in config.items()}
                if "learning_rate" not in given and name != "schedule_free_adamw":
                    given["learning_rate"] = 0.01
                case = {"reference": "optax", "optimizer": name, "function": f"{namespace}.{name}", "config": {key: list(value) if isinstance(value, tuple) else value for key, value in given.items()}}
                kwargs = {}
                if name.startswith("schedule_free"):
                    kwargs["evaluate"] = optax.contrib.schedule_free_eval_params
                if name in ("prodigy", "dadapt_adamw"):
                    kwargs["state_of"] = ["estim_lr", "numerator_weighted"]
                if name == "sophia":
                    given["hessian_diagonal_fn"] = sophia_hessian()
                    kwargs["extra"] = True
                if given.get("dtype_momentum"):
                    given["dtype_momentum"] = jnp.float64
                make = getattr(optax.contrib if namespace.endswith("contrib") else optax, name)
                results.append(run(case, make(**given), **kwargs))
                if name in ("prodigy", "dadapt_adamw") or name.startswith("schedule_free"):
                    results.append(run({**case, "objective": True}, make(**given), **kwargs))

    for config, inner, inner_config in [({"sync_period": 5, "slow_step_size": 0.5}, "sgd", {"learning_rate": 0.05, "momentum": 0.9}), ({"sync_period": 3, "slow_step_size": 0.8}, "adam", {"learning_rate": 0.02}),
                                        ({"sync_period": 4, "slow_step_size": 0.5, "reset_state": True}, "sgd", {"learning_rate": 0.05, "momentum": 0.9})]:
        case = {"reference": "optax", "optimizer": "lookahead", "function": "optax.lookahead", "config": config, "objective": True, "wrapped": {"function": f"optax.{inner}", "config": inner_config}}
        results.append(run(case, optax.lookahead(getattr(optax, inner)(**inner_config), **config), lookahead=True))
    for rho, inner, inner_config in [(0.05, "sgd", {"learning_rate": 0.05, "momentum": 0.9}), (0.5, "adam", {"learning_rate": 0.02})]:
        case = {"reference": "optax", "optimizer": "sam", "function": "optax.contrib.sam(opaque_mode=True), adversary chain(contrib.normalize(), sgd(rho))", "config": {"rho": rho}, "objective": True, "wrapped": {"function": f"optax.{inner}", "config": inner_config}}
        results.append(run(case, optax.contrib.sam(getattr(optax, inner)(**inner_config), optax.chain(optax.contrib.normalize(), optax.sgd(rho)), opaque_mode=True), sam=True))

    header = {
        "reference": f"optax {optax.__version__}, JAX {jax.__version__}, CPU, float64, jitted", "made_by": "scripts/optax_optimizers.py", "dtype": "float64",
        "objective": OBJECTIVE, "hessian": HESSIAN, "positions": "inputs.json 'recorded'",
        "note": "evaluation: schedule_free_eval_params; slow: the slow weights of Lookahead (steps: the fast ones); state: the method's own estimates after step 50",
    }
    write(out_path(options, "optimizers", "optax.json"), header, {"cases": results})


if __name__ == "__main__":
    main()
