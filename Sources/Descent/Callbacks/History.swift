import TensorCore

/// What `fit` returns: the numbers of each epoch. (Keras: `keras.callbacks.History`.)
public final class History: Callback {
  /// The epochs that came to their end, counted from 0.
  public private(set) var epochs: [Int] = []
  /// For each name, one number an epoch; NaN in epochs that had none.
  public private(set) var values: [String: [Double]] = [:]
  /// Whether Ctrl-C ended training. An epoch that it cut short is not listed.
  public internal(set) var isInterrupted = false

  /// The numbers of that name, one an epoch; empty if there are none.
  public subscript(name: String) -> [Double] { values[name] ?? [] }

  /// All names in alphabetical order.
  public var names: [String] { values.keys.sorted() }

  public override func onTrainBegin() {
    epochs = []
    values = [:]
    isInterrupted = false
  }

  public override func onEpochEnd(_ epoch: Int, _ logs: Logs) { record(epoch, logs.dictionary) }

  public override func state() -> CallbackState? {
    let columns = names.map { name in (key: name, value: JSONValue.array(self[name].map { JSONValue($0) })) }
    return CallbackState(
      JSONObject([("epochs", .array(epochs.map { JSONValue($0) })), ("values", .object(JSONObject(columns)))]))
  }

  public override func restore(_ state: CallbackState) {
    epochs = state["epochs"]?.array?.compactMap(\.int) ?? []
    values = [:]
    for (name, column) in state["values"]?.object?.members ?? [] { values[name] = column.array?.compactMap(\.double) ?? [] }
  }

  func record(_ epoch: Int, _ numbers: [String: Double]) {
    for name in Set(values.keys).union(numbers.keys) {
      // A name that comes late, such as one of a validation every other epoch, has no numbers for the epochs before.
      values[name, default: epochs.map { _ in .nan }].append(numbers[name] ?? .nan)
    }
    epochs.append(epoch)
  }

  /// A table with one line an epoch: `epoch`, then the names in alphabetical order. Missing numbers are `NA`, as
  /// ``CSVLogger`` writes them.
  public var csv: String {
    let names = self.names
    var lines = [CSVLogger.line(["epoch"] + names, separator: ",")]
    for (row, epoch) in epochs.enumerated() {
      let cells = names.map { name in values[name]![row].isNaN ? "NA" : "\(values[name]![row])" }
      lines.append(CSVLogger.line([String(epoch)] + cells, separator: ","))
    }
    return lines.joined()
  }

  /// Writes ``csv`` to a file, replacing it.
  /// - Throws: ``DescentError`` of kind `file`.
  public func writeCSV(to path: String) throws { try writeFile(path, text: csv) }
}
