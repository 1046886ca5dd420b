"""Losses, activations, metrics, regularizers, constraints and initializers of Keras 3, in float64 on JAX.

Writes losses.json, activations.json, metrics.json, regularizers.json and initializers.json.
Derivatives are jax.grad of the Keras function itself; where a function has a kink the derivative
is JAX's choice, and activations.json lists those points under "kinks".
"""

import keras64

import jax
import jax.numpy as jnp
import keras
import numpy as np

from fixturelib import arguments, out_path, write

HEADER = {
    "reference": f"keras {keras.__version__}, JAX {jax.__version__} backend, float64",
    "made_by": "scripts/keras_functions.py",
    "epsilon": keras.config.epsilon(),
}


def tensor(values):
    values = np.asarray(values)
    return {"shape": list(values.shape), "dtype": "int32" if values.dtype.kind == "i" else "float64", "values": values.reshape(-1)}


REAL_TRUE = np.array([[0.5, -1.25, 2.0], [0.0, 0.75, -0.5], [1.5, -2.0, 0.25], [3.0, 0.125, -0.75]])
REAL_PRED = np.array([[0.25, -1.0, 3.5], [0.5, 0.75, -2.0], [1.375, 0.5, 0.5], [-0.25, 0.0625, -0.875]])
POSITIVE_TRUE = np.array([[0.5, 1.25, 2.0], [0.25, 0.75, 0.5], [1.5, 2.0, 0.125], [3.0, 0.125, 0.75]])
POSITIVE_PRED = np.array([[0.25, 1.0, 3.5], [0.5, 0.75, 2.0], [1.375, 0.5, 0.5], [0.25, 0.0625, 0.875]])
BINARY_TRUE = np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
SIGNED_TRUE = 2 * BINARY_TRUE - 1
PROBABILITY = np.array([[0.875, 0.25, 0.5], [0.125, 0.0625, 0.75], [0.3125, 0.9375, 0.4375], [0.625, 0.1875, 0.03125]])
LOGITS = np.array([[1.5, -2.0, 0.25], [-0.75, 0.5, 3.0], [0.0, 1.25, -1.5], [-4.0, 2.5, 0.125]])
ONE_HOT = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
SOFT = np.array([[0.75, 0.125, 0.125], [0.0, 0.25, 0.75], [0.25, 0.5, 0.25], [1.0, 0.0, 0.0]])
SIMPLEX = np.array([[0.75, 0.125, 0.125], [0.25, 0.25, 0.5], [0.125, 0.625, 0.25], [0.375, 0.5, 0.125]])
LABELS = np.array([0, 2, 1, 0], dtype=np.int32)
WITH_IGNORED = np.array([0, 2, -1, 0], dtype=np.int32)
WEIGHTS = np.array([1.0, 0.5, 2.0, 0.0])
SEQUENCE_LABELS = np.array([[0, 2], [1, 1]], dtype=np.int32)
SEQUENCE_LOGITS = LOGITS.reshape(2, 2, 3)

INPUTS = {
    "real": (REAL_TRUE, REAL_PRED),
    "positive": (POSITIVE_TRUE, POSITIVE_PRED),
    "binary": (BINARY_TRUE, PROBABILITY),
    "binary_logits": (BINARY_TRUE, LOGITS),
    "signed": (SIGNED_TRUE, LOGITS),
    "one_hot": (ONE_HOT, SIMPLEX),
    "soft": (SOFT, SIMPLEX),
    "unnormalised": (ONE_HOT, PROBABILITY),
    "one_hot_logits": (ONE_HOT, LOGITS),
    "soft_logits": (SOFT, LOGITS),
    "sparse": (LABELS, SIMPLEX),
    "sparse_column": (LABELS.reshape(4, 1), SIMPLEX),
    "sparse_logits": (LABELS, LOGITS),
    "sparse_ignored": (WITH_IGNORED, SIMPLEX),
    "sparse_ignored_logits": (WITH_IGNORED, LOGITS),
    "sequence_logits": (SEQUENCE_LABELS, SEQUENCE_LOGITS),
    "column": (BINARY_TRUE[:, 0], PROBABILITY[:, :1]),
    "extreme_binary": (np.array([[1.0, 0.0, 1.0, 0.0]]), np.array([[0.0, 1.0, 1.0, 0.0]])),
    "extreme_binary_logits": (np.array([[1.0, 0.0, 1.0, 0.0, 1.0]]), np.array([[-800.0, 800.0, 40.0, -40.0, 0.0]])),
    "extreme_one_hot": (np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[0.0, 1.0], [0.0, 1.0]])),
    "extreme_one_hot_logits": (np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[-800.0, 800.0], [-800.0, 800.0]])),
    "extreme_sparse": (np.array([0, 1], dtype=np.int32), np.array([[0.0, 1.0], [0.0, 1.0]])),
    "extreme_real": (np.array([[0.0, 1e-9, 1.0]]), np.array([[800.0, -800.0, 1.0]])),
    "with_zeros": (np.array([[0.0, 0.0, 0.0], [0.0, 0.5, 0.5]]), np.array([[0.0, 0.0, 0.0], [0.25, 0.0, 0.75]])),
}

LOSSES = [
    ("MeanSquaredError", {}, ["real", "column"]),
    ("MeanAbsoluteError", {}, ["real"]),
    ("MeanAbsolutePercentageError", {}, ["real", "positive", "with_zeros"]),
    ("MeanSquaredLogarithmicError", {}, ["positive", "real"]),
    ("Huber", {}, ["real"]), ("Huber", {"delta": 0.3}, ["real"]), ("Huber", {"delta": 2.0}, ["real"]),
    ("LogCosh", {}, ["real", "extreme_real"]),
    ("CosineSimilarity", {}, ["real", "with_zeros"]), ("CosineSimilarity", {"axis": 0}, ["real"]),
    ("Hinge", {}, ["signed", "binary_logits"]), ("SquaredHinge", {}, ["signed", "binary_logits"]), ("CategoricalHinge", {}, ["one_hot", "one_hot_logits"]),
    ("KLDivergence", {}, ["soft", "one_hot", "with_zeros"]), ("Poisson", {}, ["positive"]),
    ("BinaryCrossentropy", {}, ["binary", "column", "extreme_binary"]),
    ("BinaryCrossentropy", {"label_smoothing": 0.2}, ["binary"]), ("BinaryCrossentropy", {"axis": 0}, ["binary"]),
    ("BinaryCrossentropy", {"from_logits": True}, ["binary_logits", "extreme_binary_logits"]),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.2}, ["binary_logits"]),
    ("BinaryFocalCrossentropy", {}, ["binary"]), ("BinaryFocalCrossentropy", {"apply_class_balancing": True}, ["binary"]),
    ("BinaryFocalCrossentropy", {"apply_class_balancing": True, "alpha": 0.6, "gamma": 3.0}, ["binary"]),
    ("BinaryFocalCrossentropy", {"from_logits": True, "label_smoothing": 0.1, "gamma": 1.0}, ["binary_logits"]),
    ("CategoricalCrossentropy", {}, ["one_hot", "soft", "unnormalised", "extreme_one_hot"]),
    ("CategoricalCrossentropy", {"label_smoothing": 0.2}, ["one_hot"]),
    ("CategoricalCrossentropy", {"from_logits": True}, ["one_hot_logits", "soft_logits", "extreme_one_hot_logits"]),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.2}, ["one_hot_logits"]),
    ("CategoricalFocalCrossentropy", {}, ["one_hot", "soft"]), ("CategoricalFocalCrossentropy", {"alpha": 0.6, "gamma": 3.0, "label_smoothing": 0.1}, ["one_hot"]),
    ("CategoricalFocalCrossentropy", {"from_logits": True}, ["one_hot_logits"]),
    ("SparseCategoricalCrossentropy", {}, ["sparse", "sparse_column", "extreme_sparse"]),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, ["sparse_logits", "sequence_logits"]),
    ("SparseCategoricalCrossentropy", {"ignore_class": -1}, ["sparse_ignored"]),
    ("SparseCategoricalCrossentropy", {"ignore_class": -1, "from_logits": True}, ["sparse_ignored_logits"]),
    ("SparseCategoricalCrossentropy", {"ignore_class": 0, "from_logits": True}, ["sequence_logits"]),
    ("CategoricalGeneralizedCrossEntropy", {}, ["sparse"]), ("CategoricalGeneralizedCrossEntropy", {"q": 0.8}, ["sparse"]),
    ("Dice", {}, ["binary"]), ("Dice", {"axis": [1]}, ["binary"]),
    ("Tversky", {}, ["binary"]), ("Tversky", {"alpha": 0.3, "beta": 0.7}, ["binary"]),
]


def losses(options):
    cases = []

    def case(name, config, key, weights=None):
        y_true, y_pred = INPUTS[key]
        loss = getattr(keras.losses, name)(**config)
        none = config.get("reduction", "sum_over_batch_size") in (None, "none")
        value = lambda p: loss(jnp.asarray(y_true), p, sample_weight=None if weights is None else jnp.asarray(weights))
        result = value(jnp.asarray(y_pred))
        assert result.dtype == jnp.float64, (name, result.dtype)
        entry = {"loss": name, "config": config, "inputs": key}
        if weights is not None:
            entry["sample_weight"] = weights
        entry["value"] = np.asarray(result)
        if none:
            entry["value_shape"] = list(result.shape)
        entry["gradient"] = np.asarray(jax.grad(lambda p: jnp.sum(value(p)))(jnp.asarray(y_pred))).reshape(-1)
        entry["serialized"] = keras.losses.serialize(loss)
        cases.append(entry)

    for name, config, keys in LOSSES:
        for key in keys:
            case(name, config, key)
        if name not in ("Dice", "Tversky"):
            case(name, {**config, "reduction": "none"}, keys[0])
    for reduction in ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none"):
        for name, config, key in (
            ("MeanSquaredError", {}, "real"), ("BinaryCrossentropy", {"from_logits": True}, "binary_logits"),
            ("SparseCategoricalCrossentropy", {"from_logits": True}, "sparse_logits"),
            ("SparseCategoricalCrossentropy", {"from_logits": True, "ignore_class": -1}, "sparse_ignored_logits"),
        ):
            case(name, {**config, "reduction": reduction}, key)
            case(name, {**config, "reduction": reduction}, key, WEIGHTS)

    strings = {}
    for text in ("mse", "MSE", "mean_squared_error", "mae", "mape", "msle", "bce", "kld", "huber", "log_cosh", "logcosh", "hinge", "poisson", "cosine_similarity",
                 "binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy", "MeanSquaredError", "BinaryCrossentropy", "crossentropy", "ce"):
        try:
            found = keras.losses.get(text)
            strings[text] = getattr(found, "__name__", type(found).__name__)
        except ValueError as error:
            strings[text] = "error: " + str(error).split("\n")[0][:120]
    inputs = {key: {"y_true": tensor(t), "y_pred": tensor(p)} for key, (t, p) in INPUTS.items()}
    header = {**HEADER, "note": "gradient: of the value (of its sum where reduction is none) with respect to y_pred", "inputs": inputs, "strings": strings}
    write(out_path(options, "losses.json"), header, {"cases": cases})


POINTS = np.array([-800.0, -40.0, -10.0, -6.0, -4.5, -3.0, -2.5, -1.5, -1.0, -0.75, -0.5, -0.25, -0.0625, -1e-6, 0.0,
                   1e-6, 0.0625, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5, 3.0, 4.5, 6.0, 10.0, 40.0, 600.0])
ACTIVATIONS = [
    ("celu", {}), ("celu", {"alpha": 0.5}), ("elu", {}), ("elu", {"alpha": 0.5}), ("exponential", {}), ("gelu", {}), ("gelu", {"approximate": True}),
    ("hard_shrink", {}), ("hard_shrink", {"threshold": 1.25}), ("hard_sigmoid", {}), ("hard_silu", {}), ("hard_tanh", {}), ("leaky_relu", {}), ("leaky_relu", {"negative_slope": 0.05}),
    ("linear", {}), ("log_sigmoid", {}), ("mish", {}), ("relu", {}), ("relu", {"negative_slope": 0.1}), ("relu", {"max_value": 2.0}), ("relu", {"threshold": 0.6}),
    ("relu", {"negative_slope": 0.1, "max_value": 2.0, "threshold": 0.6}), ("relu6", {}), ("selu", {}), ("sigmoid", {}), ("silu", {}), ("soft_shrink", {}), ("soft_shrink", {"threshold": 1.25}),
    ("softplus", {}), ("softsign", {}), ("sparse_plus", {}), ("sparse_sigmoid", {}), ("squareplus", {}), ("squareplus", {"b": 1}), ("tanh", {}), ("tanh_shrink", {}),
    ("threshold", {"threshold": 0.4, "default_value": -0.3}),
]
ROWS = np.array([[0.5, -1.0, 2.0, 0.25], [1.0, 1.0, 1.0, 1.0], [-3.0, 0.0, 0.125, 4.0], [800.0, -800.0, 799.0, 0.0]])
COTANGENT = np.array([[1.0, -0.5, 0.25, 2.0], [0.5, 1.0, -1.0, 0.75], [-0.25, 1.5, 1.0, 0.5], [2.0, -1.0, 0.125, 1.0]])
ROW_ACTIVATIONS = [
    ("softmax", {}), ("softmax", {"axis": 0}), ("log_softmax", {}), ("log_softmax", {"axis": 0}), ("sparsemax", {}), ("glu", {}), ("glu", {"axis": 0}),
]


def activations(options):
    cases, rows = [], []
    for name, config in ACTIVATIONS:
        function = getattr(keras.activations, name)
        value = lambda x: function(x, **config)
        points = POINTS
        slope = jax.vmap(jax.grad(value))
        left, right = slope(jnp.asarray(points) - 1e-9), slope(jnp.asarray(points) + 1e-9)
        kinks = np.asarray(points)[np.abs(np.asarray(left - right)) > 1e-4 * np.maximum(1, np.abs(np.asarray(left)))]
        result = value(jnp.asarray(points))
        assert result.dtype == jnp.float64
        entry = {"activation": name, "config": config, "values": np.asarray(result), "derivatives": np.asarray(slope(jnp.asarray(points)))}
        entry["kinks"] = kinks
        cases.append(entry)
    for name, config in ROW_ACTIVATIONS:
        function = getattr(keras.activations, name)
        result = function(jnp.asarray(ROWS), **config)
        cotangent = COTANGENT if result.shape == ROWS.shape else (COTANGENT[:, :2] if result.shape[0] == 4 else COTANGENT[:2])
        gradient = jax.grad(lambda x: jnp.sum(jnp.asarray(cotangent) * function(x, **config)))(jnp.asarray(ROWS))
        rows.append({"activation": name, "config": config, "shape": list(result.shape), "values": np.asarray(result).reshape(-1),
                     "cotangent": cotangent.reshape(-1), "gradient": np.asarray(gradient).reshape(-1)})
    header = {**HEADER, "points": POINTS, "row_input": tensor(ROWS),
              "note": "rows: gradient of sum(cotangent * activation(row_input)) with respect to row_input"}
    write(out_path(options, "activations.json"), header, {"cases": cases, "rows": rows})


FIVE_TRUE = np.array([0, 3, 4, 1, 2, 3], dtype=np.int32)
FIVE_PRED = np.array([[0.3, 0.25, 0.2, 0.15, 0.1], [0.1, 0.2, 0.3, 0.25, 0.15], [0.4, 0.3, 0.15, 0.1, 0.05],
                      [0.05, 0.5, 0.2, 0.15, 0.1], [0.2, 0.2, 0.2, 0.2, 0.2], [0.1, 0.1, 0.1, 0.6, 0.1]])
METRIC_INPUTS = {
    **{key: INPUTS[key] for key in ("real", "positive", "binary", "binary_logits", "signed", "one_hot", "soft", "one_hot_logits", "sparse", "sparse_column", "sparse_logits", "column")},
    "five": (FIVE_TRUE, FIVE_PRED),
    "five_one_hot": (np.eye(5)[FIVE_TRUE], FIVE_PRED),
    "equal": (np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([[0.0], [2.0], [3.0], [4.0]])),
    "scores": (np.array([0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0]), np.array([0.1, 0.4, 0.35, 0.8, 0.5, 0.5, 0.9, 0.7])),
    "classes": (np.array([0, 1, 2, 2, 1, 0], dtype=np.int32), np.array([0, 2, 2, 1, 1, 0], dtype=np.int32)),
}
METRICS = [
    ("Accuracy", {}, ["equal"]), ("BinaryAccuracy", {}, ["binary", "column", "scores"]), ("BinaryAccuracy", {"threshold": 0.7}, ["binary"]),
    ("CategoricalAccuracy", {}, ["one_hot", "one_hot_logits", "five_one_hot"]), ("SparseCategoricalAccuracy", {}, ["sparse", "sparse_column", "five"]),
    ("TopKCategoricalAccuracy", {"k": 1}, ["five_one_hot"]), ("TopKCategoricalAccuracy", {"k": 2}, ["five_one_hot"]), ("TopKCategoricalAccuracy", {"k": 3}, ["five_one_hot"]),
    ("SparseTopKCategoricalAccuracy", {"k": 1}, ["five"]), ("SparseTopKCategoricalAccuracy", {"k": 2}, ["five"]), ("SparseTopKCategoricalAccuracy", {"k": 3}, ["five"]), ("SparseTopKCategoricalAccuracy", {}, ["five"]),
    ("MeanSquaredError", {}, ["real"]), ("RootMeanSquaredError", {}, ["real"]), ("MeanAbsoluteError", {}, ["real"]), ("MeanAbsolutePercentageError", {}, ["positive"]),
    ("MeanSquaredLogarithmicError", {}, ["positive"]), ("CosineSimilarity", {}, ["real"]), ("LogCoshError", {}, ["real"]), ("Poisson", {}, ["positive"]), ("KLDivergence", {}, ["soft"]),
    ("Hinge", {}, ["signed"]), ("SquaredHinge", {}, ["signed"]), ("CategoricalHinge", {}, ["one_hot"]),
    ("BinaryCrossentropy", {}, ["binary"]), ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, ["binary_logits"]),
    ("CategoricalCrossentropy", {}, ["one_hot"]), ("CategoricalCrossentropy", {"from_logits": True}, ["one_hot_logits"]),
    ("SparseCategoricalCrossentropy", {}, ["sparse"]), ("SparseCategoricalCrossentropy", {"from_logits": True}, ["sparse_logits"]),
    ("TruePositives", {}, ["scores"]), ("FalsePositives", {}, ["scores"]), ("TrueNegatives", {}, ["scores"]), ("FalseNegatives", {"thresholds": [0.3, 0.6]}, ["scores"]),
    ("Precision", {}, ["scores", "binary"]), ("Precision", {"thresholds": [0.3, 0.6]}, ["scores"]), ("Precision", {"top_k": 2}, ["five_one_hot"]), ("Precision", {"class_id": 1}, ["binary"]),
    ("Recall", {}, ["scores", "binary"]), ("Recall", {"top_k": 2}, ["five_one_hot"]),
    ("AUC", {}, ["scores"]), ("AUC", {"curve": "PR"}, ["scores"]), ("AUC", {"num_thresholds": 5, "summation_method": "majoring"}, ["scores"]), ("AUC", {"num_thresholds": 5, "summation_method": "minoring"}, ["scores"]),
    ("PrecisionAtRecall", {"recall": 0.7}, ["scores"]), ("RecallAtPrecision", {"precision": 0.6}, ["scores"]), ("SensitivityAtSpecificity", {"specificity": 0.5}, ["scores"]), ("SpecificityAtSensitivity", {"sensitivity": 0.5}, ["scores"]),
    ("F1Score", {}, ["one_hot"]), ("F1Score", {"average": "micro"}, ["one_hot"]), ("F1Score", {"average": "macro", "threshold": 0.3}, ["one_hot"]), ("F1Score", {"average": "weighted"}, ["one_hot"]),
    ("FBetaScore", {"beta": 2.0, "average": "macro"}, ["one_hot"]),
    ("R2Score", {}, ["real"]), ("R2Score", {"class_aggregation": "variance_weighted_average"}, ["real"]), ("R2Score", {"class_aggregation": None}, ["real"]), ("R2Score", {"num_regressors": 1}, ["real"]),
    ("MeanIoU", {"num_classes": 3}, ["classes"]), ("IoU", {"num_classes": 3, "target_class_ids": [0, 2]}, ["classes"]), ("BinaryIoU", {}, ["scores"]), ("BinaryIoU", {"target_class_ids": [1], "threshold": 0.6}, ["scores"]),
    ("PearsonCorrelation", {}, ["real"]), ("ConcordanceCorrelation", {}, ["real"]),
    ("OneHotIoU", {"num_classes": 3, "target_class_ids": [0, 2]}, ["one_hot"]), ("OneHotMeanIoU", {"num_classes": 3}, ["one_hot"]),
]
UNWEIGHTED = {"PearsonCorrelation", "ConcordanceCorrelation"}


def metrics(options):
    cases = []
    for name, config, keys in METRICS:
        for key in keys:
            y_true, y_pred = METRIC_INPUTS[key]
            entry = {"metric": name, "config": config, "inputs": key}
            metric = getattr(keras.metrics, name)(**config)
            metric.update_state(y_true, y_pred)
            entry["value"] = np.asarray(metric.result(), dtype=np.float64)
            metric.reset_state()
            half = len(y_true) // 2 + 1
            metric.update_state(y_true[:half], y_pred[:half])
            entry["value_after_first_batch"] = np.asarray(metric.result(), dtype=np.float64)
            metric.update_state(y_true[half:], y_pred[half:])
            entry["value_after_both"] = np.asarray(metric.result(), dtype=np.float64)
            if name not in UNWEIGHTED:
                weights = np.array([1.0, 0.5, 2.0, 0.25, 1.5, 0.0, 3.0, 1.0])[: len(y_true)]
                metric.reset_state()
                metric.update_state(y_true, y_pred, sample_weight=weights)
                entry["sample_weight"] = weights
                entry["value_weighted"] = np.asarray(metric.result(), dtype=np.float64)
            entry["default_name"] = metric.name
            cases.append(entry)
    inputs = {key: {"y_true": tensor(t), "y_pred": tensor(p)} for key, (t, p) in METRIC_INPUTS.items()}
    header = {**HEADER, "note": "first batch: the first n/2 + 1 rows, then the rest; metric state is float32 where Keras makes it so (compare with 1e-6)", "inputs": inputs}
    write(out_path(options, "metrics.json"), header, {"cases": cases})


MATRIX = np.array([[0.5, -1.25, 2.0], [0.25, 0.75, -0.5], [1.5, -2.0, 0.25], [0.125, 0.0, -0.75]])


def regularizers(options):
    r, c = keras.regularizers, keras.constraints
    cases, limits = [], []
    for name, config in [("L1", {}), ("L1", {"l1": 0.3}), ("L2", {}), ("L2", {"l2": 0.3}), ("L1L2", {}), ("L1L2", {"l1": 0.2, "l2": 0.3}),
                         ("OrthogonalRegularizer", {}), ("OrthogonalRegularizer", {"factor": 0.5}), ("OrthogonalRegularizer", {"factor": 0.5, "mode": "columns"})]:
        regularizer = getattr(r, name)(**config)
        value = lambda x: jnp.asarray(regularizer(x))
        # Two rows of the matrix are orthogonal: a corner, where rounding decides which way the derivative goes.
        at = MATRIX + 0.5 * np.eye(*MATRIX.shape, k=-3) if name == "OrthogonalRegularizer" else MATRIX
        cases.append({"regularizer": name, "config": config, "input": tensor(at), "value": np.asarray(value(jnp.asarray(at))),
                      "gradient": np.asarray(jax.grad(value)(jnp.asarray(at))).reshape(-1), "serialized": r.serialize(regularizer)})
    for name, config in [("MaxNorm", {}), ("MaxNorm", {"max_value": 1.0}), ("MaxNorm", {"max_value": 1.0, "axis": 1}), ("MaxNorm", {"max_value": 1.0, "axis": [0, 1]}), ("MinMaxNorm", {"min_value": 1.0, "max_value": 2.0}),
                         ("MinMaxNorm", {"min_value": 1.0, "max_value": 2.0, "rate": 0.5, "axis": 1}), ("NonNeg", {}), ("UnitNorm", {}), ("UnitNorm", {"axis": 1})]:
        constraint = getattr(c, name)(**config)
        limits.append({"constraint": name, "config": config, "value": np.asarray(constraint(jnp.asarray(MATRIX))).reshape(-1), "serialized": c.serialize(constraint)})
    write(out_path(options, "regularizers.json"), {**HEADER, "input": tensor(MATRIX)}, {"cases": cases, "constraints": limits})


TRUNCATED = 0.87962566103423978
SHAPES = [(1000,), (300, 200), (784, 100), (3, 3, 16, 32), (5, 64, 48)]


def fans(shape):
    if len(shape) == 1:
        return shape[0], shape[0]
    field = int(np.prod(shape[:-2], dtype=int))
    return shape[-2] * field, shape[-1] * field


def initializers(options):
    cases = []

    def scaled(scale, mode, distribution, shape):
        fan_in, fan_out = fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
        variance = scale / max(1.0, fan)
        if distribution == "uniform":
            limit = np.sqrt(3 * variance)
            return {"std": np.sqrt(variance), "min": -limit, "max": limit}
        if distribution == "truncated_normal":
            sigma = np.sqrt(variance) / TRUNCATED
            return {"std": np.sqrt(variance), "sigma": sigma, "min": -2 * sigma, "max": 2 * sigma}
        return {"std": np.sqrt(variance)}

    table = [
        ("GlorotUniform", {}, lambda s: scaled(1, "fan_avg", "uniform", s)), ("GlorotNormal", {}, lambda s: scaled(1, "fan_avg", "truncated_normal", s)),
        ("HeUniform", {}, lambda s: scaled(2, "fan_in", "uniform", s)), ("HeNormal", {}, lambda s: scaled(2, "fan_in", "truncated_normal", s)),
        ("LecunUniform", {}, lambda s: scaled(1, "fan_in", "uniform", s)), ("LecunNormal", {}, lambda s: scaled(1, "fan_in", "truncated_normal", s)),
        ("VarianceScaling", {}, lambda s: scaled(1, "fan_in", "truncated_normal", s)),
        ("VarianceScaling", {"scale": 3.0, "mode": "fan_out", "distribution": "untruncated_normal"}, lambda s: scaled(3, "fan_out", "untruncated_normal", s)),
        ("VarianceScaling", {"scale": 0.5, "mode": "fan_avg", "distribution": "uniform"}, lambda s: scaled(0.5, "fan_avg", "uniform", s)),
        ("RandomNormal", {}, lambda s: {"std": 0.05}), ("RandomNormal", {"mean": 1.0, "stddev": 0.2}, lambda s: {"mean": 1.0, "std": 0.2}),
        ("TruncatedNormal", {}, lambda s: {"std": 0.05 * TRUNCATED, "sigma": 0.05, "min": -0.1, "max": 0.1}),
        ("TruncatedNormal", {"mean": 1.0, "stddev": 0.2}, lambda s: {"mean": 1.0, "std": 0.2 * TRUNCATED, "sigma": 0.2, "min": 0.6, "max": 1.4}),
        ("RandomUniform", {}, lambda s: {"std": 0.1 / np.sqrt(12), "min": -0.05, "max": 0.05}),
        ("RandomUniform", {"minval": -1.0, "maxval": 3.0}, lambda s: {"mean": 1.0, "std": 4 / np.sqrt(12), "min": -1.0, "max": 3.0}),
    ]
    for name, config, expected in table:
        for shape in SHAPES:
            sample = np.asarray(getattr(keras.initializers, name)(seed=11, **config)(shape, dtype="float64"))
            want = {"mean": 0.0, **expected(shape)}
            fan_in, fan_out = fans(shape)
            seen = {"mean": float(sample.mean()), "std": float(sample.std()), "min": float(sample.min()), "max": float(sample.max())}
            assert abs(seen["std"] / want["std"] - 1) < 5 / np.sqrt(sample.size), (name, shape, want, seen)
            assert "max" not in want or (seen["max"] <= want["max"] and seen["min"] >= want["min"]), (name, shape, want, seen)
            cases.append({"initializer": name, "config": config, "shape": list(shape), "fan_in": fan_in, "fan_out": fan_out, "expected": want,
                          "keras_sample": {key: float(f"{value:.6g}") for key, value in seen.items()}})
    orthogonal = []
    for gain in (1.0, 0.5):
        for shape in [(6, 4), (4, 6), (3, 3, 2, 4), (5, 5)]:
            sample = np.asarray(keras.initializers.Orthogonal(gain=gain, seed=3)(shape, dtype="float64")).reshape(-1, shape[-1])
            gram = sample.T @ sample if sample.shape[0] >= sample.shape[1] else sample @ sample.T
            assert np.allclose(gram, gain**2 * np.eye(len(gram)), atol=1e-12)
            orthogonal.append({"gain": gain, "shape": list(shape), "flattened": list(sample.shape), "gram": "columns" if sample.shape[0] >= sample.shape[1] else "rows", "gram_diagonal": gain**2})
    header = {**HEADER, "note": "expected: moments of the distribution ('sigma' is the normal before it is cut at two sigma); keras_sample: what one Keras draw gave, checked here to lie within 5/sqrt(n) of them",
              "exact": {"zeros": 0, "ones": 1, "identity": "gain on the diagonal of a matrix of any two sizes"}}
    write(out_path(options, "initializers.json"), header, {"cases": cases, "orthogonal": orthogonal})


def main():
    options = arguments(__doc__).parse_args()
    losses(options)
    activations(options)
    metrics(options)
    regularizers(options)
    initializers(options)


if __name__ == "__main__":
    main()
