extension History: CustomStringConvertible {
  /// What the numbers were in the first epoch and in the last, and a table of all:
  ///
  ///     History of 5 epochs: accuracy 0.78 → 0.88, loss 0.61 → 0.34
  ///     epoch  accuracy    loss
  ///         1    0.7800  0.6100
  ///     …
  ///
  /// Of many epochs the table has the first, the last, and some at equal distances between.
  public var description: String {
    let head = "History of \(epochs.count) \(epochs.count == 1 ? "epoch" : "epochs")" + (isInterrupted ? ", interrupted" : "")
    if epochs.isEmpty { return head }
    let columns = names.map { name -> String in
      let (first, last) = (ProgressBar.number(self[name].first ?? .nan), ProgressBar.number(self[name].last ?? .nan))
      return epochs.count == 1 ? "\(name) \(last)" : "\(name) \(first) → \(last)"
    }
    return "\(head): \(columns.joined(separator: ", "))\n\(table())"
  }

  /// The numbers of the epochs as a table for people, epochs counted from 1 as progress bars do; ``csv`` is for programs.
  /// - Parameter limit: no more rows than so many.
  public func table(limit: Int = 20) -> String {
    let count = epochs.count, limit = max(2, limit)
    let shown = count <= limit ? Array(0..<count) : (0..<limit).map { $0 * (count - 1) / (limit - 1) }
    let columns = [["epoch"] + shown.map { String(epochs[$0] + 1) }]
      + names.map { name in [name.printable] + shown.map { self[name][$0].isNaN ? "" : ProgressBar.number(self[name][$0]) } }
    let widths = columns.map { $0.map(\.count).max() ?? 0 }
    return (0...shown.count).map { row in
      zip(columns, widths).map { String(repeating: " ", count: $1 - $0[row].count) + $0[row] }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}
