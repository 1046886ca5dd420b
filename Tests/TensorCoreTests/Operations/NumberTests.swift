import TensorCore
import Testing

/// Numbers take the dtype of the data they meet.
struct NumberTests {
  @Test func `Literals take the d type of the data`() {
    #expect((Tensor([Float(1)]) * 0.5).dtype == .float32)
    #expect((Tensor([1.0]) * 0.5).dtype == .float64)
    #expect((Tensor([Int32(3)]) + 1).dtype == .int32)
    #expect((2 - Tensor([Float(1)])).doubles == [1])
    let rate: Tensor = 0.25
    #expect(rate.dtype == .float64)
    #expect((rate * 2).item() == 0.5)
    #expect((Tensor([Float(1)]) * (rate * 2)).dtype == .float32)
    #expect(select(Tensor([true]), Tensor([Float(1)]), 0).dtype == .float32)
    #expect(maximum(0, Tensor([Float(-1)])).dtype == .float32)
  }

  /// Labels that were read as bytes beside classes from `argmax`, as NumPy compares them.
  @Test func `Bytes are compared with whole numbers by value`() {
    let bytes = Tensor([200, 0, 7, 255] as [UInt8]), numbers = Tensor([200, 256, -249, 255] as [Int32])
    #expect((bytes .== numbers).doubles == [1, 0, 0, 1])
    #expect((numbers .!= bytes).doubles == [0, 1, 1, 0])
    #expect((bytes .< numbers).doubles == [0, 1, 0, 0])
    #expect((numbers .<= bytes).doubles == [1, 0, 1, 1])
    #expect((bytes.reshaped([2, 2]) .> Tensor([199] as [Int32])).doubles == [1, 0, 0, 1])
  }

  @Test func `Reading and printing`() {
    let x = Tensor([[1.5, 2], [3, 4]])
    #expect(x.shape == [2, 2] && x.rank == 2 && x.count == 4)
    #expect(x.scalars(as: Double.self) == [1.5, 2, 3, 4])
    #expect("\(Tensor([Int32(1), -2]))" == "Tensor([1, -2], shape: [2], dtype: int32)")
    #expect("\(Tensor([[true], [false]]))" == "Tensor([[true], [false]], shape: [2, 1], dtype: bool)")
    #expect("\(Tensor.zeros([0, 2]))" == "Tensor([], shape: [0, 2], dtype: float32)")
    #expect("\(Tensor.zeros([2000]))" == "Tensor([0.0, 0.0, 0.0, …, 0.0, 0.0, 0.0], shape: [2000], dtype: float32)")
    let bytes = Tensor(shape: [2], dtype: .uint8) { $0.copyBytes(from: [7, 200]) }
    #expect(bytes.scalars(as: UInt8.self) == [7, 200])
  }

  @Test func `Empty tensors`() {
    let empty = Tensor.zeros([0, 3])
    #expect(empty.sum().item() == 0)
    #expect(empty.sum(axis: 0).doubles == [0, 0, 0])
    #expect((empty + 1).shape == [0, 3])
    #expect(empty.mean().item().isNaN)
    #expect(concatenate([empty, Tensor.ones([1, 3])], axis: 0).doubles == [1, 1, 1])
    #expect(matmul(empty, Tensor.ones([3, 2])).shape == [0, 2])
  }

  /// A tensor computed from a variable means the variable's value at that moment, however late it is read.
  @Test func `Variables are read at the moment of use`() {
    let w = Variable(Tensor([1.0, 2]), name: "w")
    let before = w.value
    let sum = w.value.sum()
    w.assign(w.value * 10)
    #expect(before.doubles == [1, 2])
    #expect(sum.item() == 3)
    #expect(w.value.doubles == [10, 20])
    w.assign(0 * w.value + 0.5)
    #expect(w.value.doubles == [0.5, 0.5])
  }

  @Test func `Long loops of small steps end`() {
    var x = Tensor(0.0)
    for _ in 0..<20_000 { x = x + 1 }
    #expect(x.item() == 20_000)
  }
}

/// What Keras gives for whole numbers and truths.
struct WholeNumberTests {
  private let x = Tensor([[1, 4], [9, 2]] as [[Int32]])

  @Test func `functions with fractions give float32, counting functions whole numbers`() {
    let cases: [(String, Tensor, DType, [Double])] = [
      ("sqrt", sqrt(x), .float32, [1, 2, 3, Double(Float(2).squareRoot())]), ("exp", exp(x - x), .float32, [1, 1, 1, 1]),
      ("quotient", x / x, .float32, [1, 1, 1, 1]), ("quotient by a number", x / 0.5, .float32, [2, 8, 18, 4]), ("number by it", 18 / x, .float32, [18, 4.5, 2, 9]),
      ("mean", x.mean(axis: 0), .float32, [5, 3]), ("variance", x.variance(axis: 1), .float32, [2.25, 12.25]),
      ("softmax", (x - x).softmax(), .float32, [0.5, 0.5, 0.5, 0.5]), ("power", pow(x, Tensor([3, 5] as [Int32])), .int32, [1, 1024, 729, 32]),
      ("product", matmul(x, x), .int32, [37, 12, 27, 40]), ("turned", matmul(x, x, transposeA: true, transposeB: true), .int32, [37, 27, 12, 40]),
      ("by a vector", matmul(x, Tensor([1, 10] as [Int32])), .int32, [41, 29]), ("truths", (x .> 1).sum(axis: 0), .int32, [1, 2]),
      ("their mean", (x .> 1).mean(), .float32, [0.75]), ("their greatest", (x .> 1).max(axis: 1), .bool, [1, 1]),
      ("their least", (x .> 1).min(axis: 1), .bool, [0, 1]), ("sigmoid", sigmoid(x - x), .float32, [0.5, 0.5, 0.5, 0.5]),
      ("log of sums", (x - x).logSumExp(), .float32, [0.6931471824645996, 0.6931471824645996]),
    ]
    for (name, result, dtype, expected) in cases {
      #expect(result.dtype == dtype, "\(name)")
      #expect(result.doubles == expected, "\(name): \(result.doubles)")
    }
  }
}
