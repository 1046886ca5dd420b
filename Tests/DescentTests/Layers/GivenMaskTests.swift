import Descent
import DescentTestSupport
import Testing

/// Masks that the call of a layer gives.
@Suite struct GivenMaskTests {
  /// ((7 · i + 5 · `salt`) mod 11 − 5) / 8, as the numbers of Keras's in these tests were made.
  private func pattern(_ shape: [Int], _ salt: Int) -> Tensor {
    Tensor(shape: shape, scalars: (0..<shape.reduce(1, *)).map { Double(($0 * 7 + salt * 5) % 11 - 5) / 8 })
  }

  @Test func `a mask is that of the call that gives it`() throws {
    let x = Tensor(shape: [1, 3, 2], scalars: [1.0, 2, 3, 4, 5, 6]).cast(to: .float32), counts = Tensor([[true, true, false]])
    for isMaskedFirst in [true, false] {
      let input = Input(shape: [3, 2]), mask = Input(shape: [3], dtype: .bool)
      let masked = try GlobalAveragePooling1D()(input, mask: mask), all = try GlobalAveragePooling1D()(input)
      let model = try Model(inputs: [input, mask], outputs: isMaskedFirst ? [masked, all] : [all, masked])
      let results = try model.predictAll([x, counts], verbose: 0).tensors
      expectClose(results[isMaskedFirst ? 0 : 1], [2, 3])
      expectClose(results[isMaskedFirst ? 1 : 0], [3, 4])
    }
    let own = try CallsTwice()(x.cast(to: .float64))
    expectClose(own, [2, 3, 3, 4])
  }

  @Test func `a mask of the value alone leaves the query as it is`() throws {
    let x = pattern([1, 3, 2], 1), mask = Tensor([[true, true, false]])
    let ofValue = try Attention().outputs([x, x], masks: [nil, mask])[0]
    expectClose(ofValue, [0.1699732, -0.3300268, 0.1962827, -0.3037174, 0.1743381, -0.3256619], tolerance: 1e-6)
    let ofQuery = try Attention().outputs([x, x], masks: [mask, nil])[0]
    expectClose(ofQuery, [-0.0471601, -0.1716024, -0.0135934, -0.1622168, 0, 0], tolerance: 1e-6)
  }

  @Test func `masks of numbers count where they are not 0`() throws {
    let input = Input(shape: [3, 2]), mask = Input(shape: [3])
    let layer = LSTM(2)
    let model = try Model(inputs: [input, mask], outputs: layer(input, mask: mask))
    let x = pattern([2, 3, 2], 2).cast(to: .float32), counts = Tensor([[1.0, 0, 2], [1, 1, 0]])
    let truths = counts .!= 0
    expectClose(try model.predict([x, counts], verbose: 0), try layer(x, mask: truths).doubles, tolerance: 1e-6)
    expectClose(try layer(x, mask: counts), try layer(x, mask: truths).doubles)
    expectClose(try GlobalAveragePooling1D()(x, mask: counts.cast(to: .int32)), try GlobalAveragePooling1D()(x, mask: truths).doubles)
  }

  private func expectRefused(_ words: String, _ call: () throws -> Void) {
    let error = #expect(throws: DescentError.self) { try call() }
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
  }

  @Test func `masks that do not fit are refused`() throws {
    let x = pattern([2, 3, 2], 2), mask = Tensor([[true, true, false, true], [true, true, true, true]])
    let fitting = Tensor([[true, true, false], [true, true, true]])
    let layers: [Layer] = [GlobalAveragePooling1D(), LSTM(2), BatchNormalization(), TimeDistributed(Dense(1)), Bidirectional(GRU(1)), Dense(2)]
    for layer in layers { expectRefused("mask has shape [2, 4]") { _ = try layer(x, mask: mask, training: true) } }
    for axis in [-1, 1] { #expect(throws: DescentError.self) { try Softmax(axis: axis)(x, mask: mask) } }
    expectRefused("mask has shape [2, 4]") { _ = try Attention().outputs([x, x], masks: [mask]) }
    expectRefused("mask has shape [2, 4]") { _ = try AdditiveAttention().outputs([x, x], masks: [nil, mask]) }
    expectRefused("2 masks for 1 tensor") { _ = try GlobalAveragePooling1D().outputs([x], masks: [fitting, fitting]) }
    expectRefused("neither looks at nor hands on") { _ = try Conv1D(2, 1)(x, mask: fitting) }
    #expect(try Lambda { $0 + 1 }(x, mask: fitting).shape == [2, 3, 2])
    expectRefused("neither looks at nor hands on") { _ = try Flatten()(x, mask: fitting) }
    expectRefused("mask has shape") { _ = try LSTM(2)(Input(shape: [3, 2]), mask: Input(shape: [4])) }
    let channelsFirst = try GlobalAveragePooling1D(dataFormat: .channelsFirst)(x.transposed([0, 2, 1]), mask: fitting)
    expectClose(channelsFirst, try GlobalAveragePooling1D()(x, mask: fitting).doubles)
  }

  /// Where sizes are open, what does not fit is known when the rows are.
  @Test func `masks that turn out not to fit are refused`() throws {
    let x = Input(shape: [nil, 2]), mask = Input(shape: [nil], dtype: .bool)
    let model = try Model(inputs: [x, mask], outputs: GlobalAveragePooling1D()(x, mask: mask))
    let rows = pattern([2, 3, 2], 2).cast(to: .float32)
    expectRefused("mask has shape [2, 4]") { _ = try model.predict([rows, Tensor(repeating: 1, shape: [2, 4], dtype: .bool)], verbose: 0) }
    #expect(try model.predict([rows, Tensor(repeating: 1, shape: [2, 3], dtype: .bool)], verbose: 0).shape == [2, 2])

    let (query, value, given) = (Input(shape: [nil, 2]), Input(shape: [nil, 2]), Input(shape: [nil, nil], dtype: .bool))
    let seeing = try Model(
      inputs: [query, value, given], outputs: MultiHeadAttention(numHeads: 2, keyDim: 2)(query, value, attentionMask: given))
    let (q, v) = (pattern([2, 3, 2], 1).cast(to: .float32), pattern([2, 5, 2], 2).cast(to: .float32))
    expectRefused("attention_mask has shape [2, 5, 3]") { _ = try seeing.predict([q, v, Tensor(repeating: 1, shape: [2, 5, 3], dtype: .bool)], verbose: 0) }
    #expect(try seeing.predict([q, v, Tensor(repeating: 1, shape: [2, 3, 5], dtype: .bool)], verbose: 0).shape == [2, 3, 2])
  }

  @Test func `masks of attention that do not fit are refused`() throws {
    let layer = MultiHeadAttention(numHeads: 2, keyDim: 4)
    let q = Input(shape: [4, 8]), v = Input(shape: [6, 8])
    expectRefused("attention_mask has shape") { _ = try layer(q, v, attentionMask: Input(shape: [6, 4], dtype: .bool)) }
    expectRefused("attention_mask has shape") { _ = try layer(q, v, attentionMask: Input(shape: [3, 4, 6], dtype: .bool)) }
    expectRefused("attention_mask has shape") { _ = try layer(q, v, attentionMask: Input(shape: [], dtype: .bool)) }
    expectRefused("query_mask has shape") { _ = try layer(q, v, queryMask: Input(shape: [6], dtype: .bool)) }
    expectRefused("value_mask has shape") { _ = try layer(q, v, valueMask: Input(shape: [4], dtype: .bool)) }
    expectRefused("key_mask has shape") { _ = try layer(q, v, key: v, keyMask: Input(shape: [4], dtype: .bool)) }
    expectRefused("key_mask has shape") { _ = try layer(q, v, keyMask: Input(shape: [4], dtype: .bool)) }
  }

  /// Without a key the value is the key, and its mask that of the keys.
  @Test func `a mask of keys counts without a key of its own`() throws {
    let layer = MultiHeadAttention(numHeads: 2, keyDim: 4)
    let q = Input(shape: [4, 8]), v = Input(shape: [6, 8]), m = Input(shape: [6], dtype: .bool)
    let model = try Model(inputs: [q, v, m], outputs: [layer(q, v, keyMask: m), layer(q, v, valueMask: m), layer(q, v)])
    let results = try model.predictAll(
      [pattern([2, 4, 8], 1), pattern([2, 6, 8], 2), Tensor([[true, true, false, true, false, false], [true, true, true, true, true, false]])], verbose: 0)
    #expect(results[0].doubles == results[1].doubles && results[0].doubles != results[2].doubles)
  }

  @Test func `masks travel between layers that are called one by one`() throws {
    let embedding = Embedding(4, 2, maskZero: true), ids = Tensor([[Int32(1), 2, 0], [3, 0, 0]])
    _ = try embedding(ids)
    try embedding.setWeights([pattern([4, 2], 1).cast(to: .float32)])
    let x = try embedding(ids)
    let words = [-0.125, 0.0625, -0.25, 0.625]
    expectClose(try GlobalAveragePooling1D()(x), words, tolerance: 1e-6)
    expectClose(try GlobalAveragePooling1D()(Dropout(0.5)(x)), words, tolerance: 1e-6)
    expectClose(
      try Attention()([x, x]), [-0.0210682, 0.0235256, -0.2973317, 0.1271244, 0, 0, -0.25, 0.625, 0, 0, 0, 0], tolerance: 1e-6)
    // A mask that a call gives counts instead, and arithmetic has none.
    expectClose(try GlobalAveragePooling1D()(x, mask: Tensor([[true, true, true], [true, true, true]])), x.mean(axis: 1).doubles, tolerance: 1e-6)
    expectClose(try GlobalAveragePooling1D()(x * 1), [-0.0833333, -0.125, -0.0833333, -0.125], tolerance: 1e-6)
    expectClose(try GlobalAveragePooling1D()(Masking()(Tensor(shape: [1, 3, 2], scalars: [1.0, 2, 0, 0, 3, 5]))), [2, 3.5])
  }

  @Test func `a mask is held no longer than what it is beside`() throws {
    weak var last: Variable?
    func call() throws {
      let mask = Variable(Tensor([[1.0, 0, 1]]), name: "mask")
      last = mask
      _ = try Dropout(0.5)(Tensor.ones([1, 3, 2]), mask: mask.value).doubles
    }
    try call()
    for _ in 0..<10 { _ = try Masking()(Tensor.ones([1, 3, 2])) }
    #expect(last == nil)
  }

  @Test func `a mask of its own for each head goes with masks of positions`() throws {
    let seeing = Seeing()
    let (q, v) = (pattern([2, 3, 4], 1), pattern([2, 5, 4], 2))
    let given = pattern([2, 3, 5], 3) .> 0
    let alike = try seeing([q, v, given]), perHead = try seeing([q, v, stack([given, given], axis: 1)])
    expectClose(perHead, alike.doubles)
    #expect(alike.doubles != (try seeing([q, v])).doubles)
  }
}

/// The mean of the first two steps, and that of all.
private final class CallsTwice: Layer {
  private let masked = GlobalAveragePooling1D(), all = GlobalAveragePooling1D()

  override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    let mask = Tensor([[true, true, false]]).broadcast(to: [x.shape[0], 3])
    return concatenate([try masked.outputs([x], mask: mask, context)[0], try all(x, context)], axis: 1)
  }
}

/// Attention with a mask of the caller's as third tensor, where the last position of the value does not count and the query's first does not either.
private final class Seeing: Layer {
  private let layer = MultiHeadAttention(numHeads: 2, keyDim: 3)

  override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    func counts(_ x: Tensor, _ isCounted: (Int) -> Bool) -> Tensor {
      Tensor((0..<x.shape[1]).map(isCounted)).reshaped([1, x.shape[1]]).broadcast(to: Array(x.shape.prefix(2)))
    }
    return [
      try layer(
        inputs[0], inputs[1], attentionMask: inputs.count > 2 ? inputs[2] : nil, queryMask: counts(inputs[0]) { $0 > 0 },
        valueMask: counts(inputs[1]) { $0 < 4 }, useCausalMask: true, context)
    ]
  }
}
