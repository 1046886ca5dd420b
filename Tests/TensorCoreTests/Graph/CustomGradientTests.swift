import TensorCore
import TestSupport
import Testing

/// Derivatives that whoever wrote a function gives.
struct CustomGradientTests {
  @Test func `The derivative is the one that is given, and the value is the function's`() {
    let x = Tensor([0.4, -1.6, 2.5])
    let rounded = valueAndGradients(at: [x]) { inputs in
      customGradient(inputs) { round($0[0]) } gradient: { _, _, upstream in [upstream * 3] }.sum()
    }
    #expect(rounded.value.item() == 0 - 2 + 2)
    #expect(rounded.gradients[0].doubles == [3, 3, 3])
  }

  @Test func `It is given the inputs, the value and what reaches it, each time that it is differentiated`() {
    // x³ y, from the inputs for x and from the value for y.
    let x = Tensor([1.5, -0.7, 2.25]), y = Tensor([0.3, 1.9, -1.1])
    expectDerivativesMatchDifferences(at: [x, y], tolerance: 1e-6) { inputs in
      customGradient(inputs) { $0[0] * $0[0] * $0[0] * $0[1] } gradient: { inputs, value, upstream in
        [upstream * 3 * square(inputs[0]) * inputs[1], upstream * value / inputs[1]]
      }
    }
  }

  @Test func `Nothing flows through what the value was computed by, and all through what surrounds it`() {
    let x = Tensor([2.0])
    let slope = valueAndGradients(at: [x]) { inputs in
      let inner = sin(inputs[0])
      return (exp(customGradient([inner]) { square($0[0]) } gradient: { _, _, upstream in [upstream * 10] }) + inner).sum()
    }.gradients[0].item()
    let (s, c) = (sin(x).item(), cos(x).item())
    #expect(abs(slope - (exp(Tensor([s * s])).item() * 10 * c + c)) < 1e-12)
  }

  @Test func `In a compiled step and in a loop's body it is the same`() {
    let w = Variable(Tensor([0.5, -0.25]))
    let step = compile { (x: Tensor) -> Tensor in
      let y = customGradient([w.value]) { round($0[0]) } gradient: { inputs, _, upstream in [upstream * inputs[0]] }
      return gradients(of: (y * x).sum(), withRespectTo: [w])[0]
    }
    #expect(step(Tensor([2.0, 4])).doubles == [1, -1])
    let steps = valueAndGradients(at: [Tensor([1.0, 2])]) { inputs in
      let sums = scan([Tensor([0.0, 0])], over: [Tensor([[1.0, 1], [1, 1], [1, 1]]) * inputs[0].reshaped([1, 2])]) { state, x in
        let next = state[0] + customGradient([x[0]]) { $0[0] } gradient: { _, _, upstream in [upstream * 2] }
        return ([next], [])
      }
      return sums.state[0].sum()
    }
    #expect(steps.gradients[0].doubles == [6, 6])
  }

  @Test func `A number takes the dtype of what it meets`() {
    let half: Tensor = differentiatedAlone(0.5) { $0 * sigmoid($0) }
    #expect((half * Tensor.ones([2])).dtype == .float32)
    let slopes = valueAndGradients(at: [Tensor.ones([2])]) { inputs in
      customGradient([inputs[0], 3.0]) { $0[0] * $0[1] } gradient: { inputs, _, upstream in [upstream * inputs[1], (upstream * inputs[0]).sum()] }.sum()
    }
    #expect(slopes.gradients[0].doubles == [3, 3])
  }

  @Test func `A function of each element keeps one tensor for the way back`() {
    let x = RandomGenerator(seed: 1).normal([64, 32], dtype: .float64).evaluated()
    let w = RandomGenerator(seed: 2).normal([32, 32], dtype: .float64).evaluated()
    func bytes(_ function: @escaping @Sendable (Tensor) -> Tensor) -> Int {
      let step = CompiledFunction { arguments in
        let y = function(matmul(arguments[0], arguments[1]))
        return gradients(of: square(matmul(y, arguments[1])).sum(), withRespectTo: [arguments[0]])
      }
      return step.plan(for: [x, w]).schedule.buffers.reduce(0) { $0 + ($1.isTemporary ? $1.byteCount : 0) }
    }
    let gelu: @Sendable (Tensor) -> Tensor = { x in x * 0.5 * (1 + erf(x * 0.5.squareRoot())) }
    #expect(bytes { differentiatedAlone($0, gelu) } < bytes(gelu))
  }

  #if compiler(>=6.2)
    @Test func `A derivative that reads a loop's state without having it as an input is named`() async throws {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = valueAndGradients(at: [Tensor([[1.0], [2.0]])]) { inputs in
          scan([Tensor([1.0])], over: inputs) { state, x in
            let outside = state[0]
            return ([state[0] + customGradient([x[0]]) { $0[0] } gradient: { _, _, upstream in [upstream * outside] }], [])
          }.state[0].sum()
        }
      }
      let message = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
      #expect(message.contains("scan: a derivative reads the state or the step of a loop's body; give it to customGradient as one of its inputs"))
    }

    @Test func `A gradient of another shape, or of too few inputs, is named`() async throws {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = valueAndGradients(at: [Tensor([1.0, 2])]) { inputs in
          customGradient(inputs + inputs) { $0[0] } gradient: { _, _, upstream in [upstream.sum()] }.sum()
        }
      }
      let message = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
      #expect(message.contains("customGradient: the gradients are [\"float64 []\"]; expected one for each input: [\"float64 [2]\", \"float64 [2]\"]"))
    }
  #endif
}
