"""Makes the numbers and pictures of the second half of "What optimizers do": seven optimizers on a network.

python3 seven_on_a_network.py DESCENT FOLDER [PICTURES]     (DESCENT: the built command; FOLDER: for its runs, kept and read again)

Each of seven optimizers trains the network of `descent train` (Fashion-MNIST, a hidden layer of 100 units, five epochs) with eleven
learning rates; the best rate of each again with two more seeds, and with a rate that falls along half a cosine. Printed are the tables
of the page. The numbers come out the same on every machine with the same instruction set; those of the page are AVX2's.
"""

import csv
import json
import math
import pathlib
import re
import shutil
import subprocess
import sys

descent, folder = sys.argv[1], pathlib.Path(sys.argv[2])
pictures = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else None

# What descent train is told, the class for a schedule, and the rate of Keras.
optimizers = {
    "SGD": ("sgd", 0.01),
    "momentum": ("sgd:momentum=0.9", 0.01),
    "Nesterov": ("sgd:momentum=0.9,nesterov=true", 0.01),
    "Adagrad": ("adagrad", 0.001),
    "RMSprop": ("rmsprop", 0.001),
    "Adadelta": ("adadelta", 0.001),
    "Adam": ("adam", 0.001),
}
rates = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10]
seeds = [0, 1, 2]
steps = 5 * 1500


def with_cosine(spelling, rate):
    """The optimizer as Keras's JSON, with a rate that falls from `rate` to 0."""
    name, _, settings = spelling.partition(":")
    config = {key: json.loads(value) for key, value in (part.split("=") for part in settings.split(",") if part)}
    config["learning_rate"] = {
        "class_name": "CosineDecay",
        "config": {"initial_learning_rate": rate, "decay_steps": steps},
    }
    names = {"sgd": "SGD", "adagrad": "Adagrad", "rmsprop": "RMSprop", "adadelta": "Adadelta", "adam": "Adam"}
    return json.dumps({"class_name": names[name], "config": config})


def run(name, rate, seed=0, cosine=False):
    """The folder of a run; made if it is not there."""
    spelling = optimizers[name][0]
    out = folder / f"{name}-{rate:g}-{seed}{'-cosine' if cosine else ''}"
    if not (out / "test.txt").exists():
        shutil.rmtree(out, ignore_errors=True)
        way = ["--optimizer", with_cosine(spelling, rate)] if cosine else ["--optimizer", spelling, "--learning-rate", str(rate)]
        done = subprocess.run(
            [descent, "train", *way, "--epochs", "5", "--seed", str(seed), "--verbose", "2", "--out", str(out)],
            check=True, capture_output=True, text=True)
        (out / "test.txt").write_text(re.search(r"Test: accuracy: ([0-9.]+|nan)", done.stdout).group(1))
    return out


def history(name, rate, seed=0, cosine=False):
    with open(run(name, rate, seed, cosine) / "history.csv") as file:
        return [{key: float(value) if value else math.nan for key, value in line.items()} for line in csv.DictReader(file)]


def score(name, rate, seed=0, cosine=False):
    """Accuracy on the rows kept apart, after the last epoch; 0 of a run whose loss is not finite."""
    last = history(name, rate, seed, cosine)[-1]
    return last["val_accuracy"] if math.isfinite(last["loss"]) and math.isfinite(last["val_loss"]) else 0.0


def shown(value):
    return f"{value:.3f}" if value else "lost"


def suggestions(name):
    """What the range test says: fastai's valley, and a tenth of the rate with the least loss."""
    done = subprocess.run(
        [descent, "find-rate", "--optimizer", optimizers[name][0], "--svg", str(folder / f"{name}-rates.svg")],
        check=True, capture_output=True, text=True)
    return [float(re.search(rf"{kind} +([0-9.e-]+)", done.stdout).group(1)) for kind in ("valley", "minimum/10")]


best = {name: max(rates, key=lambda rate: score(name, rate)) for name in optimizers}

print("| learning rate | " + " | ".join(optimizers) + " |\n" + "|---" * (1 + len(optimizers)) + "|")
for rate in rates:
    cells = []
    for name, (_, usual) in optimizers.items():
        text = shown(score(name, rate))
        if rate == usual:
            text = f"*{text}*"
        cells.append(f"**{text}**" if rate == best[name] else text)
    print(f"| {rate:g} | " + " | ".join(cells) + " |")

print("\n| optimizer | best rate | range test | three seeds | falling rate, three seeds |\n|---|---|---|---|---|")
for name in optimizers:
    constant = [score(name, best[name], seed) for seed in seeds]
    cosine = [score(name, best[name], seed, True) for seed in seeds]
    low, high = suggestions(name)
    print(
        f"| {name} | {best[name]:g} | {low:.1g} to {high:.1g} | {sum(constant) / 3:.4f} ({min(constant):.4f} to {max(constant):.4f}) "
        f"| {sum(cosine) / 3:.4f} ({min(cosine):.4f} to {max(cosine):.4f}) |")

own = [score(name, usual) for name, (_, usual) in optimizers.items()]
tuned = [score(name, best[name]) for name in optimizers]
print(f"\nWith Keras's rates: {min(own):.4f} to {max(own):.4f}. With their best: {min(tuned):.4f} to {max(tuned):.4f}.")
for name in optimizers:
    good = [rate for rate in rates if score(name, rate) >= max(tuned) - 0.02]
    reached = next((line["epoch"] for line in history(name, best[name]) if line["val_accuracy"] >= 0.86), math.nan)
    print(f"{name}: within 0.02 of the best of all at {', '.join(f'{rate:g}' for rate in good)}; above 0.86 after epoch {reached + 1:g}")

if pictures:
    for file, chosen in [("network-own-rates", {name: usual for name, (_, usual) in optimizers.items()}), ("network-best-rates", best)]:
        runs = [f"{name} {rate:g}={run(name, rate)}" for name, rate in chosen.items()]
        subprocess.run([descent, "plot", *runs, "--svg", str(pictures / f"{file}.svg")], check=True)
    ways = ["sgd:learning_rate=0.1", "adagrad:learning_rate=0.1", "adadelta:learning_rate=1", "adam"]
    subprocess.run(
        [descent, "landscape", *(part for way in ways for part in ("--optimizer", way)), "--epochs", "2", "--svg", str(pictures / "network-ways.svg")],
        check=True)
