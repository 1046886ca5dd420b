"""Has the command line train the whole models in keras-files/*.h5 further, and Keras 3 read what it writes: predictions are compared, the
states of optimizers too, and Keras trains on.

    swift build && python check_legacy_models.py ../../../.build/debug/descent

Seen with keras 3.15.1 on JAX 0.10.2 and on TensorFlow 2.21.0 (KERAS_BACKEND=tensorflow). Keras itself makes an optimizer
that has a state in such a file for no variables, and cannot train its own files on; Descent's files have it elsewhere.
"""

import os
import subprocess
import sys
import tempfile

os.environ.setdefault("KERAS_BACKEND", "jax")
import h5py
import keras
import numpy as np

from fixturelib import FIXTURES, pattern

tool = os.path.abspath(sys.argv[1])
ROWS = 8
NAMES = ["graph", "schedule", "recurrent", "frozen"]


def run(*arguments):
    result = subprocess.run([tool, *arguments], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


with tempfile.TemporaryDirectory() as folder:
    path = lambda name: os.path.join(folder, name)
    for name in NAMES:
        model = keras.models.load_model(os.path.join(FIXTURES, "keras-files", f"{name}.h5"))
        inputs = {}
        for number, x in enumerate(model.inputs):
            shape = (ROWS,) + tuple(5 if n is None else n for n in x.shape[1:])
            values = pattern(shape, number)
            inputs[x.name] = np.abs(values).astype("int32") % 8 if "int" in x.dtype else values.astype("float32")
        outputs = model.predict(inputs if len(inputs) > 1 else list(inputs.values())[0], verbose=0)
        outputs = outputs if isinstance(outputs, list) else [outputs]
        losses = model.loss if isinstance(model.loss, (list, dict)) else [model.loss]
        losses = list(losses.values()) if isinstance(losses, dict) else losses
        targets = []
        for number, (y, loss) in enumerate(zip(outputs, losses)):
            sparse = "sparse" in str(getattr(loss, "name", loss))
            targets.append((np.arange(ROWS) % y.shape[-1]).astype("int32") if sparse else pattern(y.shape, 9 + number).astype("float32"))
        names = model.output_names
        data = {f"x_{k}" if len(inputs) > 1 else "x": v for k, v in inputs.items()}
        data.update({f"y_{k}" if len(names) > 1 else "y": v for k, v in zip(names, targets)})
        np.savez(path("d.npz"), **data)
        source = os.path.join(FIXTURES, "keras-files", f"{name}.h5")
        run("train", "--model", source, "--data", path("d.npz"), "--epochs", "2", "--seed", "1", "--verbose", "0", "--save", path("m.h5"))
        run("predict", "--model", path("m.h5"), "--data", path("d.npz"), "--out", path("p.npz"))
        read = keras.models.load_model(path("m.h5"))
        given = inputs if len(inputs) > 1 else list(inputs.values())[0]
        theirs = read.predict(given, verbose=0)
        theirs = theirs if isinstance(theirs, list) else [theirs]
        ours = np.load(path("p.npz"))
        apart = max(float(np.abs(a - ours[f"y_{n}" if len(names) > 1 else "y"]).max()) for n, a in zip(names, theirs))
        assert apart < 1e-5, (name, apart)
        history = read.fit(given, dict(zip(names, targets)) if len(names) > 1 else targets[0], epochs=2, verbose=0).history
        assert all(np.isfinite(v).all() for v in history.values())
        with h5py.File(source) as old, h5py.File(path("m.h5")) as new:
            shapes = [[f[g][w].shape for w in f[g].attrs["weight_names"]] for f, g in ((old, "optimizer_weights"), (new, "descent_optimizer_weights"))]
            assert shapes[0] == shapes[1], name
        print(f"{name}: predictions {apart:.1e} apart, {type(read.optimizer).__name__} at step {int(read.optimizer.iterations)}, then loss {history['loss']}")
