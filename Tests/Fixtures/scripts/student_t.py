"""student-t.json: Student's distribution and Holm's correction by SciPy and statsmodels' definition.

pip install scipy
python student_t.py
"""

import json
import pathlib

import numpy as np
import scipy
from scipy import stats

cases = []
for n in [1, 2, 3, 4, 9, 30, 200]:
    for t in [0.0, 0.1, 0.7, 1.5, 2.776, 6.0, 40.0]:
        cases.append({"n": n, "t": t, "p": float(2 * stats.t.sf(t, n))})
critical = [{"n": n, "confidence": c, "t": float(stats.t.ppf(0.5 + c / 2, n))} for n in [1, 2, 4, 9, 30] for c in [0.9, 0.95, 0.983333, 0.999]]
rng = np.random.default_rng(5)
tests = []
for others in [1, 2, 3]:
    base = rng.normal(size=6)
    rows = [base + shift + 0.3 * rng.normal(size=6) for shift in [0.6, -0.4, 0.0][:others]]
    p = [float(stats.ttest_rel(r, base).pvalue) for r in rows]
    order = np.argsort(p)
    adjusted, worst = [0.0] * others, 0.0
    for rank, i in enumerate(order):
        worst = max(worst, min(1, p[i] * (others - rank)))
        adjusted[i] = worst
    tests.append({"baseline": base.tolist(), "others": [r.tolist() for r in rows], "adjusted": adjusted})
target = pathlib.Path(__file__).parent.parent / "student-t.json"
target.write_text(json.dumps({"made by": "SciPy " + scipy.__version__, "p": cases, "critical": critical, "tests": tests}) + "\n")
