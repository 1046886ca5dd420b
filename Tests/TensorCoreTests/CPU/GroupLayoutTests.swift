import CKernels
import TestSupport
import Testing

@testable import TensorCore

/// How programs of one kernel are put in order.
@Suite struct GroupLayoutTests {
  @Test(arguments: [
    ([78400, 100, 1000, 10], [1, 2, 3, 0]), ([100, 78400, 1000], [0, 2, 1]), ([4096, 4095, 70_000], [1, 0, 2]), ([5000, 4000, 3000], [0, 1, 2]),
    ([10, 20], [0, 1]), ([20, 10], [0, 1]), ([70_000], [0]), ([0, 70_000, 0], [0, 2, 1]), ([], []),
  ])
  func `A few small programs come first`(counts: [Int], order: [Int]) { #expect(GroupLayout.order(counts) == order) }

  @Test func `The kernels can do what a schedule may ask for`() {
    #expect(Schedule.longestRow <= CK_MAX_BLOCK && Schedule.mostAxes <= CK_MAX_RANK)
  }

  @Test(arguments: [1, 2, 3]) func `Whatever the order, each array has its own values`(threadCount: Int) {
    let sizes = [40_000, 100, 1000, 10, 30_001, 7]
    for isTranslated in [false, true] {
      let variables = sizes.map { size in Variable(Tensor(shape: [size], scalars: (0..<size).map { Float($0 * 31 % 101) / 8 + Float(size % 13) })) }
      let before = variables.map(\.value.doubles)
      let plan = Plan(
        arguments: [], outputs: [], assignments: variables.map { (variable: $0, value: $0.value * 0.5 + 1) }, threadCount: threadCount)
      #expect(plan.schedule.kernels.count == 1)
      if isTranslated { plan.translate() }
      _ = plan.run(on: ThreadPool(threadCount: threadCount))
      for (variable, before) in zip(variables, before) {
        let isRight = variable.value.doubles == before.map { $0 * 0.5 + 1 }
        #expect(isRight, "\(before.count) elements")
      }
    }
  }
}
