import Optimizers
import Testing

@Suite struct SophiaTests {
  /// Where the Hessian is diagonal, Hutchinson's estimate is exact whatever the signs.
  @Test func `Exact on a diagonal`() throws {
    let curvature = Tensor([3.0, 0.5, -2.0])
    let sophia = Sophia(beta2: 0.5, updatePeriod: 2)
    let minimizer = try Minimizer(sophia, startingAt: Tensor([1.0, -2, 0.25])) { x in (0.5 * curvature * x * x).sum() }
    try minimizer.step()
    #expect(minimizer.state.checkpoint()["parameters/parameter/hessian"]!.doubles == [1.5, 0.25, -1])
    try minimizer.step()
    #expect(minimizer.state.checkpoint()["parameters/parameter/hessian"]!.doubles == [1.5, 0.25, -1])
    try minimizer.step()
    #expect(minimizer.state.checkpoint()["parameters/parameter/hessian"]!.doubles == [2.25, 0.375, -1.5])
  }

  /// With a full Hessian the average over many draws is its diagonal; clipping leaves the estimate alone.
  @Test func unbiased() throws {
    let matrix = Tensor([[2.0, 0.5, -0.3], [0.5, 1, 0.2], [-0.3, 0.2, 3]])
    let sophia = Sophia(learningRate: 0, beta2: 0.999, updatePeriod: 1).with { $0.clipvalue = 1e-3 }
    let minimizer = try Minimizer(sophia, startingAt: ["x": Tensor([1.0, 2, 3])]) { p in
      0.5 * (p["x"]! * matmul(matrix, p["x"]!)).sum()
    }
    var draws: Set<[Double]> = []
    var before = [0.0, 0, 0]
    for _ in 0..<4000 {
      try minimizer.step()
      let now = minimizer.state.checkpoint()["parameters/x/hessian"]!.doubles
      draws.insert(zip(now, before).map { ((($0 - 0.999 * $1) / 0.001) * 1000).rounded() / 1000 })
      before = now
    }
    // Two signs against a third: four different estimates.
    #expect(draws.count == 4)
    // The average forgets as 0.999ᵗ, and 4000 draws leave a few hundredths of the off-diagonal elements.
    let share = 0.98172
    for (found, wanted) in zip(before, [2.0, 1, 3]) { #expect(abs(found / share - wanted) < 0.06) }
  }

  @Test func `Given estimates`() throws {
    let run = try FixtureRun(Sophia(estimator: .given))
    #expect(throws: DescentError.self) { try run.state.setHessianEstimate(Tensor([1.0]), of: "bias") }
    #expect(throws: DescentError.self) { try run.state.setHessianEstimate(Tensor([1.0]), of: "other") }
    #expect(throws: DescentError.self) { try FixtureRun(Adam()).state.setHessianEstimate(Tensor(1.0), of: "scale") }
  }

  @Test func checkpoint() throws {
    func make() throws -> Minimizer<[String: Tensor]> {
      try Minimizer(Sophia(learningRate: 0.05, updatePeriod: 3), startingAt: ["x": Tensor([1.5, -0.5])]) { p in
        let x = p["x"]!
        return (x * x * x * x).sum() + square(x.sum())
      }
    }
    let whole = try make()
    let resumed = try make()
    for _ in 0..<5 { try whole.step() }
    try resumed.state.restore(whole.state.checkpoint())
    // The weights are not part of a checkpoint.
    let parameters = whole.parameters["x"]!.evaluated()
    resumed.state.trainableVariables[0].assign(parameters)
    for _ in 0..<7 {
      try whole.step()
      try resumed.step()
    }
    #expect(whole.parameters["x"]!.doubles == resumed.parameters["x"]!.doubles)
  }
}
