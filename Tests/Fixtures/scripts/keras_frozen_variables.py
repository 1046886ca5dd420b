"""Old .h5 files of Keras 3 in which variables are frozen on their own, so that they stand in another order: keras-files/frozen-variables.h5 and
frozen-variables.json with the weights by name. Run with KERAS_BACKEND=jax."""
import argparse
import json
from pathlib import Path

import keras
import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent)
out = parser.parse_args().out
rng = np.random.default_rng(3)
inner = keras.Sequential([keras.Input((4,)), keras.layers.LayerNormalization(name="a"), keras.layers.LayerNormalization(name="b")], name="inner")
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, name="dense"), keras.layers.LayerNormalization(name="own"), inner])
for variable in model.variables:
    variable.assign(np.round(rng.normal(size=variable.shape) * 64) / 64)
for variable in [model.get_layer("dense").kernel, model.get_layer("own").gamma, inner.get_layer("a").gamma]:
    variable.trainable = False
(out / "keras-files").mkdir(exist_ok=True)
model.save(out / "keras-files" / "frozen-variables.h5")
weights = {variable.path.removeprefix("sequential/"): np.asarray(variable).ravel().tolist() for variable in model.variables}
result = {"keras": keras.__version__, "weights": weights}
(out / "frozen-variables.json").write_text(json.dumps(result) + "\n")
