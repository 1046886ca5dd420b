import TensorCore

/// A layer that mixes the images of a batch, and can mix alike what they are of.
public class MixingLayer: RandomImageLayer {
  /// How much of each image is its own.
  func weight(_ drawn: [Tensor], _ images: Tensor) -> Tensor { drawn[0] }

  public override func build(inputShapes: [[Int]]) throws {
    guard inputShapes.count <= 2 else { throw settingsError("it was called with \(inputShapes.count) tensors; expected images, and labels if they are to be mixed alike") }
    try build(inputShape: inputShapes[0])
  }

  public override func forward(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    guard inputs.count == 2, context.isTraining else { return [try forward(inputs[0], context)] + inputs.dropFirst() }
    let (x, labels) = (inputs[0], inputs[1])
    guard labels.rank == 2, labels.dtype.isFloatingPoint, labels.shape[0] == x.shape[0] else {
      throw settingsError("labels are \(labels.dtype) \(labels.shape) for images of shape \(x.shape); expected floating-point [rows, classes]")
    }
    let images = try images(x)
    let drawn = drawn(for: images, generator(context))
    return [restored(changed(images, by: drawn), dataFormat), mixed(labels, by: drawn, images)]
  }

  /// Labels, mixed by what was drawn for images with their channels last.
  package final func mixed(_ labels: Tensor, by drawn: [Tensor], _ images: Tensor) -> Tensor {
    let own = weight(drawn, images).cast(to: labels.dtype).reshaped([labels.shape[0], 1])
    let others = take(labels, drawn[drawn.count - 1].cast(to: .int32), axis: 0)
    return own * labels + (1 - own) * others
  }

  /// Images and labels of a batch, mixed alike, outside of any model: a step before one, as
  /// `dataset.map { try mixUp(images: $0, labels: $1) }`. In a model the layer sees images alone, as in Keras, and labels stay as they are.
  /// - Parameters:
  ///   - images: with as many rows as `labels`.
  ///   - labels: floating-point [rows, classes], 1 at the class.
  ///   - training: whether to mix at all.
  /// - Throws: ``DescentError`` if rows or types do not fit.
  public final func callAsFunction(images: Tensor, labels: Tensor, training: Bool = true) throws -> (images: Tensor, labels: Tensor) {
    let results = try outputs([images, labels], ownContext(for: [images, labels], isTraining: training))
    return (results[0], results[1])
  }
}
