import TestSupport
import Testing

@testable import TensorCore

/// Parts of tensors, as NumPy gives them of `np.arange(24).reshape(2, 3, 4)`.
@Suite struct SubscriptTests {
  @Test func `parts are NumPy's`() {
    let x = Tensor.range(24).reshaped([2, 3, 4])
    let cases: [(Tensor, [Int], [Double])] = [
      (x[0], [3, 4], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
      (x[-1], [3, 4], [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]),
      (x[1, 2], [4], [20, 21, 22, 23]),
      (x[-2, -1, 3], [], [11]),
      (x[.all, 0], [2, 4], [0, 1, 2, 3, 12, 13, 14, 15]),
      (x[.all, .at(-1)], [2, 4], [8, 9, 10, 11, 20, 21, 22, 23]),
      (x[.range(0..<9)], [2, 3, 4], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]),
      (x[.all, .range(1..<3), 2], [2, 2], [6, 10, 18, 22]),
      (x[.all, .strided(by: 2)], [2, 2, 4], [0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 20, 21, 22, 23]),
      (x[.all, .all, .strided(from: -3, to: -1)], [2, 3, 2], [1, 2, 5, 6, 9, 10, 13, 14, 17, 18, 21, 22]),
      (x[.all, .strided(from: 2, to: 0, by: -1)], [2, 2, 4], [8, 9, 10, 11, 4, 5, 6, 7, 20, 21, 22, 23, 16, 17, 18, 19]),
      (x[.strided(by: -1)], [2, 3, 4], [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
      (x[.newAxis, 1, .newAxis], [1, 1, 3, 4], [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]),
      (x[.all, .all, .strided(from: 3, by: -2)], [2, 3, 2], [3, 1, 7, 5, 11, 9, 15, 13, 19, 17, 23, 21]),
      (x[.all, .range(2..<2)], [2, 0, 4], []),
      (x[.all, .all, .all, .newAxis], [2, 3, 4, 1], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]),
      (x[.strided(from: 5)], [0, 3, 4], []),
    ]
    for (part, shape, values) in cases {
      #expect(part.shape == shape)
      #expect(part.doubles == values)
    }
    // Of places that are not literals too.
    let (row, column) = (1, -1)
    #expect(x[row].doubles == x[1].doubles && x[row, column].doubles == [20, 21, 22, 23] && x[.all, .at(row)].shape == [2, 4])
    #expect(x[0..<1].shape == [1, 3, 4])
  }

  @Test func `a part has a gradient`() {
    let x = Variable(Tensor.range(6, dtype: .float64).reshaped([2, 3]), name: "x")
    let gradient = CompiledFunction { _ in gradients(of: (square(x.value[.all, -1]) + x.value[1, 0]).sum(), withRespectTo: [x]) }
    #expect(gradient([])[0].doubles == [0, 0, 4, 2, 0, 10])
  }

  @Test func `axes are dropped and exchanged`() {
    let x = Tensor.range(6).reshaped([2, 1, 3])
    #expect(x.squeezed(axis: -2).shape == [2, 3] && swapaxes(x, 0, -1).shape == [3, 1, 2])
    #expect(swapaxes(x, 0, 2).doubles == [0, 3, 1, 4, 2, 5])
  }

  @Test func `a place that is not on the axis stops the program`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Tensor.zeros([2, 3])[0, 3] }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("slice: place 3 is not on axis 1, which has 3 elements, of shape [2, 3]"))
  }

  @Test func `ranges with one end are rows`() {
    let x = Tensor(shape: [5, 2], scalars: (0..<10).map(Double.init))
    #expect(x[3...].doubles == [6, 7, 8, 9] && x[3...].shape == [2, 2])
    #expect(x[(-2)...].doubles == x[3...].doubles && x[7...].shape == [0, 2])
    #expect(x[..<2].doubles == [0, 1, 2, 3] && x[..<(-3)].doubles == [0, 1, 2, 3] && x[..<9].doubles == x.doubles)
  }
}
