"""Small models that begin with an Embedding, trained by Keras 3 (JAX backend) in float64, without shuffling; writes embeddings.json.

Each case: the model's description, its initial weights, the input (row numbers, or numbers with a fraction that is cut off),
the prediction before, and history, weights and prediction after 3 epochs of 10 rows in batches of 4 (the last holds 2).
"""

import json

import keras64
import jax
import keras
import numpy as np
from keras import layers

from fixturelib import arguments, out_path, write

ROWS, WIDTH, STEPS = 80, 3, 4
generator = np.random.RandomState(5)
TABLE = generator.randint(-64, 65, size=(ROWS, WIDTH)) / 64.0
# |x| has no derivative at 0.
TABLE[TABLE == 0] = 0.5
X = generator.randint(0, ROWS, size=(10, STEPS)).astype("int32")
X[0] = [7, 7, 7, 2]
X[5] = [7, 79, 0, 79]
FRACTIONS = X + generator.randint(0, 64, size=X.shape) / 64.0
FRACTIONS[2, 0] = -0.5
Y = generator.randint(-64, 65, size=(10, 2)) / 32.0


def embedding(**options):
    return layers.Embedding(ROWS, WIDTH, **options)


CASES = {
    "SGD": (lambda: [embedding(), layers.Flatten()], lambda: keras.optimizers.SGD(0.1), X),
    "SGD, pooled": (lambda: [embedding(), layers.GlobalAveragePooling1D()], lambda: keras.optimizers.SGD(0.5), X),
    "SGD with momentum": (lambda: [embedding(), layers.Flatten()], lambda: keras.optimizers.SGD(0.05, momentum=0.9), X),
    "SGD, clipnorm": (lambda: [embedding(), layers.Flatten()], lambda: keras.optimizers.SGD(0.1, clipnorm=0.05), X),
    "Adagrad": (lambda: [embedding(), layers.GlobalAveragePooling1D()], lambda: keras.optimizers.Adagrad(0.2), X),
    "Adagrad, global_clipnorm, averages": (lambda: [embedding(), layers.Flatten()], lambda: keras.optimizers.Adagrad(0.2, global_clipnorm=0.5, use_ema=True, ema_momentum=0.8), X),
    "Adam": (lambda: [embedding(), layers.Flatten()], lambda: keras.optimizers.Adam(0.05), X),
    "AdamW": (lambda: [embedding(), layers.GlobalAveragePooling1D(keepdims=True), layers.Flatten()], lambda: keras.optimizers.AdamW(0.05, weight_decay=0.1), X),
    "fractions": (lambda: [embedding(), layers.Flatten()], lambda: keras.optimizers.Adam(0.05), FRACTIONS),
    "regularizers": (lambda: [embedding(embeddings_regularizer=keras.regularizers.L2(0.05), activity_regularizer=keras.regularizers.L1(0.02)), layers.Flatten()], lambda: keras.optimizers.SGD(0.1), X),
    "constraint": (lambda: [embedding(embeddings_constraint=keras.constraints.MaxNorm(0.8, axis=1)), layers.Flatten()], lambda: keras.optimizers.Adagrad(0.2), X),
}


def pack(value):
    return {"shape": list(value.shape), "values": value.reshape(-1)}


def run(name, make, optimizer, x):
    keras.utils.clear_session()
    model = keras.Sequential([keras.Input((STEPS,)), *make(), layers.Dense(2)])
    inputs = model.layers[-1].kernel.shape[0]
    kernel, bias = np.arange(-inputs, inputs).reshape(inputs, 2) / 16.0, np.array([0.25, -0.5])
    model.set_weights([TABLE, kernel, bias])
    model.compile(optimizer=optimizer(), loss="mse")
    result = {"name": name, "model": json.loads(model.to_json()), "x": "fractions" if x is FRACTIONS else "x", "initial_weights": [pack(w) for w in model.get_weights()]}
    result["predict"] = model.predict(x, verbose=0).reshape(-1)
    result["history"] = model.fit(x, Y, batch_size=4, epochs=3, shuffle=False, verbose=0).history
    assert all(w.dtype == np.float64 for w in model.get_weights())
    result["final_weights"] = [pack(w) for w in model.get_weights()]
    result["paths"] = [variable.path for variable in model.weights]
    result["predict_after"] = model.predict(x, verbose=0).reshape(-1)
    return result


def main():
    options = arguments(__doc__).parse_args()
    header = {
        "reference": f"keras {keras.__version__}, JAX {jax.__version__}, float64", "made_by": "scripts/keras_embeddings.py",
        "x": pack(X), "fractions": pack(FRACTIONS), "y": pack(Y),
    }
    write(out_path(options, "embeddings.json"), header, {"cases": [run(name, *case) for name, case in CASES.items()]})


if __name__ == "__main__":
    main()
