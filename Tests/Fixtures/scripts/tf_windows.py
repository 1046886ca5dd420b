"""What TensorFlow's `Dataset.window` and `Dataset.padded_batch` give; writes windows.json."""

import itertools
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf

from fixturelib import arguments, out_path, write


def windows():
    for count, size, shift, stride, drop in itertools.product([0, 1, 5, 8], [1, 3, 6], [None, 1, 2, 9], [1, 2, 3], [False, True]):
        stream = tf.data.Dataset.range(count).window(size, shift=shift, stride=stride, drop_remainder=drop)
        yield {
            "count": count, "size": size, "shift": shift, "stride": stride, "drop_remainder": drop,
            "windows": [[int(n) for n in window] for window in stream],
        }


def rows(shapes, dtype):
    """Rows of the given shapes, filled with 1, 2, 3, … over all of them."""
    number = 1
    for shape in shapes:
        size = int(np.prod(shape, dtype=int))
        yield np.arange(number, number + size).reshape(shape).astype(dtype)
        number += size


def padded():
    cases = [
        ([(1,), (3,), (2,), (0,), (4,)], "int32", 2, None, None, False),
        ([(1,), (3,), (2,), (0,), (4,)], "int32", 2, None, None, True),
        ([(1,), (3,), (2,)], "float32", 3, [5], -1.5, False),
        ([(1, 2), (3, 1), (2, 4)], "float32", 2, None, 7.0, False),
        ([(1, 2), (3, 1), (2, 4)], "int32", 3, [None, 6], -1, False),
        ([(1, 2, 2), (2, 1, 3)], "float32", 4, [-1, 3, -1], 0.5, False),
        ([(), ()], "int32", 2, [], 9, False),
    ]
    for shapes, dtype, size, shape, value, drop in cases:
        stream = tf.data.Dataset.from_generator(
            lambda: rows(shapes, dtype), output_signature=tf.TensorSpec([None] * len(shapes[0]), dtype))
        stream = stream.padded_batch(
            size, padded_shapes=shape, padding_values=None if value is None else tf.constant(value, dtype), drop_remainder=drop)
        yield {
            "shapes": shapes, "dtype": dtype, "size": size, "padded_shapes": shape, "padding_value": value, "drop_remainder": drop,
            "batches": [{"shape": list(batch.shape), "values": batch.numpy().ravel().tolist()} for batch in stream],
        }


def main():
    options = arguments(__doc__).parse_args()
    header = {"reference": f"TensorFlow {tf.__version__}", "made_by": "scripts/tf_windows.py"}
    write(out_path(options, "windows.json"), header, {"windows": list(windows()), "padded": list(padded())})


if __name__ == "__main__":
    main()
