"""Texts and strings as numbers by Keras 3 (TensorFlow backend) and by Keras 2's Tokenizer (tf-keras); writes text.json."""

import keras_tf64
import keras
import tensorflow as tf
import tf_keras

from fixturelib import arguments, out_path, write

keras.config.set_floatx("float32")
L = keras.layers

TEXTS = [
    "The cat sat on the mat. The CAT!", "A dog; a dog and a cat?", "", "   ", "Übung macht den Meister, e\u0301 \u00e9", "don't\tstop\nnow -- (really)",
    "나는 밥을 먹는다 나는", "the the the", "one [UNK] two", "x" * 70 + " y",
]
NEW = ["the dog sat", "unknown words only here", "", "Cat, cat; ÜBUNG \u00e9", "나는 여기 있다 " + "x" * 70]
WORDS = ["red", "green", "blue", "red", "green", "red", "", "violet", "cyan"]
ASKED = ["red", "blue", "", "black", "white", "cyan", "a longer string of more than thirty-two bytes", "z" * 100]


def result(value):
    value = value.numpy()
    return {"shape": list(value.shape), "values": value.reshape(-1).tolist()}


def vectorization(**config):
    layer = L.TextVectorization(**config)
    if not config.get("vocabulary"):
        layer.adapt(TEXTS)
    config["ngrams"] = list(config["ngrams"]) if isinstance(config.get("ngrams"), tuple) else config.get("ngrams")
    return {"config": config, "vocabulary": layer.get_vocabulary(), "short": layer.get_vocabulary(include_special_tokens=False),
            "size": layer.vocabulary_size(), "result": result(layer(tf.constant(NEW)))}


def lookup(**config):
    layer = L.StringLookup(**config)
    if not config.get("vocabulary"):
        layer.adapt(WORDS)
    asked = WORDS if config.get("num_oov_indices") == 0 else ASKED
    return {"config": config, "vocabulary": layer.get_vocabulary(), "size": layer.vocabulary_size(), "asked": asked,
            "row": result(layer(tf.constant(asked))), "column": result(layer(tf.constant([[a] for a in asked]))),
            "pairs": result(layer(tf.constant([asked[:2], asked[2:4]])))}


def tokenizer(**config):
    it = tf_keras.preprocessing.text.Tokenizer(**config)
    # Dictionaries of Swift take \u00e9 for e\u0301.
    texts = [text.replace(" \u00e9", "") for text in TEXTS]
    it.fit_on_texts(texts)
    it.fit_on_texts(NEW[:1])
    sequences = it.texts_to_sequences(texts + NEW)
    return {"config": config, "index": it.word_index, "counts": dict(it.word_counts), "docs": dict(it.word_docs), "documents": it.document_count,
            "sequences": sequences, "texts": it.sequences_to_texts(sequences),
            "matrices": {mode: it.texts_to_matrix([t for t in NEW if t], mode).reshape(-1).tolist() for mode in ("binary", "count", "tfidf", "freq")}}


def main():
    options = arguments(__doc__).parse_args()
    vocabulary = ["the", "cat", "나는", "x"]
    texts = [
        vectorization(), vectorization(output_sequence_length=3), vectorization(max_tokens=6), vectorization(max_tokens=8, output_sequence_length=7),
        vectorization(standardize=None), vectorization(standardize="lower"), vectorization(standardize="strip_punctuation"),
        vectorization(split="character"), vectorization(split="character", output_sequence_length=9), vectorization(ngrams=2),
        vectorization(ngrams=(1, 3), output_sequence_length=8), vectorization(ngrams=3, output_mode="count"), vectorization(output_mode="multi_hot"),
        vectorization(output_mode="count", max_tokens=60, pad_to_max_tokens=True), vectorization(output_mode="tf_idf"), vectorization(output_mode="tf_idf", max_tokens=9),
        vectorization(vocabulary=vocabulary), vectorization(vocabulary=["", "[UNK]"] + vocabulary, output_sequence_length=4),
        vectorization(vocabulary=vocabulary, output_mode="multi_hot"), vectorization(vocabulary=vocabulary, output_mode="tf_idf", idf_weights=[0.5, 1.0, 2.0, 0.25]),
    ]
    colours = ["red", "green", "blue", "cyan"]
    lookups = [
        lookup(), lookup(max_tokens=4), lookup(mask_token=""), lookup(mask_token="", num_oov_indices=3), lookup(num_oov_indices=5, max_tokens=8),
        lookup(num_oov_indices=0), lookup(oov_token="violet"), lookup(vocabulary=colours), lookup(vocabulary=["[UNK]"] + colours), lookup(vocabulary=colours, mask_token="blue2"),
        lookup(output_mode="one_hot"), lookup(output_mode="one_hot", mask_token="", num_oov_indices=2), lookup(output_mode="multi_hot"), lookup(output_mode="multi_hot", mask_token=""),
        lookup(output_mode="count", max_tokens=12, pad_to_max_tokens=True), lookup(output_mode="tf_idf"),
        lookup(output_mode="tf_idf", vocabulary=colours, idf_weights=[0.5, 1.0, 2.0, 0.25]),
    ]
    tokenizers = [tokenizer(), tokenizer(num_words=5), tokenizer(num_words=5, oov_token="<OOV>"), tokenizer(oov_token="the"), tokenizer(char_level=True), tokenizer(lower=False, filters=".?"),
                  tokenizer(split=",", filters=" ")]
    hashes = [["a" * n, int(tf.strings.to_hash_bucket_fast("a" * n, 2**31 - 1))] for n in range(0, 200, 7)] + [[t, int(tf.strings.to_hash_bucket_fast(t, 2**31 - 1))] for t in TEXTS]
    header = {"reference": f"keras {keras.__version__}, TensorFlow {tf.__version__}; tf-keras {tf_keras.__version__}", "made_by": "scripts/keras_text.py"}
    write(out_path(options, "text.json"), header, {"texts": TEXTS, "new": NEW, "words": WORDS, "vectorizations": texts, "lookups": lookups, "tokenizers": tokenizers, "hashes": hashes})


if __name__ == "__main__":
    main()
