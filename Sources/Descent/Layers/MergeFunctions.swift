import TensorCore

// The merging layers as functions of tensors, for forward passes of one's own; those of symbols stand in SymbolFunctions.swift. Rows
// are merged as the layers merge them: a row of fewer axes gets axes of size 1 in front, and axis 0 counts the rows.

/// What a merging layer makes of tensors; masks that travel beside them are not looked at.
private func merged(_ inputs: [Tensor], by layer: Merge) -> Tensor {
  if inputs.isEmpty { programmingError("\(layer.name): no tensors") }
  do {
    let context = ForwardContext(builder: ModelBuilder(dtype: inputs[0].dtype, seed: 0), isTraining: false)
    return try layer.forward(inputs, context)[0]
  } catch {
    programmingError((error as? DescentError)?.message ?? "\(error)")
  }
}

/// The sum of all, as ``Add`` computes it. (Keras: `keras.layers.add`.)
public func add(_ inputs: [Tensor]) -> Tensor { merged(inputs, by: Add(name: "add")) }
/// The first minus the second, as ``Subtract`` computes it. (Keras: `keras.layers.subtract`.)
public func subtract(_ inputs: [Tensor]) -> Tensor { merged(inputs, by: Subtract(name: "subtract")) }
/// The product of all, as ``Multiply`` computes it. (Keras: `keras.layers.multiply`.)
public func multiply(_ inputs: [Tensor]) -> Tensor { merged(inputs, by: Multiply(name: "multiply")) }
/// The mean of all, as ``Average`` computes it. (Keras: `keras.layers.average`.)
public func average(_ inputs: [Tensor]) -> Tensor { merged(inputs, by: Average(name: "average")) }
/// The greatest of all, as ``Maximum`` computes it. (Keras: `keras.layers.maximum`.)
public func maximum(_ inputs: [Tensor]) -> Tensor { merged(inputs, by: Maximum(name: "maximum")) }
/// The smallest of all, as ``Minimum`` computes it. (Keras: `keras.layers.minimum`.)
public func minimum(_ inputs: [Tensor]) -> Tensor { merged(inputs, by: Minimum(name: "minimum")) }
/// The sum of products along axes, row by row, as ``Dot`` computes it. (Keras: `keras.layers.dot`.)
/// - Parameters:
///   - inputs: two tensors.
///   - axes: an axis for both inputs, or one for each, with axis 0 counting the rows; negative from the end.
///   - normalize: whether both are divided by their lengths along the axes first.
public func dot(_ inputs: [Tensor], axes: [Int] = [-1], normalize: Bool = false) -> Tensor {
  merged(inputs, by: Dot(axes: axes, normalize: normalize, name: "dot"))
}
/// The same with one axis for both inputs.
public func dot(_ inputs: [Tensor], axes: Int, normalize: Bool = false) -> Tensor { dot(inputs, axes: [axes], normalize: normalize) }
