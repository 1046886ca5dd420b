"""What Keras (on TensorFlow) makes of a folder of text files; writes text-datasets.json.

`text_dataset_from_directory` tells no paths, so texts are the paths' names with something behind. Of shuffled rows each pass has an order of its own:
what is compared then is which rows there are. A character that was cut in two is left out.
"""

import os
import tempfile

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
import tensorflow as tf

from fixturelib import arguments, out_path, write

TREE = {
    "b/2.txt": "zwei", "b/10.txt": "zehn grüne Flaschen", "b/sub/1.txt": "in a folder of a folder", "a/x.txt": "한국어 문장", "a/y.txt": "line\nline\n",
    "a/z.TXT": "in capitals", "a/notes.md": "no text file", "c/0.txt": "", "c/1.txt": "one", ".hidden/h.txt": "hidden", "loose.txt": "loose",
}
CASES = [
    dict(shuffle=False), dict(shuffle=False, batch_size=3), dict(shuffle=False, max_length=5), dict(shuffle=False, max_length=4, label_mode="categorical"),
    dict(seed=5), dict(seed=5, validation_split=0.4, subset="training"), dict(seed=5, validation_split=0.4, subset="validation", label_mode="categorical"),
    dict(shuffle=False, validation_split=0.3, subset="validation"), dict(shuffle=False, class_names=["c", "a"]),
    dict(shuffle=False, class_names=["c", "a"], label_mode="binary"), dict(shuffle=False, labels=None), dict(seed=3, labels=None, validation_split=0.5, subset="training"),
    dict(shuffle=False, labels=[4, 4, 1, 1, 4, 1, 1, 9, 9, 4], label_mode="int"),
]


def run(folder, options):
    dataset = keras.utils.text_dataset_from_directory(folder, verbose=False, **options)
    rows, sizes = [], []
    for batch in dataset:
        texts, labels = batch if isinstance(batch, tuple) else (batch, None)
        sizes.append(int(texts.shape[0]))
        texts = [text.decode("utf-8", errors="ignore") for text in texts.numpy()]
        rows += list(zip(texts, [None] * len(texts) if labels is None else labels.numpy().reshape(len(texts), -1).tolist()))
    if options.get("shuffle", True):
        rows.sort(key=lambda row: row[0].encode())
    return {
        "options": options, "class_names": dataset.class_names, "sizes": sizes, "texts": [row[0] for row in rows], "labels": [row[1] for row in rows],
    }


def main():
    options = arguments(__doc__).parse_args()
    header = {"reference": f"keras {keras.__version__}, TensorFlow {tf.__version__}", "made_by": "scripts/keras_text_datasets.py", "tree": TREE}
    with tempfile.TemporaryDirectory() as folder:
        for name, text in TREE.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        write(out_path(options, "text-datasets.json"), header, {"cases": [run(folder, case) for case in CASES]})


if __name__ == "__main__":
    main()
