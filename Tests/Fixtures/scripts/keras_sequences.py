"""Recurrent, masked and attention models of Keras 3 (JAX backend, float64) of random shape, trained for an epoch; writes sequences.json.

The cases are those of keras_graphs.py: descriptions, predictions, logs, evaluation, and sums of the weights that came out. JAX's attention
multiplies queries and keys in float32; here the same formula in float64 stands in its place.
"""

import keras64
import jax
import jax.numpy as jnp
import keras
from keras_graphs import L, Maker, main, ops


def attention(query, key, value, bias=None, mask=None, *, scale=None, is_causal=False, **_):
    """`jax.nn.dot_product_attention` for [rows, positions, heads, size], which masks with 0.7 of the least number."""
    assert bias is None
    scores = jnp.einsum("btnh,bsnh->bnts", query, key) * (query.shape[-1] ** -0.5 if scale is None else scale)
    if is_causal:
        causal = jnp.tril(jnp.ones(scores.shape[-2:], bool))[None, None]
        mask = causal if mask is None else mask & causal
    if mask is not None:
        scores = jnp.where(mask, scores, -0.7 * jnp.finfo(scores.dtype).max)
    return jnp.einsum("bnts,bsnh->btnh", jax.nn.softmax(scores, axis=-1), value)


jax.nn.dot_product_attention = attention


def is_masked(x):
    return getattr(x, "_keras_mask", None) is not None


class SequenceMaker(Maker):
    """Networks of the known kinds on tokens and on rows of numbers over time."""

    def units(self):
        return self.random.randint(2, 4)

    def activation(self):
        return self.pick("tanh", "tanh", "tanh", "relu", "softsign", "elu")

    def options(self, kind):
        """Arguments of a recurrent layer or a cell."""
        options = dict(activation=self.activation(), use_bias=self.pick(True, True, False))
        if kind != "SimpleRNN":
            options["recurrent_activation"] = self.pick("sigmoid", "sigmoid", "hard_sigmoid")
        if kind == "LSTM":
            options["unit_forget_bias"] = self.pick(True, False)
        if kind == "GRU":
            options["reset_after"] = self.pick(True, False)
        if self.random.random() < 0.3:
            options[self.pick("kernel_regularizer", "recurrent_regularizer")] = keras.regularizers.L2(0.01)
        if self.random.random() < 0.15:
            options["recurrent_constraint"] = keras.constraints.MaxNorm(1.0)
        return options

    def cell(self):
        kind = self.pick("SimpleRNN", "LSTM", "GRU")
        return getattr(L, kind + "Cell")(self.units(), **self.options(kind))

    def recurrent(self, **more):
        kind = self.pick("SimpleRNN", "LSTM", "LSTM", "GRU", "GRU")
        if self.random.random() < 0.15:
            return L.RNN([self.cell() for _ in range(self.random.randint(2, 3))], **more)
        if self.random.random() < 0.2:
            more["unroll"] = True
        if self.random.random() < 0.2:
            more["zero_output_for_mask"] = True
        return getattr(L, kind)(self.units(), **self.options(kind), **more)

    def both_ways(self, **more):
        kind = self.pick("SimpleRNN", "LSTM", "GRU")
        return L.Bidirectional(getattr(L, kind)(self.units(), **self.options(kind), **more), merge_mode=self.pick("concat", "concat", "sum", "mul", "ave"))

    def attended(self, x, source):
        """What the steps of x find in those of another sequence (or in x)."""
        is_self = source is x
        kind = self.pick("heads", "heads", "heads", "grouped", "dot", "additive")
        if kind == "heads":
            layer = L.MultiHeadAttention(self.pick(1, 2), self.units(), use_bias=self.pick(True, True, False), dropout=0.0)
            return layer(x, source, use_causal_mask=is_self and self.pick(True, False))
        if kind == "grouped":
            return L.GroupQueryAttention(head_dim=2, num_query_heads=4, num_key_value_heads=self.pick(1, 2))(x, source, use_causal_mask=is_self and self.pick(True, False))
        source = L.Dense(x.shape[-1])(source)
        if kind == "dot":
            return L.Attention(use_scale=self.pick(True, False), score_mode=self.pick("dot", "concat"))([x, source], use_causal_mask=is_self and self.pick(True, False))
        return L.AdditiveAttention(use_scale=self.pick(True, False))([x, source])

    def block(self, x, source=None):
        """A transformer's block, its normalization before or after."""
        before = self.pick(True, False)
        y = L.LayerNormalization()(x) if before else x
        y = self.attended(y, y if source is None else source)
        if y.shape[-1] != x.shape[-1]:
            y = L.Dense(x.shape[-1])(y)
        x = L.Add()([x, y])
        if not before:
            x = L.LayerNormalization(epsilon=1e-6)(x)
        y = L.Dense(x.shape[-1])(L.Dense(2 * x.shape[-1], activation=self.pick("gelu", "relu", "swish"))(x))
        return L.Add()([x, L.Dropout(0.0)(y)])

    def step(self, x):
        """Sequence to sequence."""
        return self.pick(
            lambda: self.recurrent(return_sequences=True)(x), lambda: self.recurrent(return_sequences=True)(x),
            lambda: self.recurrent(return_sequences=True, go_backwards=not is_masked(x) and self.pick(True, False))(x),
            lambda: self.both_ways(return_sequences=True)(x), lambda: self.both_ways(return_sequences=True)(x),
            lambda: self.block(x), lambda: self.block(x), lambda: L.TimeDistributed(L.Dense(3, activation="tanh"))(x),
            lambda: L.LayerNormalization()(x), lambda: L.Dropout(0.0)(x), lambda: L.Dense(self.units(), activation="tanh")(x),
            lambda: self.filtered(x), lambda: self.twice(x))()

    def filtered(self, x):
        if is_masked(x):
            return L.Dense(3, activation="sigmoid")(x)
        return L.Conv1D(3, 2, padding="causal", activation="relu")(x)

    def twice(self, x):
        """One layer on a sequence and on what it made of it."""
        layer = L.GRU(x.shape[-1], return_sequences=True)
        return layer(layer(x))

    def pooled(self, x):
        """A row for each."""
        ways = [lambda: self.recurrent()(x), lambda: self.recurrent()(x), lambda: self.both_ways()(x), lambda: L.GlobalAveragePooling1D()(x),
                lambda: self.stateful_ends(x)]
        if not is_masked(x):
            ways += [lambda: L.GlobalMaxPooling1D()(x), lambda: L.Flatten()(x), lambda: x[:, -1]]
        return self.pick(*ways)()

    def stateful_ends(self, x):
        """The states that a layer ends with."""
        _, *states = self.pick(L.LSTM, L.GRU)(self.units(), return_state=True)(x)
        return L.Concatenate()(states) if len(states) > 1 else states[0]

    def source(self, name):
        steps = self.random.randint(3, 6)
        kind = self.pick("tokens", "masked tokens", "numbers", "numbers", "masked numbers")
        if "tokens" in kind:
            i = keras.Input((steps,), name=name, dtype="int32")
            return i, L.Embedding(7, self.units(), mask_zero="masked" in kind)(i)
        i = keras.Input((steps, self.units()), name=name)
        return i, L.Masking(self.pick(0.0, 0.5))(i) if "masked" in kind else i

    def model(self):
        inputs, sequences = {}, []
        for number in range(self.pick(1, 1, 2)):
            name = f"in{number}"
            inputs[name], x = self.source(name)
            for _ in range(self.random.randint(1, 2)):
                x = self.step(x)
            sequences.append(x)
        x = sequences[-1]
        if len(sequences) == 2:
            # Keras gives a mask to a recurrent layer only if it is called with one tensor.
            if self.random.random() < 0.5 and not is_masked(x):
                # From the states that the first sequence ends with.
                units = self.units()
                _, *states = L.LSTM(units, return_state=True)(sequences[0])
                x = L.LSTM(units, return_sequences=True)(x, initial_state=states)
            else:
                x = self.block(x, sequences[0])
        if self.random.random() < 0.5:
            x = self.step(x)
        row = self.pooled(x)
        heads = {}
        for number in range(self.pick(1, 1, 2)):
            name = f"out{number}"
            # Keras on JAX loses masks before metrics of training see them: where there is one head it is a row's.
            per_step = number == 1 or (not is_masked(x) and self.random.random() < 0.3)
            source = x if per_step else row
            kind = self.pick("mse", "binary", "classes", "classes")
            if kind == "mse":
                heads[name] = (L.Dense(2, name=name)(source), "mse" if per_step else self.pick("mse", "huber"), ["mae"])
            elif kind == "binary":
                heads[name] = (L.Dense(1, activation="sigmoid", name=name)(source), "binary_crossentropy", ["accuracy"])
            else:
                heads[name] = (L.Dense(3, activation="softmax", name=name)(source), "sparse_categorical_crossentropy", ["accuracy"])
        return inputs, heads


if __name__ == "__main__":
    main(__doc__, SequenceMaker, "sequences.json", 40, {"made_by": "scripts/keras_sequences.py", "weights_over": 2})
