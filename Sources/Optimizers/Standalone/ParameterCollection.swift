/// Something whose numbers an optimizer can change: a tensor, an array of tensors or of plain arrays, or a dictionary of either.
///
/// `Tensor`, `[Tensor]`, `[[Double]]`, `[[Float]]`, `[String: Tensor]`, `[String: [Double]]` and `[String: [Float]]` are.
public protocol ParameterCollection {
  /// The same structure made of tensors: what a loss is computed from.
  associatedtype Tensors: ParameterCollection

  /// The path and value of each parameter, in an order that depends on the paths alone.
  var parameterTensors: [(path: String, tensor: Tensor)] { get }

  /// The same structure with other values, in the order of ``parameterTensors``.
  func replacing(with tensors: [Tensor]) -> Self

  /// The same structure made of tensors.
  func tensors(_ tensors: [Tensor]) -> Tensors
}

extension ParameterCollection {
  /// A variable for each parameter, with its value; the name is the last part of the path.
  func variables() -> [Variable] {
    parameterTensors.map { path, tensor in
      let variable = Variable(tensor, name: path.split(separator: "/").last.map(String.init) ?? path)
      variable.path = path
      return variable
    }
  }
}

/// Something that can be one parameter: a tensor, or a plain array as a vector.
public protocol ParameterValue {
  /// The value as a tensor.
  var parameterTensor: Tensor { get }

  /// The value of `parameterTensor`, which has the same dtype.
  init(parameterTensor: Tensor)
}

extension Tensor: ParameterValue {
  public var parameterTensor: Tensor { self }
  public init(parameterTensor: Tensor) { self = parameterTensor }
}

extension Array: ParameterValue where Element: NumericTensorScalar {
  public var parameterTensor: Tensor { Tensor(self) }
  public init(parameterTensor: Tensor) { self = parameterTensor.scalars() }
}

extension Tensor: ParameterCollection {
  public var parameterTensors: [(path: String, tensor: Tensor)] { [("parameter", self)] }
  public func replacing(with tensors: [Tensor]) -> Tensor { tensors[0] }
  public func tensors(_ tensors: [Tensor]) -> Tensor { tensors[0] }
}

extension Array: ParameterCollection where Element: ParameterValue {
  public var parameterTensors: [(path: String, tensor: Tensor)] {
    enumerated().map { ("\($0.offset)", $0.element.parameterTensor) }
  }
  public func replacing(with tensors: [Tensor]) -> [Element] { tensors.map { Element(parameterTensor: $0) } }
  public func tensors(_ tensors: [Tensor]) -> [Tensor] { tensors }
}

extension Dictionary: ParameterCollection where Key == String, Value: ParameterValue {
  public var parameterTensors: [(path: String, tensor: Tensor)] {
    sorted { $0.key < $1.key }.map { ($0.key, $0.value.parameterTensor) }
  }
  public func replacing(with tensors: [Tensor]) -> [String: Value] {
    Dictionary(uniqueKeysWithValues: zip(keys.sorted(), tensors).map { ($0, Value(parameterTensor: $1)) })
  }
  public func tensors(_ tensors: [Tensor]) -> [String: Tensor] {
    [String: Tensor](uniqueKeysWithValues: zip(keys.sorted(), tensors).map { ($0, $1) })
  }
}
