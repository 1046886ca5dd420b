"""`descent train` as it is on real tables, beside scikit-learn's scaled multi-layer perceptron and its gradient boosting, all three untuned.

    python tables_beside_scikit_learn.py DESCENT [tables …]      (needs scikit-learn, statsmodels and pandas, whose tables they are)

Each table is split five times into four fifths to train on and one fifth to test on, the same for all three. `descent` gets the first part as a
CSV file with nothing but the target's name (it keeps a fifth of that to see when to stop) and predicts the second from another file. The
perceptron gets numbers scaled and categories as places of one, stops early likewise, and for a number has its target scaled; gradient boosting
gets the same. Prints a table in Markdown: R² for numbers, the part of right answers for classes, mean and deviation over the five."""

import os
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import pandas as pd
import sklearn
import statsmodels.api as sm
from sklearn import datasets
from sklearn.compose import TransformedTargetRegressor, make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

warnings.filterwarnings("ignore")


def bunch(load, **options):
    data = load(as_frame=True, **options)
    frame = data.frame.copy()
    if hasattr(data, "target_names") and load is not datasets.load_diabetes and load is not datasets.load_digits:
        frame["target"] = [str(data.target_names[t]) for t in frame["target"]]
    return frame, "target"


def stats(name, target, drop=()):
    return getattr(sm.datasets, name).load_pandas().data.drop(columns=list(drop)), target


def digits():
    frame, target = bunch(datasets.load_digits)
    frame[target] = "d" + frame[target].astype(str)
    return frame, target


TABLES = {
    "iris": lambda: bunch(datasets.load_iris), "wine": lambda: bunch(datasets.load_wine), "breast cancer": lambda: bunch(datasets.load_breast_cancer), "digits": digits,
    "diabetes": lambda: bunch(datasets.load_diabetes, scaled=False), "Engel's food expenditure": lambda: stats("engel", "foodexp"),
    "Californian schools (star98)": lambda: stats("star98", "NABOVE", ["NBELOW"]), "US economy (macrodata)": lambda: stats("macrodata", "infl", []),
    "marriages (fair)": lambda: stats("fair", "rate_marriage"), "health insurance (randhie)": lambda: stats("randhie", "mdvis"), "credit cards (ccard)": lambda: stats("ccard", "AVGEXP"),
    "election survey (anes96)": lambda: stats("anes96", "age"), "US states' crime": lambda: stats("statecrime", "murder"),
}


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(words)}: {done.stderr}{done.stdout}")


def by_descent(tool, train, test, target, is_number, folder, seed):
    path = lambda name: os.path.join(folder, name)
    train.to_csv(path("train.csv"), index=False)
    test.drop(columns=[target]).to_csv(path("test.csv"), index=False)
    task = ["--task", "regression"] if is_number else []
    run(tool, "train", "--data", path("train.csv"), "--target", target, "--seed", str(seed), "--save", path("m.keras"), "--verbose", "0", *task)
    run(tool, "predict", "--model", path("m.keras"), "--data", path("test.csv"), "--out", path("p.csv"))
    return pd.read_csv(path("p.csv"))[target]


def columns():
    texts = make_column_selector(dtype_exclude=np.number)
    return make_column_transformer((StandardScaler(), make_column_selector(dtype_include=np.number)), (OneHotEncoder(handle_unknown="ignore", sparse_output=False), texts))


def score(answers, guesses, is_number):
    return r2_score(answers, guesses) if is_number else float(np.mean(np.asarray(answers).astype(str) == np.asarray(guesses).astype(str)))


if __name__ == "__main__":
    tool, names = os.path.abspath(sys.argv[1]), sys.argv[2:] or list(TABLES)
    print(f"scikit-learn {sklearn.__version__}\n\n| table | rows | columns | score | `descent train` | scaled MLP | gradient boosting |\n|---|---:|---:|---|---:|---:|---:|")
    for name in names:
        frame, target = TABLES[name]()
        frame = frame.dropna()
        is_number = frame[target].dtype.kind in "if"
        found = [[], [], []]
        for seed in range(5):
            train, test = train_test_split(frame, test_size=0.2, random_state=seed, stratify=None if is_number else frame[target])
            x, y = train.drop(columns=[target]), train[target]
            options = {"hidden_layer_sizes": (64, 32), "early_stopping": True, "validation_fraction": 0.2, "n_iter_no_change": 30, "max_iter": 300, "random_state": seed}
            if is_number:
                models = [TransformedTargetRegressor(make_pipeline(columns(), MLPRegressor(**options)), transformer=StandardScaler()),
                          make_pipeline(columns(), HistGradientBoostingRegressor(random_state=seed))]
            else:
                models = [make_pipeline(columns(), MLPClassifier(**options)), make_pipeline(columns(), HistGradientBoostingClassifier(random_state=seed))]
            with tempfile.TemporaryDirectory() as folder:
                found[0].append(score(test[target], by_descent(tool, train, test, target, is_number, folder, seed), is_number))
            for place, model in enumerate(models):
                found[place + 1].append(score(test[target], model.fit(x, y).predict(test.drop(columns=[target])), is_number))
        cells = " | ".join(f"{np.mean(f):.3f} ± {np.std(f):.3f}" for f in found)
        print(f"| {name} | {len(frame):,} | {frame.shape[1] - 1} | {'R²' if is_number else 'right'} | {cells} |", flush=True)
