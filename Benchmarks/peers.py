"""The same update in PyTorch and in optax compiled by JAX, where they are installed; one JSON object a line.

    python3 peers.py SHAPES NAME[,NAME…]     SHAPES: 784x100,100,100x10,10

For PyTorch the fastest of its own ways (fused, foreach, compiled if PEERS_COMPILE=1) is given. DescentBench runs this program when the
environment variable PYTHON names an interpreter that has the packages.
"""
import json
import os
import sys
import time

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")


def seconds_a_step(step, finish=lambda: None):
    step()
    finish()
    start = time.perf_counter()
    for _ in range(3):
        step()
    finish()
    count = max(1, int(0.01 / max((time.perf_counter() - start) / 3, 1e-7)))
    times = []
    for _ in range(31):
        start = time.perf_counter()
        for _ in range(count):
            step()
        finish()
        times.append((time.perf_counter() - start) / count)
    return sorted(times)[len(times) // 2]


def torch_steps(shapes, names):
    import torch

    optim = torch.optim
    makers = {
        "sgd": lambda p, **o: optim.SGD(p, lr=0.01, **o),
        "momentum": lambda p, **o: optim.SGD(p, lr=0.01, momentum=0.9, **o),
        "nesterov": lambda p, **o: optim.SGD(p, lr=0.01, momentum=0.9, nesterov=True, **o),
        "rmsprop": lambda p, **o: optim.RMSprop(p, **o),
        "adagrad": lambda p, **o: optim.Adagrad(p, **o),
        "adadelta": lambda p, **o: optim.Adadelta(p, **o),
        "adam": lambda p, **o: optim.Adam(p, **o),
        "amsgrad": lambda p, **o: optim.Adam(p, amsgrad=True, **o),
        "adamw": lambda p, **o: optim.AdamW(p, **o),
        "adamax": lambda p, **o: optim.Adamax(p, **o),
        "nadam": lambda p, **o: optim.NAdam(p, **o),
        "radam": lambda p, **o: optim.RAdam(p, **o),
        "rprop": lambda p, **o: optim.Rprop(p, **o),
    }
    ways = [{"fused": True}, {"foreach": True}]
    for name in names:
        if name not in makers:
            continue
        best = None
        for way in ways:
            parameters = [torch.randn(shape) * 0.05 for shape in shapes]
            for parameter in parameters:
                parameter.grad = torch.randn_like(parameter) * 0.05
            try:
                optimizer = makers[name](parameters, **way)
                value = seconds_a_step(optimizer.step)
            except (TypeError, RuntimeError, ValueError):
                continue
            best = min(best or value, value)
        if os.environ.get("PEERS_COMPILE") == "1":
            parameters = [torch.randn(shape) * 0.05 for shape in shapes]
            for parameter in parameters:
                parameter.grad = torch.randn_like(parameter) * 0.05
            optimizer = makers[name](parameters)
            value = seconds_a_step(torch.compile(optimizer.step))
            best = min(best or value, value)
        if best:
            print(json.dumps({"peer": "PyTorch", "optimizer": name, "seconds": best}), flush=True)


def optax_steps(shapes, names):
    import jax
    import optax

    makers = {
        "sgd": lambda: optax.sgd(0.01),
        "momentum": lambda: optax.sgd(0.01, momentum=0.9),
        "nesterov": lambda: optax.sgd(0.01, momentum=0.9, nesterov=True),
        "rmsprop": lambda: optax.rmsprop(0.001),
        "adagrad": lambda: optax.adagrad(0.001),
        "adadelta": lambda: optax.adadelta(0.001),
        "adam": lambda: optax.adam(0.001),
        "amsgrad": lambda: optax.amsgrad(0.001),
        "adamw": lambda: optax.adamw(0.001),
        "adamax": lambda: optax.adamax(0.001),
        "nadam": lambda: optax.nadam(0.001),
        "radam": lambda: optax.radam(0.001),
        "lion": lambda: optax.lion(0.001),
        "adabelief": lambda: optax.adabelief(0.001),
        "yogi": lambda: optax.yogi(0.001),
        "adan": lambda: optax.adan(0.001),
        "lamb": lambda: optax.lamb(0.001),
        "novograd": lambda: optax.novograd(0.001),
    }
    keys = jax.random.split(jax.random.key(0), 2 * len(shapes))
    for name in names:
        if name not in makers:
            continue
        optimizer = makers[name]()
        holder = {"parameters": [0.05 * jax.random.normal(k, s) for k, s in zip(keys, shapes)]}
        gradients = [0.05 * jax.random.normal(k, s) for k, s in zip(keys[len(shapes):], shapes)]
        holder["state"] = optimizer.init(holder["parameters"])

        def update(parameters, state, gradients, optimizer=optimizer):
            updates, state = optimizer.update(gradients, state, parameters)
            return optax.apply_updates(parameters, updates), state

        compiled = jax.jit(update, donate_argnums=(0, 1))

        def step():
            holder["parameters"], holder["state"] = compiled(holder["parameters"], holder["state"], gradients)

        value = seconds_a_step(step, lambda: jax.block_until_ready(holder["parameters"]))
        print(json.dumps({"peer": "optax", "optimizer": name, "seconds": value}), flush=True)


def main():
    shapes = [tuple(int(size) for size in shape.split("x")) for shape in sys.argv[1].split(",")]
    names = sys.argv[2].split(",")
    for run in (torch_steps, optax_steps):
        try:
            run(shapes, names)
        except ImportError:
            pass


main()
