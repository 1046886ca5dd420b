"""A model with RandAugment and MixUp in a file, by Keras 3 (JAX); writes keras-files/rand-augment.keras and prints what it predicts for one color, for RandAugmentFileTests."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np

from fixturelib import FIXTURES

keras.utils.set_random_seed(3)
L = keras.layers
model = keras.Sequential([
    keras.Input((6, 6, 3)), L.RandAugment(value_range=(0, 255), num_ops=1, factor=0.25, interpolation="nearest", seed=5), L.MixUp(alpha=0.4, seed=1), L.Rescaling(1 / 255),
    L.GlobalAveragePooling2D(), L.Dense(2, activation="softmax", bias_initializer=keras.initializers.Constant(0.25))])
model.save(os.path.join(FIXTURES, "keras-files", "rand-augment.keras"))
print(keras.__version__, model.predict(np.full((1, 6, 6, 3), (255.0, 51.0, 102.0), "float32"), verbose=0).tolist())
