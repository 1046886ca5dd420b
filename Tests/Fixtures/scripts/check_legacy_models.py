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
F = lambda *shape: pattern((ROWS,) + shape, len(shape)).astype("float32")
I = lambda below, *shape: (np.abs(pattern((ROWS,) + shape, 3)) * 64 % below).astype("int32")
# Keras does not read its own graph.h5: operations between layers are unknown to it there.
DATA = {
    "graph": ({"a": F(3), "ids": I(8, 4) + 1}, {"p": I(2), "q": F(1)}),
    "schedule": (F(3), F(1)),
    "recurrent": (I(6, 5), F(1)),
    "frozen": (F(4), F(1)),
}


def run(*arguments):
    result = subprocess.run([tool, *arguments], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def named(kind, arrays):
    return {f"{kind}_{name}": array for name, array in arrays.items()} if isinstance(arrays, dict) else {kind: arrays}


with tempfile.TemporaryDirectory() as folder:
    path = lambda name: os.path.join(folder, name)
    for name, (x, y) in DATA.items():
        source = os.path.join(FIXTURES, "keras-files", f"{name}.h5")
        np.savez(path("d.npz"), **named("x", x), **named("y", y))
        run("train", "--model", source, "--data", path("d.npz"), "--epochs", "2", "--seed", "1", "--verbose", "0", "--save", path("m.h5"))
        run("predict", "--model", path("m.h5"), "--data", path("d.npz"), "--out", path("p.npz"))
        model = keras.models.load_model(path("m.h5"))
        theirs = model.predict(x, verbose=0)
        theirs = named("y", dict(zip(model.output_names, theirs)) if isinstance(theirs, list) else theirs)
        ours = np.load(path("p.npz"))
        apart = max(float(np.abs(value - ours[key]).max()) for key, value in theirs.items())
        assert apart < 1e-5, (name, apart)
        history = model.fit(x, y, epochs=2, verbose=0).history
        assert all(np.isfinite(values).all() for values in history.values())
        with h5py.File(source) as old, h5py.File(path("m.h5")) as new:
            groups = [(old, "optimizer_weights"), (new, "descent_optimizer_weights")]
            shapes = [[file[group][weight].shape for weight in file[group].attrs["weight_names"]] for file, group in groups]
            assert shapes[0] == shapes[1], name
        print(f"{name}: predictions {apart:.1e} apart; then losses {history['loss']} by {type(model.optimizer).__name__}")
