import CLimits
import Foundation
import Optimizers

/// How a model's parameters lie in tensors.
struct Layout {
  let name: String
  let shapes: [[Int]]
  var count: Int { shapes.reduce(0) { $0 + $1.reduce(1, *) } }

  static let job = Layout(name: "784-100-10", shapes: [[784, 100], [100], [100, 10], [10]])
  static var all: [Layout] { [job, flat(1_000_000), many, flat(10_000_000)] }

  /// - Parameter size: how many parameters those have that are wanted; nil for all.
  /// - Throws: ``DescentError`` if none has so many.
  static func all(size: String?) throws -> [Layout] {
    let chosen = all.filter { size == nil || "\($0.count)" == size }
    if chosen.isEmpty {
      throw DescentError(.invalidArgument, "size=\(size!): expected \(all.map { "\($0.count)" }.joined(separator: ", "))")
    }
    return chosen
  }

  static func flat(_ count: Int) -> Layout { Layout(name: "one tensor", shapes: [[count]]) }

  /// A million parameters in 200 tensors whose sizes spread as those of real models do.
  static var many: Layout {
    let weights: [Double] = (0..<200).map { (index: Int) -> Double in
      let place = Double(index)
      return Foundation.exp(2 * Foundation.sin(place * 12.9898) + Foundation.cos(place * 4.1414))
    }
    let sum = weights.reduce(0.0) { $0 + $1 }
    return Layout(name: "200 tensors", shapes: weights.map { [max(1, Int($0 / sum * 1e6))] })
  }
}

/// An optimizer's step alone: parameters and gradients given, run as training runs it.
final class OptimizerUpdate {
  private let state: OptimizerState
  private let plan: Plan

  init(_ optimizer: any Optimizer, _ layout: Layout) throws {
    let random = RandomGenerator(seed: 1)
    let variables = Variable.sideBySide(
      layout.shapes.enumerated().map { ("w\($0.offset)", "w\($0.offset)", $0.element, .float32, true) })
    for variable in variables { variable.assign(random.normal(variable.shape, standardDeviation: 0.05)) }
    state = try OptimizerState(optimizer, variables: variables)
    let gradients = layout.shapes.map { random.normal($0, standardDeviation: 0.05).evaluated() }
    let state = state
    // Some optimizers begin with another formula.
    for _ in 0..<20 {
      _ = state.beginStep()
      try state.endStep()
    }
    let phase = state.beginStep()
    let function = CompiledFunction { arguments in
      state.apply(gradients: arguments, phase: phase)
      return []
    }
    plan = function.plan(for: gradients)
    for (index, gradient) in gradients.enumerated() { plan.bind(argument: index, to: gradient) }
  }

  func run() {
    _ = state.beginStep()
    plan.run()
    _ = try? state.endStep()
  }

  var profile: PlanExplanation { plan.profile(runs: 200) }
}

/// The loop by hand with the same reads and writes, and the same arithmetic or less.
func limit(for name: String) -> limit_kind? {
  switch name {
  case "sgd": LIMIT_SGD
  case "momentum", "nesterov": LIMIT_MOMENTUM
  case "lion": LIMIT_LION
  case "rmsprop", "adagrad": LIMIT_RMSPROP
  case "adam", "adamax", "radam": LIMIT_ADAM
  case "adamw": LIMIT_ADAMW
  case "nadam": LIMIT_NADAM
  case "nadamw": LIMIT_NADAMW
  case "adabelief": LIMIT_ADABELIEF
  case "yogi": LIMIT_YOGI
  case "adopt": LIMIT_ADOPT
  case "schedulefreeadamw": LIMIT_SCHEDULE_FREE
  case "adadelta": LIMIT_ADADELTA
  case "amsgrad": LIMIT_AMSGRAD
  default: nil
  }
}

func benchOptimizers(names: [String], _ layouts: [Layout], rounds: Int, threads: Int) throws {
  print("## The update alone\n")
  print("Median over \(rounds) rounds, Descent and the loop by hand in turn, \(threads) threads; the ratio is the median of the rounds'.\n")
  for layout in layouts {
    let arrays = LimitArrays(count: layout.count)
    let peers = Peers(layout, names)
    var rows: [[String]] = []
    for name in names {
      let update = try OptimizerUpdate(named(name), layout)
      let kind = limit(for: name)
      // The loop's threads spin for as long as they are there, and would take a core from Descent's.
      let result = Comparison(
        rounds: rounds, beforeSecond: { limits_start(Int32(threads)) }, afterSecond: { limits_stop() },
        { update.run() }, { if let kind { arrays.run(kind) } })
      rows.append([
        name, text(result.first), kind == nil ? "" : text(result.second),
        kind == nil ? "" : String(format: "%.2f (%.2f–%.2f)", result.ratio, result.ratioRange.lowerBound, result.ratioRange.upperBound),
      ] + peers.columns(name, ours: result.first))
    }
    print("\(layout.count) parameters, \(layout.name):\n")
    printTable(["optimizer", "Descent", "loop by hand", "ratio"] + peers.header, rows)
  }
}

/// The kernels of an update, what they do, the least time of each, and that of all with what a step does beside them.
func profileOptimizers(names: [String], _ layout: Layout) throws {
  for name in names {
    let update = try OptimizerUpdate(named(name), layout)
    print("## \(name), \(layout.count) parameters, \(layout.name)\n\n\(update.profile)\n")
    let times = (0..<1000).map { _ in
      let start = now()
      update.run()
      return now() - start
    }
    print("One update after another: \(text(times.min()!)) at least, \(text(median(times))) in the middle.\n")
  }
}

/// An optimizer by name; variants of one class have names of their own here.
func named(_ name: String) throws -> any Optimizer {
  switch name {
  case "momentum": try OptimizerRegistry.optimizer(text: "sgd:momentum=0.9")
  case "nesterov": try OptimizerRegistry.optimizer(text: "sgd:momentum=0.9,nesterov=true")
  case "amsgrad": try OptimizerRegistry.optimizer(text: "adam:amsgrad=true")
  default: try OptimizerRegistry.optimizer(text: name)
  }
}
