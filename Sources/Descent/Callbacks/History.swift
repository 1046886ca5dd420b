import TensorCore

/// What `fit` returns: the numbers of each epoch. Where the learning rate has a schedule, or a callback changes it, the rate at the epoch's end is
/// among them as `learning_rate`. (Keras: `keras.callbacks.History`, which has it from callbacks alone.)
public final class History: Callback {
  /// The epochs that came to their end, counted from 0.
  public private(set) var epochs: [Int] = []
  /// For each name, one number an epoch; NaN in epochs that had none.
  public var values: [String: [Double]] { numbers.mapValues { $0.map { $0 ?? .nan } } }
  /// The same with nil in epochs that had none, which is not the same as NaN.
  private var numbers: [String: [Double?]] = [:]
  /// Whether Ctrl-C ended training. An epoch that it cut short is not listed.
  public internal(set) var isInterrupted = false

  /// The numbers of that name, one an epoch; empty if there are none.
  public subscript(name: String) -> [Double] { numbers[name]?.map { $0 ?? .nan } ?? [] }

  /// All names in alphabetical order.
  public var names: [String] { numbers.keys.sorted() }

  public override func onTrainBegin() {
    epochs = []
    numbers = [:]
    isInterrupted = false
  }

  public override func onEpochEnd(_ epoch: Int, _ logs: Logs) { record(epoch, logs.dictionary) }

  public override func state() -> CallbackState? {
    // JSON has no NaN; null is a number that is missing.
    let columns = names.map { name in
      (key: name, value: JSONValue.array(numbers[name]!.map { $0.map { $0.isFinite ? JSONValue($0) : .string("\($0)") } ?? .null }))
    }
    return CallbackState(
      JSONObject([("epochs", .array(epochs.map { JSONValue($0) })), ("values", .object(JSONObject(columns)))]))
  }

  public override func restore(_ state: CallbackState) throws {
    let epochs = (state["epochs"]?.array ?? []).map { $0.int ?? -1 }
    guard epochs.allSatisfy({ (0...ElementCount.limit).contains($0) }) else { throw state.fault("epochs", "numbers of epochs", of: self) }
    let columns = (state["values"]?.object?.members ?? []).map { name, column in
      (name, (column.array ?? []).map { $0.double ?? $0.string.flatMap(Double.init) })
    }
    guard columns.allSatisfy({ $0.1.count == epochs.count }) else {
      throw state.fault("values", "columns of \(epochs.count) numbers, as there are epochs", of: self)
    }
    self.epochs = epochs
    numbers = Dictionary(columns) { $1 }
  }

  func record(_ epoch: Int, _ logs: [String: Double]) {
    for name in Set(numbers.keys).union(logs.keys) {
      // A name that comes late, such as one of a validation every other epoch, has no numbers for the epochs before.
      numbers[name, default: epochs.map { _ in nil }].append(logs[name])
    }
    epochs.append(epoch)
  }

  /// A table with one line an epoch: `epoch`, then the names in alphabetical order. Missing numbers are `NA`, as
  /// ``CSVLogger`` writes them.
  public var csv: String {
    let names = self.names
    var lines = [CSVLogger.line(["epoch"] + names, separator: ",")]
    for (row, epoch) in epochs.enumerated() {
      let cells = names.map { name in numbers[name]![row].map { "\($0)" } ?? "NA" }
      lines.append(CSVLogger.line([String(epoch)] + cells, separator: ","))
    }
    return lines.joined()
  }

  /// Writes ``csv`` to a file, replacing it.
  /// - Throws: ``DescentError`` of kind `file`.
  public func writeCSV(to path: String) throws { try writeFile(path, text: csv) }
}
