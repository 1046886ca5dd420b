"""Fourier transforms, windows, spectrogram layers and their initializer, by Keras 3 (JAX backend, float64), NumPy and SciPy; writes spectra.json.

`transforms`: operations on given numbers. `windows`: SciPy's, periodic and symmetric, and Keras's by their size. `kernels`: STFTInitializer.
`cases`: layers, their configurations and their results. `names`: those that SciPy has for windows, and what it makes of them; null of those that
need settings. `open`: models whose rows have an open size, and the shape of the results' rows.
"""

import keras64
import keras
import numpy as np
import scipy
import scipy.signal.windows._windows

from fixturelib import arguments, out_path, write

ops, L = keras.ops, keras.layers
generator = np.random.RandomState(31)


def pack(value):
    value = np.asarray(value)
    return {"shape": list(value.shape), "values": value.reshape(-1).astype("float64")}


def numbers(*shape):
    return np.round(generator.uniform(-3, 3, shape) * 64) / 64


TRANSFORMS = []


def transform(name, inputs, outputs, **settings):
    outputs = outputs if isinstance(outputs, (tuple, list)) else [outputs]
    TRANSFORMS.append({"name": name, "settings": settings, "inputs": [pack(x) for x in inputs], "outputs": [pack(y) for y in outputs]})


def parts(value):
    return [value.real, value.imag]


# One, primes that are radices and that are not, powers of two, and mixed lengths.
for n in (1, 2, 3, 4, 5, 8, 9, 12, 31, 32, 37, 49, 74, 96):
    rows = 2 if n < 16 else 1
    a, b = numbers(rows, n), numbers(rows, n)
    transform("fft", [a, b], ops.fft((ops.array(a), ops.array(b))))
    transform("ifft", [a, b], parts(np.fft.ifft(a + 1j * b)))
    transform("rfft", [a], ops.rfft(ops.array(a)))
    m = n // 2 + 1
    transform("irfft", [a[:, :m], b[:, :m]], ops.irfft((ops.array(a[:, :m]), ops.array(b[:, :m])), n), fft_length=n)
for n in (5, 6, 13):
    x = numbers(2, 3, 9)
    transform("rfft", [x], ops.rfft(ops.array(x), n), fft_length=n)
    transform("irfft", [x, x[::-1]], ops.irfft((ops.array(x), ops.array(x[::-1])), n), fft_length=n)
a, b = numbers(2, 4), numbers(2, 4)
transform("irfft", [a, b], ops.irfft((ops.array(a), ops.array(b))))
for shape in ((3, 4), (2, 5, 6), (1, 8, 1)):
    a, b = numbers(*shape), numbers(*shape)
    transform("fft2", [a, b], ops.fft2((ops.array(a), ops.array(b))))
    transform("ifft2", [a, b], ops.ifft2((ops.array(a), ops.array(b))))
for length, stride in ((4, 2), (3, 1), (5, 5), (2, 3), (7, 4)):
    x = numbers(2, 1, 17)
    transform("extract_sequences", [x], ops.extract_sequences(ops.array(x), length, stride), sequence_length=length, sequence_stride=stride)
for length, stride, size, window, center in (
    (8, 4, 8, "hann", True), (8, 4, 8, "hamming", False), (6, 2, 8, "hann", True), (6, 5, 9, "hamming", True), (8, 3, 8, None, False),
    (4, 2, 7, None, True), (4, 3, 4, [0.5, 1.0, 0.75, 0.25], True),
):
    settings = dict(sequence_length=length, sequence_stride=stride, fft_length=size, window=window, center=center)
    given = {**settings, "window": np.array(window) if isinstance(window, list) else window}
    x = numbers(2, 30)
    both = ops.stft(ops.array(x), **given)
    transform("stft", [x], both, **settings)
    transform("istft", both, ops.istft(both, **given), **settings)
    changed = [np.cos(np.asarray(part)) for part in both]
    transform("istft", changed, ops.istft([ops.array(part) for part in changed], **given, length=11), length=11, **settings)

NAMES = "barthann bartlett blackman blackmanharris bohman boxcar cosine exponential flattop hamming hann lanczos nuttall parzen taylor triang tukey"
WINDOWS = [
    {"name": name, "periodic": periodic, "values": scipy.signal.get_window(name, count, periodic)}
    for name in NAMES.split() for periodic in (True, False) for count in (1, 2, 7, 10)
]
VECTORS = [
    {"name": name, "size": size, "values": np.asarray(getattr(np, name)(size), dtype="float64")}
    for name in ("bartlett", "blackman", "hamming", "hanning") for size in (0, 1, 2, 9)
] + [{"name": "kaiser", "size": size, "beta": beta, "values": np.kaiser(size, beta)} for size, beta in ((0, 1.0), (1, 1.0), (2, 3.5), (9, 14.0), (12, 0.0), (5, 60.0))]

KERNELS = []
for config in (
    {}, {"side": "imag"}, {"side": "imag", "scaling": "spectrum", "window": "hamming", "periodic": True}, {"scaling": None, "window": "blackman"},
    {"window": None}, {"window": [0.5, 1.0, 0.75, 0.25, 0.125]},
):
    initializer = keras.initializers.STFTInitializer(**config)
    KERNELS.append({"json": keras.initializers.serialize(initializer), "values": pack(initializer((5, 1, 5), dtype="float64"))})

CASES = []
X = {"last": numbers(2, 20, 2), "first": numbers(2, 2, 20), "flat": numbers(2, 30), "small": numbers(1, 9, 1) / 4096}


def layer(made, name):
    y = made(ops.convert_to_tensor(X[name]))
    CASES.append({
        "layer": keras.layers.serialize(made), "x": name, "weights": [[w.path.split("/")[-1], w.trainable, list(w.shape)] for w in made.weights],
        "y": pack(y),
    })


for mode in ("log", "magnitude", "psd", "real", "imag", "angle", "stft"):
    layer(L.STFTSpectrogram(mode=mode, frame_length=8, trainable=False), "last")
    layer(L.STFTSpectrogram(mode=mode, frame_length=6, frame_step=5, fft_length=9, expand_dims=True, padding="same", data_format="channels_first"), "first")
layer(L.STFTSpectrogram(frame_length=5, window="hamming", periodic=True, scaling="spectrum", expand_dims=True), "last")
layer(L.STFTSpectrogram(frame_length=4, window=None, scaling=None, data_format="channels_first", padding="same"), "first")
layer(L.STFTSpectrogram(frame_length=4, frame_step=1, window=[0.5, 1.0, 0.75, 0.25]), "small")
for settings in (
    {}, {"mag_exp": 1.0}, {"power_to_db": False}, {"power_to_db": False, "mag_exp": 1.5, "window": None}, {"top_db": 10.0, "ref_power": -3.0, "window": "hamming"},
    {"sequence_length": 10, "max_freq": 3000.0, "min_power": 0.5}, {"window": [float(k + 1) for k in range(16)]},
):
    layer(L.MelSpectrogram(**{"fft_length": 16, "sequence_stride": 5, "num_mel_bins": 6, "sampling_rate": 8001, **settings}), "flat")

# Signals that are shorter than what is mirrored at their ends, and pieces with gaps between them.
for size in (1, 2, 3, 5):
    x = numbers(2, size)
    settings = dict(sequence_length=16, sequence_stride=4, fft_length=16, window="hann", center=True)
    transform("stft", [x], ops.stft(ops.array(x), **settings), **settings)
    X[f"{size} samples"] = x
    layer(L.MelSpectrogram(fft_length=16, sequence_stride=4, num_mel_bins=6, sampling_rate=8001), f"{size} samples")
for length, stride, size, window, center in ((4, 6, 4, "hamming", False), (4, 6, 5, "hamming", True), (4, 6, 4, None, False), (4, 6, 4, None, True)):
    settings = dict(sequence_length=length, sequence_stride=stride, fft_length=size, window=window, center=center)
    x = numbers(2, 24)
    both = ops.stft(ops.array(x), **settings)
    transform("stft", [x], both, **settings)
    transform("istft", both, ops.istft(both, **settings), **settings)

layer(L.STFTSpectrogram(frame_length=1, frame_step=1, fft_length=4), "last")
layer(L.STFTSpectrogram(frame_length=8, window="black"), "last")
layer(L.STFTSpectrogram(frame_length=8, window="hann_periodic", periodic=False), "last")
layer(L.STFTSpectrogram(frame_length=4, window=ops.array([0.5, 1.0, 0.75, 0.25])), "last")
layer(L.STFTSpectrogram(frame_length=4, window=np.array([0.5, 1.0, 0.75, 0.25])), "last")
layer(L.MelSpectrogram(fft_length=4, sequence_stride=5, num_mel_bins=2, sampling_rate=8001, window=ops.array([0.5, 1.0, 0.75, 0.25])), "flat")

WINDOW_NAMES = []
for name, (_, has_settings) in scipy.signal.windows._windows._WIN_FUNCS.items():
    for ending in ("", "_periodic", "_symmetric"):
        get = lambda periodic: None if has_settings is True else scipy.signal.get_window(name + ending, 7, periodic)
        WINDOW_NAMES.append({"name": name + ending, "periodic": get(True), "symmetric": get(False)})

OPEN = []


def opened(shape, body):
    x = keras.Input(shape)
    y = body(x)
    OPEN.append({"model": keras.Model(x, y).to_json(), "shape": [None if size is None else int(size) for size in y.shape[1:]]})


opened((None, 1), L.STFTSpectrogram(frame_length=512))
opened((None, 1), L.STFTSpectrogram(frame_length=2048, frame_step=1024, padding="same"))
opened((None,), L.MelSpectrogram(fft_length=4096, sequence_stride=1024))
opened((None,), lambda x: ops.extract_sequences(x, 400, 160))
opened((None,), lambda x: ops.extract_sequences(x, 300, 5000))
opened((None, 300), lambda x: ops.extract_sequences(x, 300, 5))
opened((None,), lambda x: ops.stft(x, 400, 160, 512, center=False)[0])
opened((None,), lambda x: ops.stft(x, 400, 1600, 512)[1])
opened((None, 1), L.Conv1D(2, 512))
opened((None, 1), L.Conv1D(2, 3, strides=1024, padding="same"))
opened((None, 1), lambda x: L.STFTSpectrogram(frame_length=128, frame_step=100)(L.Conv1D(1, 8, strides=8, padding="same")(x)))
opened((None, 1), lambda x: L.GlobalAveragePooling1D()(L.STFTSpectrogram(frame_length=512)(x)))

if __name__ == "__main__":
    options = arguments(__doc__).parse_args()
    header = {"made_by": f"scripts/keras_spectra.py, keras {keras.__version__}, JAX backend, float64; NumPy {np.__version__}, SciPy {scipy.__version__}", "inputs": {k: pack(v) for k, v in X.items()}}
    write(out_path(options, "spectra.json"), header, {"transforms": TRANSFORMS, "windows": WINDOWS, "vectors": VECTORS, "kernels": KERNELS, "cases": CASES, "names": WINDOW_NAMES, "open": OPEN})
    print(len(TRANSFORMS), len(WINDOWS), len(VECTORS), len(KERNELS), len(CASES), len(WINDOW_NAMES), len(OPEN))
