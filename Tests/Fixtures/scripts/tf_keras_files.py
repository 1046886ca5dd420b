"""Files of the last Keras 2, which `tf-keras` 2.21.0 (on TensorFlow 2.21.0, CPU) still writes.

Writes Tests/Fixtures/keras-files/tf-keras/: models trained for two epochs, their weights, and what they predict.
"""
import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import numpy as np
import tf_keras

folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "keras-files", "tf-keras")
os.makedirs(folder, exist_ok=True)
g = np.random.default_rng(0)
x = g.normal(size=(24, 4)).astype("float32")
y = (x[:, 0] > 0).astype("int32")
L = tf_keras.layers
expected = {"tf_keras": tf_keras.__version__, "x": x[:6].tolist(), "predictions": {}}


def write(name, model, metrics, weights=True):
    tf_keras.utils.set_random_seed(3)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=metrics)
    model.fit(x, y, epochs=2, batch_size=8, verbose=0)
    model.save(os.path.join(folder, name + ".keras"))
    if weights:
        model.save_weights(os.path.join(folder, name + ".weights.h5"))
        model.save(os.path.join(folder, name + ".h5"))
    with open(os.path.join(folder, name + ".json"), "w") as f:
        f.write(model.to_json())
    expected["predictions"][name] = model.predict(x[:6], verbose=0).tolist()


tf_keras.utils.set_random_seed(1)
write("sequential", tf_keras.Sequential([L.InputLayer(input_shape=(4,)), L.Dense(8, "relu"), L.Dense(2, "softmax")]), ["accuracy"])
write(
    "several",
    tf_keras.Sequential(
        [L.Dense(6, input_shape=(4,), kernel_regularizer="l2", name="first"), L.BatchNormalization(), L.LeakyReLU(), L.Dropout(0.2),
         L.Dense(2, activation=tf_keras.activations.softmax)]),
    [tf_keras.metrics.SparseCategoricalAccuracy(name="right"), tf_keras.metrics.SparseTopKCategoricalAccuracy(k=1)])
with open(os.path.join(folder, "expected.json"), "w") as f:
    json.dump(expected, f)
