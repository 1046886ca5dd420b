"""Operations of Keras 3 (JAX backend, float64) as nodes of functional models: their descriptions and what they give for `pattern`s; writes
symbol-operations.json. Parts of descriptions that come more than once are stored once (`sharing`).
"""

import keras64
import jax
import keras
import numpy as np

from fixturelib import arguments, out_path, pattern, plain, sharing, whole_pattern, write

ops = keras.ops
ROWS = 3


def vector():
    return keras.Input((4,), name="x")


def signal():
    return keras.Input((12,), name="x")


def square():
    return keras.Input((3, 3), name="x")


def image():
    return keras.Input((5, 4, 2), name="x")


def whole(*shape):
    return keras.Input(shape, name="x", dtype="int32")


K = lambda *shape: pattern(shape, 9)
CASES = [
    *[(name, vector, getattr(ops, name)) for name in "tan sinh cosh arcsinh arctan exp2 trunc isnan isinf isfinite".split()],
    *[(name, vector, lambda x, f=getattr(ops, name): f(x / 3)) for name in "arcsin arccos arctanh erfinv".split()],
    *[(name, vector, lambda x, f=getattr(ops, name): f(ops.abs(x) + 1.5)) for name in "arccosh log2 log10".split()],
    ("floor_divide", vector, lambda x: ops.floor_divide(x, 0.75)), ("mod", vector, lambda x: ops.mod(x, 0.75)),
    ("mod of whole", lambda: whole(4), lambda x: ops.mod(x, 3)), ("floor_divide of whole", lambda: whole(4), lambda x: ops.floor_divide(x, 3)),
    ("arctan2", vector, lambda x: ops.arctan2(x, ops.flip(x, axis=1))), ("hypot", vector, lambda x: ops.hypot(x, 2 * x)), ("logaddexp", vector, lambda x: ops.logaddexp(x, ops.square(x))),
    ("nan_to_num", vector, lambda x: ops.nan_to_num(ops.log(x), nan=7.0, neginf=-3.0)),
    ("cumsum", vector, lambda x: ops.cumsum(x, axis=1)), ("cumsum of whole", lambda: whole(2, 3), lambda x: ops.cumsum(x, axis=-1)), ("cumprod", vector, lambda x: ops.cumprod(x, axis=-1)),
    ("sort", vector, lambda x: ops.sort(x, axis=-1)), ("sort of whole", lambda: whole(4), lambda x: ops.sort(x, axis=1)), ("argsort", vector, lambda x: ops.argsort(x)), ("diff", vector, lambda x: ops.diff(x, n=2)),
    ("roll", vector, lambda x: ops.roll(x, 3, axis=1)), ("flip", square, lambda x: ops.flip(x, axis=1)), ("median", square, lambda x: ops.median(x, axis=2, keepdims=True)),
    ("prod", square, lambda x: ops.prod(x, axis=1)), ("count_nonzero", lambda: whole(4), lambda x: ops.count_nonzero(x, axis=1)),
    ("argmin", vector, lambda x: ops.argmin(x, axis=1)), ("all", lambda: whole(4), lambda x: ops.all(x > 0, axis=1)), ("any", lambda: whole(4), lambda x: ops.any(x > 3, axis=1)),
    ("logsumexp", square, lambda x: ops.logsumexp(x, axis=1)),
    ("top_k", vector, lambda x: list(ops.top_k(x, 2))), ("digitize", vector, lambda x: ops.digitize(x, np.array([-1.0, 0.0, 0.5]))),
    ("take_along_axis", vector, lambda x: ops.take_along_axis(x, ops.argsort(x, axis=1), axis=1)), ("take", vector, lambda x: ops.take(x, np.array([3, 0, 0], dtype="int32"), axis=1)),
    ("multi_hot", lambda: whole(4), lambda x: ops.multi_hot(x, 5)), ("unstack", square, lambda x: ops.unstack(x, axis=1)), ("moments", square, lambda x: list(ops.moments(x, axes=[1]))),
    ("normalize", square, lambda x: ops.normalize(x, axis=2)), ("average", vector, lambda x: ops.average(x, axis=1, weights=np.array([0.5, 1.0, 2.0, 0.25]))),
    ("tile", vector, lambda x: ops.tile(x, (1, 2))), ("repeat", vector, lambda x: ops.repeat(x, 2, axis=1)),
    ("tril", square, lambda x: ops.tril(x, k=-1)), ("triu", square, lambda x: ops.triu(x, k=1)), ("diagonal", square, lambda x: ops.diagonal(x, offset=1, axis1=1, axis2=2)), ("trace", square, lambda x: ops.trace(x, axis1=1, axis2=2)),
    ("matmul", vector, lambda x: ops.matmul(x, K(4, 2))), ("inner", vector, lambda x: ops.inner(x, K(2, 4))), ("dot", vector, lambda x: ops.dot(x, K(4, 3))), ("tensordot", square, lambda x: ops.tensordot(x, K(3, 3, 2), axes=2)),
    ("cross", lambda: keras.Input((3,), name="x"), lambda x: ops.cross(x, 2 * ops.square(x))),
    ("det", square, ops.det), ("inv", square, lambda x: ops.inv(x + 4 * K(3, 3))), ("cholesky", square, lambda x: ops.cholesky(ops.matmul(x, ops.transpose(x, (0, 2, 1))) + np.eye(3))),
    ("solve", square, lambda x: ops.solve(x + 4 * K(3, 3), ops.square(x))), ("eigh", square, lambda x: ops.eigh(x + ops.transpose(x, (0, 2, 1)))[0]), ("qr", square, lambda x: ops.abs(ops.qr(x)[1])), ("svd", square, lambda x: ops.svd(x, full_matrices=False)[1]),
    ("conv", image, lambda x: ops.conv(x, K(2, 3, 2, 4), strides=2, padding="same")), ("conv valid", image, lambda x: ops.conv(x, K(2, 2, 2, 3), dilation_rate=(2, 1))), ("conv in groups", image, lambda x: ops.conv(x, K(2, 2, 1, 4))),
    ("conv of a sequence", lambda: keras.Input((6, 3), name="x"), lambda x: ops.conv(x, K(3, 3, 2))),
    ("depthwise_conv", image, lambda x: ops.depthwise_conv(x, K(2, 2, 2, 2), padding="same")), ("separable_conv", image, lambda x: ops.separable_conv(x, K(2, 2, 2, 2), K(1, 1, 4, 3))),
    ("conv_transpose", image, lambda x: ops.conv_transpose(x, K(2, 2, 3, 2), strides=2)), ("conv_transpose same", image, lambda x: ops.conv_transpose(x, K(3, 3, 2, 2), strides=2, padding="same")),
    ("max_pool", image, lambda x: ops.max_pool(x, (2, 2), strides=(2, 1))), ("average_pool", image, lambda x: ops.average_pool(x, (3, 2), strides=1)),
    *[(name, vector, getattr(ops, name)) for name in "cbrt fabs real deg2rad rad2deg angle sinc signbit".split() if hasattr(ops, name)],
    ("logical_xor", vector, lambda x: ops.logical_xor(x > 0, x > 1)), ("divide_no_nan", vector, lambda x: ops.divide_no_nan(x, ops.relu(x))),
    ("fmax", vector, lambda x: ops.fmax(x, ops.log(x))), ("fmin", vector, lambda x: ops.fmin(ops.log(x), x)), ("fmod", vector, lambda x: ops.fmod(x, -0.75)),
    ("ptp", square, lambda x: ops.ptp(x, axis=1)), ("nansum", vector, lambda x: ops.nansum(ops.log(x), axis=1)), ("nanmean", vector, lambda x: ops.nanmean(ops.log(x), axis=1)),
    ("isclose", vector, lambda x: ops.isclose(x, ops.round(x), rtol=0.1)), ("threshold", vector, lambda x: ops.threshold(x, 0.5, 0.1)),
    ("moveaxis", image, lambda x: ops.moveaxis(x, 1, -1)), ("moveaxis of two", image, lambda x: ops.moveaxis(x, (3, 1), (1, 2))), ("hstack", square, lambda x: ops.hstack([x, 2 * x])),
    ("rot90", square, lambda x: ops.rot90(x, k=3, axes=(1, 2))),
    ("binary_crossentropy", vector, lambda x: ops.binary_crossentropy(ops.cast(x > 0, "float64"), ops.sigmoid(x))),
    ("categorical_crossentropy", square, lambda x: ops.categorical_crossentropy(ops.softmax(x), ops.exp(x))), ("categorical_crossentropy of logits", square, lambda x: ops.categorical_crossentropy(ops.softmax(x), x, from_logits=True)),
    ("pad", square, lambda x: ops.pad(x, ((0, 0), (1, 0), (0, 2)))), ("pad with a number", vector, lambda x: ops.pad(x, ((0, 0), (1, 2)), constant_values=3.0)), ("pad mirrored", vector, lambda x: ops.pad(x, ((0, 0), (1, 2)), mode="reflect")),
    # Constants of the dtypes that NumPy has where a program says none, or another.
    ("take of int64", vector, lambda x: ops.take(x, np.array([0, 1]), axis=1)), ("add of int8", lambda: whole(4), lambda x: x + np.array([1, -2, 3, 4], dtype="int8")), ("multiply by float16", vector, lambda x: x * np.array([0.5, 1.0, 2.0, -4.0], dtype="float16")),
    *[(f"{name} with axis", square, lambda x, f=getattr(ops, name): f(ops.log(x), axis=1)) for name in "nanmax nanmin nanprod nanstd nanvar nanargmax nanargmin nancumsum nancumprod nanmedian".split()],
    ("nanmax of two axes", square, lambda x: ops.nanmax(ops.log(x), axis=(1, 2), keepdims=True)), ("nanmax of nothing", vector, lambda x: ops.nanmax(ops.log(-ops.abs(x)), axis=1)), ("nanargmax of nothing", vector, lambda x: ops.nanargmax(ops.log(-ops.abs(x)), axis=1)),
    ("nanquantile", vector, lambda x: ops.nanquantile(ops.log(x), 0.3, axis=1, keepdims=True)), ("nanpercentile", vector, lambda x: ops.nanpercentile(ops.log(x), 70.0, axis=1)), ("percentile", vector, lambda x: ops.percentile(x, 20.0, axis=1)),
    *[(name, vector, lambda x, f=getattr(ops, name): f(x / ops.relu(x))) for name in "isposinf isneginf".split()], *[(name, vector, getattr(ops, name)) for name in "erfc conj imag isreal flipud fliplr".split()],
    ("heaviside", vector, lambda x: ops.heaviside(ops.relu(x), ops.square(x))), ("logaddexp2", vector, lambda x: ops.logaddexp2(x, ops.square(x))), ("ldexp", lambda: whole(4), lambda x: ops.ldexp(ops.cast(x, "float64") / 3, x)),
    ("array_split", vector, lambda x: list(ops.array_split(x, 3, axis=1))), ("hsplit", vector, lambda x: list(ops.hsplit(x, 2))), ("dsplit", image, lambda x: list(ops.dsplit(x, 2))),
    ("append", vector, lambda x: ops.append(x, 2 * x, axis=1)), ("vstack", vector, lambda x: ops.vstack([x, 2 * x])), ("dstack", vector, lambda x: ops.dstack([x, 2 * x])), ("dstack of images", image, lambda x: ops.dstack([x, 2 * x])),
    ("select", vector, lambda x: ops.select([x > 1, x > 0], [x, 2 * x], default=-1.0)), ("full_like", vector, lambda x: ops.full_like(x, 2.5)),
    ("trapezoid", vector, lambda x: ops.trapezoid(x, dx=0.5)), ("searchsorted", vector, lambda x: ops.searchsorted(np.array([-1.0, 0.0, 0.5]), x, side="right")), ("isin", lambda: whole(4), lambda x: ops.isin(x, np.array([0, 2], dtype="int32"))), ("isin not", lambda: whole(4), lambda x: ops.isin(x, np.array([0, 2], dtype="int32"), invert=True)),
    ("saturate_cast", vector, lambda x: ops.saturate_cast(300 * x, "uint8")),
    ("sparse_categorical_crossentropy", square, lambda x: ops.sparse_categorical_crossentropy(ops.argmax(x, axis=2), ops.exp(-x))), ("sparse_categorical_crossentropy of logits", square, lambda x: ops.sparse_categorical_crossentropy(ops.argmax(x, axis=2), -x, from_logits=True)),
    ("slogdet", square, lambda x: list(ops.slogdet(x))), ("logdet", square, lambda x: ops.logdet(ops.matmul(x, ops.transpose(x, (0, 2, 1))) + np.eye(3))),
    ("solve_triangular", square, lambda x: ops.solve_triangular(x + 2 * np.eye(3), ops.square(x), lower=True)),
    ("layer_normalization", square, lambda x: ops.layer_normalization(x, K(3), K(3) / 2, axis=-1)), ("layer_normalization of two axes", square, lambda x: ops.layer_normalization(x, axis=[1, 2], epsilon=0.01)), ("rms_normalization", square, lambda x: ops.rms_normalization(x, K(3))),
    ("batch_normalization", image, lambda x: ops.batch_normalization(x, K(2), ops.abs(K(2)), axis=-1, offset=K(2) / 3, scale=K(2) * 2)), ("batch_normalization of another axis", image, lambda x: ops.batch_normalization(x, K(4), ops.abs(K(4)), axis=2)),
    ("dot_product_attention", image, lambda x: ops.dot_product_attention(x, 2 * x, ops.square(x), is_causal=True)), ("dot_product_attention with a mask", image, lambda x: ops.dot_product_attention(x, x, x, bias=K(1, 1, 5, 5), mask=np.tril(np.ones((1, 1, 5, 5)), 1) > 0, scale=0.3)),
    ("adaptive_average_pool", image, lambda x: ops.adaptive_average_pool(x, (3, 2))), ("adaptive_max_pool", image, lambda x: ops.adaptive_max_pool(x, (2, 3))),
    ("depth_to_space", lambda: keras.Input((2, 3, 8), name="x"), lambda x: ops.depth_to_space(x, 2)), ("space_to_depth", lambda: keras.Input((4, 2, 3), name="x"), lambda x: ops.space_to_depth(x, 2)),
    *[(name, lambda: keras.Input((2, 3, 3), name="x"), lambda x, f=getattr(ops.image, name): f(ops.sigmoid(x), data_format="channels_last")) for name in "rgb_to_grayscale rgb_to_hsv hsv_to_rgb".split()],
    ("crop_images", image, lambda x: ops.image.crop_images(x, top_cropping=1, left_cropping=0, bottom_cropping=1, target_width=3, data_format="channels_last")), ("pad_images", image, lambda x: ops.image.pad_images(x, top_padding=1, left_padding=0, target_height=8, right_padding=2, data_format="channels_last")),
    ("extract_patches", image, lambda x: ops.image.extract_patches(x, (2, 3), strides=1, padding="same", data_format="channels_last")),
    ("split", lambda: keras.Input((6,), name="x"), lambda x: list(ops.split(x, 3, axis=1))), ("take of a symbol", vector, lambda x: ops.take(x, ops.cast(ops.relu(ops.sign(x)), "int32"), axis=0)),
    ("fft", signal, lambda x: list(ops.fft((x, 2 * ops.square(x))))), ("fft2", square, lambda x: list(ops.fft2((x, ops.square(x))))), ("ifft2", square, lambda x: list(ops.ifft2((x, ops.square(x))))),
    ("rfft", signal, lambda x: list(ops.rfft(x))), ("rfft of a length", signal, lambda x: list(ops.rfft(x, 5))), ("irfft", signal, lambda x: ops.irfft(ops.rfft(x))), ("irfft of a length", signal, lambda x: ops.irfft(ops.rfft(ops.square(x)), 11)),
    ("extract_sequences", signal, lambda x: ops.extract_sequences(x, 4, 3)), ("stft", signal, lambda x: list(ops.stft(x, 4, 2, 6, window="hamming"))), ("stft of a window", signal, lambda x: list(ops.stft(x, 3, 2, 4, window=[0.5, 1.0, 0.25], center=False))),
    ("istft", signal, lambda x: ops.istft(ops.stft(ops.square(x), 4, 2, 4), 4, 2, 4)), ("istft of a length", signal, lambda x: ops.istft(ops.stft(x, 4, 2, 4, window=None), 4, 2, 4, length=7, window=None)),
    ("stack and mean", vector, lambda x: ops.mean(ops.stack([x, 2 * x]), axis=0)),
    ("resize", image, lambda x: ops.image.resize(x, (3, 6), data_format="channels_last")), ("resize nearest", image, lambda x: ops.image.resize(x, (7, 2), interpolation="nearest", data_format="channels_last")),
]


def run(name, make, body):
    keras.utils.clear_session()
    x = make()
    model = keras.Model(x, body(x))
    value = whole_pattern((ROWS,) + x.shape[1:], 1, 0, 4) if x.dtype == "int32" else pattern((ROWS,) + x.shape[1:], 1)
    results = model(value)
    results = list(results) if isinstance(results, (list, tuple)) else [results]
    return {"name": name, "model": keras.src.saving.serialization_lib.serialize_keras_object(model), "results": [{"shape": list(r.shape), "values": np.asarray(r).astype(float).reshape(-1)} for r in results]}


def main():
    options = arguments(__doc__).parse_args()
    cases = []
    for case in CASES:
        try:
            cases.append(run(*case))
        except Exception as error:
            print(case[0], type(error).__name__, str(error)[:300])
    table, models = sharing([case.pop("model") for case in cases])
    cases = [{"name": case["name"], "model": model, **case} for case, model in zip(cases, models)]
    header = {"reference": f"keras {keras.__version__}, JAX {jax.__version__}, float64", "made_by": "scripts/keras_symbol_operations.py"}
    write(out_path(options, "symbol-operations.json"), header, {"shared": table, "cases": cases})


if __name__ == "__main__":
    main()
