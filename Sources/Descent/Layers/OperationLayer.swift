import TensorCore

/// A function of tensors as a node of a graph: what `a + b` or `relu(x)` leaves of symbols. (Keras: `Operation`.)
final class OperationLayer: Layer {
  let definition: OperationDefinition
  /// The settings that Keras keeps with the operation rather than with its call.
  let settings: JSONObject

  init(_ definition: OperationDefinition, settings: JSONObject = JSONObject(), name: String? = nil) {
    self.definition = definition
    self.settings = settings
    super.init(name: name)
  }

  override var baseName: String { Layer.kerasName(ofClass: definition.className) }

  /// - Throws: ``DescentError`` naming the operation if it cannot be applied so, or if nothing is known of an argument or a setting.
  func apply(_ arguments: CallArguments) throws -> [Tensor] {
    let input = OperationInput(owner: "operation \(name)", className: definition.className, arguments: arguments, settings: settings)
    for tensor in (arguments.positional + arguments.named.map(\.value)).flatMap(\.tensors) { try input.checkSize(tensor.shape) }
    let results = try definition.body(input)
    try input.expectNothingLeft()
    for result in results { try input.checkSize(result.shape) }
    return results
  }
}

/// What an operation of Keras's is called, where it lives, and what it computes.
struct OperationDefinition: Sendable {
  let className: String
  let module: String
  let body: @Sendable (OperationInput) throws -> [Tensor]

  init(_ className: String, _ module: String, _ body: @escaping @Sendable (OperationInput) throws -> [Tensor]) {
    self.className = className
    self.module = "keras.src.ops." + module
    self.body = body
  }
}
