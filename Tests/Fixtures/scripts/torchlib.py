"""Runs torch-style optimizers over the shared inputs, in float64."""

import os

os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np
import torch

from fixturelib import NAMES, SHAPES, all_finite, load_inputs, record

torch.set_num_threads(1)
# Some of torch's optimizers keep scalars (NAdam's product of the mu) in the default dtype.
torch.set_default_dtype(torch.float64)

CURVATURE = {name: (0.5 + 0.25 * (np.arange(int(np.prod(SHAPES[name], dtype=int))) % 4)).reshape(SHAPES[name]) for name in NAMES}
OBJECTIVE = "'objective': true means: the gradient of step t at the weights w is c * w + gradients[t], with c[i] = 0.5 + 0.25 * (i mod 4) for flat position i; otherwise it is gradients[t]"


def given_hessian(step):
    """A made-up Hessian diagonal, with zeros, for Sophia."""
    return {name: (np.arange(int(np.prod(SHAPES[name], dtype=int))) % 5 * 0.25 * (1 + step % 3)).reshape(SHAPES[name]) for name in NAMES}


HESSIAN = "the Hessian diagonal given at step t is h[i] = (i mod 5) * 0.25 * (1 + t mod 3) for flat position i"


def run(make, case, recorded_steps=(1, 50), names=NAMES, step=None, finish=None):
    """`make(parameters)` builds the optimizer; `step(optimizer, number, gradient_function, parameters)` may replace its step."""
    initial, gradients = load_inputs()
    parameters = [torch.nn.Parameter(torch.tensor(initial[name])) for name in names]
    curvature = [torch.tensor(CURVATURE[name]) for name in names]
    optimizer = make(parameters)
    steps = {}
    for number, gradient in enumerate(gradients, start=1):

        def set_gradients():
            for name, parameter, c in zip(names, parameters, curvature):
                value = torch.tensor(gradient[name])
                if case.get("objective"):
                    value = value + c * parameter.detach()
                parameter.grad = value

        set_gradients()
        if step:
            step(optimizer, number, set_gradients, parameters)
        else:
            optimizer.step()
        if number in recorded_steps:
            values = {name: parameter.detach().numpy() for name, parameter in zip(names, parameters)}
            if not all_finite(values):
                print("not finite:", case["function"], case["config"], "at", number)
            steps[number] = {name: np.array(value) for name, value in record(values).items()}
    result = {**case, "dtype": "float64", "steps": steps}
    if finish:
        result.update(finish(optimizer, parameters, names))
    return result
