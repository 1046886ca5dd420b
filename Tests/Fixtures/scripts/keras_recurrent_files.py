"""Files of recurrent models of Keras 3 (JAX backend), each trained for an epoch with Adam, and recurrent-files.json about them.

keras-files/recurrent.keras and .h5: a mask, both directions, states that one layer hands to another, cells one upon the other.
keras-files/conv-lstm.keras and .h5: convolutions over pictures in one direction and in both.
"""

import os

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np

from fixturelib import FIXTURES, dumps, pattern, whole_pattern

L = keras.layers


def recurrent():
    ids = keras.Input((5,), name="ids", dtype="int32")
    e = L.Embedding(7, 3, mask_zero=True)(ids)
    b = L.Bidirectional(L.LSTM(2, return_sequences=True), merge_mode="sum")(e)
    y, h, c = L.LSTM(3, return_sequences=True, return_state=True, name="encoder")(b)
    z = L.LSTM(3, name="decoder", return_sequences=True)(y, initial_state=[h, c])
    g = L.GRU(2, reset_after=False, go_backwards=True, return_sequences=True)(z)
    s = L.SimpleRNN(2, return_sequences=True)(g)
    r = L.RNN([L.GRUCell(2), L.LSTMCell(3)])(s)
    x = whole_pattern((8, 5), 1, 0, 6)
    x[0] = 0
    return keras.Model(ids, L.Dense(1)(L.Concatenate()([r, h]))), x


def conv_lstm():
    frames = keras.Input((3, 4, 4, 1), name="frames")
    x = L.ConvLSTM2D(2, 3, padding="same", return_sequences=True)(frames)
    x = L.Bidirectional(L.ConvLSTM2D(1, (2, 1), strides=2, activation="relu"), merge_mode="ave")(x)
    return keras.Model(frames, L.Dense(1)(L.Flatten()(x))), pattern((8, 3, 4, 4, 1), 1).astype("float32")


def written(name, make):
    keras.utils.set_random_seed(3)
    keras.backend.clear_session()
    model, x = make()
    y = pattern((8, 1), 2).astype("float32")
    model.compile("adam", loss="mse")
    model.fit(x, y, batch_size=4, epochs=1, shuffle=False, verbose=0)
    for ending in ("keras", "h5"):
        model.save(os.path.join(FIXTURES, "keras-files", f"{name}.{ending}"))
    pack = lambda v: {"shape": list(v.shape), "values": v.reshape(-1).tolist()}
    predicted = model.predict(x, verbose=0)
    history = model.fit(x, y, batch_size=4, epochs=1, shuffle=False, verbose=0).history
    return {
        "x": pack(x), "y": pack(y), "predict": pack(predicted), "next_epoch": history, "next_predict": pack(model.predict(x, verbose=0)),
        "paths": [w.path for w in model.weights],
    }


result = {"made_by": f"scripts/keras_recurrent_files.py, keras {keras.__version__}, JAX backend"}
for name, make in (("recurrent", recurrent), ("conv-lstm", conv_lstm)):
    result[name] = written(name, make)
with open(os.path.join(FIXTURES, "recurrent-files.json"), "w") as file:
    file.write(dumps(result) + "\n")
