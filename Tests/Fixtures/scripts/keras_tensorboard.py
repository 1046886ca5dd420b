"""tensorboard.json: what Keras 3.15.1 on TensorFlow writes for TensorBoard: folder, tag, plugin, step, type and shape of each value.

pip install keras==3.15.1 tensorflow tensorboard
KERAS_BACKEND=tensorflow python keras_tensorboard.py
"""

import glob
import json
import pathlib
import tempfile

import keras
import numpy as np
import tensorflow as tf

x = np.linspace(-1, 1, 40, dtype="float32").reshape(10, 4)
y = (x.sum(axis=1, keepdims=True) > 0).astype("float32")


def run(**arguments):
    keras.utils.clear_session()
    folder = tempfile.mkdtemp()
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="a"), keras.layers.Dense(1, name="b")], name="m")
    model.compile(keras.optimizers.SGD(0.1), "mse", metrics=["mae"])
    model.fit(x, y, batch_size=4, epochs=2, verbose=0, validation_data=(x, y), callbacks=[keras.callbacks.TensorBoard(folder, **arguments)])
    rows = []
    for part in ["train", "validation"]:
        for path in sorted(glob.glob(f"{folder}/{part}/events*")):
            for event in tf.compat.v1.train.summary_iterator(path):
                for value in event.summary.value:
                    shape = [d.size for d in value.tensor.tensor_shape.dim]
                    rows.append([part, value.tag, value.metadata.plugin_data.plugin_name, event.step, value.tensor.dtype, shape])
    return sorted(rows)


cases = [
    {"arguments": "default", "rows": run()},
    {"arguments": "all", "rows": run(histogram_freq=1, write_images=True, update_freq=1, write_steps_per_second=True)},
]
# The graphs of TensorFlow functions are TensorFlow's own.
for case in cases:
    case["rows"] = [r for r in case["rows"] if r[1] and not r[1].startswith("__")]
target = pathlib.Path(__file__).parent.parent / "tensorboard.json"
target.write_text(json.dumps({"made by": f"Keras {keras.__version__}, TensorFlow {tf.__version__}", "cases": cases}) + "\n")
