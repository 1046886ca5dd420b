"""learning-rate-suggestions.json: what fastai 2.7.19 suggests for some curves of losses.

pip download fastai==2.7.19 --no-deps; unzip it; pip install torch numpy
python fastai_suggestions.py FOLDER_OF_FASTAI
"""

import ast
import json
import math
import pathlib
import sys

import numpy as np
import torch

source = pathlib.Path(sys.argv[1], "fastai/callback/schedule.py").read_text()
wanted = {"valley", "slide", "minimum", "steep"}
functions = [n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef) and n.name in wanted]
names = {"np": np, "torch": torch, "to_np": lambda x: x.numpy()}
exec(compile(ast.Module(functions, []), "schedule.py", "exec"), names)


def curve(kind, steps=100):
    rng = np.random.default_rng(3)
    rates = [1e-7 * (1e8) ** (i / steps) for i in range(steps)]
    losses = []
    for i, rate in enumerate(rates):
        x = math.log10(rate)
        loss = 2.3 - 1.5 / (1 + math.exp(-3 * (x + 3))) + (math.exp(3 * x) if kind != "never rises" else 0)
        if kind == "noisy":
            loss += rng.normal() * 0.2
        if kind == "flat":
            loss = 1 + rng.normal() * 0.01
        losses.append(loss)
    if kind == "not finite":
        losses[80] = math.nan
        rates, losses = rates[:81], losses[:81]
    return rates, losses


cases = []
for kind in ["smooth", "noisy", "flat", "never rises", "not finite"]:
    rates, losses = curve(kind)
    average, smooth = 0.0, []
    for count, loss in enumerate(losses):
        average = 0.98 * average + 0.02 * loss
        smooth.append(average / (1 - 0.98 ** (count + 1)))
    lrs, values = torch.tensor(rates[10:-5], dtype=torch.float64), torch.tensor(smooth[10:-5], dtype=torch.float64)
    bad = torch.nonzero(torch.isnan(values))
    if len(bad):
        lrs, values = lrs[: bad.min()], values[: bad.min()]
    suggested = {name: float(names[name](lrs, values, 100)[0]) for name in sorted(wanted)}
    cases.append({"name": kind, "losses": [None if math.isnan(x) else x for x in losses], "rates": rates, "suggested": suggested})
target = pathlib.Path(__file__).parent.parent / "learning-rate-suggestions.json"
target.write_text(json.dumps({"made by": "fastai 2.7.19, torch " + torch.__version__, "cases": cases}, indent=None) + "\n")
