/// The sum of one-element tensors of all parameters, as a number: `float64`, whatever the parameters' dtypes.
///
/// Where processes own some parameters each, the terms are those of the own ones; the others' are fetched, and added in the same order.
func modelWideSum(_ terms: [Tensor]) -> Tensor {
  // One addition after another is one kernel, where a stack would copy each term on its own.
  let doubles = ModelWideTerms.current.all(of: terms.map { $0.cast(to: .float64) })
  let sum = doubles.dropFirst().reduce(doubles.first ?? Tensor.zeros([], dtype: .float64), +)
  return Tensor(.reshape, [sum], shape: [], dtype: .float64, isNumber: true)
}

/// What the terms of sums over all parameters are, while an optimizer's update is traced.
enum ModelWideTerms {
  /// All are at hand.
  case atHand
  /// Those of the parameters that this process owns; whose the parameters are is told in order.
  case owned(step: GroupStep, owners: [Int])
  /// Nothing is to be computed from them.
  case ignored

  @TaskLocal static var current = ModelWideTerms.atHand

  /// - Parameter terms: `float64`, one element each.
  func all(of terms: [Tensor]) -> [Tensor] {
    switch self {
    case .atHand: return terms
    case .ignored: return []
    case .owned(let step, let owners):
      guard terms.count == owners.count(where: { $0 == step.group.rank }) else {
        programmingError("a sum over all parameters has \(terms.count) terms for \(owners.count { $0 == step.group.rank }) parameters")
      }
      var rest = terms[...]
      return step.gathered(
        owners.map { $0 == step.group.rank ? rest.removeFirst() : nil }, like: owners.map { _ in (shape: [], dtype: .float64) }, owners: owners)
    }
  }
}
