"""CTC of Keras 3 (JAX backend, float64): keras.ops.ctc_loss with its gradient, keras.losses.CTC and keras.ops.ctc_decode; writes ctc.json.

Logits are `pattern`s. `scale` stretches them, so that the likeliest paths differ by more than rounding.
"""

import keras64
import jax
import keras
import numpy as np

from fixturelib import arguments, out_path, pattern, write

ROWS = 3


def logits(steps, classes, salt):
    return 3 * pattern((ROWS, steps, classes), salt)


def losses():
    """Steps, classes, targets, their lengths, the outputs' lengths, the blank."""
    yield 6, 4, [[1, 2, 3], [3, 1, 2], [2, 3, 1]], [3, 2, 1], [6, 5, 4], 0
    yield 7, 3, [[1, 1, 2], [2, 2, 2], [1, 2, 2]], [3, 3, 3], [7, 5, 6], 0
    yield 5, 4, [[0, 1, 1], [2, 0, 0], [1, 2, 0]], [3, 1, 3], [5, 5, 5], 3
    # No labels, no steps, neither.
    yield 4, 3, [[1, 2], [1, 2], [2, 1]], [0, 2, 0], [4, 0, 0], 0
    # More than fits: three labels in two steps, equal ones without room for a blank, as many as fit.
    yield 3, 3, [[1, 2, 1], [1, 1, 0], [1, 2, 1]], [3, 2, 3], [2, 2, 3], 0
    yield 1, 5, [[4], [2], [1]], [1, 1, 0], [1, 1, 1], 0


def loss_case(number, steps, classes, target, target_length, output_length, mask_index):
    x = logits(steps, classes, 1 + number)
    rest = [np.array(values, dtype="int32") for values in (target_length, output_length)]

    def total(x):
        return keras.ops.ctc_loss(np.array(target, dtype="int32"), x, *rest, mask_index=mask_index)

    weights = np.arange(1.0, ROWS + 1)
    gradient = jax.grad(lambda x: (total(x) * weights).sum())(keras.ops.convert_to_tensor(x))
    return {
        "shape": list(x.shape), "salt": 1 + number, "target": target, "target_length": target_length, "output_length": output_length,
        "mask_index": mask_index, "values": np.asarray(total(x)), "gradient": np.asarray(gradient).reshape(-1),
    }


def decodes():
    """Steps, classes, lengths, arguments."""
    yield 6, 4, [6, 4, 1], dict()
    yield 6, 4, [6, 4, 1], dict(merge_repeated=False, mask_index=3)
    for width, paths in [(1, 1), (2, 2), (5, 3), (100, 4)]:
        yield 6, 4, [6, 4, 1], dict(strategy="beam_search", beam_width=width, top_paths=paths)
    yield 8, 3, [8, 8, 5], dict(strategy="beam_search", beam_width=4, top_paths=4, mask_index=2)
    yield 5, 3, [5, 2, 3], dict(strategy="beam_search", beam_width=20, top_paths=20, mask_index=1)


def decode_case(number, steps, classes, lengths, options):
    x = logits(steps, classes, 30 + number)
    labels, scores = keras.ops.ctc_decode(x, np.array(lengths, dtype="int32"), **options)
    scores = [None if score == -np.inf else float(score) for score in np.asarray(scores).reshape(-1)]
    return {
        "shape": list(x.shape), "salt": 30 + number, "lengths": lengths, "options": options, "paths": np.shape(labels)[0],
        "labels": np.asarray(labels).reshape(-1), "scores": scores,
    }


def main():
    options = arguments(__doc__).parse_args()
    header = {
        "reference": f"keras {keras.__version__}, JAX {jax.__version__}, float64", "made_by": "scripts/keras_ctc.py",
        "note": "logits are 3 times the pattern; 'gradient' is of the sum of the losses of rows 0, 1 and 2 times 1, 2 and 3; a score of null is minus infinity",
    }
    x, y = logits(6, 4, 60), [[1, 2, 0], [3, 0, 0], [2, 2, 3]]
    whole = {
        "shape": list(x.shape), "salt": 60, "target": y, "value": float(keras.losses.CTC()(np.array(y), x)),
        "weighted": float(keras.losses.CTC(reduction="sum")(np.array(y), x, sample_weight=np.array([0.5, 2.0, 1.0]))),
        "json": keras.saving.serialize_keras_object(keras.losses.CTC()),
    }
    write(out_path(options, "ctc.json"), header, {
        "losses": [loss_case(n, *case) for n, case in enumerate(losses())],
        "decodes": [decode_case(n, *case) for n, case in enumerate(decodes())], "classes": [whole],
    })


if __name__ == "__main__":
    main()
