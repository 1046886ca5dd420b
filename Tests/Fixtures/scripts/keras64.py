"""Import this before Keras for real float64 on the JAX backend.

Keras's JAX backend resolves many result types through a table that turns float64 into float32,
whatever floatx and JAX_ENABLE_X64 say (cos, floor, ceil, tanh, norm and others then compute in
float32). The table entry is removed here; nothing else of Keras is changed.
"""

import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_ENABLE_X64"] = "1"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import keras
from keras.src.backend.common import dtypes

dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
for function in vars(dtypes).values():
    if hasattr(function, "cache_clear"):
        function.cache_clear()
keras.config.set_floatx("float64")

_x = keras.ops.convert_to_tensor([[0.25, 0.5]], dtype="float64")
for _name in ("tanh", "norm", "floor", "cos", "ceil", "sqrt", "mean", "log"):
    assert str(getattr(keras.ops, _name)(_x).dtype) == "float64", _name
