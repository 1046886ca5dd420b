"""Circle loss of Keras 3 (JAX backend, float64): values, means with and without weights, derivatives; writes circle.json.

Embeddings are the first so many features of a `pattern`, made as long as 1.
"""

import keras64
import jax
import keras
import numpy as np

from fixturelib import arguments, out_path, pattern, write

FEATURES = 3
WEIGHTS = [0.5, 2.0, 1.0, 1.5, 0.25, 3.0]


def cases():
    """Labels, settings. The last labels have rows alone of their kind, and then no rows of another kind."""
    yield [0, 1, 0, 2, 1, 2], dict()
    yield [5, 5, -7, 5, -7, 5], dict(gamma=2.5, margin=0.25)
    yield [0, 1, 0, 2, 1, 2], dict(gamma=8.0, margin=0.75, remove_diagonal=False)
    yield [0, 1, 2, 3, 3, 4], dict(gamma=4.0)
    yield [1, 1, 1, 1, 1, 1], dict()


def case(number, labels, settings):
    x = pattern((len(labels), FEATURES), 1 + number)
    loss, weights = keras.losses.Circle(**settings), np.array(WEIGHTS)

    def normalized(x):
        return x / keras.ops.sqrt(keras.ops.sum(x * x, axis=1, keepdims=True))

    def mean(x):
        return loss(np.array(labels), normalized(x), sample_weight=weights)

    p = normalized(keras.ops.convert_to_tensor(x))
    return {
        "salt": 1 + number, "labels": labels, "settings": settings,
        "values": np.asarray(loss.call(np.array(labels), p)), "mean": float(loss(np.array(labels), p)), "weighted": float(mean(x)),
        "gradient": np.asarray(jax.grad(mean)(keras.ops.convert_to_tensor(x))).reshape(-1),
        "json": keras.saving.serialize_keras_object(loss),
    }


def main():
    options = arguments(__doc__).parse_args()
    header = {
        "reference": f"keras {keras.__version__}, JAX {jax.__version__}, float64", "made_by": "scripts/keras_circle.py",
        "note": "'gradient' is of the weighted mean with respect to the pattern, before it is made as long as 1", "weights": WEIGHTS,
    }
    write(out_path(options, "circle.json"), header, {"cases": [case(n, *given) for n, given in enumerate(cases())]})


if __name__ == "__main__":
    main()
