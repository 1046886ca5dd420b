"""Weights that Keras 3 (JAX backend) writes into several files: keras-files/sharded/s.weights.json, its shards, and the same in one file."""

import os

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np

from fixturelib import FIXTURES

L = keras.layers
keras.utils.set_random_seed(1)
model = keras.Sequential([keras.Input((6,)), L.Dense(8, "relu", name="a"), L.BatchNormalization(name="b"), L.Dense(2, name="c")])
model.compile("sgd", "mse")
model.fit(np.ones((8, 6)), np.ones((8, 2)), verbose=0)
folder = os.path.join(FIXTURES, "keras-files", "sharded")
os.makedirs(folder, exist_ok=True)
# A size in gigabytes, so small that the normalization's variables are cut.
model.save_weights(os.path.join(folder, "s.weights.json"), max_shard_size=3e-7)
model.save_weights(os.path.join(folder, "whole.weights.h5"))
