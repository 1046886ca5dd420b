extension History: CustomStringConvertible {
  /// What the numbers were in the first epoch and in the last: `History of 5 epochs: accuracy 0.78 → 0.88, loss 0.61 → 0.34`.
  public var description: String {
    let head = "History of \(epochs.count) \(epochs.count == 1 ? "epoch" : "epochs")" + (isInterrupted ? ", interrupted" : "")
    if epochs.isEmpty { return head }
    let columns = names.map { name -> String in
      let (first, last) = (ProgressBar.number(self[name].first ?? .nan), ProgressBar.number(self[name].last ?? .nan))
      return epochs.count == 1 ? "\(name) \(last)" : "\(name) \(first) → \(last)"
    }
    return "\(head): \(columns.joined(separator: ", "))"
  }
}
