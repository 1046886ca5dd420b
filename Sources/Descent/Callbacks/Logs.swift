/// Named numbers of a batch or an epoch: `loss`, the metrics, and their `val_` counterparts.
///
/// They are read from the model's running totals only when somebody asks, so a callback that does not look costs nothing. During a
/// batch hook the object is good for that call only: the next batch uses it again.
public final class Logs {
  private var known: [String: Double]?
  private let source: () -> [String: Double]

  /// Logs with the given `values`, by name.
  public init(_ values: [String: Double] = [:]) {
    known = values
    source = { [:] }
  }

  /// Logs that are read when somebody asks.
  init(reading source: @escaping () -> [String: Double]) { self.source = source }

  /// The number of that name, or nil. Setting one adds it, so that ``History`` and later callbacks see it.
  public subscript(name: String) -> Double? {
    get { dictionary[name] }
    set {
      var values = dictionary
      values[name] = newValue
      known = values
    }
  }

  /// All of them.
  public var dictionary: [String: Double] {
    if let known { return known }
    let values = source()
    known = values
    return values
  }

  /// The names in alphabetical order, as Keras shows them.
  public var names: [String] { dictionary.keys.sorted() }

  /// Whether a number that is lacking will come with an epoch that is validated.
  /// - Parameter run: what `fit` was asked for; nil for the logs of a batch.
  func areDue(_ name: String, _ run: RunParameters?) -> Bool {
    guard let run, run.hasValidation, name.hasPrefix("val_"), self[name] == nil else { return false }
    return self[String(name.dropFirst(4))] != nil
  }

  /// The next reading asks the source again.
  func invalidate() { known = nil }
}

extension Logs: CustomStringConvertible {
  /// All of them in one line: `accuracy: 0.875 - loss: 0.3125`.
  public var description: String { dictionary.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: " - ") }
}
