import TensorCore

/// After which epochs `fit` validates, counted from 1: every so many, `2`, or those of a list, `[1, 5, 10]`. (Keras: `validation_freq`.)
public struct ValidationFrequency: Sendable, Equatable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  private enum Kind: Equatable {
    case every(Int)
    case after([Int])
  }

  private let kind: Kind

  private init(_ kind: Kind) { self.kind = kind }

  /// Every so many epochs, at least 1.
  public static func every(_ epochs: Int) -> ValidationFrequency { ValidationFrequency(.every(epochs)) }
  /// After these epochs, each at least 1, in any order.
  public static func after(_ epochs: some Sequence<Int>) -> ValidationFrequency { ValidationFrequency(.after(Array(epochs))) }

  /// - Parameter epochs: every so many, at least 1.
  public init(integerLiteral epochs: Int) { kind = .every(epochs) }
  /// - Parameter epochs: each at least 1, in any order.
  public init(arrayLiteral epochs: Int...) { kind = .after(epochs) }

  func validate(_ caller: String) throws {
    switch kind {
    case .every(let epochs): try NumberRange.count.check("validationFrequency", epochs, caller)
    case .after(let epochs) where epochs.contains { $0 < 1 }:
      throw DescentError(.invalidArgument, "\(caller): validationFrequency is \(epochs); its epochs are counted from 1")
    default: break
    }
  }

  /// - Parameter epoch: counted from 1.
  func holds(after epoch: Int) -> Bool {
    switch kind {
    case .every(let epochs): epoch % epochs == 0
    case .after(let epochs): epochs.contains(epoch)
    }
  }

  /// What Keras is given.
  var json: JSONValue {
    switch kind {
    case .every(let epochs): JSONValue(epochs)
    case .after(let epochs): .array(epochs.map { JSONValue($0) })
    }
  }
}
