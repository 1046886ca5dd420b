"""What Keras 3 has for `training` in calls of its layers, and a functional model in whose file that default stands though nobody said it:
SpectralNormalization, alone and in a nested model, which turns its vectors in training alone (on TensorFlow, where what a layer assigns
to a kernel stays); writes keras-files/call-defaults.keras and call-defaults.json with what three epochs give.
"""

import inspect
import os

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np

from fixturelib import FIXTURES, dumps

keras.utils.set_random_seed(7)
L = keras.layers
defaults = {}
for name in dir(L):
    kind = getattr(L, name)
    if inspect.isclass(kind) and issubclass(kind, L.Layer):
        training = inspect.signature(kind.call).parameters.get("training")
        if training is not None and training.default is not None:
            defaults[kind.__name__] = training.default

i = keras.Input((5,))
inner = keras.Model(i, L.Dropout(0.0)(L.SpectralNormalization(L.Dense(3))(i)), name="inner")
x = keras.Input((4,), name="x")
y = L.Dense(1, name="y")(inner(L.SpectralNormalization(L.Dense(5, activation="tanh"), power_iterations=2)(x)))
model = keras.Model(x, y)
model.compile(keras.optimizers.SGD(0.1), "mse")
generator = np.random.RandomState(5)
X = generator.randint(-64, 65, size=(8, 4)).astype("float32") / 32
Y = generator.randint(-64, 65, size=(8, 1)).astype("float32") / 32
model.save(os.path.join(FIXTURES, "keras-files", "call-defaults.keras"))
history = model.fit(X, Y, batch_size=4, epochs=3, shuffle=False, verbose=0).history
pack = lambda v: {"shape": list(v.shape), "values": v.reshape(-1).tolist()}
result = {"made_by": f"scripts/keras_call_defaults.py, keras {keras.__version__}, TensorFlow backend", "training": dict(sorted(defaults.items())), "x": pack(X), "y": pack(Y), "loss": history["loss"], "weights": [pack(w) for w in model.get_weights()]}
with open(os.path.join(FIXTURES, "call-defaults.json"), "w") as file:
    file.write(dumps(result) + "\n")
