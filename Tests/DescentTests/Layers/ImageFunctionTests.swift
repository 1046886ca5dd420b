import Descent
import DescentTestSupport
import TestSupport
import Testing

/// Functions of images. What the operations compute is held against Keras by `SymbolOperationTests`; here, that tensors give the same.
@Suite struct ImageFunctionTests {
  @Test func `tensors and symbols give the same, which is what the definitions say`() throws {
    let images = Fixture.pattern([2, 6, 4, 3], salt: 3, from: 0, to: 64, dtype: .float32)
    func same(_ name: String, _ x: Tensor, _ tensor: (Tensor) throws -> Tensor, _ symbol: (Symbol) throws -> Symbol) throws -> Tensor {
      let input = Input(shape: Array(x.shape.dropFirst()))
      let model = try Model(inputs: input, outputs: symbol(input.symbol))
      let result = try tensor(x)
      #expect(try model.predict(x, verbose: 0).doubles == result.doubles, "\(name)")
      return result
    }
    let patches = try same("patches", images, { try extractPatches($0, size: 2) }, { try extractPatches($0, size: 2) })
    #expect(patches.shape == [2, 3, 2, 12])
    #expect(patches[1, 2, 1].doubles == images[1..<2, 4..<6, 2..<4].doubles)
    let overlapping = try same(
      "overlapping", images, { try extractPatches($0, size: [3, 2], strides: 1, padding: .same) },
      { try extractPatches($0, size: [3, 2], strides: 1, padding: .same) })
    #expect(overlapping.shape == [2, 6, 4, 18])
    let gray = try same("gray", images, { try rgbToGrayscale($0) }, { try rgbToGrayscale($0) })
    let weights = [0.2989, 0.5870, 0.1140], pixel = images[0, 0, 0].doubles
    expectClose([gray.doubles[0]], [zip(weights, pixel).reduce(0) { $0 + $1.0 * $1.1 }], tolerance: 1e-6)
    let hsv = try same("hsv", images, { try rgbToHSV($0) }, { try rgbToHSV($0) })
    expectClose(try same("rgb", hsv, { try hsvToRGB($0) }, { try hsvToRGB($0) }).doubles, images.doubles, tolerance: 1e-5)
    let deep = try same("deep", images, { try spaceToDepth($0, blockSize: 2) }, { try spaceToDepth($0, blockSize: 2) })
    #expect(deep.shape == [2, 3, 2, 12])
    #expect(try same("wide", deep, { try depthToSpace($0, blockSize: 2) }, { try depthToSpace($0, blockSize: 2) }).doubles == images.doubles)
  }

  @Test func `what is no such image is refused`() {
    let images = Tensor.zeros([1, 4, 4, 2])
    #expect(failure(.invalidArgument) { try rgbToGrayscale(images) } == "operation rgb_to_grayscale: rows of shape [4, 4, 2] are no images of 1 or 3 channels")
    #expect(failure(.invalidArgument) { try extractPatches(images, size: 5) }.hasPrefix("operation extract_patches: "))
    #expect(failure(.invalidArgument) { try extractPatches(images, size: [1, 2, 3]) }.contains("for 2 spatial axes"))
    #expect(failure(.invalidArgument) { try extractPatches(images, size: 2, padding: .causal) }.contains("expected valid or same"))
    #expect(failure(.invalidArgument) { try depthToSpace(images, blockSize: 3) }.contains("do not divide into blocks of 3 by 3"))
    #expect(failure(.invalidArgument) { try spaceToDepth(images, blockSize: 0) }.contains("block_size"))
    #expect(failure(.invalidArgument) { try spaceToDepth(Tensor.zeros([4]), blockSize: 1) }.contains("operation space_to_depth"))
  }
}
