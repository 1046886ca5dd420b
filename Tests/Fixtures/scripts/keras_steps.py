"""Steps of a program's own in Keras 3 (TensorFlow backend, float64): `train_step`, `test_step`, `compute_loss`, several models and
optimizers, metrics with state, stepsPerExecution; writes steps.json. Data and weights are `pattern`s.
"""

import keras_tf64
import keras
import tensorflow as tf

from fixturelib import arguments, out_path, pattern, whole_pattern, write

L, ops = keras.layers, keras.ops
ROWS, BATCH, EPOCHS = 10, 4, 2


def fill(model, salt):
    model.set_weights([pattern(w.shape, salt + place) / 2 for place, w in enumerate(model.weights)])


def chain(inputs, units, outputs, activation=None):
    return keras.Sequential([L.Input((inputs,)), L.Dense(units, activation="tanh"), L.Dense(outputs, activation=activation)])


X, Y, LABELS = pattern((ROWS, 3), 1), pattern((ROWS, 1), 2), whole_pattern((ROWS, 1), 3, 0, 1)
WEIGHTS = pattern((ROWS,), 4, 0, 64, 32.0)


def recorded(name, model, x, y, judge=True, **options):
    result = {"name": name}
    history = model.fit(x, y, batch_size=BATCH, epochs=EPOCHS, shuffle=False, verbose=0, **options)
    result["history"] = history.history
    if judge:
        result["evaluate"] = model.evaluate(x, y, batch_size=BATCH, verbose=0, return_dict=True)
    result["weights_after"] = [w.reshape(-1) for w in model.get_weights()]
    return result


class Penalized(keras.Model):
    """A loss of its own beside the compiled one."""

    def __init__(self):
        super().__init__()
        self.inner = chain(3, 4, 1)

    def call(self, x):
        return self.inner(x)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return super().compute_loss(x, y, y_pred, sample_weight) + 0.1 * ops.mean(ops.abs(y_pred))


class Doubled(Penalized):
    """A step of its own: gradients are changed on their way; a mean and a number are logged besides."""

    def __init__(self):
        super().__init__()
        self.size = keras.metrics.Mean(name="size")

    def train_step(self, data):
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred, sample_weight=sample_weight)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply([2 * g for g in gradients], self.trainable_variables)
        self.size.update_state(ops.abs(y_pred))
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss, sample_weight=tf.shape(x)[0])
        return {**self.compute_metrics(x, y, y_pred, sample_weight), "last": loss}

    def test_step(self, data):
        x, y = data
        return {"biggest": ops.max(ops.abs(self(x) - y))}


class GAN(keras.Model):
    def __init__(self):
        super().__init__()
        self.generator, self.discriminator = chain(3, 4, 2), chain(2, 5, 1)
        self.d_loss, self.g_loss = keras.metrics.Mean(name="d_loss"), keras.metrics.Mean(name="g_loss")
        self.d_optimizer, self.g_optimizer = keras.optimizers.Adam(0.02, **keras_tf64.HELD["Adam"]), keras.optimizers.SGD(0.1, momentum=0.5)

    def compile(self):
        super().compile()
        self.bce = keras.losses.BinaryCrossentropy(from_logits=True)

    def train_step(self, data):
        noise, real = data
        rows = tf.shape(real)[0]
        fake = self.generator(noise)
        both = tf.concat([fake, real], axis=0)
        labels = tf.concat([tf.ones((rows, 1), tf.float64), tf.zeros((rows, 1), tf.float64)], axis=0)
        with tf.GradientTape() as tape:
            d_loss = self.bce(labels, self.discriminator(both))
        variables = self.discriminator.trainable_variables
        self.d_optimizer.apply(tape.gradient(d_loss, variables), variables)
        with tf.GradientTape() as tape:
            g_loss = self.bce(tf.zeros((rows, 1), tf.float64), self.discriminator(self.generator(noise)))
        variables = self.generator.trainable_variables
        self.g_optimizer.apply(tape.gradient(g_loss, variables), variables)
        self.d_loss.update_state(d_loss)
        self.g_loss.update_state(g_loss)
        return {"d_loss": self.d_loss.result(), "g_loss": self.g_loss.result()}


class Added(keras.Model):
    """No compiled loss: a layer adds it."""

    def __init__(self):
        super().__init__()
        self.inner = chain(3, 4, 3)

    def call(self, x):
        y = self.inner(x)
        self.add_loss(ops.mean(ops.square(y - x)))
        return y


class BinaryTruePositives(keras.metrics.Metric):
    """Keras's own example of a metric with state."""

    def __init__(self, name="binary_true_positives", **kwargs):
        super().__init__(name=name, **kwargs)
        self.true_positives = self.add_weight(shape=(), initializer="zeros", name="tp")

    def update_state(self, y_true, y_pred, sample_weight=None):
        values = ops.cast(ops.logical_and(ops.equal(ops.cast(y_true, "bool"), True), ops.greater(y_pred, 0.5)), self.dtype)
        if sample_weight is not None:
            values = ops.multiply(values, ops.reshape(ops.cast(sample_weight, self.dtype), (-1, 1)))
        self.true_positives.assign(self.true_positives + ops.sum(values))

    def result(self):
        # The variable itself would be read after the validation that follows.
        return self.true_positives + 0.0


class Batches(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seen = []

    def note(self, hook, batch, logs=None):
        self.seen.append([hook, batch] + ([logs["loss"], logs["mae"]] if logs else []))

    def on_train_batch_begin(self, batch, logs=None):
        self.note("train begin", batch)

    def on_train_batch_end(self, batch, logs=None):
        self.note("train end", batch, logs)

    def on_test_batch_end(self, batch, logs=None):
        self.note("test end", batch, logs)

    def on_predict_batch_end(self, batch, logs=None):
        self.note("predict end", batch)


def main():
    options = arguments(__doc__).parse_args()
    cases = []

    model = Penalized()
    fill(model.inner, 20)
    model.compile(keras.optimizers.SGD(0.1), "mse", metrics=["mae"])
    cases.append(recorded("computeLoss", model, X, Y, sample_weight=WEIGHTS))

    model = Doubled()
    fill(model.inner, 20)
    model.compile(keras.optimizers.Adam(0.02, **keras_tf64.HELD["Adam"]), "mse", metrics=["mae"])
    cases.append(recorded("trainStep", model, X, Y))

    model = GAN()
    fill(model.generator, 30)
    fill(model.discriminator, 40)
    model.compile()
    case = recorded("GAN", model, X, pattern((ROWS, 2), 5), judge=False)
    case["weights_after"] = [w.reshape(-1) for part in (model.generator, model.discriminator) for w in part.get_weights()]
    cases.append(case)

    model = Added()
    fill(model.inner, 50)
    model.compile(keras.optimizers.SGD(0.1))
    cases.append(recorded("addLoss", model, X, None))

    model = chain(3, 4, 1, "sigmoid")
    fill(model, 60)
    model.compile(keras.optimizers.SGD(0.1), "binary_crossentropy", metrics=[BinaryTruePositives()], weighted_metrics=[BinaryTruePositives(name="weighted")])
    cases.append(recorded("metric", model, X, LABELS, sample_weight=WEIGHTS, validation_split=0.3))

    model = chain(3, 4, 1)
    fill(model, 70)
    model.compile(keras.optimizers.SGD(0.1), "mse", metrics=["mae"], steps_per_execution=2)
    batches = Batches()
    case = recorded("stepsPerExecution", model, X, Y, judge=False, callbacks=[batches])
    model.evaluate(X, Y, batch_size=BATCH, verbose=0, callbacks=[batches])
    model.predict(X, batch_size=BATCH, verbose=0, callbacks=[batches])
    case["hooks"] = batches.seen
    cases.append(case)

    header = {"reference": keras_tf64.REFERENCE, "made_by": "scripts/keras_steps.py", "fit": f"{ROWS} rows, batch_size={BATCH}, epochs={EPOCHS}, shuffle=False"}
    write(out_path(options, "steps.json"), header, {"cases": cases})


if __name__ == "__main__":
    main()
