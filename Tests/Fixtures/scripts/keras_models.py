"""Tiny dense models trained by Keras 3 (JAX backend) in float64, without shuffling; writes models.json.

Each case: layers with their initial weights, how the model was compiled and fitted, and the
history, final weights, evaluation and prediction that came out. 10 training rows in batches of 4
(the last holds 2), 5 validation rows.
"""

import keras64
import jax
import keras
import numpy as np

from fixturelib import arguments, out_path, write

generator = np.random.RandomState(3)
X = generator.randint(-128, 129, size=(10, 6)) / 64.0
X_VALIDATION = generator.randint(-128, 129, size=(5, 6)) / 64.0
LABELS = np.array([0, 2, 1, 1, 0, 2, 2, 0, 1, 0], dtype=np.int32)
LABELS_VALIDATION = np.array([1, 0, 2, 2, 1], dtype=np.int32)
BINARY = generator.randint(0, 2, size=(10, 3)).astype(float)
BINARY_VALIDATION = generator.randint(0, 2, size=(5, 3)).astype(float)
REAL = generator.randint(-128, 129, size=(10, 3)) / 64.0
REAL_VALIDATION = generator.randint(-128, 129, size=(5, 3)) / 64.0
TARGETS = {
    "labels": (LABELS, LABELS_VALIDATION),
    "one_hot": (np.eye(3)[LABELS], np.eye(3)[LABELS_VALIDATION]),
    "binary": (BINARY, BINARY_VALIDATION),
    "binary_single": (BINARY[:, :1], BINARY_VALIDATION[:, :1]),
    "real": (REAL, REAL_VALIDATION),
}
WEIGHTS = [generator.randint(-48, 49, size=(6, 5)) / 64.0, generator.randint(-16, 17, size=5) / 64.0, generator.randint(-48, 49, size=(5, 3)) / 64.0, generator.randint(-16, 17, size=3) / 64.0]
SAMPLE_WEIGHT = np.array([1.0, 0.5, 2.0, 0.0, 1.0, 1.5, 0.25, 1.0, 3.0, 1.0])


def optimizer(name, **config):
    return {"class_name": name, "config": config}


def loss(name, **config):
    return {"class_name": name, "config": config}


def dense(units, activation=None, **config):
    return {"units": units, "activation": activation, **config}


ADAM = optimizer("Adam", learning_rate=0.05)
CASES = [
    dict(name="mse, SGD", layers=[dense(5, "tanh"), dense(3)], optimizer=optimizer("SGD", learning_rate=0.1), loss=loss("MeanSquaredError"), metrics=["mae"], target="real"),
    dict(name="mse, SGD with momentum", layers=[dense(5, "relu"), dense(3)], optimizer=optimizer("SGD", learning_rate=0.05, momentum=0.9, nesterov=True), loss=loss("MeanSquaredError"), metrics=["mse", "mae"], target="real"),
    dict(name="mse, linear model", layers=[dense(3)], optimizer=optimizer("RMSprop", learning_rate=0.02), loss=loss("MeanSquaredError"), metrics=[], target="real"),
    dict(name="huber, Nadam", layers=[dense(5, "elu"), dense(3)], optimizer=optimizer("Nadam", learning_rate=0.02), loss=loss("Huber", delta=0.5), metrics=[], target="real"),
    dict(name="bce, sigmoid", layers=[dense(5, "relu"), dense(3, "sigmoid")], optimizer=ADAM, loss=loss("BinaryCrossentropy"), metrics=["accuracy"], target="binary"),
    dict(name="bce, one output", layers=[dense(5, "tanh"), dense(1, "sigmoid")], optimizer=ADAM, loss=loss("BinaryCrossentropy"), metrics=["accuracy"], target="binary_single"),
    dict(name="bce, logits", layers=[dense(5, "relu"), dense(3)], optimizer=ADAM, loss=loss("BinaryCrossentropy", from_logits=True), metrics=[], target="binary"),
    dict(name="cce, softmax", layers=[dense(5, "relu"), dense(3, "softmax")], optimizer=ADAM, loss=loss("CategoricalCrossentropy"), metrics=["accuracy"], target="one_hot"),
    dict(name="cce, logits, smoothing", layers=[dense(5, "tanh"), dense(3)], optimizer=ADAM, loss=loss("CategoricalCrossentropy", from_logits=True, label_smoothing=0.1), metrics=["accuracy"], target="one_hot"),
    dict(name="scce, softmax", layers=[dense(5, "relu"), dense(3, "softmax")], optimizer=ADAM, loss=loss("SparseCategoricalCrossentropy"), metrics=["accuracy"], target="labels"),
    dict(name="scce, logits", layers=[dense(5, "relu"), dense(3)], optimizer=ADAM, loss=loss("SparseCategoricalCrossentropy", from_logits=True), metrics=["accuracy"], target="labels"),
    dict(name="scce, SGD", layers=[dense(5, "sigmoid"), dense(3, "softmax")], optimizer=optimizer("SGD", learning_rate=0.5), loss=loss("SparseCategoricalCrossentropy"), metrics=["accuracy", "sparse_top_k_categorical_accuracy"], target="labels"),
    dict(name="regularizers", layers=[dense(5, "relu", kernel_regularizer={"class_name": "L2", "config": {"l2": 0.05}}, bias_regularizer={"class_name": "L1", "config": {"l1": 0.02}}),
                                       dense(3, "softmax", kernel_regularizer={"class_name": "L1L2", "config": {"l1": 0.01, "l2": 0.03}})], optimizer=ADAM, loss=loss("SparseCategoricalCrossentropy"), metrics=["accuracy"], target="labels"),
    dict(name="activity regularizer", layers=[dense(5, "tanh", activity_regularizer={"class_name": "L2", "config": {"l2": 0.1}}), dense(3)], optimizer=optimizer("SGD", learning_rate=0.1), loss=loss("MeanSquaredError"), metrics=["mae"], target="real"),
    dict(name="constraint", layers=[dense(5, "relu", kernel_constraint={"class_name": "MaxNorm", "config": {"max_value": 0.8, "axis": 0}}), dense(3, "softmax", kernel_constraint={"class_name": "NonNeg", "config": {}})], optimizer=ADAM, loss=loss("SparseCategoricalCrossentropy"), metrics=["accuracy"], target="labels"),
    dict(name="class_weight", layers=[dense(5, "relu"), dense(3, "softmax")], optimizer=ADAM, loss=loss("SparseCategoricalCrossentropy"), metrics=["accuracy"], target="labels", fit={"class_weight": {"0": 1.0, "1": 2.0, "2": 0.5}}),
    dict(name="sample_weight", layers=[dense(5, "relu"), dense(3, "softmax")], optimizer=ADAM, loss=loss("SparseCategoricalCrossentropy"), metrics=["accuracy"], weighted_metrics=["sparse_categorical_crossentropy"], target="labels", fit={"sample_weight": True}),
    dict(name="sample_weight, mean_with_sample_weight", layers=[dense(5, "relu"), dense(3)], optimizer=ADAM, loss=loss("MeanSquaredError", reduction="mean_with_sample_weight"), metrics=["mae"], target="real", fit={"sample_weight": True}),
    dict(name="sum reduction", layers=[dense(5, "relu"), dense(3)], optimizer=optimizer("SGD", learning_rate=0.01), loss=loss("MeanSquaredError", reduction="sum"), metrics=[], target="real"),
    dict(name="validation_split", layers=[dense(5, "relu"), dense(3, "softmax")], optimizer=ADAM, loss=loss("SparseCategoricalCrossentropy"), metrics=["accuracy"], target="labels", fit={"validation_split": 0.25}),
    dict(name="averaging", layers=[dense(5, "relu"), dense(3, "softmax")], optimizer=optimizer("AdamW", learning_rate=0.05, weight_decay=0.1, use_ema=True, ema_momentum=0.8), loss=loss("SparseCategoricalCrossentropy"), metrics=["accuracy"], target="labels"),
    dict(name="accumulation", layers=[dense(5, "relu"), dense(3, "softmax")], optimizer=optimizer("Adam", learning_rate=0.05, gradient_accumulation_steps=2), loss=loss("SparseCategoricalCrossentropy"), metrics=["accuracy"], target="labels"),
    dict(name="schedule and clipping", layers=[dense(5, "relu"), dense(3, "softmax")], loss=loss("SparseCategoricalCrossentropy"), metrics=["accuracy"], target="labels",
         optimizer=optimizer("Adam", learning_rate={"class_name": "ExponentialDecay", "config": {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5}}, global_clipnorm=0.2)),
    dict(name="no bias", layers=[dense(5, "softplus", use_bias=False), dense(3, use_bias=False)], optimizer=optimizer("Adagrad", learning_rate=0.1), loss=loss("MeanSquaredError"), metrics=[], target="real"),
]


def run(case):
    keras.utils.clear_session()
    layers, start = [keras.Input((6,))], []
    last = len(case["layers"]) - 1
    for index, config in enumerate(case["layers"]):
        layers.append(keras.layers.Dense(**{key: value if not isinstance(value, dict) else getattr(keras.regularizers if "regularizer" in key else keras.constraints, value["class_name"])(**value["config"]) for key, value in config.items()}))
        units = config["units"]
        kernel, bias = (WEIGHTS[0], WEIGHTS[1]) if index == 0 and last == 1 else (WEIGHTS[2], WEIGHTS[3])
        if last == 0:
            kernel, bias = WEIGHTS[0][:, :3], WEIGHTS[3]
        start.append(kernel[:, :units])
        if config.get("use_bias", True):
            start.append(bias[:units])
    model = keras.Sequential(layers)
    model.set_weights(start)
    given = dict(case["optimizer"]["config"])
    if isinstance(given.get("learning_rate"), dict):
        given["learning_rate"] = getattr(keras.optimizers.schedules, given["learning_rate"]["class_name"])(**given["learning_rate"]["config"])
    model.compile(optimizer=getattr(keras.optimizers, case["optimizer"]["class_name"])(**given), loss=getattr(keras.losses, case["loss"]["class_name"])(**case["loss"]["config"]), metrics=case["metrics"], weighted_metrics=case.get("weighted_metrics"))
    y, y_validation = TARGETS[case["target"]]
    fit = dict(case.get("fit", {}))
    if fit.get("sample_weight"):
        fit["sample_weight"] = SAMPLE_WEIGHT
    if "class_weight" in fit:
        fit["class_weight"] = {int(key): value for key, value in fit["class_weight"].items()}
    if "validation_split" not in fit:
        fit["validation_data"] = (X_VALIDATION, y_validation)
    history = model.fit(X, y, batch_size=4, epochs=3, shuffle=False, verbose=0, **fit).history
    result = {**case, "initial_weights": [{"shape": list(w.shape), "values": w.reshape(-1)} for w in start], "history": history}
    weights = model.get_weights()
    assert all(w.dtype == np.float64 for w in weights)
    result["final_weights"] = [{"shape": list(w.shape), "values": w.reshape(-1)} for w in weights]
    result["paths"] = [variable.path for variable in model.weights]
    result["evaluate"] = model.evaluate(X_VALIDATION, y_validation, batch_size=4, verbose=0, return_dict=True)
    result["predict"] = model.predict(X_VALIDATION, batch_size=4, verbose=0).reshape(-1)
    result["parameters"] = model.count_params()
    return result


def main():
    options = arguments(__doc__).parse_args()
    pack = lambda value: {"shape": list(value.shape), "values": value.reshape(-1)}
    header = {
        "reference": f"keras {keras.__version__}, JAX {jax.__version__}, float64", "made_by": "scripts/keras_models.py",
        "fit": "batch_size=4, epochs=3, shuffle=False; validation_data = (x_validation, target's validation part) unless fit names validation_split; 'sample_weight': true stands for the list below; evaluate and predict on the validation rows, batch_size=4",
        "x": pack(X), "x_validation": pack(X_VALIDATION), "sample_weight": SAMPLE_WEIGHT,
        "targets": {key: {"train": pack(a), "validation": pack(b)} for key, (a, b) in TARGETS.items()},
    }
    write(out_path(options, "models.json"), header, {"cases": [run(case) for case in CASES]})


if __name__ == "__main__":
    main()
