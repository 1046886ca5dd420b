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

  @Test func `a penalty on the vectors of a matrix is refused for anything else`() throws {
    func expectRefused(_ words: String, _ call: () throws -> Void) {
      let error = #expect(throws: DescentError.self) { try call() }
      #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }
    let images = Tensor.ones([1, 8, 8, 1]), rows = Tensor.ones([1, 2, 3])
    expectRefused("kernel: the regularizer orthogonal_regularizer is for matrices, but the shape is [3, 3, 1, 8]") {
      _ = try Conv2D(8, 3, kernelRegularizer: .orthogonal())(images)
    }
    expectRefused("bias: ") { _ = try Dense(2, biasRegularizer: .orthogonal())(rows) }
    expectRefused("for matrices") { _ = try MultiHeadAttention(numHeads: 2, keyDim: 2, kernelRegularizer: "orthogonal_regularizer")([rows, rows]) }
    expectRefused("results: ") { _ = try Dense(2, activityRegularizer: .orthogonal())(rows) }
    let json = try Conv2D(8, 3, kernelRegularizer: .orthogonal()).serialize()
    expectRefused("for matrices") { _ = try Layer.deserialize(json)(images) }
    _ = try Dense(2, kernelRegularizer: .orthogonal(), activityRegularizer: .orthogonal())(Tensor.ones([2, 3]))
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
