import Foundation

/// The one error Descent throws: what was wrong, what was expected, and where.
public struct DescentError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What kind of thing was at fault.
  public enum Kind: String, Sendable {
    /// A value given to a call: an option, a shape, a name.
    case invalidArgument
    /// Data to train on or to predict from.
    case data
    /// A file that is missing, truncated, malformed or of an unsupported kind.
    case file
    /// Something that needs a step that has not been taken, such as `compile` before `fit`.
    case state
    /// A numerical failure that the user asked to be told of.
    case numerics
  }

  /// What sort of fault it is.
  public let kind: Kind
  /// One line of text. Control characters in it, as names from a file may hold, are spelled out (`\u{1B}`).
  public let message: String

  /// - Parameters:
  ///   - kind: what sort of fault it is.
  ///   - message: what was wrong, what was expected, and where.
  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message.printable
  }

  public var description: String { message }
}

/// What the expression that is traced belongs to, for mistakes in it to be told with.
package enum TracedPart {
  /// `layer dense_1`; nil outside of all.
  @TaskLocal package static var name: String?
}

/// Stops the program for a mistake in a traced expression: there is no data to blame and no way to go on.
/// (`preconditionFailure` says nothing in a release build.)
@usableFromInline
package func programmingError(
  _ message: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) -> Never {
  // What was printed so far says how far the program came, and would be lost in a pipe.
  fflush(nil)
  fatalError((TracedPart.name.map { "\($0): " } ?? "") + message(), file: file, line: line)
}
