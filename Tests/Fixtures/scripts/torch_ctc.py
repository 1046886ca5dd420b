"""PyTorch's ctc_loss (float64) of the targets in ctc.json that fit into their steps; writes ctc-torch.json, one list of values and one of the
gradients of each case, null for rows whose loss is infinite."""

import json
import os

import torch
from torch.nn.functional import ctc_loss

from fixturelib import FIXTURES, arguments, out_path, pattern, write

with open(os.path.join(FIXTURES, "ctc.json")) as file:
    CASES = json.load(file)["losses"]


def run(case):
    x = torch.tensor(3 * pattern(case["shape"], case["salt"]), requires_grad=True)
    values = ctc_loss(
        x.log_softmax(-1).transpose(0, 1), torch.tensor(case["target"]), torch.tensor(case["output_length"]),
        torch.tensor(case["target_length"]), blank=case["mask_index"], reduction="none")
    fits = [bool(torch.isfinite(value)) for value in values]
    sum((row + 1) * values[row] for row in range(len(fits)) if fits[row]).backward()
    return {
        "values": [value.item() if fit else None for value, fit in zip(values, fits)],
        "gradients": [part.reshape(-1).numpy() if fit else None for part, fit in zip(x.grad, fits)],
    }


def main():
    options = arguments(__doc__).parse_args()
    header = {"reference": f"torch {torch.__version__}, float64", "made_by": "scripts/torch_ctc.py"}
    write(out_path(options, "ctc-torch.json"), header, {"cases": [run(case) for case in CASES]})


if __name__ == "__main__":
    main()
