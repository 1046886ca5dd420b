"""Optimizers as published by their authors or collected in pytorch_optimizer, in float64 over the shared inputs.

Writes optimizers/published.json and optimizers/matrix-roots.json.

pytorch_optimizer runs with foreach=False where it has the choice (its per-parameter code is the
readable one). Two things are changed, so that the formulas can be checked exactly: SOAP rounds its
QR decomposition, and the global gradient norm (SAM, Adan's max_grad_norm, LAMB's pre_norm) is
rounded, to float32; here both stay in float64.
"""

import importlib
import inspect
import sys
import textwrap
import types

import dadaptation
import numpy as np
import prodigyopt
import pytorch_optimizer as po
import schedulefree
import scipy
import torch
import pytorch_optimizer.optimizer.utils.gradient as gradient_module

from importlib.metadata import distribution, version

from fixturelib import NAMES, RECORDED, arguments, out_path, write
from torchlib import HESSIAN, OBJECTIVE, given_hessian, run


class SOAP64(po.SOAP):
    pass


def replaced(function, old, new):
    """The same function with `old` in its source replaced by `new`."""
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(old) == 1
    namespace = dict(vars(sys.modules[function.__module__]))
    exec(source.replace(old, new), namespace)
    return namespace[function.__name__]


SOAP64.get_orthogonal_matrix_qr = replaced(po.SOAP.get_orthogonal_matrix_qr, "power_iter.to(torch.float32)", "power_iter")
norm64 = replaced(gradient_module.get_global_gradient_norm, ".float().square_()", ".square_()")
for module in ("adan", "lamb", "sam"):
    sys.modules[f"pytorch_optimizer.optimizer.{module}"].get_global_gradient_norm = norm64


def timm_module(name):
    """timm.optim.<name> without the rest of timm (which needs torchvision)."""
    for package in ("timm", "timm.optim"):
        if package not in sys.modules:
            stub = types.ModuleType(package)
            stub.__path__ = [str(distribution("timm").locate_file(package.replace(".", "/")))]
            sys.modules[package] = stub
    return importlib.import_module(f"timm.optim.{name}")


def tuples(config):
    return {key: tuple(value) if isinstance(value, list) else value for key, value in config.items()}


def maker(cls, config, **extra):
    accepts = inspect.signature(cls.__init__).parameters
    if "foreach" in accepts:
        extra.setdefault("foreach", False)
    return lambda parameters: cls(parameters, **tuples(config), **extra)


# name, class, function, variants
ELEMENTWISE = [
    ("AdaBelief", po.AdaBelief, [{}, {"lr": 0.02}, {"betas": [0.5, 0.9]}, {"eps": 1e-3}, {"weight_decay": 0.1, "lr": 0.01}, {"weight_decay": 0.1, "weight_decouple": False, "lr": 0.01}, {"weight_decay": 0.01, "fixed_decay": True, "lr": 0.01},
                                  {"ams_bound": True, "betas": [0.9, 0.9]}, {"rectify": True}, {"rectify": True, "degenerated_to_sgd": False, "betas": [0.9, 0.99]}]),
    ("Adan", po.Adan, [{}, {"lr": 0.02}, {"betas": [0.9, 0.7, 0.8]}, {"eps": 0.1}, {"weight_decay": 0.1, "lr": 0.02}, {"weight_decay": 0.1, "weight_decouple": True, "lr": 0.02}]),
    ("Adan without the scalar", po.Adan, [{"max_grad_norm": 1.0}]),
    ("AdEMAMix", po.AdEMAMix, [{}, {"lr": 0.01}, {"betas": [0.5, 0.9, 0.99]}, {"alpha": 2.0, "betas": [0.9, 0.999, 0.99]}, {"t_alpha_beta3": 30}, {"eps": 0.1}, {"weight_decay": 0.1, "weight_decouple": True}, {"weight_decay": 0.1}]),
    ("ADOPT", po.ADOPT, [{}, {"lr": 0.01}, {"betas": [0.5, 0.9]}, {"eps": 0.1}, {"clip_lambda": None}, {"weight_decay": 0.1, "weight_decouple": True, "lr": 0.01}, {"weight_decay": 0.1}]),
    ("Yogi", po.Yogi, [{}, {"lr": 0.05}, {"betas": [0.5, 0.9]}, {"initial_accumulator": 0.1}, {"eps": 0.1}, {"weight_decay": 0.1}, {"weight_decay": 0.1, "weight_decouple": False}]),
    ("NovoGrad", po.NovoGrad, [{}, {"lr": 0.01}, {"betas": [0.5, 0.5]}, {"eps": 0.1}, {"weight_decay": 0.1}, {"weight_decay": 0.1, "weight_decouple": True}, {"grad_averaging": True}, {"grad_averaging": True, "weight_decay": 0.1}, {"adam_debias": True}]),
    ("LARS", po.LARS, [{"lr": 0.1}, {"lr": 0.1, "momentum": 0.5}, {"lr": 0.1, "momentum": 0.0}, {"lr": 0.1, "dampening": 0.5}, {"lr": 0.1, "trust_coefficient": 0.02}, {"lr": 0.1, "nesterov": True}, {"lr": 0.1, "weight_decay": 0.1, "trust_coefficient": 0.02}]),
    ("LAMB", po.Lamb, [{}, {"lr": 0.02}, {"betas": [0.5, 0.9]}, {"eps": 0.1}, {"weight_decay": 0.1}, {"weight_decay": 0.1, "weight_decouple": False}, {"grad_averaging": False}, {"adam": True}, {"pre_norm": True}, {"rectify": True}]),
    ("RAdam", po.RAdam, [{}, {"lr": 0.02}, {"betas": [0.5, 0.9]}, {"betas": [0.9, 0.99], "n_sma_threshold": 8}, {"betas": [0.9, 0.99], "degenerated_to_sgd": True}, {"eps": 0.1}, {"weight_decay": 0.1, "betas": [0.9, 0.99]}]),
    ("Lion", po.Lion, [{}, {"lr": 0.01}, {"betas": [0.5, 0.8]}, {"weight_decay": 0.1, "lr": 0.01}]),
    ("CautiousLion", po.Lion, [{"cautious": True}, {"cautious": True, "lr": 0.01}, {"cautious": True, "betas": [0.5, 0.8], "weight_decay": 0.1, "lr": 0.01}]),
    ("CautiousAdEMAMix", po.AdEMAMix, [{"cautious": True}]),
    ("CautiousADOPT", po.ADOPT, [{"cautious": True, "lr": 0.01}]),
]
WHOLE = [
    ("Prodigy", prodigyopt.Prodigy, [{}, {"d0": 0.01, "betas": [0.5, 0.9]}, {"beta3": 0.9, "d0": 0.01}, {"use_bias_correction": True}, {"safeguard_warmup": True, "d0": 1e-3}, {"weight_decay": 0.1, "d0": 0.01}, {"weight_decay": 0.1, "decouple": False, "d0": 0.01},
                                     {"d_coef": 0.5}, {"growth_rate": 1.5, "d0": 1e-3}, {"eps": 0.1, "d0": 0.01}, {"slice_p": 3, "d0": 0.01}, {"betas": [0.0, 0.9], "d0": 0.01}]),
    ("DAdaptAdam", dadaptation.DAdaptAdam, [{}, {"d0": 0.01, "betas": [0.5, 0.9]}, {"lr": 0.5, "d0": 1e-3}, {"use_bias_correction": True, "d0": 0.01}, {"weight_decay": 0.1, "d0": 0.01}, {"weight_decay": 0.1, "decouple": True, "d0": 0.01}, {"growth_rate": 1.05, "d0": 0.01}, {"eps": 0.1, "d0": 0.01}]),
    ("DAdaptSGD", dadaptation.DAdaptSGD, [{}, {"momentum": 0.9}, {"d0": 0.01, "lr": 0.5}, {"weight_decay": 0.1}, {"growth_rate": 1.1, "d0": 0.01}]),
    ("ScheduleFreeSGD", schedulefree.SGDScheduleFree, [{"lr": 0.05}, {"lr": 0.05, "momentum": 0.5}, {"lr": 0.05, "weight_decay": 0.1}, {"lr": 0.05, "warmup_steps": 10}, {"lr": 0.05, "r": 1.0}, {"lr": 0.05, "weight_lr_power": 0.0, "warmup_steps": 20}]),
    ("ScheduleFreeAdamW", schedulefree.AdamWScheduleFree, [{}, {"lr": 0.02}, {"betas": [0.5, 0.9]}, {"eps": 0.1}, {"weight_decay": 0.1, "lr": 0.02}, {"warmup_steps": 10}, {"r": 1.0}, {"weight_lr_power": 0.0, "warmup_steps": 20, "lr": 0.02}]),
    ("ScheduleFreeRAdam", schedulefree.RAdamScheduleFree, [{}, {"betas": [0.9, 0.9], "silent_sgd_phase": False, "lr": 0.01, "weight_decay": 0.1}]),
]
TIMM = [
    ("NAdamW", "nadamw", "NAdamW", [{}, {"lr": 0.02}, {"betas": [0.5, 0.9]}, {"eps": 0.1}, {"weight_decay": 0.3, "lr": 0.02}]),
    ("CautiousNAdamW", "nadamw", "NAdamW", [{"caution": True, "lr": 0.02}]),
    ("CautiousAdamW", "adamw", "AdamWLegacy", [{"caution": True}, {"caution": True, "lr": 0.02, "betas": [0.5, 0.9], "weight_decay": 0.3}, {"caution": True, "amsgrad": True, "betas": [0.9, 0.9], "eps": 0.1}]),
    ("CautiousLion", "lion", "Lion", [{"caution": True, "lr": 0.01}, {"caution": True, "lr": 0.01, "betas": [0.5, 0.8], "weight_decay": 0.3}]),
    ("CautiousADOPT", "adopt", "Adopt", [{"caution": True, "lr": 0.01}]),
    ("LAMB", "lamb", "Lamb", [{}, {"lr": 0.02, "weight_decay": 0.1}, {"lr": 0.02, "max_grad_norm": None, "betas": [0.5, 0.9], "eps": 0.1}, {"trust_clip": True, "lr": 0.02, "weight_decay": 0.1}, {"always_adapt": True, "bias_correction": False, "grad_averaging": False}]),
    ("LARS", "lars", "Lars", [{"lr": 0.1}, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1, "trust_coeff": 0.02}, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "always_adapt": True}, {"lr": 0.1, "trust_coeff": 0.5, "trust_clip": True, "momentum": 0.5, "dampening": 0.2}]),
]
SHAMPOO = [{}, {"lr": 0.05}, {"momentum": 0.5}, {"weight_decay": 0.1}, {"weight_decay": 0.1, "weight_decouple": True, "lr": 0.05}, {"preconditioning_compute_steps": 3}, {"matrix_eps": 0.1}]
SCALABLE = [{"use_svd": True, "shape_interpretation": False, "start_preconditioning_step": 5, "preconditioning_compute_steps": 2}, {"use_svd": True, "shape_interpretation": False, "start_preconditioning_step": 1, "preconditioning_compute_steps": 1, "betas": [0.9, 0.95], "nesterov": False},
            {"use_svd": True, "shape_interpretation": False, "start_preconditioning_step": 5, "preconditioning_compute_steps": 5, "graft_type": 2, "weight_decay": 0.1}]
SOAP = [{}, {"lr": 0.02}, {"betas": [0.8, 0.9]}, {"shampoo_beta": 0.7}, {"weight_decay": 0.0}, {"weight_decay": 0.3}, {"precondition_frequency": 1}, {"precondition_frequency": 3, "betas": [0.9, 0.99]}, {"max_precondition_dim": 4}, {"merge_dims": True, "max_precondition_dim": 9},
        {"correct_bias": False}, {"normalize_gradient": True}, {"eps": 0.1}]
SOPHIA = [{}, {"lr": 0.01}, {"betas": [0.5, 0.9]}, {"p": 0.2}, {"p": 5.0, "lr": 0.01}, {"eps": 0.1}, {"weight_decay": 0.1, "lr": 0.01}, {"update_period": 3}]


def estimate(optimizer, parameters, names):
    group = optimizer.param_groups[0]
    return {"state": {key: group[key] for key in ("d", "d_numerator", "numerator_weighted", "g0_norm") if key in group}}


def evaluated(optimizer, parameters, names):
    optimizer.eval()
    return {"evaluation": {name: p.detach().numpy().reshape(-1)[RECORDED[name]].copy() for name, p in zip(names, parameters)}}


def roots():
    """SPD matrices far from the identity, their inverse roots by eigh in float64, and their eigenvalues."""
    generator = np.random.RandomState(5)
    cases = []
    for size in (2, 5, 16):
        for condition in (10.0, 1e3, 1e6):
            q, _ = np.linalg.qr(generator.standard_normal((size, size)))
            values = np.geomspace(condition, 1.0, size) * 0.05
            matrix = (q * values) @ q.T
            matrix = np.round((matrix + matrix.T) / 2, 9)
            eigenvalues, vectors = scipy.linalg.eigh(matrix)
            assert eigenvalues[0] > 0
            powers = {}
            for name, exponent in (("-1/2", -0.5), ("-1/4", -0.25), ("-1/8", -0.125)):
                root = (vectors * eigenvalues**exponent) @ vectors.T
                check = np.linalg.matrix_power(root, int(round(-1 / exponent))) @ matrix
                assert np.max(np.abs(check - np.eye(size))) < 1e-8 * condition**0.5, np.max(np.abs(check - np.eye(size)))
                powers[name] = root.reshape(-1)
            signs = np.sign(vectors[np.argmax(np.abs(vectors), axis=0), np.arange(size)])
            cases.append({"size": size, "condition": condition, "matrix": matrix.reshape(-1), "eigenvalues": eigenvalues,
                          "eigenvectors": (vectors * signs).reshape(-1), "powers": powers})
    return cases


def main():
    options = arguments(__doc__).parse_args()
    results = []

    def add(name, function, config, make, **kwargs):
        extra = {key: kwargs.pop(key) for key in ("objective", "wrapped", "parameters") if key in kwargs}
        case = {"reference": function.split(".")[0], "optimizer": name, "function": function, "config": config, **extra}
        results.append(run(make, case, (1, 3, 50) if not config else (1, 50), **kwargs))

    for name, cls, variants in ELEMENTWISE:
        for config in variants:
            kwargs = {}
            if name.endswith(" without the scalar"):  # its max_grad_norm fails on parameters of shape ()
                name, kwargs = "Adan", {"names": NAMES[1:], "parameters": NAMES[1:]}
            add(name, f"pytorch_optimizer.{cls.__name__}", config, maker(cls, config), **kwargs)

    for name, module, cls, variants in TIMM:
        for config in variants:
            add(name, f"timm.optim.{cls}", config, maker(getattr(timm_module(module), cls), config))

    for name, cls, variants in WHOLE:
        package = cls.__module__.split(".")[0]
        free = package == "schedulefree"
        for config in variants:
            for objective in (False, True):
                if objective and config not in variants[:3]:
                    continue
                make = maker(cls, config)

                def training(parameters, make=make):
                    optimizer = make(parameters)
                    if free:
                        optimizer.train()
                    return optimizer

                extra = {"objective": True} if objective else {}
                add(name, f"{package}.{cls.__name__}", config, training, finish=evaluated if free else estimate, **extra)

    for config in SHAMPOO:
        add("Shampoo", "pytorch_optimizer.Shampoo", config, maker(po.Shampoo, config))
    for config in SCALABLE:
        add("ScalableShampoo", "pytorch_optimizer.ScalableShampoo", config, maker(po.ScalableShampoo, config))
    for config in SOAP:
        matrices = ["kernel", "conv/kernel"]  # merge_dims fails on parameters that merge into one dimension
        kwargs = {"names": matrices, "parameters": matrices} if config.get("merge_dims") else {}
        add("SOAP", "pytorch_optimizer.SOAP (QR in float64 instead of float32)", config, maker(SOAP64, config), **kwargs)

    for config in SOPHIA:
        period = config.get("update_period", 10)

        def step(optimizer, number, set_gradients, parameters, period=period):
            hessian = given_hessian(number)
            given = [torch.tensor(hessian[name]) for name in NAMES] if (number - 1) % period == 0 else None
            optimizer.step(hessian=given)

        add("Sophia", "pytorch_optimizer.SophiaH", config, maker(po.SophiaH, config), step=step)

    for config, inner, inner_config in [({}, "SGD", {"lr": 0.05, "momentum": 0.9}), ({"k": 3, "alpha": 0.8}, "Adam", {"lr": 0.02}), ({"k": 4, "pullback_momentum": "reset"}, "SGD", {"lr": 0.05, "momentum": 0.9}),
                                        ({"k": 4, "pullback_momentum": "pullback"}, "SGD", {"lr": 0.05, "momentum": 0.9})]:
        make = lambda p: po.Lookahead(getattr(torch.optim, inner)(p, foreach=False, **inner_config), **config)
        add("Lookahead", "pytorch_optimizer.Lookahead", config, make, objective=True, wrapped={"function": f"torch.optim.{inner}", "config": inner_config})

    for config, inner, inner_config in [({}, "SGD", {"lr": 0.05, "momentum": 0.9}), ({"rho": 0.5}, "SGD", {"lr": 0.05}), ({"rho": 0.5, "adaptive": True}, "Adam", {"lr": 0.02}), ({"rho": 0.1, "perturb_eps": 0.5}, "SGD", {"lr": 0.05})]:
        make = lambda p: po.SAM(p, getattr(torch.optim, inner), **config, **inner_config)

        def step(optimizer, number, set_gradients, parameters):
            optimizer.step(set_gradients)

        add("SAM", "pytorch_optimizer.SAM", config, make, step=step, objective=True, wrapped={"function": f"torch.optim.{inner}", "config": inner_config})

    header = {
        "reference": {package: version(package) for package in ("pytorch_optimizer", "prodigyopt", "dadaptation", "schedulefree", "timm", "torch")},
        "made_by": "scripts/published_optimizers.py", "dtype": "float64", "objective": OBJECTIVE, "hessian": HESSIAN, "positions": "inputs.json 'recorded'",
        "note": "evaluation: the weights after eval() (schedule-free); state: the method's own estimates after step 50",
    }
    write(out_path(options, "optimizers", "published.json"), header, {"cases": results})
    header = {"reference": f"scipy {scipy.__version__} eigh, float64", "made_by": "scripts/published_optimizers.py",
              "note": "row-major; powers = V diag(eigenvalue^p) V^T; eigenvalues ascend; eigenvectors are columns, signed so that the largest entry is positive"}
    write(out_path(options, "optimizers", "matrix-roots.json"), header, {"cases": roots()})


if __name__ == "__main__":
    main()
