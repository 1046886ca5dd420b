"""Files of one recurrent model of Keras 3 (JAX backend): a mask, both directions, states that one layer hands to another, cells one upon the
other; writes keras-files/recurrent.keras (trained for an epoch with Adam), recurrent.h5, and recurrent-files.json.
"""

import os

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np

from fixturelib import FIXTURES, dumps, pattern, whole_pattern

keras.utils.set_random_seed(3)
L = keras.layers
ids = keras.Input((5,), name="ids", dtype="int32")
e = L.Embedding(7, 3, mask_zero=True)(ids)
b = L.Bidirectional(L.LSTM(2, return_sequences=True), merge_mode="sum")(e)
y, h, c = L.LSTM(3, return_sequences=True, return_state=True, name="encoder")(b)
z = L.LSTM(3, name="decoder", return_sequences=True)(y, initial_state=[h, c])
g = L.GRU(2, reset_after=False, go_backwards=True, return_sequences=True)(z)
s = L.SimpleRNN(2, return_sequences=True)(g)
r = L.RNN([L.GRUCell(2), L.LSTMCell(3)])(s)
model = keras.Model(ids, L.Dense(1)(L.Concatenate()([r, h])))
model.compile("adam", loss="mse")
X, Y = whole_pattern((8, 5), 1, 0, 6), pattern((8, 1), 2).astype("float32")
X[0] = 0
model.fit(X, Y, batch_size=4, epochs=1, shuffle=False, verbose=0)
folder = os.path.join(FIXTURES, "keras-files")
model.save(os.path.join(folder, "recurrent.keras"))
model.save(os.path.join(folder, "recurrent.h5"))
pack = lambda v: {"shape": list(v.shape), "values": v.reshape(-1).tolist()}
predicted = model.predict(X, verbose=0)
history = model.fit(X, Y, batch_size=4, epochs=1, shuffle=False, verbose=0).history
result = {"made_by": f"scripts/keras_recurrent_files.py, keras {keras.__version__}, JAX backend", "x": pack(X), "y": pack(Y), "predict": pack(predicted), "next_epoch": history, "next_predict": pack(model.predict(X, verbose=0)), "paths": [w.path for w in model.weights]}
with open(os.path.join(FIXTURES, "recurrent-files.json"), "w") as file:
    file.write(dumps(result) + "\n")
