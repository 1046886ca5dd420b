import DescentTestSupport
import Testing

@testable import DescentTuner

@Suite struct HyperParametersTests {
  @Test func `asking gives the default, and then the value that is set`() throws {
    let hp = HyperParameters()
    #expect(try hp.int("units", minValue: 32, maxValue: 512, step: 32) == 32)
    #expect(try hp.float("rate", minValue: 0.1, maxValue: 1, default: 0.5) == 0.5)
    #expect(try hp.choice("activation", ["relu", "tanh"]) == "relu")
    #expect(try hp.choice("rates", [0.1, 1]) == 0.1)
    #expect(try hp.boolean("drop") == false)
    #expect(try hp.fixed("batch", 32) == 32)
    hp.values["units"] = 64
    #expect(try hp.int("units", minValue: 32, maxValue: 512, step: 32) == 64)
    #expect(try hp.get("units").int == 64 && hp["units"] == 64 && hp["none"] == nil)
    #expect(hp.space.map(\.name) == ["units", "rate", "activation", "rates", "drop", "batch"])
    #expect(message { _ = try hp.get("unit") } == "unknown hyperparameter 'unit'; did you mean 'units'?")
  }

  @Test func `a name that is asked for twice with other settings is refused, with the same ones it is one`() throws {
    let hp = HyperParameters()
    _ = try hp.int("units", minValue: 1, maxValue: 8)
    _ = try hp.int("units", minValue: 1, maxValue: 8)
    #expect(hp.space.count == 1)
    let told = message { _ = try hp.int("units", minValue: 1, maxValue: 9) }
    #expect(told == "hyperparameter 'units' is asked for twice with other settings: max_value was 8 and is 9; give the two names of their own")
    #expect(message { _ = try hp.boolean("units") }.contains("it was of kind Int and is of kind Boolean"))
  }

  @Test func `what was given to a tuner stands for what is asked for, if it is of that type`() throws {
    let given = HyperParameters()
    try given.fixed("rate", 0.25)
    _ = try given.int("units", minValue: 3, maxValue: 4)
    let hp = given.presetting()
    #expect(try hp.float("rate", minValue: 1, maxValue: 2) == 0.25)
    #expect(try hp.float("units", minValue: 1, maxValue: 2) == 3)
    #expect(message { _ = try hp.boolean("units") }.contains("is 3, a whole number; expected Bool"))
  }

  @Test func `names of scopes come before those in them`() throws {
    let hp = HyperParameters()
    try hp.nameScope("cnn") {
      _ = try hp.int("units", minValue: 1, maxValue: 2)
      try hp.nameScope("top") { _ = try hp.boolean("norm") }
      #expect(try hp.get("units") == 1)
    }
    #expect(hp.space.map(\.name) == ["cnn/units", "cnn/top/norm"])
  }

  @Test func `what a condition is not met for has its default and no value`() throws {
    let hp = HyperParameters()
    let kind = try hp.choice("kind", ["mlp", "cnn"])
    #expect(kind == "mlp")
    let filters = try hp.conditionalScope("kind", ["cnn"]) { try hp.int("filters", minValue: 4, maxValue: 8, default: 5) }
    #expect(filters == 5)
    #expect(try hp.int("depth", minValue: 2, maxValue: 8, parentName: "kind", parentValues: ["mlp", "other"]) == 2)
    #expect(hp.values == ["kind": "mlp", "depth": 2] && !hp.isActive("filters") && hp.isActive("depth"))
    #expect(message { _ = try hp.get("filters") }.contains("does not count now"))
    hp.values["kind"] = "cnn"
    hp.ensureActiveValues()
    #expect(hp.values == ["kind": "cnn", "filters": 5])
    #expect(message { try hp.conditionalScope("kinds", ["cnn"]) {} }.contains("did you mean 'kind'?"))
    #expect(message { try hp.conditionalScope("kind", []) {} }.contains("no values"))
    #expect(message { _ = try hp.conditionalScope("kind", ["cnn"]) { try hp.boolean("kind") } }.contains("has the same name"))
  }
}
