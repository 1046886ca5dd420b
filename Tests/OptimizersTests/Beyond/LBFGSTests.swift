import Foundation
import Optimizers
import Testing

/// L-BFGS against PyTorch's, iterate by iterate.
@Suite struct LBFGSTests {
  private func problem(_ name: String, _ json: JSONValue) -> (start: [Double], loss: (Tensor) -> Tensor) {
    let start = json["start"]!.numbers
    func matrix(_ key: String) -> Tensor { Tensor(json[key]!.array!.map(\.numbers)) }
    switch name {
    case "quadratic":
      let (a, b) = (matrix("A"), Tensor(json["b"]!.numbers))
      return (start, { x in 0.5 * (x * matmul(a, x)).sum() - (b * x).sum() })
    case "logistic":
      let (design, labels) = (matrix("D"), Tensor(json["y"]!.numbers))
      return (
        start,
        { x in
          let z = matmul(design, x)
          return (softplus(z) - labels * z).mean() + 0.05 * (x * x).sum()
        }
      )
    default:
      return (
        start,
        { x in
          let count = x.count - 1
          let head = x.sliced(starts: [0], sizes: [count])
          let tail = x.sliced(starts: [1], sizes: [count])
          return (100 * square(tail - square(head)) + square(1 - head)).sum()
        }
      )
    }
  }

  private func make(_ config: JSONValue) -> LBFGS {
    LBFGS(
      learningRate: config["lr"]?.double, historySize: config["history_size"]?.int ?? 100,
      lineSearch: config["line_search_fn"]?.string == nil ? LineSearch.none : .strongWolfe)
  }

  @Test func `Iterates of PyTorch`() throws {
    let fixture = try Fixture.load("lbfgs")
    var worst: [String: Double] = [:]
    for json in fixture["cases"]!.array! {
      let name = json["problem"]!.string!
      let (start, loss) = problem(name, fixture["problems"]![name]!)
      let minimizer = try Minimizer(make(json["config"]!), startingAt: Tensor(start), loss: loss)
      for (step, expected) in json["iterates_max_iter_1"]!.array!.enumerated() {
        try minimizer.step()
        let found = minimizer.parameters.doubles
        let difference = zip(found, expected["x"]!.numbers).map { abs($0 - $1) / max(1e-3, abs($1)) }.max()!
        // Each step of a curved valley multiplies what rounding left by the one before. Fixed steps that leave the valley go to infinity.
        let value = expected["value"]!.numbers[0]
        if !value.isFinite || value > 1e6 { break }
        worst[name] = max(worst[name] ?? 0, difference)
        #expect(difference < 1e-8, "\(name) \(json["config"]!), step \(step + 1): \(difference)")
      }
    }
    #expect(worst.count == 4)
  }

  /// The evaluations that a search makes, and where it ends.
  @Test func convergence() throws {
    let fixture = try Fixture.load("lbfgs")
    for json in fixture["cases"]!.array! where json["config"]!["line_search_fn"]?.string != nil {
      let name = json["problem"]!.string!
      let (start, loss) = problem(name, fixture["problems"]![name]!)
      let minimizer = try Minimizer(make(json["config"]!), startingAt: Tensor(start), loss: loss)
      let single = json["single_call"]!
      for _ in 0..<single["max_iter"]!.int! { try minimizer.step() }
      // PyTorch counts the direction that turns out to lead nowhere.
      let iterations = single["n_iter"]!.int!
      #expect([iterations, iterations - 1].contains(minimizer.state.iterations), "\(name)")
      let difference = zip(minimizer.parameters.doubles, single["x"]!.numbers).map { abs($0 - $1) / max(1e-3, abs($1)) }.max()!
      #expect(difference < 1e-8, "\(name): \(difference)")
      if minimizer.hasConverged {
        let before = minimizer.parameters.doubles
        try minimizer.step()
        #expect(minimizer.parameters.doubles == before)
      }
    }
  }

  @Test func `Several parameters of any kind`() throws {
    for dtype in [DType.float32, .float64] {
      let target = Tensor(shape: [2, 3], scalars: [1.0, -2, 3, 0.5, 0, 4]).cast(to: dtype)
      let start = ["a": Tensor.zeros([2, 3], dtype: dtype), "b": Tensor.ones([], dtype: dtype)]
      let settings = LBFGS(toleranceChange: dtype == .float32 ? 1e-9 : 1e-15)
      let minimizer = try Minimizer(settings, startingAt: start) { p in
        let weights = Tensor([1.0, 4, 0.25]).cast(to: dtype)
        return (weights * square(p["a"]! - target)).sum() + square(square(p["b"]!) - 4)
      }
      try minimizer.minimize(steps: 40)
      #expect(minimizer.hasConverged)
      let difference = zip(minimizer.parameters["a"]!.doubles, target.doubles).map { abs($0 - $1) }.max()!
      #expect(difference < (dtype == .float32 ? 1e-3 : 1e-6))
      #expect(abs(minimizer.parameters["b"]!.item() - 2) < (dtype == .float32 ? 1e-3 : 1e-6))
    }
  }

  @Test func `A search survives where the loss is not a number`() throws {
    // log x has no value left of 0, where the first steps go.
    let minimizer = try Minimizer(LBFGS(learningRate: 8), startingAt: Tensor([3.0])) { x in x.sum() - 2 * log(x).sum() }
    try minimizer.minimize(steps: 20)
    #expect(abs(minimizer.parameters.doubles[0] - 2) < 1e-5)
  }

  @Test func checkpoint() throws {
    let fixture = try Fixture.load("lbfgs")
    let (start, loss) = problem("rosenbrock6", fixture["problems"]!["rosenbrock6"]!)
    let settings = LBFGS(historySize: 3)
    let whole = try Minimizer(settings, startingAt: Tensor(start), loss: loss)
    try whole.minimize(steps: 7)
    let resumed = try Minimizer(settings, startingAt: whole.parameters.evaluated(), loss: loss)
    try resumed.state.restore(whole.state.checkpoint())
    try whole.minimize(steps: 9)
    try resumed.minimize(steps: 9)
    #expect(whole.parameters.doubles == resumed.parameters.doubles)
    #expect(whole.state.checkpoint().mapValues(\.doubles) == resumed.state.checkpoint().mapValues(\.doubles))
  }

  @Test func `Where it cannot be used`() throws {
    let variable = Variable(Tensor([1.0]), name: "w")
    for optimizer in [LBFGS(), Lookahead(LBFGS()), MultiOptimizer(default: LBFGS())] as [any Optimizer] {
      let error = try #require(throws: DescentError.self) { try OptimizerState(optimizer, variables: [variable]) }
      #expect(error.message.contains("use it with a Minimizer"))
    }
    let decaying = LBFGS().with { $0.weightDecay = 0.1 }
    #expect(throws: DescentError.self) { try Minimizer(decaying, startingAt: Tensor([1.0])) { $0.sum() } }
  }
}
