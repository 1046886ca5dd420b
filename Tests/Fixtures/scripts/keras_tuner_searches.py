"""What KerasTuner does: values of hyperparameters, directions of objectives, results of trials, whole searches, its Gaussian process; writes tuner.json.

Needs keras-tuner 1.4.8 with six and scikit-learn 1.9.1 besides Keras, in an environment of its own.
"""

import math
import os
import shutil
import tempfile

os.environ["KERAS_BACKEND"] = "jax"
import keras
import keras_tuner as kt
import numpy as np
import scipy.optimize
from keras_tuner.src.engine import base_tuner, metrics_tracking, objective as objectives, tuner_utils
from keras_tuner.src.engine import hyperparameters as hps

from fixturelib import arguments, out_path, write

PROBABILITIES = [0.0, 0.03, 0.1, 0.25, 0.3333, 0.5, 0.61, 0.75, 0.9, 0.999, 0.999999]


def mappings():
    kinds = [
        hps.Int("n", 6, 12), hps.Int("n", 6, 13, step=3), hps.Int("n", 2, 32, step=2, sampling="log"), hps.Int("n", 1, 1000, sampling="log"),
        hps.Int("n", 3, 700, sampling="reverse_log"), hps.Int("n", 2, 33, step=2, sampling="reverse_log"), hps.Int("n", -5, 5, default=3),
        hps.Int("n", 32, 512, step=32, default=128), hps.Int("n", 7, 7), hps.Int("n", 7, 7, sampling="log"),
        hps.Float("x", 0, 1), hps.Float("x", 0, 1, step=0.2), hps.Float("x", 0, 1, step=0.1), hps.Float("x", 0.001, 10, step=10, sampling="log"),
        hps.Float("x", 1e-4, 1e-1, sampling="log"), hps.Float("x", 1e-4, 1e-1, sampling="reverse_log"), hps.Float("x", -3, 5, default=0.5),
        hps.Float("x", 0.5, 64, step=2, sampling="reverse_log"), hps.Float("x", 0.25, 0.25), hps.Float("x", 0.1, 0.75, step=0.05),
        hps.Choice("c", ["a", "b", "c"]), hps.Choice("c", [1, 2, 4, 8], default=4), hps.Choice("c", [0.1, 0.01, 0.001]),
        hps.Choice("c", [3, 1, 2], ordered=False), hps.Choice("c", ["a"], default="a"),
        hps.Boolean("b"), hps.Boolean("b", default=True), hps.Fixed("f", 3), hps.Fixed("f", 0.5), hps.Fixed("f", "text"), hps.Fixed("f", True),
    ]
    for hp in kinds:
        found = [hp.prob_to_value(p) for p in PROBABILITIES]
        values = list(hp.values)
        is_stepless = isinstance(hp, (hps.Int, hps.Float)) and hp.step is None
        yield {
            "class_name": type(hp).__name__, "config": hp.get_config(), "default": hp.default, "values": found,
            "probabilities": [hp.value_to_prob(v) for v in found],
            # Without a step they are a set, in the order of Python's hashes.
            "all": sorted(values) if is_stepless else values,
        }


NAMES = [
    "loss", "val_loss", "acc", "accuracy", "val_accuracy", "auc", "val_auc", "AUC", "precision", "recall", "Precision", "mae", "val_mse", "mean_squared_error",
    "f1_score", "r2_score", "cosine_similarity", "val_sparse_categorical_accuracy", "top_k_categorical_accuracy", "bogus", "val_bogus", "crossentropy",
    "weighted_accuracy", "hinge", "poisson", "root_mean_squared_error", "binary_accuracy", "huber", "val_binary_crossentropy", "kl_divergence",
]


def directions():
    for name in NAMES:
        yield {"name": name, "direction": metrics_tracking.infer_metric_direction(name)}


def results():
    def history(**columns):
        made = keras.callbacks.History()
        made.history = columns
        return made

    a = {"loss": [0.9, 0.5, 0.6], "val_accuracy": [0.5, 0.7, 0.7], "val_loss": [0.8, 0.75, 0.7]}
    b = {"loss": [0.8, 0.7, 0.4, 0.3], "val_accuracy": [0.6, 0.65, 0.9, 0.8], "val_loss": [0.9, 0.7, 0.72, 0.8]}
    for objective, histories in [
        ("val_accuracy", [a]), ("val_accuracy", [a, b]), ("val_loss", [a]), ("val_loss", [a, b]), ("loss", [b]),
        (["val_loss", "val_accuracy"], [a]), (["val_loss", "val_accuracy"], [a, b]),
    ]:
        goal = objectives.create_objective(objective)
        made = [history(**h) for h in histories]
        yield {
            "objective": objective, "histories": histories, "metrics": tuner_utils.convert_to_metrics_dict(made, goal), "score_name": goal.name,
            "step": tuner_utils.get_best_step(made, goal),
        }


# Spaces: SearchTests.swift has the same.


def plain(hp):
    hp.Int("units", 32, 128, step=32)
    hp.Float("rate", 1e-4, 1e-1, step=10, sampling="log", default=1e-2)
    hp.Choice("activation", ["relu", "tanh", "elu"], default="tanh")
    hp.Boolean("dropout")


def free(hp):
    hp.Int("units", 1, 1000, sampling="log")
    hp.Float("rate", 1e-4, 1e-1, sampling="log")
    hp.Float("momentum", 0.1, 0.99, sampling="reverse_log")
    hp.Fixed("batch", 32)
    hp.Choice("activation", ["relu", "tanh", "elu"])


def conditional(hp):
    hp.Choice("kind", ["mlp", "cnn"])
    with hp.conditional_scope("kind", ["mlp"]):
        hp.Int("units", 8, 24, step=8, default=16)
    with hp.conditional_scope("kind", ["cnn"]):
        hp.Int("filters", 4, 16, step=2, sampling="log")
        hp.Boolean("norm")
        with hp.conditional_scope("norm", [True]):
            hp.Float("momentum", 0.5, 0.9, step=0.2)
    hp.Boolean("shuffle", default=True)


def growing(hp):
    for layer in range(hp.Int("layers", 1, 3)):
        with hp.name_scope(f"layer{layer}"):
            hp.Int("units", 8, 16, step=8)


SPACES = {"plain": plain, "free": free, "conditional": conditional, "growing": growing}


def score(values):
    total = 0.0
    for place, name in enumerate(sorted(n for n in values if not n.startswith("tuner/"))):
        value = values[name]
        total += (place + 1) * (len(value) if isinstance(value, str) else float(value))
    return math.sin(total)


class Failure(Exception):
    pass


class Searcher(base_tuner.BaseTuner):
    """Scores the values themselves; if some are to fail, a fifth of them does, and another fifth gives no number."""

    def run_trial(self, trial, fails):
        hp = trial.hyperparameters
        self.hypermodel.build(hp)
        self.runs.append(trial.trial_id)
        value = score(hp.values)
        kind = int(abs(value) * 1000) % 5 if fails else 9
        if kind == 0:
            raise Failure("fails")
        return math.nan if kind == 1 else value

    runs = None


class Space(kt.HyperModel):
    def __init__(self, body):
        super().__init__()
        self.body = body

    def build(self, hp):
        self.body(hp)


def search(space, oracle, fails=False):
    folder = tempfile.mkdtemp()
    try:
        tuner = Searcher(oracle, Space(SPACES[space]), directory=folder, overwrite=True)
        tuner.runs = []
        oracle.verbose = 0
        ended = "ok"
        try:
            tuner.search(fails)
        except RuntimeError:
            ended = "failed"
        trials = [oracle.trials[name] for name in oracle.start_order]
        return {
            "space": space, "runs": tuner.runs, "ended": ended, "known": [hp.name for hp in oracle.hyperparameters.space],
            "best": [t.trial_id for t in oracle.get_best_trials(3) if t.status == "COMPLETED"],
            "trials": [{"id": t.trial_id, "values": t.hyperparameters.values, "status": t.status, "score": t.score} for t in trials],
        }
    finally:
        shutil.rmtree(folder)


def searches():
    for space in SPACES:
        for direction in ["min", "max"]:
            goal = kt.Objective("score", direction)
            yield {"tuner": "RandomSearch", "direction": direction, "seed": 7, "max_trials": 12} | search(
                space, kt.oracles.RandomSearchOracle(goal, max_trials=12, seed=7))
            # What a trial did not ask for and another did, it draws there from a generator that nobody seeds.
            if space == "growing":
                continue
            yield {"tuner": "Hyperband", "direction": direction, "seed": 3, "max_epochs": 10, "factor": 3, "iterations": 2} | search(
                space, kt.oracles.HyperbandOracle(goal, max_epochs=10, factor=3, hyperband_iterations=2, seed=3))
    for space in ["plain", "conditional"]:
        yield {"tuner": "GridSearch", "direction": "max", "seed": 1} | search(space, kt.oracles.GridSearchOracle(kt.Objective("score", "max"), seed=1))
    yield {"tuner": "GridSearch", "direction": "max", "seed": 1, "max_trials": 5} | search(
        "plain", kt.oracles.GridSearchOracle(kt.Objective("score", "max"), max_trials=5, seed=1))
    yield {"tuner": "Hyperband", "direction": "max", "seed": 11, "max_epochs": 16, "factor": 2, "iterations": 1} | search(
        "free", kt.oracles.HyperbandOracle(kt.Objective("score", "max"), max_epochs=16, factor=2, seed=11))
    for retries, consecutive, seed in [(0, 3, 5), (1, 3, 5), (2, 2, 6), (0, 2, 8), (0, 2, 2)]:
        yield {"tuner": "RandomSearch", "direction": "max", "seed": seed, "max_trials": 30, "fails": True, "retries": retries, "consecutive": consecutive} | search(
            "free", kt.oracles.RandomSearchOracle(
                kt.Objective("score", "max"), max_trials=30, seed=seed, max_retries_per_trial=retries, max_consecutive_failed_trials=consecutive), True)


def brackets():
    for epochs, factor in [(10, 3), (100, 3), (81, 3), (1, 3), (2, 2), (27, 3), (50, 4), (7, 2), (300, 5)]:
        oracle = kt.oracles.HyperbandOracle(kt.Objective("score", "max"), max_epochs=epochs, factor=factor)
        count = oracle._get_num_brackets()
        yield {
            "max_epochs": epochs, "factor": factor,
            "brackets": [
                [[oracle._get_size(b, r), oracle._get_epochs(b, r)] for r in range(oracle._get_num_rounds(b))] for b in range(count)],
        }


def processes():
    for space, direction, trials, seed, alpha, beta in [
        ("free", "max", 9, 4, 1e-4, 2.6), ("free", "min", 14, 5, 1e-2, 1.0), ("plain", "max", 12, 6, 1e-4, 2.6), ("conditional", "min", 13, 7, 1e-3, 2.0),
        ("growing", "max", 8, 8, 1e-4, 2.6),
    ]:
        oracle = kt.oracles.BayesianOptimizationOracle(
            kt.Objective("score", direction), max_trials=trials, num_initial_points=trials, alpha=alpha, beta=beta, seed=seed)
        case = search(space, oracle)
        x, y = oracle._vectorize_trials()
        oracle.gpr.fit(x, y)
        points = np.random.RandomState(seed).uniform(size=(6, x.shape[1]))
        points = np.concatenate([points, x[:2]])
        mean, deviation = oracle.gpr.predict(points, return_std=True)

        def bound(point):
            mu, sigma = oracle.gpr.predict(point.reshape(1, -1), return_std=True)
            return (mu - beta * sigma)[0]

        starts = np.random.RandomState(seed).uniform(size=(50, x.shape[1]))
        lowest = min(scipy.optimize.minimize(bound, x0=s, bounds=[[0, 1]] * x.shape[1], method="L-BFGS-B").fun for s in starts)
        yield case | {
            "direction": direction, "seed": seed, "max_trials": trials, "alpha": alpha, "beta": beta, "x": x, "y": y, "points": points, "mean": mean,
            "deviation": deviation, "length": oracle.gpr.kernel_.length_scale, "likelihood": oracle.gpr.log_marginal_likelihood_value_, "lowest": lowest,
            "values_at": [{"point": p, "values": oracle._vector_to_values(p)} for p in points],
        }


if __name__ == "__main__":
    options = arguments(__doc__).parse_args()
    write(
        out_path(options, "tuner.json"), {"keras_tuner": kt.__version__, "probabilities": PROBABILITIES},
        {
            "mappings": list(mappings()), "directions": list(directions()), "results": list(results()), "searches": list(searches()),
            "brackets": list(brackets()), "processes": list(processes()),
        })
