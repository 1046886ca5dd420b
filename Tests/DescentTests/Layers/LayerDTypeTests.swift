import DescentTestSupport
import Testing

@testable import Descent

/// The option `dtype` of layers.
@Suite struct LayerDTypeTests {
  /// One of each way in which layers are made.
  private static func layers() -> [Layer] {
    let type = DType.float64
    return [
      Dense(1, dtype: type), EinsumDense("ab,bc->ac", outputShape: [2], dtype: type), Embedding(3, 2, dtype: type), Activation(.relu, dtype: type),
      Dropout(0.5, dtype: type), GaussianNoise(0.1, dtype: type), GaussianDropout(0.1, dtype: type), AlphaDropout(0.1, dtype: type),
      SpatialDropout1D(0.1, dtype: type), SpatialDropout2D(0.1, dtype: type), SpatialDropout3D(0.1, dtype: type),
      Conv1D(1, 1, dtype: type), Conv2D(1, 1, dtype: type), Conv2DTranspose(1, 1, dtype: type), DepthwiseConv2D(1, dtype: type),
      SeparableConv2D(1, 1, dtype: type), MaxPooling2D(dtype: type), GlobalAveragePooling2D(dtype: type), AdaptiveMaxPooling2D([1, 1], dtype: type),
      BatchNormalization(dtype: type), LayerNormalization(dtype: type), GroupNormalization(groups: 1, dtype: type), RMSNormalization(dtype: type),
      UnitNormalization(dtype: type), Normalization(dtype: type), Add(dtype: type), Concatenate(dtype: type), Dot(axes: 1, dtype: type),
      Flatten(dtype: type), Reshape([1], dtype: type), Permute([1], dtype: type), RepeatVector(2, dtype: type), Masking(dtype: type),
      Lambda(dtype: type) { $0 }, PReLU(dtype: type), LeakyReLU(dtype: type), ELU(dtype: type), ReLU(dtype: type), Softmax(dtype: type),
      ActivityRegularization(dtype: type), Identity(dtype: type), ZeroPadding2D(1, dtype: type), Cropping2D(1, dtype: type), UpSampling2D(dtype: type),
      Resizing(2, 2, dtype: type), Rescaling(2, dtype: type), CenterCrop(1, 1, dtype: type), RandomFlip(dtype: type), RandomRotation(0.1, dtype: type),
      RandomZoom(0.1, dtype: type), RandomContrast(0.1, dtype: type), CategoryEncoding(2, dtype: type), Discretization(numBins: 2, dtype: type),
      LSTM(1, dtype: type), GRU(1, dtype: type), SimpleRNN(1, dtype: type), RNN(SimpleRNNCell(1), dtype: type), LSTMCell(1, dtype: type),
      GRUCell(1, dtype: type), SimpleRNNCell(1, dtype: type), StackedRNNCells([LSTMCell(1)], dtype: type), Bidirectional(LSTM(1), dtype: type),
      TimeDistributed(Dense(1), dtype: type), SpectralNormalization(Dense(1), dtype: type), Attention(dtype: type), AdditiveAttention(dtype: type),
      MultiHeadAttention(numHeads: 1, keyDim: 1, dtype: type), GroupQueryAttention(headDim: 1, numQueryHeads: 1, numKeyValueHeads: 1, dtype: type),
    ]
  }

  @Test func `every layer takes a dtype at its making`() {
    for layer in LayerDTypeTests.layers() { #expect(layer.builtDType == .float64, "\(type(of: layer))") }
  }

  @Test func `a layer computes in its dtype, and the next one in its own`() throws {
    let model = Sequential([Dense(4, inputShape: [3], dtype: .float64), Dense(1)], seed: 1)
    try model.compile(optimizer: .sgd, loss: .mse)
    try model.fit(Tensor.ones([4, 3]), Tensor.ones([4, 1]), verbose: 0)
    #expect(model.weights.map(\.dtype) == [.float64, .float64, .float32, .float32])
    #expect(try model.predict(Tensor.ones([4, 3]), verbose: 0).dtype == .float32)
    // In single precision a third is another number.
    let half = Dense(1, kernelInitializer: .constant(1.0 / 3), inputShape: [1], dtype: .float64)
    #expect(try half(Tensor.ones([1, 1], dtype: .float64)).item() == 1.0 / 3)
  }

  @Test func `a layer around another gives it its dtype`() throws {
    for layer in [Bidirectional(LSTM(1), dtype: .float64), TimeDistributed(Dense(1), dtype: .float64)] as [Layer] {
      _ = try layer(Tensor.ones([2, 3, 2]))
      #expect(layer.variables.allSatisfy { $0.dtype == .float64 }, "\(type(of: layer))")
    }
  }

  @Test func `whole numbers are no dtype of a layer`() {
    #expect(message { _ = try Dense(1, name: "d", dtype: .int32)(Tensor.ones([2, 3])) } == "layer d: its dtype is int32; layers compute in float32 or float64")
  }
}
