"""Ordinary networks in PyTorch and in Keras, where they are installed: steps of training, and predictions of networks that people know.

    python3 networks.py cnn|resnet|lstm|imdb|gpt|resnet50-1|resnet50-16|mobilenetv2-1|mobilenetv2-16 [SECONDS]

Each library by its ordinary loop: PyTorch over batches of one tensor, Keras by fit and predict_on_batch. Random data of the right shape;
networks that people know have random weights, and the number after their name is the batch's.

With SECONDS, a round of so many of each library. Without, a round whenever a line of standard input says how many. A round is one JSON object
a line for each library, then an empty line; `seconds` is a list: the mean time of a step in each of several blocks of steps; `first` is the
time from the start of the library's process to the end of its first step, and `megabytes` the most memory that the process had. DescentBench
runs this program when the environment variable PYTHON names an interpreter that has the packages. Each library has a process of its own,
which waits while others work.
"""
import importlib.util
import json
import os
import resource
import subprocess
import sys
import time

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROWS = {"cnn": 32, "resnet": 64, "lstm": 32, "imdb": 64, "gpt": 12}
STEPS = {"cnn": 400, "resnet": 100, "lstm": 50, "imdb": 400, "gpt": 100}
CONVOLUTIONAL = ("cnn", "resnet")
FIRST = []
KNOWN = {f"{name.lower()}-{batch}": (name, batch) for name in ("ResNet50", "MobileNetV2") for batch in (1, 16)}


def note_first_step():
    FIRST.append(time.time() - float(os.environ["DESCENT_BENCH_BEGAN"]))


def data(job):
    import numpy as np

    random, count = np.random.default_rng(1), ROWS[job] * STEPS[job]
    if job in CONVOLUTIONAL:
        return random.random((count, 28, 28, 1), dtype="float32"), random.integers(0, 10, count)
    if job == "lstm":
        return random.standard_normal((count, 100, 64), dtype="float32"), random.integers(0, 10, count)
    if job == "imdb":
        return random.integers(0, 500, (count, 100)), random.integers(0, 2, count).astype("float32")
    text = random.integers(0, 65, (count, 65))
    return text[:, :-1].copy(), text[:, 1:].copy()


def torch_model(job):
    import torch
    from torch import nn
    from torch.nn import functional as F

    class Recurrent(nn.Module):
        def __init__(self, before, units, layers, outputs):
            super().__init__()
            self.before, self.dense = before, nn.Linear(units, outputs)
            self.lstm = nn.LSTM(64 if job == "lstm" else 16, units, layers, batch_first=True)

        def forward(self, x):
            return self.dense(self.lstm(self.before(x))[0][:, -1])

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.LayerNorm(128), nn.LayerNorm(128)
            self.projections, self.together = nn.Linear(128, 384), nn.Linear(128, 128)
            self.up, self.down = nn.Linear(128, 512), nn.Linear(512, 128)

        def forward(self, x):
            rows, length, width = x.shape
            q, k, v = (z.view(rows, length, 4, 32).transpose(1, 2) for z in self.projections(self.first(x)).split(128, 2))
            attended = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(rows, length, width)
            x = x + self.together(attended)
            return x + self.down(F.gelu(self.up(self.second(x))))

    class Transformer(nn.Module):
        def __init__(self):
            super().__init__()
            self.symbols, self.positions = nn.Embedding(65, 128), nn.Embedding(64, 128)
            self.blocks = nn.Sequential(*[Block() for _ in range(4)])
            self.norm, self.head = nn.LayerNorm(128), nn.Linear(128, 65)

        def forward(self, x):
            return self.head(self.norm(self.blocks(self.symbols(x) + self.positions(torch.arange(64)))))

    def normalized(inputs, filters, window, stride=1):
        return nn.Sequential(nn.Conv2d(inputs, filters, window, stride, window // 2, bias=False), nn.BatchNorm2d(filters, momentum=0.01))

    class Residual(nn.Module):
        def __init__(self, inputs, filters, stride):
            super().__init__()
            self.path = nn.Sequential(normalized(inputs, filters, 3, stride), nn.ReLU(), normalized(filters, filters, 3))
            self.short = nn.Identity() if stride == 1 else normalized(inputs, filters, 1, stride)

        def forward(self, x):
            return F.relu(self.path(x) + self.short(x))

    if job == "resnet":
        return nn.Sequential(
            normalized(1, 16, 3), nn.ReLU(), Residual(16, 16, 1), Residual(16, 32, 2), Residual(32, 64, 2), nn.AdaptiveAvgPool2d(1),
            nn.Flatten(), nn.Linear(64, 10))
    if job == "cnn":
        return nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(3136, 100), nn.ReLU(), nn.Dropout(0.4), nn.Linear(100, 10))
    if job == "lstm":
        return Recurrent(nn.Identity(), 128, 2, 10)
    if job == "imdb":
        return Recurrent(nn.Embedding(500, 16), 8, 1, 1)
    return Transformer()


def torch_run(job, channels_last=False):
    import torch
    from torch.nn import functional as F

    model = torch_model(job)
    x, y = data(job)
    if job in CONVOLUTIONAL:
        x = x.transpose(0, 3, 1, 2).copy()
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    if channels_last:
        model, x = model.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    if job == "imdb":
        optimizer = torch.optim.RMSprop(model.parameters(), 1e-4)
    else:
        optimizer = (torch.optim.AdamW if job == "gpt" else torch.optim.Adam)(model.parameters(), 1e-3, fused=True)

    def step(index):
        rows = slice(index % STEPS[job] * ROWS[job], (index % STEPS[job] + 1) * ROWS[job])
        optimizer.zero_grad(set_to_none=True)
        result, targets = model(x[rows]), y[rows]
        if job == "imdb":
            loss = F.binary_cross_entropy_with_logits(result[:, 0], targets)
        else:
            loss = F.cross_entropy(result.reshape(-1, result.shape[-1]), targets.reshape(-1))
        loss.backward()
        optimizer.step()
        return loss.item()

    step(0)
    note_first_step()
    for index in range(1, 10):
        step(index)
    return lambda: sum(step(i) for i in range(20)), 20


def keras_model(job):
    import keras
    from keras import layers as L

    if job == "cnn":
        model = keras.Sequential([
            L.Input((28, 28, 1)), L.Conv2D(32, 3, padding="same", activation="relu"), L.MaxPooling2D(2),
            L.Conv2D(64, 3, padding="same", activation="relu"), L.MaxPooling2D(2), L.Flatten(), L.Dense(100, activation="relu"),
            L.Dropout(0.4), L.Dense(10, activation="softmax")])
    elif job == "resnet":
        def normalized(x, filters, window, strides=1):
            return L.BatchNormalization()(L.Conv2D(filters, window, strides=strides, padding="same", use_bias=False)(x))

        images = L.Input((28, 28, 1))
        x = L.ReLU()(normalized(images, 16, 3))
        for filters, strides in (16, 1), (32, 2), (64, 2):
            y = normalized(L.ReLU()(normalized(x, filters, 3, strides)), filters, 3)
            x = L.ReLU()(y + (x if strides == 1 else normalized(x, filters, 1, strides)))
        model = keras.Model(images, L.Dense(10, activation="softmax")(L.GlobalAveragePooling2D()(x)))
    elif job == "lstm":
        model = keras.Sequential([L.Input((100, 64)), L.LSTM(128, return_sequences=True), L.LSTM(128), L.Dense(10, activation="softmax")])
    elif job == "imdb":
        model = keras.Sequential([L.Input((100,)), L.Embedding(500, 16), L.LSTM(8), L.Dense(1, activation="sigmoid")])
    else:
        symbols = L.Input((64,), dtype="int32")
        x = L.Embedding(65, 128)(symbols) + L.Embedding(64, 128)(keras.ops.arange(64)[None])
        for _ in range(4):
            queries = L.LayerNormalization()(x)
            x = x + L.MultiHeadAttention(4, 32)(queries, queries, use_causal_mask=True)
            x = x + L.Dense(128)(L.Dense(512, activation="gelu")(L.LayerNormalization()(x)))
        model = keras.Model(symbols, L.Dense(65)(L.LayerNormalization()(x)))
    optimizer = {"imdb": lambda: keras.optimizers.RMSprop(1e-4), "gpt": lambda: keras.optimizers.AdamW(1e-3)}.get(job, keras.optimizers.Adam)()
    loss = "binary_crossentropy" if job == "imdb" else keras.losses.SparseCategoricalCrossentropy(from_logits=job == "gpt")
    model.compile(optimizer=optimizer, loss=loss)
    return model


def keras_run(job):
    model, steps = keras_model(job), min(100, STEPS[job])
    x, y = data(job)
    x, y = x[:ROWS[job] * steps], y[:ROWS[job] * steps]
    run = lambda: model.fit(x, y, batch_size=ROWS[job], verbose=0)
    model.fit(x[:ROWS[job]], y[:ROWS[job]], batch_size=ROWS[job], verbose=0)
    note_first_step()
    run()
    run()
    return run, steps


def pictures(job):
    import numpy as np

    return np.random.default_rng(1).random((KNOWN[job][1], 224, 224, 3), dtype="float32")


def torch_prediction(job, channels_last=False):
    import torch
    import torchvision

    model = getattr(torchvision.models, {"ResNet50": "resnet50", "MobileNetV2": "mobilenet_v2"}[KNOWN[job][0]])().eval()
    for block in model.modules():
        # Keras's network, with less work: the stride is in the first convolution of a block.
        if isinstance(block, torchvision.models.resnet.Bottleneck):
            block.conv1.stride, block.conv2.stride = block.conv2.stride, block.conv1.stride
    x = torch.from_numpy(pictures(job).transpose(0, 3, 1, 2).copy())
    if channels_last:
        model, x = model.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)

    def run():
        with torch.inference_mode():
            return torch.softmax(model(x), 1).numpy()

    return warm(run), 1


def keras_prediction(job):
    import keras

    model, x = getattr(keras.applications, KNOWN[job][0])(weights=None), pictures(job)
    return warm(lambda: model.predict_on_batch(x)), 1


def warm(run):
    run()
    note_first_step()
    for _ in range(2):
        run()
    return run


def blocks(seconds, run, steps):
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) / steps)
    return times


PEERS = {"PyTorch": "torch", "PyTorch, channels last": "torch", "Keras on JAX": "jax", "Keras on TensorFlow": "tensorflow", "Keras on PyTorch": "torch"}


def work(job, peer):
    """One library's process: a line for each that says how long to work."""
    if peer.startswith("Keras"):
        run, steps = (keras_prediction if job in KNOWN else keras_run)(job)
    else:
        run, steps = (torch_prediction if job in KNOWN else torch_run)(job, peer.endswith("channels last"))
    print("ready", flush=True)
    for line in sys.stdin:
        seconds = blocks(float(line), run, steps)
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps({"peer": peer, "seconds": seconds, "first": FIRST[0], "megabytes": megabytes}), flush=True)


def start(job, peer):
    package = PEERS[peer]
    needed = [package] + (["keras"] if peer.startswith("Keras") else ["torchvision"] if job in KNOWN else [])
    if peer.endswith("channels last") and job not in CONVOLUTIONAL and job not in KNOWN:
        return None
    if any(importlib.util.find_spec(name) is None for name in needed):
        return None
    environment = dict(os.environ, KERAS_BACKEND={"jax": "jax", "tensorflow": "tensorflow"}.get(package, "torch"))
    environment["DESCENT_BENCH_BEGAN"] = str(time.time())
    process = subprocess.Popen(
        [sys.executable, __file__, job, "--peer", peer], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return process if process.stdout.readline() else None


def main():
    job = sys.argv[1]
    if job not in ROWS and job not in KNOWN:
        sys.exit(f"networks.py: no job is called {job}")
    if sys.argv[2:3] == ["--peer"]:
        return work(job, sys.argv[3])
    processes = [process for process in (start(job, peer) for peer in PEERS) if process]
    for line in sys.argv[2:3] or sys.stdin:
        for process in processes:
            print(float(line), file=process.stdin, flush=True)
            print(process.stdout.readline(), end="", flush=True)
        print(flush=True)
    for process in processes:
        process.stdin.close()


main()
