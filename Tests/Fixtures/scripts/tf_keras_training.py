"""Whole models that the last Keras 2 trained and wrote to `.h5`, with what its optimizers remember, and what one more epoch makes of
them: `tf-keras` 2.21.0 on TensorFlow 2.21.0, CPU.

Writes Tests/Fixtures/keras-files/tf-keras/training-NAME.h5 and training.json.
"""
import json
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import numpy as np
import tf_keras

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "keras-files", "tf-keras")
g = np.random.RandomState(4)
x = (g.randint(-32, 33, size=(16, 3)) / 32).astype("float32")
y = (g.randint(-32, 33, size=(16, 2)) / 32).astype("float32")
L, O = tf_keras.layers, tf_keras.optimizers
optimizers = {
    "adam": O.Adam(0.01, amsgrad=True),
    "sgd": O.SGD(0.05),
    "rmsprop": O.RMSprop(0.01, momentum=0.5),
    "adamax": O.Adamax(0.01),
    "legacy-adam": O.legacy.Adam(0.01),
    "legacy-sgd": O.legacy.SGD(0.05, momentum=0.9, nesterov=True, decay=0.1),
    "legacy-adadelta": O.legacy.Adadelta(1.0),
}
cases = {}
for name, optimizer in optimizers.items():
    tf_keras.utils.set_random_seed(5)
    model = tf_keras.Sequential([L.InputLayer(input_shape=(3,)), L.Dense(4, "tanh"), L.BatchNormalization(), L.Dense(2)])
    model.compile(optimizer, "mse")
    model.fit(x, y, batch_size=4, epochs=1, shuffle=False, verbose=0)
    model.save(os.path.join(folder, f"training-{name}.h5"))
    loss = model.fit(x, y, batch_size=4, epochs=1, shuffle=False, verbose=0).history["loss"]
    cases[name] = {"loss": loss, "weights": [w.reshape(-1).tolist() for w in model.get_weights()]}
with open(os.path.join(folder, "training.json"), "w") as f:
    json.dump({"tf_keras": tf_keras.__version__, "x": x.tolist(), "y": y.tolist(), "cases": cases}, f)
