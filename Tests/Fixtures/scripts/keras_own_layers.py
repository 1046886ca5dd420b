"""What Keras makes of layers of layers: where its weight files keep the parts of a model of one's own (properties before and behind `layers`
in the alphabet, lists in lists), in which order an optimizer's variables lie where a layer calls its parts in another order than it holds
them, and how weights for each step of a row count; writes keras-files/subclassed.weights.h5, keras-files/own-layers.keras and
own-layers.json.
"""

import os

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np

from fixturelib import FIXTURES, dumps

L = keras.layers
keras.utils.set_random_seed(11)
generator = np.random.RandomState(3)
numbers = lambda *shape: generator.randint(-64, 65, size=shape).astype("float32") / 32
pack = lambda v: {"shape": list(v.shape), "values": np.asarray(v).reshape(-1).tolist()}
files = os.path.join(FIXTURES, "keras-files")


@keras.saving.register_keras_serializable()
class Two(L.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first = L.Dense(4)
        self.second = L.Dense(4)

    def call(self, x):
        return self.first(keras.ops.tanh(self.second(x)))


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.tail = L.Dense(1)
        self.blocks = [[L.Dense(4, activation="tanh"), L.Dense(4)], [L.Dense(4, activation="tanh")]]
        self.middle = keras.Sequential([L.Dense(4, activation="tanh")])
        self.after_all = L.Dense(4, activation="tanh")
        self._hidden = L.Dense(4, activation="tanh")
        self.pair = (L.Dense(4), Two())

    def call(self, x):
        for block in self.blocks:
            for layer in block:
                x = layer(x)
        x = self._hidden(self.after_all(self.middle(x)))
        for layer in self.pair:
            x = layer(x)
        return self.tail(x)


X, Y = numbers(12, 4), numbers(12, 1)
net = Net()
net(X)
net.save_weights(os.path.join(files, "subclassed.weights.h5"))
result = {"made_by": f"scripts/keras_own_layers.py, keras {keras.__version__}, JAX backend", "x": pack(X), "y": pack(Y), "prediction": pack(np.asarray(net(X)))}

model = keras.Sequential([keras.Input((4,)), Two(name="two"), L.Dense(1, name="last")])
model.compile(keras.optimizers.Adam(0.05), "mse")
train = lambda: model.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0).history["loss"]
train()
model.save(os.path.join(files, "own-layers.keras"))
result["loss"] = train()
result["weights"] = [pack(w) for w in model.get_weights()]

steps, labels, weights = numbers(8, 5, 3), generator.randint(0, 4, size=(8, 5)).astype("int32"), np.abs(numbers(8, 5))
values = numbers(8, 5, 2)
cases = []
for loss, width, targets, metrics in [("sparse_categorical_crossentropy", 4, labels, ["accuracy"]), ("mse", 2, values, ["mae"])]:
    for w in [weights, weights[:, :1]]:
        keras.utils.set_random_seed(2)
        model = keras.Sequential([keras.Input((5, 3)), L.Dense(width, activation="softmax" if width == 4 else None)])
        model.compile(keras.optimizers.SGD(0.5), loss, metrics=metrics, weighted_metrics=metrics)
        start = [pack(v) for v in model.get_weights()]
        history = model.fit(steps, targets, batch_size=4, epochs=2, shuffle=False, verbose=0, sample_weight=w).history
        scores = model.evaluate(steps, targets, batch_size=8, verbose=0, sample_weight=w, return_dict=True)
        cases.append({"loss": loss, "metric": metrics[0], "start": start, "y": pack(targets), "weights": pack(w), "history": history, "scores": scores})
result["steps"] = {"x": pack(steps), "cases": cases}
with open(os.path.join(FIXTURES, "own-layers.json"), "w") as file:
    file.write(dumps(result) + "\n")
