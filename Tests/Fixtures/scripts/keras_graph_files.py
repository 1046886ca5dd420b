"""Files of one functional model of Keras 3 (JAX backend): shared and nested layers, two named inputs, two outputs, an operator, a
mask, `training` in a call (of a Dropout of rate 0, because Keras's fit drops out all the same); writes keras-files/graph.keras (trained for an epoch with Adam), graph.h5, and graph-files.json;
and schedule.h5, whose optimizer has a learning-rate schedule.
"""

import os

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np

from fixturelib import FIXTURES, dumps

keras.utils.set_random_seed(3)
L = keras.layers
a, ids = keras.Input((3,), name="a"), keras.Input((4,), name="ids", dtype="int32")
shared = L.Dense(3, activation="tanh", name="shared")
i = keras.Input((3,))
inner = keras.Model(i, L.Add()([L.Dense(3)(i), i]), name="inner")
chain = keras.Sequential([L.Input((3,)), L.Dense(2, activation="relu")], name="chain")
x = inner(shared(a))
y = L.BatchNormalization()(shared(inner(x)))
e = L.GlobalAveragePooling1D()(L.Embedding(9, 3, mask_zero=True)(ids))
z = L.Concatenate()([x * 0.5 + y, L.Dropout(0.0)(e, training=False)])
p = L.Dense(2, activation="softmax", name="p")(z)
q = L.Dense(1, name="q")(chain(y))
model = keras.Model({"a": a, "ids": ids}, [p, q])
model.compile("adam", loss={"p": "sparse_categorical_crossentropy", "q": "mse"}, loss_weights={"p": 1.0, "q": 0.5}, metrics={"p": ["accuracy"], "q": ["mae"]})
generator = np.random.RandomState(5)
X = {"a": generator.randint(-64, 65, size=(8, 3)).astype("float32") / 32, "ids": np.concatenate([1 + generator.randint(0, 8, size=(8, 2)), generator.randint(0, 2, size=(8, 2))], 1).astype("int32")}
Y = {"p": generator.randint(0, 2, size=(8,)).astype("int32"), "q": generator.randint(-64, 65, size=(8, 1)).astype("float32") / 32}
model.fit(X, Y, batch_size=4, epochs=1, shuffle=False, verbose=0)
folder = os.path.join(FIXTURES, "keras-files")
model.save(os.path.join(folder, "graph.keras"))
model.save(os.path.join(folder, "graph.h5"))
predicted = model.predict(X, verbose=0)
evaluated = model.evaluate(X, Y, batch_size=4, verbose=0, return_dict=True)
history = model.fit(X, Y, batch_size=4, epochs=1, shuffle=False, verbose=0).history
pack = lambda v: {"shape": list(v.shape), "values": v.reshape(-1).tolist(), "dtype": str(v.dtype)}
result = {"made_by": f"scripts/keras_graph_files.py, keras {keras.__version__}, JAX backend", "x": {k: pack(v) for k, v in X.items()}, "y": {k: pack(v) for k, v in Y.items()}, "predict": [pack(v) for v in predicted], "evaluate": evaluated, "next_epoch": history, "next_predict": [pack(v) for v in model.predict(X, verbose=0)], "paths": [w.path for w in model.weights]}


def scheduled():
    """A model whose optimizer's rate is no variable, and what the next epoch gives."""
    i = keras.Input((3,), name="i")
    model = keras.Model(i, L.Dense(1, name="d")(i))
    model.compile(keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(0.1, 10), clipnorm=1.0), "mse")
    x, y = X["a"], Y["q"]
    model.fit(x, y, batch_size=4, epochs=1, shuffle=False, verbose=0)
    model.save(os.path.join(folder, "schedule.h5"))
    model.fit(x, y, batch_size=4, epochs=1, shuffle=False, verbose=0)
    return [pack(w) for w in model.get_weights()]


result["scheduled"] = scheduled()
with open(os.path.join(FIXTURES, "graph-files.json"), "w") as file:
    file.write(dumps(result) + "\n")
