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

    # ---- functions made of the others
    for name, function in {
        "tan": np.tan, "arcsin": np.arcsin, "arccos": np.arccos, "arctan": np.arctan, "sinh": np.sinh, "cosh": np.cosh,
        "arcsinh": np.arcsinh, "arccosh": np.arccosh, "arctanh": np.arctanh, "log2": np.log2, "log10": np.log10, "exp2": np.exp2,
        "erfc": special.erfc, "erfinv": special.erfinv, "isNaN": np.isnan, "isInf": np.isinf, "trunc": np.trunc,
    }.items():
        x = {"arccosh": 1 + positive(7), "log2": positive(7), "log10": positive(7)}.get(name, real(7))
        if name in ("arcsin", "arccos", "arctanh", "erfinv"):
            x = np.array([-63.0, -32, -1, 0, 5, 40, 62]) / 64
        case(name, [x], function(x))
    case("isNaN", [edges], np.isnan(edges))
    case("isInf", [edges], np.isinf(edges))
    case("arctan", [edges], np.arctan(edges))
    case("arcsin", [np.array([-1.0, 0, 1])], np.arcsin([-1.0, 0, 1]))
    case("arccos", [np.array([-1.0, 0, 1])], np.arccos([-1.0, 0, 1]))
    case("erfinv", [np.array([-1.0, 1, -0.9990234375])], special.erfinv([-1.0, 1, -0.9990234375]))
    x = np.array([1.0, np.inf, -np.inf, np.nan])
    case("nanToNum", [x], np.nan_to_num(x, nan=2, posinf=9, neginf=-7))
    for name, function in {
        "logaddexp": np.logaddexp, "hypot": np.hypot, "arctan2": np.arctan2, "floorDivide": np.floor_divide, "mod": np.mod,
    }.items():
        for left, right in (((3, 4), (4,)), ((5,), ())):
            a, b = real(*left), real(*right)
            case(name, [a, b], function(a, b))
    case("logaddexp", [np.array([-np.inf, np.inf, -800, 800])] * 2, np.logaddexp([-np.inf, np.inf, -800, 800], [-np.inf, np.inf, -800, 800]))
    a, b = np.array([7, -7, 7, -7, 6, 0], dtype=np.int32), np.array([3, 3, -3, -3, 3, 5], dtype=np.int32)
    case("floorDivide", [a, b], np.floor_divide(a, b))
    case("mod", [a, b], np.mod(a, b))

    for shape, axis in [((4, 5), 1), ((2, 3, 4), 1), ((3, 2), 0), ((6,), -1)]:
        for x in (real(*shape), integers(*shape)):
            kind = x.dtype
            case("cumsum", [x], np.cumsum(x, axis, dtype=kind), axis=axis)
            case("cumprod", [x], np.cumprod(x, axis, dtype=kind), axis=axis)
            case("prod", [x], np.prod(x, axis, dtype=kind), axes=[axis], keepDims=False)
            case("argmin", [x], np.argmin(x, axis).astype(np.int32), axis=axis)
            case("argsort", [x], np.argsort(x, axis, kind="stable").astype(np.int32), axis=axis)
            case("sort", [x], np.sort(x, axis), axis=axis)
            case("diff", [x], np.diff(x, axis=axis), axis=axis)
            case("flip", [x], np.flip(x, axis), axis=axis)
            case("roll", [x], np.roll(x, 2, axis), axis=axis, shift=2)
            case("roll", [x], np.roll(x, -7, axis), axis=axis, shift=-7)
            case("repeatElements", [x], np.repeat(x, 3, axis), axis=axis, repeats=3)
            case("countNonzero", [x], np.count_nonzero(x, axis).astype(np.int32), axes=[axis], keepDims=False)
            case("all", [x], np.all(x, axis), axes=[axis], keepDims=False)
            case("any", [x], np.any(x, axis), axes=[axis], keepDims=False)
            rows = rng.integers(0, shape[axis], 2).astype(np.int32)
            case("take", [x, rows], np.take(x, rows, axis), axis=axis)
            indices = np.argsort(real(*shape), axis).astype(np.int32) - 1
            case("takeAlongAxis", [x, indices], np.take_along_axis(x, indices, axis), axis=axis)
        x = real(*shape)
        case("variance", [x], np.var(x, axis), axes=[axis], keepDims=False)
        case("std", [x], np.std(x, axis, keepdims=True), axes=[axis], keepDims=True)
        case("median", [x], np.median(x, axis), axis=axis)
        case("quantile", [x], np.quantile(x, 0.3, axis), axis=axis)
        for order in (1, 2, 3, np.inf, -np.inf, 0):
            case("norm", [x], np.linalg.norm(x, order, axis), axis=axis, order=float(order) if np.isfinite(order) else str(order))
        case("normalize", [x], x / np.linalg.norm(x, axis=axis, keepdims=True), axis=axis)
        w = positive(*shape)
        case("average", [x, w], np.average(x, axis, w), axis=axis)
    x = np.array([[3.0, np.nan, -1, 3, -np.inf]])
    case("sort", [x], np.sort(x), axis=1)
    case("argsort", [x], np.argsort(x, kind="stable").astype(np.int32), axis=1)
    x = np.array([[1.0, 0, 2, 0], [3, 0, 4, 5]])
    case("cumprod", [x], np.cumprod(x, 1), axis=1)
    x = np.array([[5.0, 1, 9, 9, 2], [0, -1, 4, 3, 8]])
    case("topK", [x], -np.sort(-x)[:, :3], k=3)

    x = real(2, 3, 4)
    case("tile", [x], np.tile(x, (2, 1, 3)), repeats=[2, 1, 3])
    case("tile", [x[0, 0]], np.tile(x[0, 0], (2, 2)), repeats=[2, 2])
    case("tile", [x], np.tile(x, 2), repeats=[2])
    for k in range(4):
        case("rot90", [x], np.rot90(x, k, (1, 2)), k=k)
    case("hstack", [x, x], np.hstack([x, x]))
    case("hstack", [x[0, 0], x[0, 1]], np.hstack([x[0, 0], x[0, 1]]))
    case("vstack", [x, x], np.vstack([x, x]))
    case("vstack", [x[0, 0], x[0, 1]], np.vstack([x[0, 0], x[0, 1]]))
    case("split", [x], np.split(x, [1, 3], 2)[1], indices=[1, 3], axis=2)
    for offset in (-2, -1, 0, 1, 3):
        y = real(3, 5)
        case("diagonal", [y], np.diagonal(y, offset), offset=offset)
        case("trace", [y], np.trace(y, offset), offset=offset)
        case("diag", [y], np.diag(y, offset), offset=offset)
        case("diag", [y[0]], np.diag(y[0], offset), offset=offset)
        case("tril", [x], np.tril(x, offset), k=offset)
        case("triu", [x], np.triu(x, offset), k=offset)
    for left, right in (((3, 4), (4, 3)), ((2, 3, 4), (3, 4, 2))):
        a, b = real(*left), real(*right)
        case("tensordot", [a, b], np.tensordot(a, b, 1 if a.ndim == 2 else 2), axes=1 if a.ndim == 2 else 2)
    a, b = integers(2, 3), integers(3, 2)
    case("tensordot", [a, b], np.tensordot(a, b, 1), axes=1)
    a, b = real(2, 4), real(3, 4)
    case("outer", [a, b], np.outer(a, b))
    case("inner", [a, b], np.inner(a, b))
    c = real(3, 4, 2)
    case("dot", [a, c], np.dot(a, c))
    case("vdot", [a, a + 1], np.vdot(a, a + 1))
    a, b = real(4, 3), real(4, 3)
    case("cross", [a, b], np.cross(a, b))
    grid = np.meshgrid(real(3), real(2))
    p, q = real(3), real(2)
    case("meshgrid", [p, q], np.meshgrid(p, q)[1], indexing="xy")
    case("meshgrid", [p, q], np.meshgrid(p, q, indexing="ij")[0], indexing="ij")
    case("linspace", [], np.linspace(-1, 2, 7), start=-1, stop=2, count=7, endpoint=True)
    case("linspace", [], np.linspace(-1, 2, 7, endpoint=False), start=-1, stop=2, count=7, endpoint=False)
    case("logspace", [], np.logspace(-1, 2, 4), start=-1, stop=2, count=4)
    case("arange", [], np.arange(-1, 2, 0.75), start=-1, stop=2, step=0.75)

    ascending = np.sort(real(6))
    values = np.concatenate([ascending[:3], real(4)])
    for side in ("left", "right"):
        case("searchsorted", [ascending, values], np.searchsorted(ascending, values, side).astype(np.int32), side=side)
    case("digitize", [values], np.digitize(values, ascending).astype(np.int32), bins=numbers(ascending))
    x = np.array([0, 3, 1, 3, 3], dtype=np.int32)
    case("bincount", [x], np.bincount(x, minlength=5).astype(np.int32), length=5)
    w = real(5)
    case("bincount", [x, w], np.bincount(x, w, minlength=5), length=5)
    case("unique", [x], np.unique(x))
    case("nonzero", [integers(3, 4) * 0 + np.eye(3, 4, 1, dtype=np.int32)], np.nonzero(np.eye(3, 4, 1))[1].astype(np.int32))

    places = np.array([[0, 1], [2, 0], [0, 1]], dtype=np.int32)
    updates = real(3, 2)
    total = np.zeros((3, 2, 2))
    np.add.at(total, (places[:, 0], places[:, 1]), updates)
    case("scatter", [places, updates], total, shape=[3, 2, 2])
    x = real(3, 2, 2)
    changed = x.copy()
    changed[places[:2, 0], places[:2, 1]] = updates[:2]
    case("scatterUpdate", [x, places[:2], updates[:2]], changed)
    changed = x.copy()
    changed[1:, 1:, :1] = updates[:2, :1].reshape(2, 1, 1)
    case("sliceUpdate", [x, updates[:2, :1].reshape(2, 1, 1)], changed, starts=[1, 1, 0])
    data, ids = real(5, 2), np.array([2, 0, 2, 2, 0], dtype=np.int32)
    greatest = np.full((4, 2), -np.inf)
    np.maximum.at(greatest, ids, data)
    case("segmentMax", [data, ids], greatest, segments=4)
    total = np.zeros((4, 2))
    np.add.at(total, ids, data)
    case("segmentSum", [data, ids], total, segments=4)
    x = np.array([[0, 2, 2], [1, -1, 0]], dtype=np.int32)
    case("multiHot", [x], np.array([[1.0, 0, 1, 0], [1, 1, 0, 0]]), classes=4)
    targets, predictions = np.array([0, 1, 2], dtype=np.int32), np.array([[0.5, 0.25, 0.125], [0.5, 0.25, 0.25], [0.5, 0.25, np.inf]])
    case("inTopK", [targets, predictions], np.array([True, True, False]), k=2)

    a, b = real(2, 4, 4), real(2, 4, 3)
    case("solve", [a, b], np.linalg.solve(a, b))
    case("inv", [a], np.linalg.inv(a))
    case("det", [a], np.linalg.det(a))
    case("logdet", [a], np.linalg.slogdet(a)[1])
    spd = np.round((a @ a.swapaxes(1, 2) + 2 * np.eye(4)) * 64) / 64
    case("cholesky", [spd], np.linalg.cholesky(spd))
    case("eigenvalues", [spd], np.linalg.eigvalsh(spd))
    vectors = np.linalg.eigh(spd)[1]
    case("eigenvectorMagnitudes", [spd], np.abs(vectors))
    for shape in ((4, 3), (3, 4)):
        y = real(*shape)
        q, r = np.linalg.qr(y)
        case("qr", [y], q * np.sign(np.diagonal(r)))
        case("singularValues", [y], np.linalg.svd(y)[1])

if __name__ == "__main__":
    options = arguments(__doc__).parse_args()
    header = {
        "reference": f"NumPy {np.__version__}, SciPy {scipy.__version__}",
        "made_by": "scripts/operations.py",
    }
    write(out_path(options, "operations.json"), header, {"cases": cases})
