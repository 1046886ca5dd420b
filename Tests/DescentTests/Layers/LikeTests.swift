import Descent
import DescentTestSupport
import Testing

@Suite struct LikeTests {
  @Test func `zeros and ones are like tensors and symbols`() throws {
    let x = Tensor([[1.5, 2], [3, 4]])
    #expect(zerosLike(x).doubles == [0, 0, 0, 0] && onesLike(x).doubles == [1, 1, 1, 1] && onesLike(x).dtype == x.dtype)
    let a = Input(shape: [2])
    let made = try Model(inputs: a, outputs: onesLike(a) * 2 + zerosLike(a))
    for model in [made, try Model.fromJSON(made.toJSON())] {
      #expect(try model.predict(x.cast(to: .float32), verbose: 0).doubles == [2, 2, 2, 2])
    }
  }
}
