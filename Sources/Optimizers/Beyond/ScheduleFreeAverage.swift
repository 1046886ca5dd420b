/// What the schedule-free optimizers of Defazio et al. (2024) have in common: steps are made at z, an average x of all z is
/// what one wants, and gradients are taken between the two, at y = (1 − beta) · z + beta · x. The weights in training are y.
///
///     weight = tʳ · (greatest rate so far)^power,   c = weight / (sum of all weights)
///     y ← y + c · (z − y) + rate · (beta · (1 − c) − 1) · step
///     z ← z − rate · step                                               (z starts at the weights)
///     x = y + (1 − 1 / beta) · (z − y)
struct ScheduleFreeAverage {
  let beta: Double
  let exponent: Double
  let ratePower: Double

  static let slot = Slot("z", start: .parameter)
  static let sharedSlots = [
    Slot(restartingWithWeights: "weightSum", shape: .scalar), Slot("greatestRate", shape: .scalar), Slot("averageShare", shape: .scalar),
  ]

  /// Counts a step at a rate.
  func prepare(shared: inout Slots, rate: Tensor, number: Tensor) {
    shared.greatestRate = maximum(shared.greatestRate, rate)
    let weight = pow(number, exponent) * pow(shared.greatestRate, ratePower)
    shared.weightSum += weight
    shared.averageShare = select(shared.weightSum .> 0, weight / shared.weightSum, 0)
  }

  func move(_ y: inout Tensor, by change: Tensor, slots: inout Slots, rate: Tensor, step: Step) {
    let share = step.shared.averageShare
    let z = select(step.number .== 1, y, slots.z)
    y = lerp(y, z, share) + rate * (beta * (1 - share) - 1) * change
    slots.z = z - rate * change
  }

  /// The average x.
  func average(_ y: Tensor, _ slots: Slots) -> Tensor? {
    beta == 0 ? nil : lerp(y, slots.z, 1 - 1 / beta)
  }

  static func warmup(_ step: Step, _ warmupSteps: Int) -> Tensor {
    warmupSteps > 0 ? minimum(step.number / Double(warmupSteps), 1) : 1
  }
}
