"""Functional models of Keras 3 (JAX backend, float64) of random shape, trained for an epoch; writes graphs.json.

Each case: the model's description, its initial weights, and predictions, the logs of an epoch without shuffling, the evaluation
and the weights that came out. The handful in the repository is of seeds 0 to 11; `--count 50` makes more.
"""

import random

import keras64
import jax
import keras
import numpy as np

from fixturelib import arguments, out_path, write

L, ops = keras.layers, keras.ops
ROWS, ROWS_VALIDATION = 10, 5


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.generator = np.random.RandomState(seed)
        self.shared = {}

    def numbers(self, *shape):
        return self.generator.randint(-128, 129, size=shape) / 64.0

    def pick(self, *choices):
        return self.random.choice(choices)

    def width(self):
        return self.random.randint(2, 5)

    def dense(self, x):
        width = self.width()
        key = (x.shape[-1], width)
        if key in self.shared and self.random.random() < 0.5:
            return self.shared[key](x)
        self.shared[key] = L.Dense(width, activation=self.pick("tanh", "sigmoid", "softplus", None), kernel_regularizer=self.pick(None, None, keras.regularizers.L2(0.01)))
        return self.shared[key](x)

    def nested(self, x):
        i = keras.Input(x.shape[1:])
        y = L.Dense(self.width(), activation="tanh")(i)
        if self.random.random() < 0.5:
            inner = keras.Model(i, L.Add()([y, L.Dense(y.shape[-1])(i)]))
        else:
            inner = keras.Sequential([L.Input(x.shape[1:]), L.Dense(self.width(), activation="tanh")])
        return inner(x)

    def one(self, x):
        return self.pick(
            self.dense, self.dense, self.dense, self.nested,
            lambda x: L.BatchNormalization(momentum=0.9)(x), lambda x: L.LayerNormalization()(x), lambda x: L.Activation("tanh")(x),
            lambda x: L.PReLU(alpha_initializer="ones")(x), lambda x: x * 0.5 + 1, lambda x: ops.tanh(x), lambda x: 1 - ops.sigmoid(x), lambda x: L.UnitNormalization()(x),
            lambda x: L.RMSNormalization()(x), lambda x: ops.softmax(x), lambda x: L.Rescaling(0.5, offset=0.1)(x), lambda x: x / (1 + ops.exp(x)), lambda x: x[:, :2], lambda x: ops.square(x) - ops.mean(x, axis=-1, keepdims=True),
            lambda x: L.Reshape((x.shape[1], 1))(x) if False else x, lambda x: L.Flatten()(L.RepeatVector(2)(x)), lambda x: L.Dropout(0.5)(x, training=False),
        )(x)

    def two(self, a, b):
        if a.shape[-1] == b.shape[-1] and self.random.random() < 0.75:
            return self.pick(lambda: L.Add()([a, b]), lambda: L.Multiply()([a, b]), lambda: L.Subtract()([a, b]), lambda: L.Average()([a, b]), lambda: L.Maximum()([a, b]), lambda: L.Dot(axes=1)([a, b]),
                             lambda: a + b, lambda: a * b, lambda: ops.minimum(a, b), lambda: ops.concatenate([a, b], axis=1), lambda: ops.where(ops.greater(a, b), a, b * 2))()
        return L.Concatenate()([a, b])

    def sequence(self, ids):
        e = L.Embedding(7, self.width(), mask_zero=True)(ids)
        e = self.pick(lambda e: e, lambda e: L.Dense(3, activation="tanh")(e), lambda e: L.TimeDistributed(L.Dense(3))(e), lambda e: L.LayerNormalization()(e), lambda e: L.Dropout(0.3)(e, training=False))(e)
        return L.GlobalAveragePooling1D()(e)

    def model(self):
        r = self.random
        inputs, pool = {}, []
        for number in range(r.randint(1, 3)):
            name = f"in{number}"
            if number == 1 and r.random() < 0.6:
                inputs[name] = keras.Input((4,), name=name, dtype="int32")
                pool.append(self.sequence(inputs[name]))
            else:
                inputs[name] = keras.Input((self.width(),), name=name)
                pool.append(inputs[name])
        for _ in range(r.randint(4, 9)):
            if len(pool) > 1 and r.random() < 0.45:
                a, b = r.sample(pool, 2)
                pool.append(self.two(a, b))
            else:
                pool.append(self.one(r.choice(pool[-3:])))
        # Everything takes part.
        while len(pool) > 3:
            pool = pool[2:] + [self.two(pool[0], pool[1])]
        outputs, losses, metrics, weights = {}, {}, {}, {}
        for number in range(r.randint(1, 3)):
            name = f"out{number}"
            kind = self.pick("mse", "binary", "classes")
            source = pool[number % len(pool)]
            if kind == "mse":
                outputs[name], losses[name], metrics[name] = L.Dense(2, name=name)(source), "mse", ["mae"]
            elif kind == "binary":
                outputs[name], losses[name], metrics[name] = L.Dense(1, activation="sigmoid", name=name)(source), "binary_crossentropy", ["accuracy"]
            else:
                outputs[name], losses[name], metrics[name] = L.Dense(3, activation="softmax", name=name)(source), "sparse_categorical_crossentropy", ["accuracy"]
            weights[name] = r.choice([1.0, 0.5, 2.0])
        # Inputs that lead to none of the outputs are left out.
        used = keras.Model(list(inputs.values()), list(outputs.values()))
        names = [t.name for t in used.inputs]
        form_in, form_out = self.pick("list", "dict"), self.pick("list", "dict")
        model = keras.Model(
            inputs if form_in == "dict" and len(inputs) > 1 else list(inputs.values()) if len(inputs) > 1 else list(inputs.values())[0],
            {"head_" + name: value for name, value in outputs.items()} if form_out == "dict" and len(outputs) > 1 else list(outputs.values()) if len(outputs) > 1 else list(outputs.values())[0])
        return model, inputs, outputs, losses, metrics, weights, form_out == "dict" and len(outputs) > 1


def pack(value):
    value = np.asarray(value)
    return {"shape": list(value.shape), "values": value.reshape(-1), "dtype": str(value.dtype) if value.dtype.kind != "i" else "int32"}


def run(seed):
    keras.utils.clear_session()
    maker = Maker(seed)
    model, inputs, outputs, losses, metrics, loss_weights, named = maker.model()
    key = lambda name: "head_" + name if named else name
    weights = [np.abs(maker.numbers(*w.shape)) / 4 + 0.5 if "variance" in w.name else maker.numbers(*w.shape) / 2 for w in model.weights]
    model.set_weights(weights)

    def data(rows):
        x = {name: maker.generator.randint(0, 7, size=(rows, 4)).astype("int32") if i.dtype == "int32" else maker.numbers(rows, *i.shape[1:]) for name, i in inputs.items()}
        for name, i in inputs.items():
            if i.dtype == "int32":
                x[name][:, 0] = 1 + x[name][:, 0] % 6
        y = {}
        for name in outputs:
            y[name] = maker.numbers(rows, 2) if losses[name] == "mse" else maker.generator.randint(0, 2, size=(rows, 1)).astype(float) if losses[name].startswith("binary") else maker.generator.randint(0, 3, size=(rows,)).astype("int32")
        return x, y

    (x, y), (xv, yv) = data(ROWS), data(ROWS_VALIDATION)
    several = len(outputs) > 1
    shape_x = lambda x: x if len(inputs) > 1 else x["in0"]
    shape_y = lambda y: {key(name): value for name, value in y.items()} if several else y["out0"]
    rename = lambda d: {key(name): value for name, value in d.items()} if several else d["out0"]
    optimizer = maker.pick(dict(class_name="SGD", config=dict(learning_rate=0.05)), dict(class_name="Adam", config=dict(learning_rate=0.02)))
    model.compile(optimizer=getattr(keras.optimizers, optimizer["class_name"])(**optimizer["config"]), loss=rename(losses), metrics=rename(metrics), loss_weights=rename(loss_weights) if several else None)
    if not several:
        # Keras writes the list of a single output in one way only.
        pass
    result = {"seed": seed, "model": keras.src.saving.serialization_lib.serialize_keras_object(model), "weights": [pack(w) for w in weights], "paths": [w.path for w in model.weights], "x": {k: pack(v) for k, v in x.items()}, "y": {(key(k) if several else k): pack(v) for k, v in y.items()}, "x_validation": {k: pack(v) for k, v in xv.items()}, "y_validation": {(key(k) if several else k): pack(v) for k, v in yv.items()}}
    result["layers"] = [layer.name for layer in model.layers]
    predicted = model.predict(shape_x(xv), batch_size=4, verbose=0)
    result["predict"] = {k: pack(v) for k, v in predicted.items()} if isinstance(predicted, dict) else [pack(v) for v in predicted] if isinstance(predicted, list) else [pack(predicted)]
    result["history"] = model.fit(shape_x(x), shape_y(y), validation_data=(shape_x(xv), shape_y(yv)), batch_size=4, epochs=1, shuffle=False, verbose=0).history
    result["evaluate"] = model.evaluate(shape_x(xv), shape_y(yv), batch_size=4, verbose=0, return_dict=True)
    result["weights_after"] = [pack(w) for w in model.get_weights()]
    return result


def main():
    parser = arguments(__doc__)
    parser.add_argument("--count", type=int, default=12)
    options = parser.parse_args()
    header = {"reference": f"keras {keras.__version__}, JAX {jax.__version__}, float64", "made_by": "scripts/keras_graphs.py", "fit": "batch_size=4, epochs=1, shuffle=False, validation data"}
    cases = []
    for seed in range(options.count):
        try:
            cases.append(run(seed))
        except Exception as error:
            print(seed, type(error).__name__, str(error)[:300])
    write(out_path(options, "graphs.json"), header, {"cases": cases})


if __name__ == "__main__":
    main()
