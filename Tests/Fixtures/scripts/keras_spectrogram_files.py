"""A functional model of Keras 3 (JAX backend) with spectrogram layers and Fourier transforms among its operations, trained for an epoch; writes
keras-files/spectrogram.keras and spectrogram-files.json.
"""

import os

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np

from fixturelib import FIXTURES, dumps

keras.utils.set_random_seed(5)
L, ops = keras.layers, keras.ops
signal = keras.Input((64,), name="signal")
channel = L.Reshape((64, 1))(signal)
trained = L.STFTSpectrogram(mode="magnitude", frame_length=8, window="hamming", name="trained")(channel)
frozen = L.STFTSpectrogram(mode="psd", frame_length=6, fft_length=8, window=[0.5, 1.0, 1.0, 1.0, 1.0, 0.5], trainable=False, padding="same", name="frozen")(channel)
mel = L.MelSpectrogram(fft_length=16, sequence_stride=8, num_mel_bins=5, power_to_db=False, name="mel")(signal)
real, imag = ops.stft(signal, 16, 8, 16)
again = ops.istft((real, imag), 16, 8, 16)
spectrum = ops.sqrt(sum(ops.square(part) for part in ops.rfft(again)) + 1.0)
parts = [L.GlobalAveragePooling1D()(x) for x in (trained, frozen, L.Permute((2, 1))(mel))] + [spectrum]
model = keras.Model(signal, L.Dense(1, name="out")(L.Concatenate()(parts)))
model.compile(keras.optimizers.SGD(0.01), "mse")
generator = np.random.RandomState(6)
x, y = generator.randint(-64, 65, size=(8, 64)).astype("float32") / 64, generator.randint(-64, 65, size=(8, 1)).astype("float32") / 32
model.fit(x, y, batch_size=4, epochs=1, shuffle=False, verbose=0)
model.save(os.path.join(FIXTURES, "keras-files", "spectrogram.keras"))
pack = lambda v: {"shape": list(v.shape), "values": np.asarray(v).reshape(-1).tolist(), "dtype": "float32"}
result = {"made_by": f"scripts/keras_spectrogram_files.py, keras {keras.__version__}, JAX backend", "x": pack(x), "y": pack(y), "predict": pack(model.predict(x, verbose=0))}
result["next_epoch"] = model.fit(x, y, batch_size=4, epochs=1, shuffle=False, verbose=0).history
result["next_predict"] = pack(model.predict(x, verbose=0))
result["trainable"] = [[w.path, w.trainable] for w in model.weights]
with open(os.path.join(FIXTURES, "spectrogram-files.json"), "w") as file:
    file.write(dumps(result) + "\n")
