"""Steps of training of ordinary networks in PyTorch and in Keras, where they are installed; one JSON object a line.

    python3 networks.py cnn [SECONDS]

Each library by its ordinary loop: PyTorch over batches of one tensor, Keras by fit. Random data of the right shape. `seconds` is a list: a
step's mean time in each of several blocks of steps. DescentBench runs this program when the environment variable PYTHON names an
interpreter that has the packages; each library is run in a process of its own.
"""
import importlib.util
import json
import os
import subprocess
import sys
import time

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROWS, STEPS = 32, 400


def images():
    import numpy as np

    random = np.random.default_rng(1)
    return random.random((ROWS * STEPS, 28, 28, 1), dtype="float32"), random.integers(0, 10, ROWS * STEPS)


def torch_blocks(seconds, channels_last):
    import torch
    from torch import nn

    model = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(3136, 100), nn.ReLU(), nn.Dropout(0.4), nn.Linear(100, 10))
    x, y = images()
    x, y = torch.from_numpy(x.transpose(0, 3, 1, 2).copy()), torch.from_numpy(y)
    if channels_last:
        model, x = model.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=True)

    def step(index):
        rows = slice(index % STEPS * ROWS, (index % STEPS + 1) * ROWS)
        optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
        return float(loss)

    for index in range(10):
        step(index)
    return blocks(seconds, lambda: sum(step(i) for i in range(20)), 20)


def keras_blocks(seconds):
    import keras
    from keras import layers as L

    model = keras.Sequential([
        L.Input((28, 28, 1)), L.Conv2D(32, 3, padding="same", activation="relu"), L.MaxPooling2D(2),
        L.Conv2D(64, 3, padding="same", activation="relu"), L.MaxPooling2D(2), L.Flatten(), L.Dense(100, activation="relu"), L.Dropout(0.4),
        L.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    x, y = images()
    x, y = x[:ROWS * 100], y[:ROWS * 100]
    run = lambda: model.fit(x, y, batch_size=ROWS, verbose=0)
    run()
    run()
    return blocks(seconds, run, 100)


def blocks(seconds, run, steps):
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) / steps)
    return times


PEERS = {
    "PyTorch": ("torch", lambda seconds: torch_blocks(seconds, False)), "PyTorch, channels last": ("torch", lambda seconds: torch_blocks(seconds, True)),
    "Keras on JAX": ("jax", keras_blocks), "Keras on TensorFlow": ("tensorflow", keras_blocks), "Keras on PyTorch": ("torch", keras_blocks),
}


def main():
    job, seconds = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 20
    if job != "cnn":
        sys.exit(f"networks.py: no job is called {job}")
    if len(sys.argv) > 3:
        peer = sys.argv[3]
        print(json.dumps({"peer": peer, "seconds": PEERS[peer][1](seconds)}), flush=True)
        return
    for peer, (package, _) in PEERS.items():
        needed = [package] + (["keras"] if peer.startswith("Keras") else [])
        if any(importlib.util.find_spec(name) is None for name in needed):
            continue
        environment = dict(os.environ, KERAS_BACKEND={"jax": "jax", "tensorflow": "tensorflow"}.get(package, "torch"))
        subprocess.run([sys.executable, __file__, job, str(seconds), peer], env=environment, check=False)


main()
