import Descent
import DescentTestSupport
import Foundation
import Testing

struct FashionMNISTTests {
  @Test func `The real one`() throws {
    let data = try FashionMNIST.load()
    #expect(data.train.images.shape == [60000, 28, 28])
    #expect(data.train.images.bytes.dtype == .uint8)
    #expect(data.train.labels.shape == [60000])
    #expect(data.test.images.shape == [10000, 28, 28])
    #expect(data.test.count == 10000)
    // From the data set's description: each class 6,000 times, and the first labels.
    let labels = data.train.labels.scalars(as: UInt8.self)
    #expect((0..<10).allSatisfy { label in labels.count { $0 == label } == 6000 })
    #expect(labels.prefix(10) == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5])
    #expect(FashionMNIST.classNames[Int(labels[0])] == "Ankle boot")
  }

  @Test func `Folder of IDX files`() throws {
    try withTemporaryFolder { folder in
      try writeFolder(folder, labels: 4)
      let data = try FashionMNIST.load(from: folder)
      #expect(data.train.images.bytes.shape == [4, 2, 3])
      #expect(data.test.labels.scalars(as: UInt8.self) == [0, 1, 2, 3])
      try writeFolder(folder, labels: 5)
      #expect(failure(.data) { try ImageFolder.load(folder) }.contains("expected 4 labels, one for each image, found uint8 [5]"))
    }
  }

  private func writeFolder(_ folder: String, labels: UInt8) throws {
    let images = URL(fileURLWithPath: TestFiles.path("images-idx3-ubyte.gz"))
    for name in ["train", "t10k"] {
      let copy = URL(fileURLWithPath: "\(folder)/\(name)-images-idx3-ubyte.gz")
      try? FileManager.default.removeItem(at: copy)
      try FileManager.default.copyItem(at: images, to: copy)
      try IDX.write(Tensor(Array(0..<labels)), to: "\(folder)/\(name)-labels-idx1-ubyte")
    }
  }

  @Test func nowhere() throws {
    try withTemporaryFolder { folder in
      let message = failure { try FashionMNIST.load(from: folder) }
      #expect(message.contains(folder))
      #expect(message.contains("apt install dataset-fashion-mnist"))
      #expect(failure { try ImageFolder.load(folder) }.contains("has no file train-images-idx3-ubyte or train-images-idx3-ubyte.gz"))
    }
  }

  @Test func `Pixels are scaled on the way`() throws {
    let pixels = try Pixels(Tensor([[0, 51, 255]] as [[UInt8]]))
    #expect(pixels.stored.dtype == .uint8)
    #expect(pixels.tensor.scalars(as: Float.self) == [0, 0.2, 1])
    #expect(failure(.data) { try Pixels(Tensor([1.5])) }.contains("expected uint8"))
    #expect(failure(.invalidArgument) { try Pixels(Tensor([1] as [UInt8]), divisor: 0) }.contains("divisor"))
  }
}
