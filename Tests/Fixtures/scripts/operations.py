"""Values of TensorCore's operations by NumPy and SciPy: operations.json.

Derivatives need no reference: the tests compare them with central differences.
"""

import numpy as np
import scipy
from scipy import special

from fixturelib import arguments, out_path, write

rng = np.random.default_rng(20)


def numbers(array):
    return [float(x) for x in np.asarray(array, dtype=np.float64).reshape(-1)]


def stored(array, dtype=None):
    array = np.asarray(array)
    return {"shape": list(array.shape), "dtype": dtype or str(array.dtype), "values": numbers(array)}


cases = []


def case(operation, inputs, output, **settings):
    output = np.asarray(output)
    cases.append({
        "operation": operation,
        "settings": settings,
        "inputs": [stored(x) for x in inputs],
        "output": stored(output),
    })


def real(*shape):
    # Multiples of 1/64 are the same number in float32.
    return np.round(rng.uniform(-3, 3, shape) * 64) / 64


def positive(*shape):
    return np.round(rng.uniform(0.1, 3, shape) * 64 + 1) / 64


def integers(*shape, low=-5, high=5):
    return rng.integers(low, high, shape).astype(np.int32)


edges = np.array([-np.inf, -800.0, -40, -1.5, -1, -0.5, -0.0, 0.0, 0.5, 1, 1.5, 2.5, 40, 800, np.inf, np.nan])
with np.errstate(all="ignore"):
    for name, function in {
        "negate": np.negative, "abs": np.abs, "sqrt": np.sqrt, "reciprocal": np.reciprocal, "exp": np.exp, "expm1": np.expm1,
        "log": np.log, "log1p": np.log1p, "tanh": np.tanh, "erf": special.erf, "sigmoid": special.expit,
        "softplus": lambda x: np.logaddexp(0, x), "floor": np.floor, "ceil": np.ceil, "round": np.round,
        "isFinite": np.isfinite, "square": np.square, "relu": lambda x: np.maximum(x, 0),
    }.items():
        case(name, [edges], function(edges))
        x = positive(3, 5) if name in ("sqrt", "log", "reciprocal") else real(3, 5)
        x = x if name != "log1p" else x / 4
        case(name, [x], function(x))
    small = np.array([1e-12, -1e-12, 1e-6])
    case("expm1", [small], np.expm1(small))
    case("log1p", [small], np.log1p(small))
    # Arguments past a few periods, too.
    x = np.array([-100.25, -3.0, -0.5, 0, 0.5, 3.0, 31.5, 1000.75])
    case("sin", [x], np.sin(x))
    case("cos", [x], np.cos(x))
    finite = edges[:-1]
    case("sign", [finite], np.sign(finite))
    for name, function in {"negate": np.negative, "abs": np.abs, "sign": np.sign}.items():
        x = integers(7)
        case(name, [x], function(x))
    truth = np.array([True, False, True])
    case("not", [truth], ~truth)

    shapes = [((4, 3), (4, 3)), ((4, 3), (3,)), ((4, 1), (1, 3)), ((), (2, 2)), ((2, 1, 3), (4, 1)), ((5,), (5,)), ((0, 3), (3,))]
    for name, function in {
        "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide, "maximum": np.maximum,
        "minimum": np.minimum, "equal": np.equal, "notEqual": np.not_equal, "less": np.less, "lessOrEqual": np.less_equal,
        "greater": np.greater, "greaterOrEqual": np.greater_equal,
    }.items():
        for left, right in shapes:
            a, b = real(*left), real(*right)
            if a.shape == b.shape and a.size:
                a.flat[0] = b.flat[0]
            case(name, [a, b], function(a, b))
        if name != "divide":
            a, b = integers(6), integers(6)
            case(name, [a, b], function(a, b))
        pairs = np.array([[x, y] for x in edges[[0, 3, 7, 14, 15]] for y in edges[[0, 3, 7, 14, 15]]])
        case(name, [pairs[:, 0], pairs[:, 1]], function(pairs[:, 0], pairs[:, 1]))
    for left, right in shapes:
        a, b = positive(*left), real(*right)
        case("power", [a, b], np.power(a, b))
    a, b = np.array([-2.0, -2, 0, 0, 2, 0.5]), np.array([2.0, 3, 0, 2, 0, -1])
    case("power", [a, b], np.power(a, b))
    p, q = np.array([True, True, False, False]), np.array([True, False, True, False])
    case("and", [p, q], p & q)
    case("or", [p, q], p | q)

    condition = np.array([[True, False, True], [False, False, True]])
    a, b = real(2, 3), real(3)
    case("select", [condition, a, b], np.where(condition, a, b))
    case("select", [condition[:, :1], a[0], np.float64(0.25)], np.where(condition[:, :1], a[0], 0.25))
    x = real(3, 4)
    case("clip", [x, np.float64(-0.5), np.float64(1.25)], np.clip(x, -0.5, 1.25))
    t = np.float64(0.25)
    case("lerp", [a, b, t], a + t * (b - a))

    values = np.array([-2.75, -1, -0.5, 0, 0.5, 1, 2.75, 100.25])
    for target in ("float32", "float64", "int32", "bool"):
        case("cast", [values], values.astype(target), dtype=target)
    case("cast", [np.array([0.0, 1, 2.75, 200])], np.array([0, 1, 2, 200], dtype=np.uint8), dtype="uint8")
    for source in (np.int32, np.uint8, bool):
        x = np.array([0, 1, 3, 200]).astype(source)
        for target in ("float32", "float64", "int32", "uint8", "bool"):
            case("cast", [x], x.astype(target), dtype=target)

    for shape, axes in [((4, 5), None), ((4, 5), [0]), ((4, 5), [-1]), ((2, 3, 4), [0, 2]), ((2, 3, 4), [1]), ((7,), [0]),
                        ((1, 1), [0, 1]), ((), None), ((3, 40, 5), [0, 1])]:
        for keep in (False, True):
            x = real(*shape)
            axis = None if axes is None else tuple(axes)
            for name, function in {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min}.items():
                case(name, [x], function(x, axis=axis, keepdims=keep), axes=axes, keepDims=keep)
    x = integers(4, 5)
    case("sum", [x], np.sum(x, axis=0, dtype=np.int32), axes=[0], keepDims=False)
    case("max", [x], np.max(x, axis=1), axes=[1], keepDims=False)
    case("sum", [np.zeros((0, 3))], np.zeros(3), axes=[0], keepDims=False)
    x = np.array([[1.0, np.nan, 3], [-np.inf, -np.inf, -np.inf]])
    case("max", [x], np.max(x, axis=1), axes=[1], keepDims=False)

    for shape, axis in [((4, 5), 1), ((4, 5), 0), ((2, 3, 4), 1), ((7,), -1)]:
        x = real(*shape)
        case("argmax", [x], np.argmax(x, axis).astype(np.int32), axis=axis)
    x = np.array([[1.0, 3, 3, 2], [-1, -1, -1, -1]])
    case("argmax", [x], np.argmax(x, 1).astype(np.int32), axis=1)
    for shape, axis in [((4, 5), -1), ((4, 5), 0), ((2, 3, 4), 1)]:
        x = real(*shape)
        x.flat[0] = 700
        case("logSumExp", [x], special.logsumexp(x, axis), axis=axis)
        case("softmax", [x], special.softmax(x, axis), axis=axis)
        case("logSoftmax", [x], special.log_softmax(x, axis), axis=axis)
    x = np.array([[-np.inf, -np.inf], [np.inf, 1], [0, -np.inf]])
    case("logSumExp", [x], special.logsumexp(x, 1), axis=1)

    for left, right, ta, tb in [
        ((3, 4), (4, 5), False, False), ((4, 3), (4, 5), True, False), ((3, 4), (5, 4), False, True), ((4, 3), (5, 4), True, True),
        ((2, 3, 4), (2, 4, 5), False, False), ((2, 3, 4), (4, 5), False, False), ((3, 4), (2, 4, 5), False, False),
        ((2, 1, 3, 4), (5, 4, 2), False, False), ((2, 4, 3), (2, 5, 4), True, True), ((2, 4, 3), (4, 5), True, False),
        ((4,), (4, 5), False, False), ((3, 4), (4,), False, False), ((4,), (4,), False, False), ((1, 1), (1, 1), False, False),
        ((17, 9), (9, 33), False, False), ((3, 0), (0, 2), False, False), ((0, 3), (3, 2), False, False),
    ]:
        a, b = real(*left), real(*right)
        x = np.swapaxes(a, -1, -2) if ta else a
        y = np.swapaxes(b, -1, -2) if tb else b
        case("matmul", [a, b], np.matmul(x, y), transposeA=ta, transposeB=tb)

    x = real(2, 3, 4)
    case("reshape", [x], x.reshape(4, 6), shape=[4, -1])
    case("reshape", [x.transpose(2, 0, 1)], x.transpose(2, 0, 1).reshape(8, 3), shape=[8, 3])
    case("expandShape", [x], x[:, None], axis=1)
    case("expandShape", [x], x[..., None], axis=-1)
    y = real(3, 1)
    case("broadcast", [y], np.broadcast_to(y, (2, 3, 4)), shape=[2, 3, 4])
    for permutation in ([0, 2, 1], [2, 0, 1], [1, 0, 2], [2, 1, 0]):
        case("transpose", [x], x.transpose(permutation), permutation=permutation)
    case("slice", [x], x[1:2, 0:2], starts=[1, 0], sizes=[1, 2], strides=[1, 1])
    case("slice", [x], x[0:2, 0:3:2, 1:4:2], starts=[0, 0, 1], sizes=[2, 2, 2], strides=[1, 2, 2])
    case("slice", [x], x[0:0], starts=[0], sizes=[0], strides=[1])
    case("pad", [x], np.pad(x, [(0, 1), (2, 0), (1, 3)]), low=[0, 2, 1], high=[1, 0, 3])
    parts = [real(2, 3), real(2, 1), real(2, 4)]
    case("concatenate", parts, np.concatenate(parts, 1), axis=1)
    parts = [real(1, 3), real(4, 3)]
    case("concatenate", parts, np.concatenate(parts, 0), axis=-2)
    parts = [real(2, 3), real(2, 3)]
    case("stack", parts, np.stack(parts, 1), axis=1)

    table = real(5, 3)
    rows = np.array([[4, 0], [2, 2], [1, 4]], dtype=np.int32)
    case("gather", [table, rows], table[rows])
    outside = np.array([1, 7, -1], dtype=np.int32)
    found = table[[1, 0, 0]]
    found[1:] = np.nan
    case("gather", [table, outside], found)
    updates = real(3, 2, 4)
    total = np.zeros((5, 4))
    np.add.at(total, rows, updates)
    case("scatterAdd", [updates, rows], total, rows=5)
    inside = np.zeros((4, 3))
    inside[1] = table[0]
    case("scatterAdd", [table[:3], outside], inside, rows=4)
    labels = np.array([[0, 2], [3, -1]], dtype=np.int32)
    case("oneHot", [labels], (labels[..., None] == np.arange(3)).astype(np.float64), depth=3)

    case("identity", [], np.eye(4), size=4)
    case("range", [], np.arange(5, dtype=np.float64), count=5)

if __name__ == "__main__":
    options = arguments(__doc__).parse_args()
    header = {
        "reference": f"NumPy {np.__version__}, SciPy {scipy.__version__}",
        "made_by": "scripts/operations.py",
    }
    write(out_path(options, "operations.json"), header, {"cases": cases})
