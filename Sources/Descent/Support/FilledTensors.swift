import TensorCore

/// Tensors whose memory `body` fills, all at once: what is read from a file need not be anywhere else before.
/// - Parameter layout: the shape and the dtype of each.
func filledTensors(
  _ layout: [(shape: [Int], dtype: DType)], _ body: ([UnsafeMutableRawBufferPointer]) throws -> Void
) throws -> [Tensor] {
  var tensors: [Tensor] = []
  func make(_ buffers: [UnsafeMutableRawBufferPointer]) throws {
    guard buffers.count < layout.count else { return try body(buffers) }
    let (shape, dtype) = layout[buffers.count]
    tensors.append(try Tensor(shape: shape, dtype: dtype) { try make(buffers + [$0]) })
  }
  try make([])
  return tensors.reversed()
}
