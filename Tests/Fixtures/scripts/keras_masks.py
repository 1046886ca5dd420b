"""What Keras 3 (TensorFlow backend, float64) makes of a mask in the loss and the metrics; writes masks.json.

The crossing of masks, weights of rows, losses, and the four calls that count, on one small model: Embedding (mask_zero or not), Dense.
Data and weights are `pattern`s, so that only results are stored. Keras spreads one weight a row over steps only if it has an axis
for them, so weights are columns here.
"""

import keras_tf64
import keras

from fixturelib import arguments, out_path, pattern, whole_pattern, write

L = keras.layers
ROWS, BATCH = 5, 2

METRICS = {
    "number": ["mse", "mae", "root_mean_squared_error", "cosine_similarity"],
    "binary": ["accuracy", "binary_crossentropy", "auc", "precision"],
    "classes": ["accuracy", "sparse_categorical_crossentropy"],
}


def losses():
    K = keras.losses
    return {
        "number": [K.MeanSquaredError(), K.MeanSquaredError(reduction="sum"), K.MeanAbsoluteError(reduction="mean_with_sample_weight")],
        "binary": [K.BinaryCrossentropy()],
        "classes": [K.SparseCategoricalCrossentropy(), K.SparseCategoricalCrossentropy(ignore_class=1)],
    }


def model(kind, steps, masked):
    keras.utils.clear_session()
    units, activation = {"number": (2, "tanh"), "binary": (1, "sigmoid"), "classes": (6, "softmax")}[kind]
    ids = keras.Input((steps,), dtype="int32")
    result = keras.Model(ids, L.Dense(units, activation=activation)(L.Embedding(4, 3, mask_zero=masked)(ids)))
    result.set_weights([pattern(w.shape, 10 + place) for place, w in enumerate(result.weights)])
    return result


def data(kind, steps):
    x = whole_pattern((ROWS, steps), 1, 0, 3)
    # A batch of which nothing counts, and one of which all does.
    x[2:4] = 0
    x[4] = 1
    if kind == "number":
        return x, pattern((ROWS, steps, 2), 2)
    return x, whole_pattern((ROWS, steps, 1), 3, 0, 1 if kind == "binary" else 5)


def run(kind, steps, masked, place, weighting):
    x, y = data(kind, steps)
    loss = losses()[kind][place]
    sample_weight = pattern((ROWS, 1), 4, 0, 64, 32.0) if weighting == "sample" else None
    if weighting == "class":
        # Keras takes the class from an axis of size 1, and knows one a row.
        y = y[:, :, 0]
    class_weight = {0: 0.5, 1: 2.0, 3: 0.25} if weighting == "class" else None
    # Kinds of metrics that do not take weights of rows for steps say so by an error of shapes.
    names = METRICS[kind]
    if weighting == "sample" and steps > 1:
        names = [name for name in names if name not in ("auc", "precision")]

    def compiled():
        result = model(kind, steps, masked)
        weighted = [keras.metrics.get({"class_name": class_name(name), "config": {"name": "w_" + name}}) for name in names if name != "accuracy"]
        result.compile(keras.optimizers.SGD(0.1), loss=loss, metrics=list(names), weighted_metrics=weighted)
        return result

    case = {"kind": kind, "steps": steps, "masked": masked, "loss": keras.losses.serialize(loss), "weighting": weighting}
    trained = compiled()
    case["fit"] = {k: v[0] for k, v in trained.fit(x, y, batch_size=BATCH, epochs=1, shuffle=False, verbose=0, sample_weight=sample_weight, class_weight=class_weight).history.items()}
    case["weights_after"] = [w.reshape(-1) for w in trained.get_weights()]
    if weighting != "class":
        case["evaluate"] = compiled().evaluate(x, y, batch_size=BATCH, sample_weight=sample_weight, verbose=0, return_dict=True)
        case["test_on_batch"] = compiled().test_on_batch(x, y, sample_weight=sample_weight, return_dict=True)
    one = compiled()
    case["train_on_batch"] = one.train_on_batch(x, y, sample_weight=sample_weight, class_weight=class_weight, return_dict=True)
    return case


CLASSES = {"auc": "AUC", "mse": "MeanSquaredError", "mae": "MeanAbsoluteError"}


def class_name(name):
    return CLASSES.get(name) or "".join(part.capitalize() for part in name.split("_"))


def main():
    options = arguments(__doc__).parse_args()
    header = {"reference": keras_tf64.REFERENCE, "made_by": "scripts/keras_masks.py"}
    cases = []
    for kind in METRICS:
        for place in range(len(losses()[kind])):
            for masked in (True, False):
                for steps in (1, 3):
                    for weighting in ("none", "sample") + (("class",) if steps == 1 and kind == "classes" else ()):
                        cases.append(run(kind, steps, masked, place, weighting))
    write(out_path(options, "masks.json"), header, {"cases": cases})


if __name__ == "__main__":
    main()
