import TensorCore
import Testing

/// Compares three runs of a step, on some threads, interpreted and translated, with the same kernels one after another: the same numbers, and the
/// same bits whatever the number of threads.
/// - Parameters:
///   - ways: numbers of threads, and whether the plan is translated.
///   - plan: the same step whenever it is made, and what it changes.
///   - check: what else is expected of a plan for so many threads.
func expectSameStep(
  _ ways: [(threadCount: Int, isTranslated: Bool)], within tolerance: Double, _ comment: String,
  _ plan: (_ threadCount: Int, _ limits: ChainFinder.Limits) -> (variables: [Variable], plan: Plan), check: (_ plan: Plan, _ threadCount: Int) -> Void = { _, _ in }
) {
  let (expected, apart) = plan(1, .apart)
  let values = (0..<3).map { _ in apart.run().map(\.doubles) }
  var bits: [[[Double]]] = []
  for (threadCount, isTranslated) in ways {
    let (variables, plan) = plan(threadCount, .init())
    check(plan, threadCount)
    if isTranslated { plan.translate() }
    let pool = ThreadPool(threadCount: threadCount)
    for expected in values {
      for (result, expected) in zip(plan.run(on: pool), expected) {
        PlanTests.expectEqual(result.doubles, expected, within: tolerance, "result, \(threadCount) threads, \(comment)")
      }
    }
    bits.append(variables.map(\.value.doubles))
  }
  let areSame = bits.allSatisfy { $0 == bits[0] }
  #expect(areSame, "\(comment)")
  for (place, (result, variable)) in zip(bits[0], expected).enumerated() {
    PlanTests.expectEqual(result, variable.value.doubles, within: tolerance, "variable \(place) of shape \(variable.shape), \(comment)")
  }
}
