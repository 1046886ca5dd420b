"""Sound files: what TensorFlow (16 bits) and SciPy (others) read of them, what TensorFlow writes, and what Keras (on TensorFlow) makes of a folder of them;
writes sounds.json.

Of shuffled rows each pass has an order of its own: what is compared then is which rows there are.
"""

import io
import os
import struct
import tempfile

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
import scipy.io.wavfile
import tensorflow as tf

from fixturelib import arguments, out_path, write


def chunk(name, data):
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def wav(kind, bits, channels, data, rate=8000, before=b"", tail=b""):
    size = channels * bits // 8
    format = struct.pack("<HHIIHH", kind, channels, rate, rate * size, size, bits) + tail
    body = b"WAVE" + chunk(b"fmt ", format) + before + chunk(b"data", data)
    return b"RIFF" + struct.pack("<I", len(body)) + body


EXTENDED = struct.pack("<HHI", 22, 16, 3) + bytes.fromhex("0100000000001000800000aa00389b71")
SIXTEEN = struct.pack("<6h", -32768, 32767, 0, 1, -1, 16384)
FILES = {
    "pcm8": wav(1, 8, 1, bytes([0, 128, 255, 129, 127])),
    "pcm16": wav(1, 16, 1, SIXTEEN, rate=44100),
    "pcm16 stereo": wav(1, 16, 2, SIXTEEN),
    "pcm16 of six channels, more beside": wav(1, 16, 6, SIXTEEN, before=chunk(b"LIST", b"abcd") + chunk(b"junk", b"")),
    "pcm16 without frames": wav(1, 16, 2, b""),
    "pcm16 extended": wav(0xFFFE, 16, 2, SIXTEEN, tail=EXTENDED),
    "pcm24": wav(1, 24, 1, bytes([0, 0, 0x80, 255, 255, 0x7F, 0, 0, 0, 1, 0, 0, 255, 255, 255, 0x56, 0x34, 0x12])),
    "pcm32": wav(1, 32, 2, struct.pack("<4i", -(2**31), 2**31 - 1, 1, -123456789)),
    "float32": wav(3, 32, 1, struct.pack("<4f", 0.5, -2, 1, 1e-30), tail=b"\0\0"),
    "float64": wav(3, 64, 2, struct.pack("<4d", 0.1, -2, 1, 1e-30), before=chunk(b"fact", struct.pack("<I", 2))),
}


FILES |= {
    "float32 extended": wav(0xFFFE, 32, 2, struct.pack("<4f", 0.5, -2, 1, 1e-30), tail=struct.pack("<HHI", 22, 32, 3) + b"\3" + EXTENDED[9:]),
    "pcm16, a chunk of an odd size before": wav(1, 16, 1, SIXTEEN, before=chunk(b"LIST", b"abc")),
}
# A second chunk of samples, here the first once more.
TWICE = wav(1, 16, 1, SIXTEEN, before=chunk(b"data", SIXTEEN))


def refusal(data):
    try:
        tf.audio.decode_wav(data)
    except tf.errors.InvalidArgumentError as error:
        return error.message.split("}} ")[-1]


def read(name, data):
    by = "TensorFlow"
    try:
        audio, rate = tf.audio.decode_wav(data)
        audio, rate = audio.numpy(), int(rate)
    except tf.errors.InvalidArgumentError:
        by = "SciPy"
        rate, audio = scipy.io.wavfile.read(io.BytesIO(data))
        # 24 bits are given as the upper ones of 32.
        if audio.dtype == np.uint8:
            audio = (audio.astype("float64") - 128) / 128
        elif audio.dtype.kind == "i":
            audio = audio.astype("float64") / 2.0 ** (8 * audio.dtype.itemsize - 1)
        audio = audio.reshape(len(audio), -1)
    return {"name": name, "by": by, "bytes": list(data), "rate": rate, "shape": list(audio.shape), "values": audio.reshape(-1).astype("float64").tolist()}


WRITTEN = np.array([[1.0, -1.0], [0.5, 2.0], [-2.0, 1 / 32768], [0.3, -0.3], [0.7 / 32768, -0.2 / 32768]], dtype="float32")


def sound(number, frames, channels=1, rate=8000):
    samples = np.arange(frames * channels) * 512 + 64 * number
    return wav(1, 16, channels, samples.astype("<i2").tobytes(), rate=rate)


TREE = {
    "b/2.wav": sound(1, 3), "b/10.wav": sound(2, 5), "b/sub/1.wav": sound(3, 4), "a/x.wav": sound(4, 2), "a/y.WAV": sound(5, 6), "a/notes.txt": b"no sound",
    "c/0.wav": sound(6, 7), "c/1.wav": sound(7, 1), ".hidden/h.wav": sound(8, 2), "loose.wav": sound(9, 3),
}
CASES = [
    dict(shuffle=False), dict(shuffle=False, batch_size=3), dict(shuffle=False, batch_size=2, output_sequence_length=4), dict(shuffle=False, batch_size=None, label_mode="categorical"),
    dict(shuffle=False, batch_size=None, output_sequence_length=9), dict(seed=5, output_sequence_length=3), dict(seed=5, validation_split=0.4, subset="training", output_sequence_length=3),
    dict(seed=5, validation_split=0.4, subset="validation", label_mode="categorical", output_sequence_length=3), dict(shuffle=False, validation_split=0.3, subset="validation"),
    dict(shuffle=False, class_names=["c", "a"]), dict(shuffle=False, class_names=["c", "a"], label_mode="binary"), dict(shuffle=False, labels=None, batch_size=4),
    dict(shuffle=False, label_mode=None, batch_size=None), dict(shuffle=False, labels=[4, 4, 1, 1, 9, 9, 4, 1, 1]),
]


def run(folder, options):
    dataset = keras.utils.audio_dataset_from_directory(folder, verbose=False, **options)
    batches = []
    for batch in dataset:
        sounds, labels = batch if isinstance(batch, tuple) else (batch, None)
        batches.append({"shape": list(sounds.shape), "values": sounds.numpy().reshape(-1).tolist(), "labels": None if labels is None else labels.numpy().reshape(-1).astype("float64").tolist()})
    return {"options": options, "class_names": dataset.class_names, "batches": batches}


def main():
    options = arguments(__doc__).parse_args()
    header = {
        "reference": f"keras {keras.__version__}, TensorFlow {tf.__version__}, SciPy {scipy.__version__}", "made_by": "scripts/tf_sounds.py",
        "tree": {name: list(data) for name, data in TREE.items()},
        "twice": {"bytes": list(TWICE), "refusal": refusal(TWICE)},
        "written": {"shape": list(WRITTEN.shape), "values": WRITTEN.reshape(-1).astype("float64").tolist(), "bytes": list(tf.audio.encode_wav(WRITTEN, 16000).numpy())},
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, data in TREE.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)
        cases = [run(folder, case) for case in CASES]
    write(out_path(options, "sounds.json"), header, {"files": [read(name, data) for name, data in FILES.items()], "cases": cases})


if __name__ == "__main__":
    main()
