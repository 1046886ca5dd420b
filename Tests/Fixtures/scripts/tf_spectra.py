"""Signals put together of pieces that lie side by side or have gaps between them, by Keras (on TensorFlow, float64); writes tf-spectra.json.

Keras on JAX puts pieces that lie side by side half over each other. Without a window it multiplies, where Keras on TensorFlow does not.
"""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
import tensorflow as tf

from fixturelib import arguments, out_path, write

keras.config.set_floatx("float64")
ops = keras.ops
generator = np.random.RandomState(32)


def pack(value):
    value = np.asarray(value)
    return {"shape": list(value.shape), "values": value.reshape(-1).astype("float64")}


TRANSFORMS = []
for length, stride, size, window, center in (
    (4, 4, 4, "hann", False), (4, 4, 4, "hamming", True), (4, 4, 4, None, False), (4, 4, 4, [0.5, 1.0, 0.75, 0.25], False), (4, 6, 4, "hamming", False),
    (4, 6, 5, "hamming", True),
):
    settings = dict(sequence_length=length, sequence_stride=stride, fft_length=size, window=window, center=center)
    given = {**settings, "window": np.array(window) if isinstance(window, list) else window}
    x = np.round(generator.uniform(-3, 3, (2, 24)) * 64) / 64
    both = ops.stft(ops.array(x), **given)
    TRANSFORMS.append({"name": "stft", "settings": settings, "inputs": [pack(x)], "outputs": [pack(part) for part in both]})
    TRANSFORMS.append({"name": "istft", "settings": settings, "inputs": [pack(part) for part in both], "outputs": [pack(ops.istft(both, **given))]})

if __name__ == "__main__":
    options = arguments(__doc__).parse_args()
    header = {"made_by": f"scripts/tf_spectra.py, keras {keras.__version__}, TensorFlow {tf.__version__}, float64"}
    write(out_path(options, "tf-spectra.json"), header, {"transforms": TRANSFORMS})
    print(len(TRANSFORMS))
