import Descent
import DescentTestSupport
import Testing

/// Calls of layers with other shapes than those that they were built for.
@Suite struct LaterCallTests {
  private func x(_ shape: Int...) -> Tensor { Fixture.pattern(shape, salt: shape.count) }

  @Test func `what does not fit is refused by later calls as by the first`() throws {
    func expect(_ layer: Layer, _ good: [Tensor], _ bad: [Tensor]...) throws {
      _ = try layer.outputs(good)
      for bad in bad { #expect(throws: DescentError.self, "\(type(of: layer)) \(bad.map(\.shape))") { try layer.outputs(bad, training: true) } }
      _ = try layer.outputs(good)
    }
    for layer in [Attention(), Attention(scoreMode: .concat), AdditiveAttention(), AdditiveAttention(useScale: false)] as [Layer] {
      try expect(
        layer, [x(2, 3, 8), x(2, 5, 8)], [x(2, 3, 8), x(2, 5, 6)], [x(2, 3, 8), x(2, 5, 8), x(2, 6, 8)], [x(2, 3, 8)], [x(2, 3, 8), x(3, 5, 8)],
        [x(2, 3, 8), x(2, 8)])
    }
    try expect(AdditiveAttention(), [x(2, 3, 8), x(2, 5, 8)], [x(2, 3, 6), x(2, 5, 6)])
    let ids = Tensor([[Int32(0), 1, 2]])
    try expect(CategoryEncoding(3, outputMode: .count), [ids, x(1, 3)], [ids, x(1, 2)], [ids, x(2, 3)], [ids, x(1, 3), x(1, 3)])
    try expect(CategoryEncoding(3), [ids], [ids, x(1, 3)], [Tensor.zeros([1, 0], dtype: .int32)])
    try expect(Rescaling([1, 2, 3]), [x(1, 3)], [x(1, 4)])
    try expect(Rescaling([1], offset: [1, 2, 3]), [x(1, 3)], [x(1, 2, 2)])
    try expect(LayerScale(0.1, 3), [x(1, 3)], [x(1, 4)])
    for layer in [RandomGrayscale(1), RandomHue(0.5), RandomSaturation(0.5), RandomColorJitter(hueFactor: 0.5), RandAugment()] as [Layer] {
      try expect(layer, [x(1, 4, 4, 3)], [x(1, 4, 4, 2)], [x(1, 0, 4, 3)])
    }
    let mixing = MixUp()
    try expect(mixing, [x(2, 4, 4, 3), x(2, 2)], [x(2, 0, 4, 3), x(2, 2)])
  }

  @Test func `what turns out not to fit where sizes are open is refused`() throws {
    let (q, v, k) = (Input(shape: [nil, 8]), Input(shape: [nil, 8]), Input(shape: [nil, 8]))
    for layer in [Attention(), AdditiveAttention()] as [Layer] {
      let model = try Model(inputs: [q, v, k], outputs: layer([q, v, k]))
      let error = #expect(throws: DescentError.self) { try model.predict([x(2, 1, 8), x(2, 5, 8), x(2, 6, 8)], verbose: 0) }
      #expect(error?.message.contains("a key as long as the value") == true, "\(error?.message ?? "")")
      #expect(try model.predict([x(2, 1, 8), x(2, 5, 8), x(2, 5, 8)], verbose: 0).shape == [2, 1, 8])
    }
    let ids = Input(shape: [nil], dtype: .int32), weights = Input(shape: [nil])
    let model = try Model(inputs: [ids, weights], outputs: CategoryEncoding(5, outputMode: .count)(ids, countWeights: weights))
    let words = Tensor([[Int32(0), 1, 1]])
    #expect(throws: DescentError.self) { try model.predict([words, x(1, 2)], verbose: 0) }
    expectClose(try model.predict([words, Tensor([[1.0, 2, 3]])], verbose: 0), [1, 5, 0, 0, 0])
  }
}
