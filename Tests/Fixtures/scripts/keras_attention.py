"""Attention layers of Keras 3 (TensorFlow backend, float64: JAX computes products of queries and keys in float32) in small models: predictions, an epoch of training; writes attention.json.

Weights and data are `pattern`s of the case's number, so that they are not stored.
"""

import keras_tf64

import keras
import numpy as np

from fixturelib import arguments, out_path, pattern, plain, whole_pattern, write

L = keras.layers
ROWS = 5


def sequence(length, size):
    return L.Input((length, size))


def words(length):
    return L.Input((length,), dtype="int32")


def multi_head(inputs, call={}, masked=False, key=False, mask=None, scores=False, **config):
    """Attention of one sequence to another, or to itself."""
    def embedded(x):
        return L.Embedding(5, 4, mask_zero=True)(x) if masked else x
    tensors = [embedded(x) for x in inputs]
    if len(tensors) == 1:
        tensors = tensors * 2
    given = dict(call)
    if key:
        given["key"] = tensors.pop(1)
    if mask is not None:
        given["attention_mask"] = mask
        inputs = inputs + [mask]
    results = L.MultiHeadAttention(**config)(*tensors, return_attention_scores=True, **given) if scores else L.MultiHeadAttention(**config)(*tensors, **given)
    return inputs, results


def grouped(inputs, call={}, masked=False, scores=False, **config):
    x = [L.Embedding(5, 4, mask_zero=True)(i) if masked else i for i in inputs]
    return inputs, L.GroupQueryAttention(**config)(x[0], x[-1], **call, **({"return_attention_scores": True} if scores else {}))


def single(layer, inputs, call={}, masked=False, scores=False, **config):
    x = [L.Embedding(5, 4, mask_zero=True)(i) if masked else i for i in inputs]
    return inputs, getattr(L, layer)(**config)(x, **call, **({"return_attention_scores": True} if scores else {}))


def cases():
    S, W = sequence, words
    causal = {"use_causal_mask": True}
    yield multi_head([S(4, 3)], num_heads=2, key_dim=4)
    yield multi_head([S(4, 3), S(6, 5)], scores=True, num_heads=3, key_dim=4, value_dim=4)
    yield multi_head([S(4, 3), S(6, 5), S(6, 4)], num_heads=2, key_dim=4, key=True)
    yield multi_head([S(5, 3)], call=causal, num_heads=2, key_dim=4, use_bias=False)
    yield multi_head([S(3, 3), S(5, 3)], call=causal, num_heads=1, key_dim=4, output_shape=7)
    yield multi_head([S(6, 3)], num_heads=2, key_dim=4, sliding_window=2)
    yield multi_head([S(6, 3)], call=causal, num_heads=2, key_dim=4, sliding_window=2, use_gate=True)
    yield multi_head([W(5)], masked=True, num_heads=2, key_dim=4)
    yield multi_head([W(5)], call=causal, masked=True, num_heads=2, key_dim=4)
    yield multi_head([W(4), W(6)], masked=True, num_heads=2, key_dim=4)
    yield multi_head([W(4), W(6)], masked=True, scores=True, num_heads=2, key_dim=4, value_dim=2)
    yield multi_head([S(4, 3)], scores=True, num_heads=2, key_dim=4)
    yield multi_head([W(5)], masked=True, scores=True, call=causal, num_heads=2, key_dim=4)
    yield multi_head([S(4, 3), S(6, 3)], mask=L.Input((4, 6), dtype="bool"), num_heads=2, key_dim=4)
    yield multi_head([S(4, 3)], mask=L.Input((2, 4, 4), dtype="bool"), scores=True, num_heads=2, key_dim=4)
    yield multi_head([L.Input((3, 2, 4))], num_heads=2, key_dim=4)
    yield multi_head([L.Input((3, 2, 4))], num_heads=2, key_dim=4, attention_axes=(2,))
    yield multi_head([L.Input((3, 2, 4))], num_heads=2, key_dim=4, attention_axes=(1,), scores=True)
    yield multi_head([S(4, 3)], num_heads=2, key_dim=4, kernel_regularizer=keras.regularizers.L2(2**-7), bias_regularizer=keras.regularizers.L1(2**-7), activity_regularizer=keras.regularizers.L2(2**-7), bias_initializer="ones")
    yield multi_head([S(4, 3)], num_heads=2, key_dim=4, kernel_constraint="non_neg", bias_constraint=keras.constraints.MaxNorm(1.0))
    yield grouped([S(4, 6)], head_dim=4, num_query_heads=4, num_key_value_heads=2)
    yield grouped([S(4, 6), S(5, 6)], call=causal, head_dim=4, num_query_heads=4, num_key_value_heads=1, use_gate=True)
    yield grouped([W(5)], masked=True, head_dim=4, num_query_heads=2, num_key_value_heads=2, use_bias=False)
    yield grouped([W(4), W(6)], masked=True, scores=True, call=causal, head_dim=4, num_query_heads=2, num_key_value_heads=1)
    yield grouped([S(6, 6)], sliding_window=2, head_dim=4, num_query_heads=2, num_key_value_heads=1)
    for layer, configs in (("Attention", ({}, {"use_scale": True}, {"score_mode": "concat"}, {"score_mode": "concat", "use_scale": True})), ("AdditiveAttention", ({}, {"use_scale": False}))):
        for config in configs:
            yield single(layer, [S(4, 3), S(5, 3)], **config)
        yield single(layer, [S(4, 3), S(5, 2), S(5, 3)], call=causal, **configs[-1])
        yield single(layer, [W(4), W(6)], masked=True, **configs[1])
        yield single(layer, [W(5), W(5)], masked=True, scores=True, call=causal, **configs[1])


def run(number, inputs, results):
    results = results if isinstance(results, (tuple, list)) else [results]
    model = keras.Model(inputs, [L.Rescaling(1.0)(r) for r in results])
    model.set_weights([pattern(w.shape, 100 * number + place) / 2 for place, w in enumerate(model.weights)])
    x = []
    for place, i in enumerate(inputs):
        shape, salt = (ROWS,) + i.shape[1:], 100 * number + 50 + place
        if i.dtype == "int32":
            x.append(whole_pattern(shape, salt, 0, 4))
            x[-1][0] = 0
        elif i.dtype == "bool":
            x.append(whole_pattern(shape, salt, 0, 2) > 0)
        else:
            x.append(pattern(shape, salt))
    predictions = model.predict(x, batch_size=3, verbose=0)
    predictions = predictions if isinstance(predictions, list) else [predictions]
    # Scores carry a mask that losses cannot use.
    trained = keras.Model(inputs, model.outputs[0])
    trained.compile(keras.optimizers.SGD(0.1), "mse")
    history = trained.fit(x, pattern(predictions[0].shape, 100 * number + 80), batch_size=3, epochs=1, shuffle=False, verbose=0).history
    return {"model": keras.src.saving.serialization_lib.serialize_keras_object(model), "predictions": [{"shape": p.shape, "values": p.reshape(-1)} for p in predictions],
            "loss": history["loss"][0], "weights_after": [w.reshape(-1) for w in model.get_weights()]}


def main():
    options = arguments(__doc__).parse_args()
    header = {"reference": keras_tf64.REFERENCE, "made_by": "scripts/keras_attention.py"}
    made = []
    keras.utils.clear_session()
    for number, (inputs, results) in enumerate(cases()):
        made.append(run(number, inputs, results))
    write(out_path(options, "attention.json"), header, {"cases": [plain(case) for case in made]})


if __name__ == "__main__":
    main()
