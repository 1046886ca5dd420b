import TensorCore

extension OperationTable {
  /// What layers compute, as functions of their weights too. Source: https://keras.io/api/ops/nn/
  static let layerFunctions: [OperationDefinition] = [
    OperationDefinition("LayerNorm", "nn") { input in
      let x = try input.floating(), axes = (try input.axes(of: x, default: [-1]) ?? Array(x.shape.indices)).sorted()
      let epsilon = try input.optional("epsilon", .anyNumber) ?? fuzz
      let gamma = try input.weights(1, "gamma", like: x, axes), beta = try input.weights(2, "beta", like: x, axes)
      if try input.flag("rms_scaling") {
        let result = x / sqrt(x.variance(axes: axes, keepDims: true) + epsilon)
        return [gamma.map { result * $0 } ?? result]
      }
      return [standardized(x, axes: axes, epsilon: epsilon, scale: gamma, offset: beta)]
    },
    OperationDefinition("RMSNorm", "nn") { input in
      let x = try input.floating(), axes = try input.axes(of: x, default: [-1])
      let result = x / sqrt(square(x).mean(axes: axes, keepDims: true) + (try input.optional("epsilon", .anyNumber) ?? fuzz))
      guard let scale = try input.optionalTensor(1, "scale", like: x) else { return [result] }
      guard broadcastShape(scale.shape, x.shape) == x.shape else { throw input.unfit(scale, "scale", x) }
      return [result * scale]
    },
    OperationDefinition("BatchNorm", "nn") { input in
      let x = try input.floating(), axis = try input.axis(of: x)
      func weights(_ place: Int, _ name: String) throws -> Tensor? { try input.weights(place, name, like: x, [axis]) }
      guard let mean = try weights(1, "mean"), let variance = try weights(2, "variance") else {
        throw input.refusal("'mean' or 'variance' is missing")
      }
      let factor = 1 / sqrt(variance + (try input.value("epsilon", .anyNumber, default: 1e-3)))
      let offset = try weights(3, "offset"), scale = try weights(4, "scale")
      let result = (x - mean) * (scale.map { factor * $0 } ?? factor)
      return [offset.map { result + $0 } ?? result]
    },
    OperationDefinition("DotProductAttention", "nn") { input in
      let query = try input.floating(0, "query"), key = try input.tensor(1, "key").cast(to: query.dtype)
      let value = try input.tensor(2, "value").cast(to: query.dtype)
      guard query.rank == 4, key.rank == 4, value.rank == 4, query.shape[2...] == key.shape[2...], key.shape[1...2] == value.shape[1...2] else {
        throw input.refusal("rows of shapes \([query, key, value].map(input.rowShape)); expected [steps, heads, depth] of the same heads")
      }
      try input.refuse("attn_logits_soft_cap")
      // How it is computed, not what.
      _ = try input.flag("flash_attention")
      let scale = try input.optional("scale", .anyNumber, at: 5) ?? 1 / Double(query.shape[3]).squareRoot()
      // The scores are all of them in memory.
      try input.elementCount(input.naming { try EinsumEquation("btnd,bsnd->bnts").outputShape([query.shape, key.shape]) })
      try input.naming { _ = try EinsumEquation("btnd,bsnd,bsne->btne").outputShape([query.shape, key.shape, value.shape]) }
      try input.checkElements(of: key)
      var scores = einsum("btnd,bsnd->bnts", query, key) * scale
      func addend(_ place: Int, _ name: String, _ dtype: DType) throws -> Tensor? {
        guard let x = try input.optionalTensor(place, name, like: query)?.cast(to: dtype) else { return nil }
        guard broadcastShape(x.shape, scores.shape) == scores.shape else { throw input.unfit(x, name, scores) }
        return x
      }
      if let bias = try addend(3, "bias", query.dtype) { scores = scores + bias }
      var mask = try addend(4, "mask", .bool)
      if try input.flag("is_causal") {
        try input.checkTable([scores.shape[2], scores.shape[3]])
        let causal = tril(Tensor.ones([scores.shape[2], scores.shape[3]])).cast(to: .bool)
        mask = mask.map { $0 .&& causal } ?? causal
      }
      // As JAX: the least number there is, so that a row of nothing but masked places is an even mean.
      if let mask { scores = select(mask, scores, Tensor(number: -0.7 * (query.dtype == .float64 ? .greatestFiniteMagnitude : Double(Float.greatestFiniteMagnitude)))) }
      return [einsum("bnts,bsnd->btnd", scores.softmax(axis: -1), value)]
    },
  ]
}

extension OperationInput {
  /// Weights of some axes, stretched over the others; nil where there are none.
  fileprivate func weights(_ place: Int, _ name: String, like x: Tensor, _ axes: [Int]) throws -> Tensor? {
    guard let weights = try optionalTensor(place, name, like: x) else { return nil }
    let shape = x.shape.indices.map { axes.contains($0) ? x.shape[$0] : 1 }
    if weights.count == shape.reduce(1, *), weights.rank != x.rank { return weights.reshaped(shape) }
    guard broadcastShape(weights.shape, x.shape) == x.shape else { throw unfit(weights, name, x) }
    return weights.reshaped([Int](repeating: 1, count: x.rank - weights.rank) + weights.shape)
  }

  fileprivate func unfit(_ weights: Tensor, _ name: String, _ x: Tensor) -> DescentError {
    refusal("'\(name)' of shape \(weights.shape) does not fit rows of shape \(rowShape(x))")
  }
}
