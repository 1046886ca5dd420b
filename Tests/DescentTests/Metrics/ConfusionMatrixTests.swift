import Descent
import DescentTestSupport
import Testing

@Suite struct ConfusionMatrixTests {
  @Test func `each class is counted by what was said of it`() throws {
    let truth = Tensor([0, 1, 2, 2, 2, 1] as [Int32]), said = Tensor([0, 2, 2, 1, 2, 1] as [Int32])
    let matrix = try confusionMatrix(truth, said)
    // What TensorFlow 2.21.0 prints.
    #expect(matrix.shape == [3, 3] && matrix.dtype == .int32 && matrix.doubles == [1, 0, 0, 0, 1, 1, 0, 1, 2])
    #expect(try confusionMatrix(truth.cast(to: .float32), said.reshaped([6, 1]), numClasses: 4).doubles.reduce(0, +) == 6)
    let weighted = try confusionMatrix(truth, said, sampleWeight: Tensor([1, 2, 0.5, 4, 8, 16] as [Float]))
    #expect(weighted.dtype == .float32 && weighted.doubles == [1, 0, 0, 0, 16, 2, 0, 4, 8.5])
    let counted = try confusionMatrix(truth, said, sampleWeight: Tensor([200, 1, 1, 1, 200, 200] as [UInt8]))
    #expect(counted.dtype == .int32 && counted.doubles == [200, 0, 0, 0, 200, 1, 0, 1, 201])
    #expect(try confusionMatrix(Tensor([] as [Int32]), Tensor([] as [Int32])).shape == [0, 0])
  }

  @Test func `classes that there are not are errors`() {
    let one = Tensor([0, 1] as [Int32])
    #expect(failure(.data) { try confusionMatrix(one, Tensor([0, 3] as [Int32]), numClasses: 3) }
      == "confusionMatrix: yPred has the class 3.0; expected 0 to 2")
    #expect(failure(.data) { try confusionMatrix(Tensor([0.5, 1]), one) }.contains("yTrue has the class 0.5; expected a whole number"))
    #expect(failure(.data) { try confusionMatrix(one, Tensor([-1, 0] as [Int32])) }.contains("the class -1.0"))
    #expect(failure(.data) { try confusionMatrix(one, Tensor([0, 1, 1] as [Int32])) }.contains("yPred has shape [3], and yTrue [2]"))
    #expect(failure(.data) { try confusionMatrix(one, one, sampleWeight: Tensor([1.0])) }.contains("sampleWeight has shape [1]"))
    #expect(failure(.data) { try confusionMatrix(one, Tensor([0, 2_000_000_000] as [Int32])) }.contains("more than 4096 classes need numClasses"))
    #expect(failure(.invalidArgument) { try confusionMatrix(one, one, numClasses: 0) }.contains("numClasses is 0"))
    #expect(failure(.invalidArgument) { try confusionMatrix(one, one, numClasses: .max) }.contains("it must be from 1 to 16384"))
    #expect(failure(.data) { try confusionMatrix(one, Tensor([1e300, 0])) }.contains("the class"))
  }
}
