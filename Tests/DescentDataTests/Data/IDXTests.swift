import Descent
import DescentTestSupport
import Foundation
import Testing

struct IDXTests {
  @Test(arguments: ["images-idx3-ubyte", "images-idx3-ubyte.gz", "two-members-idx3-ubyte.gz"])
  func bytes(_ name: String) throws {
    let images = try IDX.read(TestFiles.path(name))
    #expect(images.shape == [4, 2, 3])
    #expect(images.scalars(as: UInt8.self) == Array(0..<24))
  }

  @Test func `Other types`() throws {
    for (name, shape, values) in try TestFiles.expected("idx") {
      let tensor = try IDX.read(TestFiles.path("\(name).idx"))
      #expect(tensor.shape == shape)
      #expect(tensor.doubles == values)
      #expect(tensor.dtype == (name == "float32" ? .float32 : name == "float64" ? .float64 : .int32))
    }
  }

  @Test func `What is written is read`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/new/file.idx"
      for tensor in [
        Tensor([[1.5, -2]] as [[Float]]), Tensor([1e300, 2]), Tensor([Int32.min, 3]), Tensor([0, 255] as [UInt8]), Tensor(Float(4)),
      ] {
        try IDX.write(tensor, to: path)
        let read = try IDX.read(path)
        #expect(read.dtype == tensor.dtype)
        #expect(read.shape == tensor.shape)
        #expect(read.doubles == tensor.doubles)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/new") == ["file.idx"])
      #expect(failure(.invalidArgument) { try IDX.write(Tensor([true]), to: path) }.contains("bool"))
    }
  }

  private let header: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 3]

  @Test func truncated() throws {
    #expect(failure { try IDX.read([], name: "f") } == "f: is truncated: the IDX header takes 4 bytes, found 0")
    #expect(failure { try IDX.read([0, 0, 8, 1, 0], name: "f") }.contains("the IDX header takes 4 bytes, found 1"))
    #expect(
      failure { try IDX.read(header + [1, 2], name: "f") } == "f: shape [3] of uint8 takes 3 bytes of data, found 2")
    let packed = try TestFiles.bytes("images-idx3-ubyte.gz")
    #expect(failure { try IDX.read(Array(packed.dropLast(10)), name: "f") }.contains("f: is truncated"))
    #expect(failure { try IDX.read(Array(packed.dropLast(4)), name: "f") }.contains("f: is truncated"))
  }

  @Test func trailing() throws {
    #expect(failure { try IDX.read(header + [1, 2, 3, 4], name: "f") }.contains("takes 3 bytes of data, found 4"))
    let packed = try TestFiles.bytes("images-idx3-ubyte.gz")
    #expect(failure { try IDX.read(packed + [7], name: "f") }.contains("data follow after the end"))
    // A second member that has more than the header declares.
    #expect(failure { try IDX.read(packed + packed, name: "f") } == "f: data follow after its end")
  }

  @Test func `Not IDX`() {
    #expect(failure { try IDX.read(Array("PNG…".utf8), name: "f") }.contains("found 50 4e 47 e2"))
    #expect(failure { try IDX.read([0, 0, 10, 1, 0, 0, 0, 0], name: "f") }.contains("is not an IDX file"))
  }

  @Test func `Impossible sizes`() {
    let huge: [UInt8] = [0, 0, 8, 3] + Array(repeating: 0xFF, count: 12)
    #expect(failure { try IDX.read(huge, name: "f") }.contains("its shape [4294967295, 4294967295, 4294967295] is not possible"))
    let large: [UInt8] = [0, 0, 8, 1, 0x7F, 0xFF, 0xFF, 0xFF, 1]
    #expect(failure { try IDX.read(large, name: "f") }.contains("takes 2147483647 bytes of data, found 1"))
  }

  /// The header in a gzip file of a few bytes declares gigabytes: no memory is taken for them.
  @Test func `Lying header in gzip`() throws {
    // Stored blocks only, so that it can be written here.
    let contents: [UInt8] = [0, 0, 8, 1, 0x7F, 0xFF, 0xFF, 0xFF, 1, 2, 3]
    let packed: [UInt8] =
      [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255, 1, UInt8(contents.count), 0, ~UInt8(contents.count), 0xFF] + contents
      + [0x3F, 0x1F, 0x57, 0x6A] + [UInt8(contents.count), 0, 0, 0]
    let message = failure { try IDX.read(packed, name: "f") }
    #expect(message.contains("takes 2147483647 bytes of data, found 3") || message.contains("corrupt"))
  }

  /// Read at once and as a stream, whichever says more.
  @Test func `A byte that was changed anywhere in a gzip file is an error, or changes nothing`() throws {
    let packed = try TestFiles.bytes("images-idx3-ubyte.gz")
    let whole = try IDX.read(packed, name: "f").scalars(as: UInt8.self)
    for index in packed.indices {
      var changed = packed
      changed[index] ^= 0x55
      if let read = try? IDX.read(changed, name: "f") { #expect(read.scalars(as: UInt8.self) == whole, "byte \(index)") }
    }
  }

  /// Elements that are read in place begin where the kernels expect it.
  @Test func `Compressed and plain bytes are the same in computations`() throws {
    let (packed, plain) = (try IDX.read(TestFiles.path("images-idx3-ubyte.gz")), try IDX.read(TestFiles.path("images-idx3-ubyte")))
    for function in [{ $0.cast(to: .float32).sum(axis: 0) }, { $0.transposed([2, 0, 1]).cast(to: .float32) * 2 }] as [(Tensor) -> Tensor] {
      #expect(function(packed).doubles == function(plain).doubles)
    }
    #expect(packed.withBytes { UInt(bitPattern: $0.baseAddress) % 64 } == 0)
  }

  @Test func `Missing file`() throws {
    #expect(failure { try IDX.read("/no/such/file") } == "/no/such/file: cannot be opened: No such file or directory")
    try withTemporaryFolder { folder in
      #expect(failure { try IDX.read(folder) } == "\(folder): expected a file, but it is a folder")
    }
    #expect(failure { try IDX.read("/dev/zero") }.contains("is not a regular file"))
  }

  @Test(arguments: ["images-idx3-ubyte", "images-idx3-ubyte.gz", "int16.idx"])
  func robust(_ name: String) throws {
    expectRobust(try TestFiles.bytes(name)) { [try IDX.read($0, name: "mutant")] }
  }
}
