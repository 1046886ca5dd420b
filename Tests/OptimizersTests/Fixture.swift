import Foundation
import Optimizers
import Testing

/// Values made by other libraries; the scripts that made them lie beside them.
enum Fixture {
  static func load(_ name: String) throws -> JSONValue {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/optimizers/\(name).json")
    return try JSONValue(parsing: [UInt8](Data(contentsOf: url)), name: name)
  }

  static func cases(_ name: String) throws -> [JSONValue] { try #require(load(name)["cases"]?.array) }

  /// The starting values, the gradients of 50 steps, and the positions that fixtures record.
  static let inputs: Inputs = {
    do { return try Inputs(load("inputs")) } catch { fatalError("\(error)") }
  }()

  struct Inputs: Sendable {
    let names: [String]
    let shapes: [[Int]]
    let recorded: [[Int]]
    let initial: [[Double]]
    /// By step and parameter.
    let gradients: [[[Double]]]

    init(_ json: JSONValue) throws {
      let denominator = try #require(json["denominator"]?.double)
      let parameters = try #require(json["parameters"]?.array)
      let names = parameters.compactMap { $0["name"]?.string }
      self.names = names
      shapes = parameters.map { $0["shape"]!.array!.map { $0.int! } }
      recorded = names.map { json["recorded"]![$0]!.array!.map { $0.int! } }
      func values(_ json: JSONValue) -> [[Double]] { names.map { json[$0]!.numbers.map { $0 / denominator } } }
      initial = values(json["initial"]!)
      gradients = json["gradients"]!.array!.map(values)
    }

    func tensor(_ index: Int, _ values: [Double], _ dtype: DType) -> Tensor {
      Tensor(shape: shapes[index], scalars: values).cast(to: dtype).evaluated()
    }
  }
}

/// An optimizer on the parameters that the fixtures are about.
final class FixtureRun {
  let inputs = Fixture.inputs
  let dtype: DType
  let variables: [Variable]
  let state: OptimizerState
  private let oneStep: ThrowingCompiledFunction
  /// Which of the parameters take part.
  private let chosen: [Int]
  private(set) var step = 0

  /// - Parameter throughLoss: whether the gradients are taken of a loss, as some optimizers need; a little curvature is added.
  init(_ optimizer: any Optimizer, dtype: DType = .float64, only names: [String]? = nil, throughLoss: Bool = false) throws {
    self.dtype = dtype
    let inputs = inputs
    let chosen = inputs.names.indices.filter { names?.contains(inputs.names[$0]) ?? true }
    self.chosen = chosen
    let variables = chosen.map { index in
      let variable = Variable(
        inputs.tensor(index, inputs.initial[index], dtype), name: String(inputs.names[index].split(separator: "/").last!))
      variable.path = inputs.names[index]
      return variable
    }
    self.variables = variables
    let state = try OptimizerState(optimizer, variables: variables)
    self.state = state
    oneStep = ThrowingCompiledFunction { given in
      guard throughLoss else {
        try state.traceStep(gradients: given, caller: "FixtureRun")
        return []
      }
      let losses = zip(variables, given).map { ($1 * $0.value + 0.25 * $0.value * $0.value).sum() }
      let loss = state.scaled(loss: stack(losses).sum())
      try state.traceStep(gradients: Optimizers.gradients(of: loss, withRespectTo: variables), caller: "FixtureRun")
      return []
    }
  }

  /// The gradients of a step, the first being 1.
  func gradients(at step: Int) -> [Tensor] {
    chosen.map { inputs.tensor($0, inputs.gradients[step - 1][$0], dtype) }
  }

  func advance(_ given: [Tensor]? = nil) throws {
    step += 1
    _ = try oneStep.call(given ?? gradients(at: step))
  }

  /// The recorded elements of each parameter, by name.
  func values() -> [String: [Double]] {
    var result: [String: [Double]] = [:]
    for (variable, index) in zip(variables, chosen) {
      let all = variable.value.doubles
      result[variable.path] = inputs.recorded[index].map { all[$0] }
    }
    return result
  }

  /// The greatest difference from a fixture's values, relative to each parameter's size.
  func difference(from expected: JSONValue) throws -> Double {
    let found = values()
    var greatest = 0.0
    for (name, numbers) in expected.object!.members {
      greatest = max(greatest, relativeDifference(try #require(found[name]), numbers.numbers))
    }
    return greatest
  }
}

extension JSONValue {
  /// Numbers of nested lists in order; fixtures write those that are not finite as texts.
  var numbers: [Double] {
    if let array { return array.flatMap(\.numbers) }
    if let double { return [double] }
    return string.flatMap { Double($0) }.map { [$0] } ?? []
  }

  /// Whether both say the same, however numbers are spelled.
  func means(_ other: JSONValue) -> Bool {
    if let double { return other.double == double }
    if let array, let others = other.array {
      return array.count == others.count && zip(array, others).allSatisfy { $0.means($1) }
    }
    if let object, let others = other.object {
      return object.count == others.count && object.members.allSatisfy { others[$0.key].map($0.value.means) ?? false }
    }
    return self == other
  }
}

/// The greatest difference between two lists, relative to the elements; those below a thousandth of the greatest count as that.
func relativeDifference(_ found: [Double], _ expected: [Double]) -> Double {
  if found.count != expected.count { return .infinity }
  let size = expected.filter(\.isFinite).map(abs).max() ?? 0
  var greatest = 0.0
  for (a, b) in zip(found, expected) where a != b && !(a.isNaN && b.isNaN) {
    if !a.isFinite || !b.isFinite { return .infinity }
    greatest = max(greatest, abs(a - b) / max(abs(b), 1e-3 * size))
  }
  return greatest
}
