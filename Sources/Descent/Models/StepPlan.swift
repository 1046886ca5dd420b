import Optimizers
import TensorCore

/// A traced step, and what goes with each of its runs.
struct StepPlan {
  /// What computes some rows of a batch.
  struct Part {
    let plan: Plan
    let share: RowShare
  }

  /// One, or as many as the process has shards.
  let parts: [Part]
  /// What makes the step of what shards have computed.
  let end: Plan?
  /// The generators of random numbers that the parts draw from, each of them as if it were the only one.
  let randomStates: [Variable]
  /// The optimizers of the program's own that step in it.
  let observers: [any RunObserver]
  /// Whether the model's optimizer steps in it.
  let appliesOptimizer: Bool
  let counted: RunningTotals.Counted
  /// What the plan's outputs are called in the logs.
  let logNames: [String]
  /// Of a step that is shared by the members of a group.
  let group: GroupStep?

  /// The plan of a step that is not cut in shards.
  var plan: Plan { parts[0].plan }

  func bind(argument: Int, to buffer: Buffer) {
    for part in parts { part.plan.bind(argument: argument, to: buffer) }
  }

  /// - Parameter row: the first row of the batch in the argument, of so many bytes a row; negative if the argument has but the rows from then on.
  ///   A part without rows looks at any.
  func bind(argument: Int, batchAt row: Int, rowBytes: Int) {
    for part in parts { part.plan.bind(argument: argument, offset: max(0, row + part.share.offset) * rowBytes) }
  }

  /// - Parameter order: the rows' numbers.
  func bind(argument: Int, to order: Tensor) {
    for part in parts { part.plan.bind(argument: argument, to: order, offset: part.share.offset * DType.int32.byteCount) }
  }

  /// - Returns: the numbers for the logs.
  /// - Throws: what went wrong in the group.
  func run() throws -> [Tensor] {
    guard let end else {
      let logs = parts[0].plan.run()
      try group?.check()
      return group == nil ? logs : []
    }
    let states = randomStates.map { $0.value.evaluated() }
    for (place, part) in parts.enumerated() {
      // All parts of a batch are of one draw, of which each takes the numbers of its rows.
      if place > 0 { for (variable, state) in zip(randomStates, states) { variable.assign(state) } }
      part.plan.run()
    }
    end.run()
    try group?.check()
    return []
  }
}
