/// Rows that a model is trained on or predicts from: a ``Tensor``, or bytes that are scaled on their way into the step.
///
/// Axis 0 counts the rows. A training step picks a batch of rows from ``stored`` and passes it through ``prepared(_:)``, which
/// is traced with the rest of the step: what is kept in memory stays as small as it is stored.
public protocol ModelInput: ModelData {
  /// The rows as they are kept in memory.
  var stored: Tensor { get }
  /// Rows picked from ``stored`` as the model sees them. The shape stays the same.
  func prepared(_ rows: Tensor) -> Tensor
}

extension Tensor: ModelInput {
  public var stored: Tensor { self }
  public func prepared(_ rows: Tensor) -> Tensor { rows }
}

/// Images whose pixels are kept as bytes and are numbers from 0 to 1 to a model.
public struct Pixels: ModelInput {
  /// `uint8`, any shape; axis 0 counts the images.
  public let bytes: Tensor
  /// What each byte is divided by.
  public let divisor: Double

  /// - Parameters:
  ///   - bytes: `uint8` of any shape; axis 0 counts the images.
  ///   - divisor: what each byte is divided by.
  /// - Throws: ``DescentError`` of kind `data` when the tensor is not `uint8` or has no axis.
  public init(_ bytes: Tensor, divisor: Double = 255) throws {
    guard bytes.dtype == .uint8, bytes.rank > 0 else {
      throw DescentError(.data, "Pixels: expected uint8 with at least one axis, found \(bytes.dtype) \(bytes.shape)")
    }
    try NumberRange.positive.check("divisor", divisor, "Pixels")
    self.bytes = bytes
    self.divisor = divisor
  }

  /// With the number of rows first.
  public var shape: [Int] { bytes.shape }

  /// The pixels as `float32` from 0 to 1.
  public var tensor: Tensor { prepared(bytes) }

  public var stored: Tensor { bytes }

  public func prepared(_ rows: Tensor) -> Tensor { rows.cast(to: .float32) / Tensor(number: divisor) }
}
