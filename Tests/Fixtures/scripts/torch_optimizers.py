"""Runs PyTorch's own optimizers in float64 over the shared inputs; writes optimizers/torch.json and optimizers/lbfgs.json.

Muon is the exception to "as installed": torch computes its Newton-Schulz iteration in bfloat16.
Here that one conversion is replaced by float64, so that the formula can be checked exactly.
"""

import inspect

import numpy as np
import torch
import torch.optim._muon as torch_muon

from fixturelib import RECORDED, arguments, out_path, write
from torchlib import OBJECTIVE, run

source = inspect.getsource(torch_muon._zeropower_via_newtonschulz)
assert "dtype=torch.bfloat16" in source
namespace = dict(vars(torch_muon))
exec(source.replace("dtype=torch.bfloat16", "dtype=grad.dtype"), namespace)
torch_muon._zeropower_via_newtonschulz = namespace["_zeropower_via_newtonschulz"]

CASES = {
    "SGD": [{}, {"lr": 0.05, "momentum": 0.9}, {"lr": 0.05, "momentum": 0.9, "dampening": 0.5}, {"lr": 0.05, "momentum": 0.9, "nesterov": True}, {"lr": 0.05, "weight_decay": 0.1},
            {"lr": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.1}, {"lr": 0.05, "momentum": 0.8, "dampening": 0.2, "weight_decay": 0.1, "maximize": True}],
    "RMSprop": [{}, {"lr": 0.001}, {"alpha": 0.5}, {"eps": 0.1}, {"weight_decay": 0.1}, {"momentum": 0.9}, {"centered": True}, {"centered": True, "momentum": 0.5, "alpha": 0.9, "eps": 1e-3, "weight_decay": 0.1}],
    "Adagrad": [{}, {"lr": 0.1}, {"lr_decay": 0.1}, {"weight_decay": 0.1}, {"initial_accumulator_value": 0.5}, {"eps": 0.1}],
    "Adadelta": [{}, {"lr": 0.1}, {"rho": 0.5}, {"eps": 1e-2}, {"weight_decay": 0.1}],
    "Adam": [{}, {"lr": 0.05}, {"betas": [0.5, 0.9]}, {"eps": 0.1}, {"weight_decay": 0.1, "lr": 0.01}, {"amsgrad": True, "betas": [0.9, 0.9]}, {"amsgrad": True, "weight_decay": 0.1, "lr": 0.01, "betas": [0.8, 0.7]}],
    "AdamW": [{}, {"lr": 0.05}, {"weight_decay": 0.3, "lr": 0.01}, {"betas": [0.5, 0.9]}, {"eps": 0.1}, {"amsgrad": True, "betas": [0.9, 0.9]}],
    "Adamax": [{}, {"lr": 0.05}, {"betas": [0.5, 0.8]}, {"eps": 0.1}, {"weight_decay": 0.1}],
    "NAdam": [{}, {"lr": 0.02}, {"betas": [0.5, 0.9]}, {"eps": 0.1}, {"weight_decay": 0.1}, {"momentum_decay": 0.1}, {"weight_decay": 0.1, "decoupled_weight_decay": True, "lr": 0.02}, {"momentum_decay": 1.0, "weight_decay": 0.3, "decoupled_weight_decay": True}],
    "RAdam": [{}, {"lr": 0.02}, {"betas": [0.5, 0.9]}, {"betas": [0.9, 0.8]}, {"eps": 0.1}, {"weight_decay": 0.1}, {"weight_decay": 0.1, "decoupled_weight_decay": True, "lr": 0.02}],
    "Rprop": [{}, {"lr": 0.002}, {"etas": [0.3, 1.5]}, {"step_sizes": [0.005, 0.02]}, {"etas": [0.8, 1.1], "step_sizes": [0.008, 0.05]}],
    "ASGD": [{}, {"lr": 0.05, "lambd": 0.1, "alpha": 0.5, "t0": 5.0}, {"weight_decay": 0.1, "t0": 10.0}],
    "Adafactor": [{}, {"lr": 0.1}, {"beta2_decay": -0.5}, {"eps": [1e-3, 0.5]}, {"d": 1.5}, {"weight_decay": 0.1}],
}
MUON = [{}, {"lr": 0.02}, {"weight_decay": 0.0}, {"momentum": 0.5}, {"nesterov": False}, {"ns_coefficients": [3.0, -3.2, 1.2]}, {"ns_steps": 2}, {"adjust_lr_fn": "match_rms_adamw"}, {"adjust_lr_fn": "spectral_unclamped"}]


def tuples(config):
    return {key: tuple(value) if isinstance(value, list) else value for key, value in config.items()}


# L-BFGS: problems as functions of x, with their data in the fixture.

DESIGN = [[1.0, 0.5, -1.25], [1.0, -0.75, 0.25], [1.0, 1.5, 0.5], [1.0, -1.0, -0.5], [1.0, 0.25, 1.75], [1.0, 2.0, -0.25],
          [1.0, -0.5, 1.0], [1.0, 0.75, -2.0], [1.0, -1.5, 0.75], [1.0, 1.25, 1.25], [1.0, -2.0, -1.0], [1.0, 0.0, 0.5]]
LABELS = [1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0]
_half = np.array([[2, 1, 0, -1, 0, 1], [0, 3, 1, 0, 1, 0], [0, 0, 1, 2, -1, 0], [0, 0, 0, 4, 1, 1], [0, 0, 0, 0, 0.5, 1], [0, 0, 0, 0, 0, 8]])
MATRIX = (_half.T @ _half).tolist()
VECTOR = [1.0, -2.0, 3.0, 0.5, -0.25, 4.0]


def rosenbrock(x):
    return torch.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def quadratic(x):
    return 0.5 * x @ torch.tensor(MATRIX) @ x - torch.tensor(VECTOR) @ x


def logistic(x):
    z = torch.tensor(DESIGN) @ x
    return torch.mean(torch.nn.functional.softplus(z) - torch.tensor(LABELS) * z) + 0.05 * torch.sum(x**2)


PROBLEMS = {
    "rosenbrock2": (rosenbrock, [-1.25, 1.0], "sum over i of 100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2", {}),
    "rosenbrock6": (rosenbrock, [-1.25, 1.0, 0.5, -0.5, 0.25, 2.0], "as rosenbrock2", {}),
    "quadratic": (quadratic, [0.0] * 6, "x A x / 2 - b x", {"A": MATRIX, "b": VECTOR}),
    "logistic": (logistic, [0.0, 0.0, 0.0], "mean(softplus(D x) - y * (D x)) + 0.05 sum(x^2)", {"D": DESIGN, "y": LABELS}),
}
LBFGS = [
    ("rosenbrock2", {"line_search_fn": "strong_wolfe"}, 30), ("rosenbrock2", {"line_search_fn": "strong_wolfe", "history_size": 2}, 30), ("rosenbrock2", {"line_search_fn": "strong_wolfe", "lr": 0.1}, 30),
    ("rosenbrock6", {"line_search_fn": "strong_wolfe"}, 40), ("rosenbrock6", {"line_search_fn": "strong_wolfe", "history_size": 3}, 40),
    ("quadratic", {"line_search_fn": "strong_wolfe"}, 20), ("quadratic", {"lr": 0.5}, 12), ("quadratic", {"line_search_fn": None}, 12),
    ("logistic", {"line_search_fn": "strong_wolfe"}, 15), ("logistic", {"line_search_fn": None}, 15),
]


def lbfgs(problem, config, outer):
    function, start, _, _ = PROBLEMS[problem]
    evaluations = []

    def closure():
        optimizer.zero_grad()
        value = function(x)
        value.backward()
        evaluations.append([*x.detach().tolist(), value.item()])
        return value

    # one outer iteration per call of step
    x = torch.nn.Parameter(torch.tensor(start))
    optimizer = torch.optim.LBFGS([x], max_iter=1, max_eval=1000, **config)
    iterates = []
    for _ in range(outer):
        before = len(evaluations)
        optimizer.step(closure)
        iterates.append({"x": x.detach().tolist(), "value": function(x.detach()).item(), "evaluations": len(evaluations) - before})
        if torch.all(torch.isfinite(x)) and iterates[-1]["evaluations"] == 1 and len(iterates) > 1 and iterates[-1]["x"] == iterates[-2]["x"]:
            break
    # all in one call
    evaluations.clear()
    x = torch.nn.Parameter(torch.tensor(start))
    optimizer = torch.optim.LBFGS([x], max_iter=outer, max_eval=1000, **config)
    optimizer.step(closure)
    state = optimizer.state[x]
    return {
        "reference": "torch", "optimizer": "LBFGS", "function": "torch.optim.LBFGS", "problem": problem, "config": config, "dtype": "float64",
        "iterates_max_iter_1": iterates,
        "single_call": {"max_iter": outer, "x": x.detach().tolist(), "value": function(x.detach()).item(), "n_iter": state["n_iter"], "func_evals": state["func_evals"], "evaluated": evaluations},
    }


def main():
    options = arguments(__doc__).parse_args()
    results = []
    for name, variants in CASES.items():
        for config in variants:
            case = {"reference": "torch", "optimizer": name, "function": f"torch.optim.{name}", "config": config}

            def finish(optimizer, parameters, names):
                if name != "ASGD":
                    return {}
                return {"average": {key: optimizer.state[p]["ax"].numpy().reshape(-1)[RECORDED[key]].copy() for key, p in zip(names, parameters)}}

            results.append(run(lambda p: getattr(torch.optim, name)(p, foreach=False, **tuples(config)), case, (1, 3, 50) if not config else (1, 50), finish=finish))
    for config in MUON:
        case = {"reference": "torch", "optimizer": "Muon", "function": "torch.optim.Muon (Newton-Schulz in float64 instead of bfloat16)", "config": config}
        results.append(run(lambda p: torch.optim.Muon(p, **tuples(config)), case, (1, 50), names=["kernel"]))
    header = {
        "reference": f"torch {torch.__version__}, CPU, float64, default dtype float64, foreach=False",
        "made_by": "scripts/torch_optimizers.py", "dtype": "float64", "objective": OBJECTIVE, "positions": "inputs.json 'recorded'",
    }
    write(out_path(options, "optimizers", "torch.json"), header, {"cases": results})

    problems = {name: {"start": start, "formula": formula, **data} for name, (_, start, formula, data) in PROBLEMS.items()}
    header = {
        "reference": f"torch {torch.__version__}, float64", "made_by": "scripts/torch_optimizers.py", "problems": problems,
        "note": "defaults lr=1, history_size=100, tolerance_grad=1e-7, tolerance_change=1e-9, max_eval=1000 (given; torch defaults to max_iter*5/4 and cuts the line search by it); iterates_max_iter_1: step() called again and again with max_iter=1 (state is kept, "
                "each call evaluates once at its start); single_call: one step() with max_iter, 'evaluated' lists every evaluated point with its value last",
    }
    write(out_path(options, "optimizers", "lbfgs.json"), header, {"cases": [lbfgs(*item) for item in LBFGS]})


if __name__ == "__main__":
    main()
