/// What an optimizer can do with a gradient that is zero outside of a few rows of its parameter, as that of a table whose rows are
/// looked up (an embedding) is: whether a step may leave the other rows alone, at no cost.
///
/// The gradient of a parameter is known to be such a one if the loss reads the parameter by one ``Tensor/gathering(_:)`` and in no
/// other way. Equal indices are summed first, in order, so that clipping and the formula see each row once; an index that is out of
/// range touches no row.
public enum SparseUpdates: Sendable {
  /// The new value of a row depends on other rows, or on having seen every step: all rows take part in each.
  case none
  /// Each row's new value and slots follow from the row's own, but also change where the gradient is zero (an average of gradients
  /// fades, say). All rows take part in each step, unless ``ParameterSetting/isLazy`` asks for those that are touched alone.
  case lazy
  /// As `lazy`, and where the gradient is zero neither the row nor its slots change. Rows that are not touched are left out, which
  /// changes no bit of the result, unless the weights decay or gradients are accumulated. (Two things are not the same to the
  /// bit: the norm that `clipnorm` and `globalClipnorm` measure is summed in another order, and a norm that is not finite makes
  /// the rows NaN that are touched, not all.)
  case exact
}

/// The rows of a parameter that a step touches, each once, and what the step does to them.
struct TouchedRows {
  /// Ascending, then −1s, which name no row: as many as there were indices.
  let indices: Tensor
  /// Of those rows, in the same order; zeros where there is no row.
  let gradient: Tensor

  /// Nil if all rows take part in the step.
  init?(of entry: OptimizerState.Entry, gradient: Tensor) {
    let part = entry.part
    guard let scattered = gradient.scatteredRows, part.accumulationSteps == 1 else { return nil }
    let count = scattered.indices.count, rows = gradient.shape[0]
    if !entry.isLazy {
      // With more indices for the rows, a pass over all rows was measured to be as quick.
      guard part.optimizer.sparseUpdates == .exact, entry.weightDecay == 0, 4 * count < rows else { return nil }
    }
    let places: Tensor
    (indices, places) = scattered.indices.distinctRows(of: rows)
    self.gradient = scattered.values.scatterAdding(at: places, rows: count)
  }
}

extension OptimizerState.Entry {
  /// - Throws: ``DescentError`` if rows that are not touched are to be left alone and that cannot be done.
  func checkLaziness() throws {
    guard isLazy else { return }
    let name = type(of: part.optimizer).className
    if part.optimizer.sparseUpdates == .none {
      throw DescentError(
        .invalidArgument, "\(name) cannot update \(variable.path) lazily: a row's step does not follow from that row's gradients alone")
    }
    if part.accumulationSteps > 1 {
      throw DescentError(
        .invalidArgument,
        "\(name) cannot update \(variable.path) lazily with gradient_accumulation_steps \(part.accumulationSteps): the sum of gradients touches all rows"
      )
    }
  }

  /// The parameter and its slots as a formula sees them: whole, or those of their rows that are touched.
  func values(at touched: TouchedRows?) -> (value: Tensor, slots: Slots) {
    guard let touched else { return (variable.value, slotValues) }
    let slots = slotValues { slot, variable in
      slot.shape == .likeParameter ? variable.value.gathering(touched.indices) : variable.value
    }
    return (variable.value.gathering(touched.indices), slots)
  }

  /// Whether a slot has rows as the parameter has.
  func isByRow(_ name: String) -> Bool { slots.contains { $0.name == name && $0.shape == .likeParameter } }
}
