import DescentTestSupport
import Foundation
import Testing

@testable import DescentTuner

/// What the page of hyperparameters has for KerasTuner.
struct TunerFixture {
  let fixture: Fixture

  init() throws { fixture = try Fixture("tuner") }

  func cases(_ key: String) throws -> [JSONValue] { try needed(fixture.json[key]?.array, key) }

  static func value(_ json: JSONValue?) throws -> HyperParameterValue { try needed(json.flatMap { HyperParameterValue($0) }, "a value") }
}

/// Whole numbers a step apart are floats in some of KerasTuner's lists: their kind is not compared.
func isClose(_ a: HyperParameterValue, _ b: HyperParameterValue, tolerance: Double = 1e-12) -> Bool {
  if let left = a.double, let right = b.double { return abs(left - right) <= tolerance * max(1e-3, abs(right)) }
  return a == b
}

/// The same with numbers in one spelling.
private func plain(_ json: JSONValue) -> JSONValue {
  switch json {
  case .number: JSONValue(json.double ?? .nan)
  case .array(let values): .array(values.map(plain))
  case .object(let object): .object(JSONObject(object.members.map { ($0.key, plain($0.value)) }))
  default: json
  }
}

@Suite struct HyperParameterTests {
  @Test func `values and probabilities are KerasTuner's, for every kind, sampling and step`() throws {
    let probabilities = try Fixture.numbers(TunerFixture().fixture.json["probabilities"])
    for entry in try TunerFixture().cases("mappings") {
      let hyperparameter = try HyperParameter(["class_name": entry["class_name"]!, "config": entry["config"]!], of: "fixture")
      let what = "\(entry["config"]!)"
      #expect(plain(.object(hyperparameter.config)) == plain(entry["config"]!), "\(what)")
      #expect(hyperparameter.default == (try TunerFixture.value(entry["default"])), "\(what)")
      let expected = try needed(entry["values"]?.array).map { try TunerFixture.value($0) }
      for (probability, value) in zip(probabilities, expected) {
        let found = hyperparameter.value(at: probability)
        #expect(isClose(found, value), "\(what) at \(probability): \(found), not \(value)")
      }
      expectClose(expected.map { hyperparameter.probability(of: $0) }, try Fixture.numbers(entry["probabilities"]), tolerance: 1e-9, what)
      let all = try needed(entry["all"]?.array).map { try TunerFixture.value($0) }
      #expect(hyperparameter.values.count == all.count && zip(hyperparameter.values, all).allSatisfy { isClose($0, $1) }, "\(what): \(hyperparameter.values)")
    }
  }

  @Test func `a range that is impossible is refused, and says why`() {
    let hp = HyperParameters()
    for (part, ask) in [
      ("minValue 5 is greater than maxValue 3", { _ = try hp.int("a", minValue: 5, maxValue: 3) }),
      ("step is 0", { _ = try hp.int("a", minValue: 0, maxValue: 3, step: 0) }),
      ("step is -1.0", { _ = try hp.float("a", minValue: 0, maxValue: 3, step: -1) }),
      ("with sampling log it must be greater than 1.0", { _ = try hp.float("a", minValue: 1, maxValue: 3, step: 1, sampling: .log) }),
      ("sampling log needs a range above 0, but minValue is 0.0", { _ = try hp.float("a", minValue: 0, maxValue: 3, sampling: .log) }),
      ("sampling reverse_log needs a range above 0", { _ = try hp.int("a", minValue: -1, maxValue: 3, sampling: .reverseLog) }),
      ("the default 9 is not in the range from 1 to 3", { _ = try hp.int("a", minValue: 1, maxValue: 3, default: 9) }),
      ("the default nan", { _ = try hp.float("a", minValue: 1, maxValue: 3, default: .nan) }),
      ("the range from -inf to 3.0", { _ = try hp.float("a", minValue: -.infinity, maxValue: 3) }),
      ("not one that values can be drawn from", { _ = try hp.int("a", minValue: .min, maxValue: .max) }),
      ("more values than can be counted", { _ = try hp.float("a", minValue: 0, maxValue: 1, step: 1e-300) }),
      ("nothing to choose from", { _ = try hp.choice("a", [Int]()) }),
      ("a value is there twice among 1, 2, 1", { _ = try hp.choice("a", [1, 2, 1]) }),
      ("the default c is none of a, b", { _ = try hp.choice("a", ["a", "b"], default: "c") }),
      ("only numbers are ordered, but the values are a, b", { _ = try hp.choice("a", ["a", "b"], ordered: true) }),
      ("it needs a name", { _ = try hp.boolean("") }),
    ] as [(String, () throws -> Void)] {
      let text = message(ask)
      #expect(text.contains(part) && text.hasPrefix("hyperparameter '"), "\(part): \(text)")
    }
    #expect(hp.space.isEmpty && hp.values.isEmpty)
  }

  @Test func `a hyperparameter of a file is what was written, and what is damaged is named`() throws {
    let hp = HyperParameters()
    _ = try hp.choice("kind", ["a", "b"])
    try hp.conditionalScope("kind", ["b"]) { _ = try hp.float("x", minValue: 1, maxValue: 2) }
    _ = try hp.int("n", minValue: 1, maxValue: 2, sampling: .log)
    hp.values["kind"] = "b"
    hp.values["x"] = 2.0
    let json = try JSONValue(parsing: hp.json.text())
    let read = try HyperParameters(json, of: "f.json")
    #expect(read.space == hp.space.map { try! HyperParameter($0.json, of: "f") } && read.values == hp.values)
    #expect(read.values["x"] == .float(2) && read.values["n"] == .int(1))

    for (old, new, part) in [
      ("\"Choice\"", "\"Other\"", "unknown class 'Other'"), ("\"values\": [", "\"valuesX\": [", "the 'values' of hyperparameter 'kind' is missing"),
      ("\"min_value\": 1.0", "\"min_value\": 7.0", "minValue 7.0 is greater"), ("\"linear\"", "\"cubic\"", "the 'sampling' of hyperparameter 'x'"),
      ("\"Parent\"", "\"Child\"", "a condition is not understood"), ("\"space\"", "\"spaces\"", "the hyperparameters are missing"),
    ] {
      let text = hp.json.text(indent: 1)
      #expect(text.contains(old), "\(old) in \(text)")
      let damaged = try JSONValue(parsing: text.replacingOccurrences(of: old, with: new))
      let told = message { _ = try HyperParameters(damaged, of: "f.json") }
      #expect(told.hasPrefix("f.json: ") && told.contains(part), "\(told)")
    }
  }
}
