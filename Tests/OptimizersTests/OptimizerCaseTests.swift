import Optimizers
import Testing

/// Nobody is forgotten in the table that the tests of all optimizers go through.
@Suite struct OptimizerCaseTests {
  @Test func `Each optimizer has a row that says what is looked at or why not`() throws {
    #expect(OptimizerCase.all.map(\.className).sorted() == OptimizerRegistry.builtIn.map { $0.className }.sorted())
    for row in OptimizerCase.all {
      #expect(row.minimum.isSaid && row.onePass.isSaid && row.formula.isSaid, "\(row.className)")
      let optimizers = try row.minimum.elements + row.onePass.elements.map { try OptimizerRegistry.optimizer(text: $0) }
        + row.formula.elements.map { try $0.optimizer() }
      #expect(optimizers.allSatisfy { type(of: $0).className == row.className }, "\(row.className)")
    }
  }
}
