import CLimits
import Descent
import Foundation

/// An ordinary network whose training is timed beside the products it is made of and beside other libraries.
struct Network {
  /// As `Benchmarks/networks.py` knows it.
  let name: String
  let description: String
  /// Of a batch.
  let rows: Int
  /// How many batches an epoch has.
  let steps: Int
  let make: () throws -> Model
  /// Input and targets of so many rows.
  let data: (Int) throws -> (Tensor, Tensor)
  /// The convolutions and products of a step, forward and backward.
  let work: [Work]

  /// One call of oneDNN, or several alike, one after the other.
  enum Work {
    /// Images size × size, padded as Keras's "same": which of its three products.
    case convolution(limit_part, size: Int, channels: Int, filters: Int, window: Int = 3, stride: Int = 1)
    case product(transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int, times: Int)

    /// What a convolution computes in a step: its results, what reaches the kernel and, if asked, what reaches the inputs.
    static func convolution(
      size: Int, channels: Int, filters: Int, window: Int = 3, stride: Int = 1, reachesInputs: Bool = true
    ) -> [Work] {
      (reachesInputs ? [LIMIT_OUTPUT, LIMIT_KERNEL, LIMIT_INPUT] : [LIMIT_OUTPUT, LIMIT_KERNEL]).map {
        .convolution($0, size: size, channels: channels, filters: filters, window: window, stride: stride)
      }
    }

    /// What a dense layer of m rows, k inputs and n outputs computes in a step: its results, what reaches the kernel and, if asked,
    /// what reaches the inputs.
    static func dense(rows m: Int, inputs k: Int, outputs n: Int, reachesInputs: Bool = true, times: Int = 1) -> [Work] {
      [
        .product(transposeA: false, transposeB: false, m: m, n: n, k: k, times: times),
        .product(transposeA: true, transposeB: false, m: k, n: n, k: m, times: times),
      ] + (reachesInputs ? [.product(transposeA: false, transposeB: true, m: m, n: k, k: n, times: times)] : [])
    }

    /// What an LSTM computes in a step of training: products with the inputs of all steps at once, with the state one after the other.
    static func lstm(rows: Int, steps: Int, inputs: Int, units: Int, reachesInputs: Bool) -> [Work] {
      dense(rows: rows * steps, inputs: inputs, outputs: 4 * units, reachesInputs: reachesInputs) + [
        .product(transposeA: false, transposeB: false, m: rows, n: 4 * units, k: units, times: steps),
        .product(transposeA: false, transposeB: true, m: rows, n: units, k: 4 * units, times: steps),
        .product(transposeA: true, transposeB: false, m: units, n: 4 * units, k: rows * steps, times: 1),
      ]
    }
  }

  static var all: [Network] { [convolutional, residual, recurrent, words, transformer] }

  private static var convolutional: Network { Network(
    name: "cnn", description: "28×28×1 → 32 3×3 → pool → 64 3×3 → pool → 100 → 10 on Fashion-MNIST, dropout, Adam", rows: 32, steps: 400,
    make: {
      let model = Sequential {
        Conv2D(32, 3, padding: .same, activation: .relu, inputShape: [28, 28, 1])
        MaxPooling2D()
        Conv2D(64, 3, padding: .same, activation: .relu)
        MaxPooling2D()
        Flatten()
        Dense(100, activation: .relu)
        Dropout(0.4)
        Dense(10, activation: .softmax)
      }
      try model.compile(optimizer: .adam, loss: .sparseCategoricalCrossentropy)
      return model
    },
    data: { count in
      let train = try FashionMNIST.load().train
      let x = train.images.bytes.sliced(starts: [0, 0, 0], sizes: [count, 28, 28])
      return (x.cast(to: .float32).reshaped([count, 28, 28, 1]) / 255, train.labels.sliced(starts: [0], sizes: [count]))
    },
    work: Work.convolution(size: 28, channels: 1, filters: 32, reachesInputs: false)
      + Work.convolution(size: 14, channels: 32, filters: 64) + Work.dense(rows: 32, inputs: 3136, outputs: 100) + Work.dense(rows: 32, inputs: 100, outputs: 10)) }

  private static var residual: Network { Network(
    name: "resnet", description: "28×28×1 → 16 3×3 → residual blocks of 16, 32 and 64 filters → 10, batch normalization, Adam", rows: 64,
    steps: 100,
    make: {
      let images = Input(shape: [28, 28, 1])
      func normalized(_ x: some Symbolic, _ filters: Int, _ window: AxisSizes, strides: AxisSizes = 1) throws -> Symbol {
        try BatchNormalization()(Conv2D(filters, window, strides: strides, padding: .same, useBias: false)(x))
      }
      var x = try relu(normalized(images, 16, 3))
      for (filters, strides) in [(16, 1), (32, 2), (64, 2)] {
        let first = try relu(normalized(x, filters, 3, strides: [strides, strides]))
        let second = try normalized(first, filters, 3)
        x = try relu(second + (strides == 1 ? x : normalized(x, filters, 1, strides: [strides, strides])))
      }
      let model = try Model(inputs: images, outputs: Dense(10, activation: .softmax)(GlobalAveragePooling2D()(x)))
      try model.compile(optimizer: .adam, loss: .sparseCategoricalCrossentropy)
      return model
    },
    data: convolutional.data,
    work: Work.convolution(size: 28, channels: 1, filters: 16, reachesInputs: false)
      + Work.convolution(size: 28, channels: 16, filters: 16) + Work.convolution(size: 28, channels: 16, filters: 16)
      + Work.convolution(size: 28, channels: 16, filters: 32, stride: 2) + Work.convolution(size: 14, channels: 32, filters: 32)
      + Work.convolution(size: 28, channels: 16, filters: 32, window: 1, stride: 2)
      + Work.convolution(size: 14, channels: 32, filters: 64, stride: 2) + Work.convolution(size: 7, channels: 64, filters: 64)
      + Work.convolution(size: 14, channels: 32, filters: 64, window: 1, stride: 2) + Work.dense(rows: 64, inputs: 64, outputs: 10)) }

  private static var recurrent: Network { Network(
    name: "lstm", description: "100 steps of 64 numbers → LSTM 128 → LSTM 128 → 10, Adam", rows: 32, steps: 50,
    make: {
      let model = Sequential {
        LSTM(128, returnSequences: true, inputShape: [100, 64])
        LSTM(128)
        Dense(10, activation: .softmax)
      }
      try model.compile(optimizer: .adam, loss: .sparseCategoricalCrossentropy)
      return model
    },
    data: { count in
      let random = RandomGenerator(seed: 1)
      return (random.normal([count, 100, 64]), random.randomInteger([count], low: 0, high: 10))
    },
    work: Work.lstm(rows: 32, steps: 100, inputs: 64, units: 128, reachesInputs: false)
      + Work.lstm(rows: 32, steps: 100, inputs: 128, units: 128, reachesInputs: true) + Work.dense(rows: 32, inputs: 128, outputs: 10)) }

  private static var words: Network { Network(
    name: "imdb", description: "100 words of 500 → Embedding 16 → LSTM 8 → 1, RMSprop", rows: 64, steps: 400,
    make: {
      let model = Sequential {
        Embedding(500, 16)
        LSTM(8)
        Dense(1, activation: .sigmoid)
      }
      try model.compile(optimizer: RMSprop(learningRate: 1e-4), loss: .binaryCrossentropy)
      return model
    },
    data: { count in
      let random = RandomGenerator(seed: 1)
      return (random.randomInteger([count, 100], low: 0, high: 500), random.randomInteger([count], low: 0, high: 2).cast(to: .float32))
    },
    work: Work.lstm(rows: 64, steps: 100, inputs: 16, units: 8, reachesInputs: true) + Work.dense(rows: 64, inputs: 8, outputs: 1)) }

  private static var transformer: Network { Network(
    name: "gpt", description: "4 blocks of causal attention, 4 heads, width 128, length 64, 65 symbols, AdamW", rows: 12, steps: 100,
    make: {
      let symbols = Input(shape: [64], dtype: .int32)
      var x = try Positions()(Embedding(65, 128)(symbols))
      for _ in 0..<4 {
        let queries = try LayerNormalization()(x)
        let attended = try MultiHeadAttention(numHeads: 4, keyDim: 32)(queries, queries, useCausalMask: true)
        x = try x + attended
        let wide = try Dense(512, activation: .gelu)(LayerNormalization()(x))
        x = try x + Dense(128)(wide)
      }
      let model = try Model(inputs: symbols, outputs: Dense(65)(LayerNormalization()(x)))
      try model.compile(optimizer: AdamW(learningRate: 1e-3), loss: .sparseCategoricalCrossentropy(fromLogits: true))
      return model
    },
    data: { count in
      let random = RandomGenerator(seed: 1)
      let text = random.randomInteger([count, 65], low: 0, high: 65)
      return (text.sliced(starts: [0, 0], sizes: [count, 64]), text.sliced(starts: [0, 1], sizes: [count, 64]))
    },
    work: transformerWork) }
}

extension Network {
  private static var transformerWork: [Work] {
    var block = Work.dense(rows: 768, inputs: 128, outputs: 384)
    block += Work.dense(rows: 768, inputs: 128, outputs: 128)
    block += Work.dense(rows: 768, inputs: 128, outputs: 512)
    block += Work.dense(rows: 768, inputs: 512, outputs: 128)
    // Of 12 texts and 4 heads: scores, and values weighed by them.
    block += Work.dense(rows: 64, inputs: 32, outputs: 64, times: 48)
    block += Work.dense(rows: 64, inputs: 64, outputs: 32, times: 48)
    return block + block + block + block + Work.dense(rows: 768, inputs: 128, outputs: 65)
  }
}

/// Adds a trained vector to each position.
private final class Positions: Layer {
  private var vectors: Variable?
  override func build(inputShapes: [[Int]]) throws {
    vectors = try addVariable("embeddings", shape: inputShapes[0], initializer: .randomUniform)
  }
  override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor { x + vectors!.value }
}
