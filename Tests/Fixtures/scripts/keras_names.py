"""The names by which Keras 3 knows its activations, initializers, regularizers, constraints, losses and metrics; writes names.json.

Base classes and wrappers, which mean nothing as a name, are left out.
"""

import keras64
import keras
from keras.src import activations, constraints, initializers, losses, metrics, regularizers

from fixturelib import arguments, out_path, write

BASES = {
    "Constraint", "constraint", "Initializer", "initializer", "Loss", "LossFunctionWrapper", "MeanMetricWrapper", "Metric", "mean_metric_wrapper",
    "metric", "Regularizer", "regularizer",
}


def main():
    options = arguments(__doc__).parse_args()
    modules = [activations, initializers, regularizers, constraints, losses, metrics]
    cases = [{"kind": module.__name__.split(".")[-1], "names": sorted(set(module.ALL_OBJECTS_DICT) - BASES)} for module in modules]
    write(out_path(options, "names.json"), {"reference": f"keras {keras.__version__}", "made_by": "scripts/keras_names.py"}, {"cases": cases})


if __name__ == "__main__":
    main()
