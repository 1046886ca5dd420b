import Descent

/// Training that has gone wrong although nothing failed.
enum Divergence {
  /// What to say of a run whose loss is far from anything that training leads to; nil if there is nothing to say.
  static func remark(_ history: History, _ outcome: Outcome, _ data: DataSet) -> String? {
    let losses = history["loss"]
    guard let last = losses.last, let first = losses.first else { return nil }
    let advice = "the learning rate may be too high, or numbers of very different sizes may stand in one row"
    if !last.isFinite { return "The loss is \(last); \(advice)." }
    if losses.count > 1 && last > 10 * first && first > 0 { return "The loss grew from \(first) to \(last); \(advice)." }
    // What is sure to be said of each class alike costs the logarithm of their number.
    if outcome.isClassification && last > 100 { return "The loss is \(last), far more than guessing has; \(advice)." }
    if outcome.loss.className == Loss.meanSquaredError.className, case let zero = square(data.train.y.cast(to: .float64)).mean().item(),
      zero.isFinite, zero > 0, last > 100 * zero
    {
      return "The loss is \(last), far more than the \(zero) of predicting 0 always; \(advice)."
    }
    return nil
  }
}
