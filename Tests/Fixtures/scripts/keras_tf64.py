"""Import this before Keras for float64 on the TensorFlow backend.

Training on the JAX backend loses the masks of predictions before metrics see them (evaluating keeps them); on TensorFlow both keep
them. Here `ops.cast` of a Python number is rounded to float32 first, so optimizers are given hyperparameters that float32 holds
(`HELD`).
"""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import tensorflow

keras.config.set_floatx("float64")

REFERENCE = f"keras {keras.__version__}, TensorFlow {tensorflow.__version__}, float64"
HELD = {
    "SGD": {},
    "Adam": {"beta_1": 0.875, "beta_2": 1 - 2**-10, "epsilon": 2**-23},
    "RMSprop": {"rho": 0.875, "epsilon": 2**-23},
}
