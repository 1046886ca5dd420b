"""Functional models of Keras 3 (JAX backend, float64) of random shape, trained for an epoch; writes graphs.json.

Each case: the model's description, and predictions, the logs of an epoch without shuffling, the evaluation, and two weighted sums of
each weight that came out. Weights and data are `pattern`s of the seed, so that they are not stored; parts of descriptions that come
more than once are stored once (`sharing`).
"""

import random

import keras64
import jax
import keras
import numpy as np

from fixturelib import arguments, out_path, pattern, plain, sharing, whole_pattern, write

L, ops = keras.layers, keras.ops


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.shared = {}
        self.sharedModels = {}

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
        if x.shape[-1] in self.sharedModels and self.random.random() < 0.5:
            return self.sharedModels[x.shape[-1]](x)
        i = keras.Input(x.shape[1:])
        y = L.Dense(self.width(), activation="tanh")(i)
        kind = self.random.random()
        if kind < 0.4:
            inner = keras.Model(i, L.Add()([y, L.Dense(y.shape[-1])(i)]))
        elif kind < 0.6:
            # A model in a model in a model.
            j = keras.Input(x.shape[1:])
            inner = keras.Model(j, ops.tanh(keras.Model(i, L.BatchNormalization(momentum=0.8)(y))(j)))
        else:
            inner = keras.Sequential([L.Input(x.shape[1:]), L.Dense(self.width(), activation="tanh"), L.Dropout(0.0)])
        self.sharedModels[x.shape[-1]] = inner
        return inner(x)

    def one(self, x):
        return self.pick(
            self.dense, self.dense, self.dense, self.nested, self.nested,
            lambda x: L.BatchNormalization(momentum=0.9)(x), lambda x: L.LayerNormalization()(x), lambda x: L.Activation("tanh")(x),
            lambda x: L.PReLU(alpha_initializer="ones")(x), lambda x: x * 0.5 + 1, lambda x: ops.tanh(x), lambda x: 1 - ops.sigmoid(x),
            lambda x: L.UnitNormalization()(x), lambda x: L.RMSNormalization()(x), lambda x: ops.softmax(x),
            lambda x: L.Rescaling(0.5, offset=0.1)(x), lambda x: x / (1 + ops.exp(x)), lambda x: x[:, :2],
            lambda x: ops.square(x) - ops.mean(x, axis=-1, keepdims=True), lambda x: L.Flatten()(L.RepeatVector(2)(x)),
            lambda x: L.Dropout(0.0)(x, training=False), lambda x: L.ActivityRegularization(l2=0.01)(x))(x)

    def two(self, a, b):
        if a.shape[-1] == b.shape[-1] and self.random.random() < 0.75:
            return self.pick(lambda: L.Add()([a, b]), lambda: L.Multiply()([a, b]), lambda: L.Subtract()([a, b]), lambda: L.Average()([a, b]),
                             lambda: L.Maximum()([a, b]), lambda: L.Minimum()([a, b]), lambda: L.Dot(axes=1)([a, b]), lambda: a + b,
                             lambda: a * b, lambda: ops.minimum(a, b), lambda: ops.concatenate([a, b], axis=1),
                             lambda: ops.where(ops.greater(a, b), a, b * 2))()
        return L.Concatenate()([a, b])

    def sequence(self, ids):
        """What keeps the mask; the pooling uses it."""
        e = L.Embedding(7, self.width(), mask_zero=True)(ids)
        for _ in range(self.random.randint(0, 2)):
            e = self.pick(lambda e: L.Dense(3, activation="tanh")(e), lambda e: L.TimeDistributed(L.Dense(3))(e), lambda e: L.LayerNormalization()(e),
                          lambda e: L.Add()([e, L.Dense(e.shape[-1])(e)]), lambda e: L.Dropout(0.0)(e, training=False),
                          lambda e: L.BatchNormalization()(e), lambda e: L.Activation("sigmoid")(e))(e)
        return e

    def image(self, x):
        """Convolutions and pooling down to a row."""
        filters = self.random.randint(2, 3)
        x = self.pick(
            lambda: L.Conv2D(filters, 3, padding="same", activation="tanh")(x), lambda: L.Conv2D(filters, 2, strides=2)(x),
            lambda: L.DepthwiseConv2D(2)(x), lambda: L.SeparableConv2D(filters, 2, activation="sigmoid")(x),
            lambda: L.Conv2DTranspose(filters, 2, strides=2)(x), lambda: L.Conv2D(filters, 2, dilation_rate=2, use_bias=False)(x))()
        if self.random.random() < 0.5:
            x = L.BatchNormalization(momentum=0.7)(x)
        if self.random.random() < 0.5:
            x = L.Add()([x, L.Conv2D(x.shape[-1], 1)(x)])
        x = self.pick(lambda: L.MaxPooling2D(2)(x), lambda: L.AveragePooling2D(2)(x), lambda: L.ZeroPadding2D(1)(x), lambda: L.UpSampling2D(2)(x))()
        return self.pick(lambda: L.GlobalAveragePooling2D()(x), lambda: L.GlobalMaxPooling2D()(x), lambda: L.Dense(3)(L.Flatten()(x)))()

    def model(self):
        r = self.random
        inputs, pool, sequences = {}, [], []
        for number in range(r.randint(1, 3)):
            name = f"in{number}"
            kind = r.random()
            if number > 0 and kind < 0.4:
                inputs[name] = keras.Input((4,), name=name, dtype="int32")
                sequences.append(self.sequence(inputs[name]))
                pool.append(L.GlobalAveragePooling1D()(sequences[-1]))
            elif number > 0 and kind < 0.7:
                inputs[name] = keras.Input((4, 4, 2), name=name)
                pool.append(self.image(inputs[name]))
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
        heads = {}
        for number in range(r.randint(1, 3)):
            name = f"out{number}"
            kind = self.pick("mse", "binary", "classes")
            source = pool[number % len(pool)]
            if sequences and number == 1 and r.random() < 0.7:
                # Numbers for each step, some of which are masked.
                source = sequences[0]
            if kind == "mse":
                heads[name] = (L.Dense(2, name=name)(source), self.pick("mse", "mae", "huber"), ["mae"])
            elif kind == "binary":
                heads[name] = (L.Dense(1, activation="sigmoid", name=name)(source), "binary_crossentropy", ["accuracy"])
            else:
                heads[name] = (L.Dense(3, activation="softmax", name=name)(source), "sparse_categorical_crossentropy", ["accuracy"])
        return inputs, heads


def rows(seed):
    """Of training and validation: the last batch of 4 is a smaller one for some."""
    return (7, 5) if seed % 5 == 0 else (8, 4)


def structured(form, values):
    """Values by name as a model's inputs or outputs are: one, a list, a dictionary."""
    if len(values) == 1:
        return list(values.values())[0]
    return dict(values) if form == "dict" else list(values.values())


def is_clipped(predictions):
    """Whether Keras's crossentropy clips a probability (at 1e-7), where Descent has the logit."""
    values = predictions.values() if isinstance(predictions, dict) else predictions if isinstance(predictions, list) else [predictions]
    return any(np.isin(v.shape[-1], (1, 3)) and (v.min() < 1e-6 or v.max() > 1 - 1e-6) for v in values)


def run(maker, seed, divisor):
    """One case; nothing if a probability is clipped. Weights are the pattern over `divisor`."""
    keras.utils.clear_session()
    maker = maker(seed)
    inputs, heads = maker.model()
    # Inputs that lead to none of the outputs are left out.
    used = keras.Model(list(inputs.values()), [head[0] for head in heads.values()])
    reached = {id(t) for operation in used._operations for node in operation._inbound_nodes for t in node.input_tensors}
    inputs = {name: i for name, i in inputs.items() if id(i) in reached}
    form_in, form_out = maker.pick("list", "dict"), maker.pick("list", "dict")
    heads = {("head_" + name if form_out == "dict" and len(heads) > 1 else name): head for name, head in heads.items()}
    model = keras.Model(structured(form_in, inputs), structured(form_out, {name: head[0] for name, head in heads.items()}))
    weights = []
    for place, w in enumerate(model.weights):
        value = pattern(w.shape, 1000 * seed + place) / divisor
        weights.append(np.abs(value) / 2 + 0.5 if "variance" in w.name else value)
    model.set_weights(weights)

    def data(count, salt):
        x, y = {}, {}
        for place, (name, i) in enumerate(inputs.items()):
            if i.dtype == "int32":
                x[name] = whole_pattern((count,) + i.shape[1:], salt + place, 0, 6)
                x[name][:, 0] = 1 + x[name][:, 0] % 6
            else:
                x[name] = pattern((count,) + i.shape[1:], salt + place)
        for place, (name, (output, loss, _)) in enumerate(heads.items()):
            steps = output.shape[1:-1]
            if output.shape[-1] == 2:
                y[name] = pattern((count, *steps, 2), salt + 10 + place)
            elif output.shape[-1] == 1:
                y[name] = whole_pattern((count, *steps, 1), salt + 10 + place, 0, 1)
            else:
                y[name] = whole_pattern((count, *steps), salt + 10 + place, 0, 2)
        return structured(form_in, x), structured(form_out, y)

    (x, y), (xv, yv) = data(rows(seed)[0], 1000 * seed + 500), data(rows(seed)[1], 1000 * seed + 600)
    optimizer = maker.pick(dict(class_name="SGD", config=dict(learning_rate=0.05)), dict(class_name="Adam", config=dict(learning_rate=0.02)),
                           dict(class_name="RMSprop", config=dict(learning_rate=0.01)))
    is_weighted = seed % 3 == 0
    sample_weight = None
    if is_weighted:
        # Keras spreads one weight a row over steps only if it has an axis for them.
        sample_weight = structured(form_out, {name: pattern((rows(seed)[0],) + (1,) * (len(head[0].shape) - 2), 1000 * seed + 700 + place, 0, 64, 32.0) for place, (name, head) in enumerate(heads.items())})
    metrics = structured(form_out, {name: head[2] for name, head in heads.items()})
    loss_weights = {name: maker.pick(1.0, 0.5, 2.0) for name in heads}
    model.compile(
        optimizer=getattr(keras.optimizers, optimizer["class_name"])(**optimizer["config"]), loss=structured(form_out, {name: head[1] for name, head in heads.items()}),
        metrics=metrics, weighted_metrics=structured(form_out, {name: ["mse" if len(head[0].shape) == 2 and head[0].shape[-1] < 3 else head[1]] for name, head in heads.items()}) if seed % 2 == 0 else None,
        loss_weights=structured(form_out, loss_weights) if len(heads) > 1 else None)
    result = {"seed": seed, "model": keras.src.saving.serialization_lib.serialize_keras_object(model), "weighted": is_weighted, "layers": [layer.name for layer in model.layers]}
    if any(is_clipped(model.predict(rows, batch_size=4, verbose=0)) for rows in (x, xv)):
        return None
    predicted = model.predict(xv, batch_size=4, verbose=0)
    result["predict"] = [v.reshape(-1) for v in (predicted.values() if isinstance(predicted, dict) else predicted if isinstance(predicted, list) else [predicted])]
    history = model.fit(x, y, sample_weight=sample_weight, validation_data=(xv, yv), batch_size=4, epochs=1, shuffle=False, verbose=0).history
    if any(is_clipped(model.predict(rows, batch_size=4, verbose=0)) for rows in (x, xv)):
        return None
    # Training on the JAX backend loses masks before metrics see them; evaluating does not.
    lost = [name for name, head in heads.items() if getattr(head[0], "_keras_mask", None) is not None]
    assert len(heads) > 1 or not lost
    result["history"] = {name: values[0] for name, values in history.items() if name.endswith("_loss") or not any(name.startswith(head) for head in lost)}
    result["evaluate"] = model.evaluate(xv, yv, batch_size=4, verbose=0, return_dict=True)
    result["sums_after"] = [[float((w * pattern(w.shape, salt)).sum()) for salt in (1, 2)] for w in model.get_weights()]
    return result


def main(doc, maker, name, count, header, divisor=2):
    """Writes `count` cases of what `maker` makes to the fixture `name`."""
    parser = arguments(doc)
    parser.add_argument("--count", type=int, default=count)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    header = {"reference": f"keras {keras.__version__}, JAX {jax.__version__}, float64", **header, "fit": "batch_size=4, epochs=1, shuffle=False, validation data"}
    cases = []
    seed = options.first
    while len(cases) < options.count:
        if case := run(maker, seed, divisor):
            cases.append(case)
        print(seed, len(case["layers"]) if case else "probabilities are clipped", flush=True)
        seed += 1
    table, models = sharing([case.pop("model") for case in cases])
    cases = [{"seed": case["seed"], "model": model, **case} for case, model in zip(cases, models)]
    write(out_path(options, name), header, {"shared": table, "cases": cases})


if __name__ == "__main__":
    main(__doc__, Maker, "graphs.json", 50, {"made_by": "scripts/keras_graphs.py"})
