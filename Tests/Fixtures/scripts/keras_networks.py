"""Convolutional networks of Keras 3 (JAX backend, float64) of random shape, trained for an epoch; writes networks.json.

The cases are those of keras_graphs.py: descriptions, predictions, logs, evaluation, and sums of the weights that came out.
"""

import keras64
import keras
from keras_graphs import L, Maker, main, ops


class NetworkMaker(Maker):
    """Networks of the known kinds on sequences, images and volumes, with either order of axes."""

    def __init__(self, seed):
        super().__init__(seed)
        self.axes = self.pick(1, 1, 2, 2, 2, 2, 3)
        self.format = self.pick("channels_last", "channels_last", "channels_first")
        self.arguments = dict(data_format=self.format)
        # What layers take that have no such argument in one dimension.
        self.spatial = {} if self.axes == 1 else self.arguments
        self.channelAxis = 1 if self.format == "channels_first" else -1

    def layer(self, name):
        transposed = name.endswith("Transpose")
        return getattr(L, f"Conv{self.axes}DTranspose" if transposed else f"{name}{self.axes}D")

    def channels(self, x):
        return x.shape[self.channelAxis]

    def sizes(self, x):
        return x.shape[2:] if self.format == "channels_first" else x.shape[1:-1]

    def filters(self):
        return self.random.randint(2, 5)

    def activation(self):
        return self.pick("relu", "tanh", "elu", "swish", "gelu", "relu6", None)

    def activated(self, x):
        return self.pick(lambda: L.ReLU(max_value=self.pick(None, 6.0))(x), lambda: L.LeakyReLU(negative_slope=0.2)(x), lambda: L.Activation("hard_swish")(x),
                         lambda: ops.relu(x), lambda: L.ELU()(x), lambda: L.Activation("tanh")(x))()

    def normalized(self, x):
        return self.pick(lambda: L.BatchNormalization(axis=self.channelAxis, momentum=self.pick(0.9, 0.5), scale=self.pick(True, False))(x),
                         lambda: L.BatchNormalization(axis=self.channelAxis, epsilon=0.01)(x), lambda: L.LayerNormalization(axis=self.channelAxis)(x),
                         lambda: x)()

    def conv(self, x, filters=None, kernel=None, **more):
        filters = filters or self.filters()
        kernel = kernel or self.pick(1, 2, 3)
        more = {**dict(padding="same", activation=self.activation(), use_bias=self.pick(True, True, False)), **more}
        return self.layer("Conv")(filters, kernel, **more, **self.arguments)(x)

    def smaller(self, x):
        """Half the size, or nearly."""
        if min(self.sizes(x)) < 3:
            return x
        return self.pick(
            lambda: self.layer("MaxPooling")(2, padding=self.pick("valid", "same"), **self.arguments)(x),
            lambda: self.layer("MaxPooling")(3, strides=2, padding="same", **self.arguments)(x),
            lambda: self.layer("AveragePooling")(2, padding=self.pick("valid", "same"), **self.arguments)(x),
            lambda: self.layer("AveragePooling")(3, strides=2, padding="same", **self.arguments)(x),
            lambda: self.conv(x, strides=2),
            lambda: self.conv(self.layer("ZeroPadding")(1, **self.arguments)(x), kernel=3, strides=2, padding="valid"))()

    def cell(self, x):
        """One of the things networks are made of; it keeps the size."""
        return self.pick(self.plain, self.plain, self.residual, self.residual, self.separable, self.dense_block, self.gated, self.inception, self.squeeze,
                         self.dilated, self.grouped, self.wrapped)(x)

    def plain(self, x):
        return self.activated(self.normalized(self.conv(x, kernel=3, activation=None)))

    def residual(self, x):
        filters = self.channels(x)
        y = self.conv(self.activated(self.normalized(self.conv(x, filters, activation=None))), filters, activation=None)
        return self.activated(L.Add()([x, self.normalized(y)]))

    def separable(self, x):
        if self.axes == 3:
            return self.conv(x)
        y = self.conv(x, self.channels(x) * 2, 1)
        if self.random.random() < 0.5:
            return self.layer("SeparableConv")(self.filters(), 3, padding="same", depth_multiplier=self.pick(1, 2), activation=self.activation(), **self.arguments)(x)
        y = self.layer("DepthwiseConv")(3, padding="same", use_bias=False, **self.arguments)(y)
        return L.Add()([x, self.conv(self.activated(self.normalized(y)), self.channels(x), 1, activation=None)])

    def dense_block(self, x):
        for _ in range(2):
            x = L.Concatenate(axis=self.channelAxis)([x, self.conv(self.activated(self.normalized(x)), 2, 3, activation=None)])
        return self.conv(x, kernel=1)

    def gated(self, x):
        filters = self.filters()
        return L.Multiply()([self.conv(x, filters, 2, activation="tanh"), self.conv(x, filters, 2, activation="sigmoid")])

    def inception(self, x):
        pooled = self.pick(self.layer("MaxPooling"), self.layer("AveragePooling"))(3, strides=1, padding="same", **self.arguments)(x)
        branches = [self.conv(x, kernel=1), self.conv(self.conv(x, kernel=1), kernel=3), self.conv(pooled, 2, 1)]
        return L.Concatenate(axis=self.channelAxis)(branches)

    def squeeze(self, x):
        g = self.pick(self.layer("GlobalAveragePooling"), self.layer("GlobalMaxPooling"))(keepdims=True, **self.arguments)(x)
        return L.Multiply()([x, self.conv(self.conv(g, kernel=1), self.channels(x), 1, activation="sigmoid")])

    def dilated(self, x):
        if self.axes == 1 and self.format == "channels_last" and self.random.random() < 0.7:
            return self.conv(x, kernel=2, padding="causal", dilation_rate=self.pick(1, 2, 4))
        return self.conv(x, kernel=self.pick(2, 3), dilation_rate=2)

    def grouped(self, x):
        x = self.conv(x, 4)
        return self.conv(x, self.pick(4, 8), self.pick(2, 3), groups=self.pick(2, 4))

    def wrapped(self, x):
        """A chain as a layer."""
        chain = keras.Sequential([
            L.Input(x.shape[1:]), self.layer("Conv")(self.filters(), 3, padding="same", activation="relu", **self.arguments), L.Dropout(0.0),
            L.BatchNormalization(axis=self.channelAxis), self.layer("SpatialDropout")(0.0, **self.spatial)])
        return chain(x)

    def larger(self, x):
        return self.pick(
            lambda: self.layer("ConvTranspose")(self.filters(), self.pick(2, 3), strides=2, padding="same", activation=self.activation(), **self.arguments)(x),
            lambda: self.layer("UpSampling")(2, **self.spatial)(x))()

    def fitted(self, x, sizes):
        """Cut to a size."""
        more = tuple((0, a - b) for a, b in zip(self.sizes(x), sizes))
        if not any(m[1] for m in more):
            return x
        return self.layer("Cropping")(more[0] if self.axes == 1 else more, **self.spatial)(x)

    def pooled(self, x):
        """A row for each."""
        return self.pick(
            lambda: self.layer("GlobalAveragePooling")(**self.arguments)(x), lambda: self.layer("GlobalMaxPooling")(**self.arguments)(x),
            lambda: L.Flatten(**self.arguments)(self.layer("AdaptiveAveragePooling")(2, **self.arguments)(x)),
            lambda: L.Flatten(**self.arguments)(x))()

    def model(self):
        size = {1: (9, 12), 2: (5, 8), 3: (4, 5)}[self.axes]
        sizes = tuple(self.random.randint(*size) for _ in range(self.axes))
        channels = self.random.randint(1, 3)
        shape = (channels, *sizes) if self.format == "channels_first" else (*sizes, channels)
        inputs = {"in0": keras.Input(shape, name="in0")}
        x = self.conv(inputs["in0"], 4, 3)
        skips = [x]
        for _ in range(self.random.randint(1, 2)):
            x = self.cell(x)
            skips.append(x)
            x = self.smaller(x)
        x = self.cell(x)
        heads = {}
        if self.format == "channels_last" and self.random.random() < 0.35:
            # Back to the size of the input, with what was there: a number or a class for each place.
            for skip in reversed(skips):
                if any(a < b for a, b in zip(self.sizes(x), self.sizes(skip))):
                    x = self.larger(x)
                if all(a >= b for a, b in zip(self.sizes(x), self.sizes(skip))):
                    x = L.Concatenate()([self.fitted(x, self.sizes(skip)), skip])
            if self.random.random() < 0.5:
                heads["out0"] = (self.conv(x, 2, 1, activation=None, name="out0"), "mse", ["mae"])
            else:
                heads["out0"] = (self.conv(x, 3, 1, activation="softmax", name="out0"), "sparse_categorical_crossentropy", ["accuracy"])
            return inputs, heads
        x = self.pooled(x)
        if self.random.random() < 0.5:
            x = L.Dropout(0.0)(L.Dense(self.width() + 2, activation="relu", kernel_regularizer=keras.regularizers.L2(0.01))(x))
        kind = self.pick("classes", "classes", "binary", "mse")
        if kind == "mse":
            heads["out0"] = (L.Dense(2, name="out0")(x), self.pick("mse", "huber"), ["mae"])
        elif kind == "binary":
            heads["out0"] = (L.Dense(1, activation="sigmoid", name="out0")(x), "binary_crossentropy", ["accuracy"])
        else:
            heads["out0"] = (L.Dense(3, activation="softmax", name="out0")(x), "sparse_categorical_crossentropy", ["accuracy"])
        return inputs, heads


if __name__ == "__main__":
    main(__doc__, NetworkMaker, "networks.json", 40, {"made_by": "scripts/keras_networks.py", "weights_over": 4}, divisor=4)
