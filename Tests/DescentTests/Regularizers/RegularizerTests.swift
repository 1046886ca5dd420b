import Descent
import DescentTestSupport
import Testing

struct RegularizerTests {
  @Test func `Values and gradients are Keras`() throws {
    let fixture = try Fixture("regularizers")
    #expect(fixture.cases.count > 5)
    for entry in fixture.cases {
      let x = try Fixture.tensor(entry["input"])
      let regularizer = try Regularizer(json: ["class_name": #require(entry["regularizer"]), "config": #require(entry["config"])])
      let name = "\(entry["regularizer"]!) \(entry["config"]!)"
      let (value, gradients) = valueAndGradients(at: [x]) { regularizer($0[0]) }
      #expect(value.shape == [])
      expectClose(value, try Fixture.numbers(entry["value"]), name)
      var expected = try Fixture.numbers(entry["gradient"])
      // |x| has its corner at zero, where the derivative is 0 here and that of one side in JAX.
      if entry["regularizer"]!.string!.contains("L1") {
        for (index, element) in x.doubles.enumerated() where element == 0 { expected[index] = 0 }
      }
      expectClose(gradients[0], expected, "\(name): gradient")
      let serialized = try #require(entry["serialized"])
      #expect(try Regularizer(json: serialized).json() == serialized)
    }
  }

  @Test func `Names and ranges`() throws {
    let literal: Regularizer = "l2"
    expectClose(literal(Tensor([2.0, 1])), [0.05])
    #expect(throws: DescentError.self) { try Regularizer.l2(-0.1).validated() }
    #expect(throws: DescentError.self) { try Regularizer.l1l2(l1: .nan).validated() }
    #expect(throws: DescentError.self) { try ("l3" as Regularizer).validated() }
    let own = Regularizer.custom { square($0).mean() }
    expectClose(own(Tensor([1.0, 3])), [5])
  }
}
