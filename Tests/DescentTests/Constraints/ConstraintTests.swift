import Descent
import DescentTestSupport
import Testing

struct ConstraintTests {
  @Test func `Values are Keras`() throws {
    let fixture = try Fixture("regularizers")
    let x = try Fixture.tensor(fixture.json["input"])
    let cases = try #require(fixture.json["constraints"]?.array)
    #expect(cases.count > 5)
    for entry in cases {
      let constraint = try Constraint(json: ["class_name": #require(entry["constraint"]), "config": #require(entry["config"])])
      expectClose(constraint(x), try Fixture.numbers(entry["value"]), "\(entry["constraint"]!) \(entry["config"]!)")
      let serialized = try #require(entry["serialized"])
      let written = try Constraint(json: serialized).json()
      #expect(written["class_name"] == serialized["class_name"])
      for (key, value) in try #require(serialized["config"]?.object).members {
        let own = written["config"]?[key]
        #expect(own == value || own?.double == value.double || own?.array?.count == value.array?.count, "\(serialized)")
      }
    }
  }

  @Test func `Names and ranges`() throws {
    let literal: Constraint = "non_neg"
    #expect(literal(Tensor([-1.0, 2])).doubles == [0, 2])
    #expect(throws: DescentError.self) { try Constraint.maxNorm(-1).validated() }
    #expect(throws: DescentError.self) { try Constraint.minMaxNorm(minValue: 2, maxValue: 1).validated() }
    #expect(throws: DescentError.self) { try Constraint.minMaxNorm(rate: 2).validated() }
    #expect(throws: DescentError.self) { try ("max_nrom" as Constraint).validated() }
  }

  @Test func `Dtypes are kept`() {
    for constraint: Constraint in [.maxNorm, .minMaxNorm, .nonNeg, .unitNorm] {
      #expect(constraint(Tensor.ones([2, 2])).dtype == .float32)
      #expect(constraint(Tensor.zeros([2, 2], dtype: .float64)).doubles.allSatisfy { $0 == 0 })
    }
  }
}
