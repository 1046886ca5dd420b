import TensorCore

/// How much `fit`, `evaluate` and `predict` print. Numbers mean what they mean in Keras.
public struct Verbosity: Sendable, Equatable, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
  /// −1 for ``auto``.
  let level: Int

  /// A progress bar in a terminal, one line an epoch elsewhere.
  public static let auto = Verbosity(level: -1)
  /// 0: nothing.
  public static let silent = Verbosity(level: 0)
  /// 1: a progress bar that is drawn again as it grows; one line an epoch where the output is no terminal.
  public static let progressBar = Verbosity(level: 1)
  /// 2: one line an epoch.
  public static let oneLine = Verbosity(level: 2)

  private init(level: Int) { self.level = level }
  /// - Parameter value: 0, 1 or 2, as in Keras; −1 is ``auto``'s. Others are refused where they are used.
  public init(integerLiteral value: Int) { level = value }
  /// `true` is 1 and `false` is 0, as in Python.
  public init(booleanLiteral value: Bool) { level = value ? 1 : 0 }

  package func validate(_ caller: String) throws {
    guard (-1...2).contains(level) else {
      throw DescentError(
        .invalidArgument, "\(caller): verbose is \(level); it must be 0 (nothing), 1 (a bar), 2 (one line an epoch) or .auto")
    }
  }

  /// Whether a bar is drawn, or nil if nothing is printed.
  func drawsBar(onTerminal: Bool) -> Bool? { level == 0 ? nil : level != 2 && onTerminal }
}

/// Where progress goes: standard output, or what a test puts in its place.
package struct ProgressOutput {
  let isTerminal: Bool
  let usesColor: Bool
  /// How many characters a line holds. A window may be made narrower while it is written to.
  let width: () -> Int
  let write: (String) -> Void

  package init(
    isTerminal: Bool, usesColor: Bool = true, width: @escaping () -> Int = { .max }, write: @escaping (String) -> Void
  ) {
    self.isTerminal = isTerminal
    self.usesColor = usesColor
    self.width = width
    self.write = write
  }

  static var standard: ProgressOutput {
    ProgressOutput(isTerminal: Terminal.canRedraw, usesColor: Terminal.usesColor, width: { Terminal.width }) {
      StandardOutput.write($0)
    }
  }
}
