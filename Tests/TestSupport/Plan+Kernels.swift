import TensorCore

/// What a test looks for in a plan.
extension Plan {
  /// The programs of its fused groups.
  package var programs: [GroupProgram] {
    schedule.kernels.flatMap { kernel -> [GroupProgram] in
      if case .group(let programs) = kernel { return programs }
      return []
    }
  }

  /// How many kernels of their own reduce.
  package var reducingKernels: Int {
    schedule.kernels.filter { kernel in
      guard case .operation(let call) = kernel, case .reduce = call.operation else { return false }
      return true
    }.count
  }
}

/// Numbers of a standard normal distribution.
package func randomNumbers(_ shape: [Int], seed: UInt64, _ dtype: DType = .float64) -> Tensor {
  RandomGenerator(seed: seed).normal(shape, dtype: .float64).cast(to: dtype).evaluated()
}
