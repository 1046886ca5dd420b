"""Runs the optimizers of PyTorch that take sparse gradients over a table whose rows are looked up; writes optimizers/sparse.json.

The loss of step i is sum(weights[i] * rows) + sum(rows * rows) / 4 where rows = table[indices[i]], in float64.
SparseAdam leaves rows that are not looked up as they are, with their averages.
"""

import numpy as np
import torch

from fixturelib import arguments, out_path, write

ROWS, WIDTH, STEPS, LOOKED_UP = 32, 3, 12, 7
generator = np.random.RandomState(11)
START = generator.randint(-1024, 1025, size=(ROWS, WIDTH)) / 1024
# Equal indices in a step, rows that return after some steps, and rows that never come.
INDICES = generator.randint(0, ROWS - 4, size=(STEPS, LOOKED_UP))
INDICES[:, 3] = INDICES[:, 0]
INDICES[5] = 2
WEIGHTS = generator.randint(-1024, 1025, size=(STEPS, LOOKED_UP, WIDTH)) / 1024
CASES = {
    "SparseAdam": [{}, {"lr": 0.05}, {"lr": 0.05, "betas": [0.5, 0.9]}, {"lr": 0.05, "eps": 0.1}],
    "Adagrad": [{}, {"lr": 0.1, "initial_accumulator_value": 0.5}, {"lr": 0.1, "lr_decay": 0.1}, {"eps": 0.1}],
    "SGD": [{"lr": 0.1}],
}


def run(name, config):
    table = torch.nn.Parameter(torch.tensor(START))
    optimizer = getattr(torch.optim, name)([table], **{key: tuple(value) if isinstance(value, list) else value for key, value in config.items()})
    tables = {}
    for step in range(STEPS):
        optimizer.zero_grad()
        rows = torch.nn.functional.embedding(torch.tensor(INDICES[step]), table, sparse=True)
        (torch.sum(torch.tensor(WEIGHTS[step]) * rows) + torch.sum(rows * rows) / 4).backward()
        assert table.grad.is_sparse
        optimizer.step()
        if step + 1 in (1, 4, STEPS):
            tables[str(step + 1)] = table.detach().numpy().reshape(-1).copy()
    return {"optimizer": name, "config": config, "table_after": tables}


def main():
    options = arguments(__doc__).parse_args()
    header = {
        "reference": f"torch {torch.__version__}, CPU, float64", "made_by": "scripts/sparse_optimizers.py",
        "loss": "of step i: sum(weights[i] * rows) + sum(rows * rows) / 4, rows = table[indices[i]]",
        "rows": ROWS, "width": WIDTH, "start": START.reshape(-1), "indices": INDICES.reshape(-1), "weights": WEIGHTS.reshape(-1),
    }
    write(out_path(options, "optimizers", "sparse.json"), header, {"cases": [run(name, config) for name, configs in CASES.items() for config in configs]})


if __name__ == "__main__":
    main()
