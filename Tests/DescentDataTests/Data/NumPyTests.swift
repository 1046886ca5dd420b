import Descent
import DescentTestSupport
import Testing

struct NumPyTests {
  @Test(arguments: ["arrays.npz", "arrays-compressed.npz"])
  func `Every type`(_ file: String) throws {
    let archive = try NPZ(TestFiles.path(file))
    let expected = try TestFiles.expected("arrays")
    #expect(Set(archive.names) == Set(expected.map(\.name) + ["special_f2"]))
    for (name, shape, values) in expected {
      let tensor = try archive.tensor(name)
      #expect(tensor.shape == shape, "\(name)")
      #expect(tensor.doubles == values, "\(name)")
    }
    let special = try archive.tensor("special_f2").scalars(as: Float.self)
    #expect(special == [65504, 5.9604645e-8, 0, .infinity])
    #expect(special[2].sign == .minus)
  }

  @Test func types() throws {
    let archive = try NPZ(TestFiles.path("arrays.npz"))
    let dtypes: [String: DType] = [
      "little_f2": .float32, "big_f4": .float32, "big_f8": .float64, "little_i1": .int32, "big_i8": .int32, "little_u1": .uint8,
      "little_u8": .int32, "bool": .bool,
    ]
    for (name, dtype) in dtypes { #expect(try archive.tensor(name).dtype == dtype) }
  }

  @Test(arguments: 1...3) func version(_ number: Int) throws {
    let tensor = try NPY.read(TestFiles.path("version-\(number).npy"))
    #expect(tensor.shape == [2, 4])
    #expect(tensor.scalars(as: Float.self) == [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.25])
  }

  @Test func refused() {
    let path = TestFiles.path
    #expect(failure { try NPY.read(path("too-wide-i8.npy")) }.contains("element 1 is 2147483648; int64 is read as int32"))
    #expect(failure { try NPY.read(path("complex.npy")) }.contains("complex.npy: holds complex numbers (<c16)"))
    #expect(failure { try NPY.read(path("text.npy")) }.contains("text.npy: holds text (<U2)"))
    #expect(failure { try NPY.read(path("object.npy")) }.contains("object.npy: holds Python objects (|O), which Descent does not read; they are never loaded"))
    #expect(failure { try NPY.read(path("structure.npy")) }.contains("structure.npy: holds records"))
    #expect(failure { try NPY.read(path("table.csv")) }.contains("is not a .npy file"))
  }

  private func file(_ text: String, _ data: [UInt8] = []) -> [UInt8] {
    [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.utf8.count), 0] + Array(text.utf8) + data
  }

  @Test func headers() throws {
    func read(_ text: String, _ data: [UInt8] = []) throws -> [Int] { try NPY.read(file(text, data), name: "f").shape }
    #expect(try read("{\"shape\": (2L,), 'descr': '|u1', 'fortran_order': False}\n", [1, 2]) == [2])
    #expect(try read("{'descr':'|u1','fortran_order':False,'shape':()}", [1]) == [])
    #expect(failure { try read("{'descr': '|u1', 'fortran_order': False}") }.contains("'shape' is missing"))
    #expect(failure { try read("{'descr': '|u1', 'descr': '|u1'}") }.contains("the key 'descr' is unknown or comes twice"))
    #expect(failure { try read("{'descr': '|u1', 'fortran_order': 0}") }.contains("must be True or False"))
    #expect(failure { try read("{'descr': '|u1', 'fortran_order': False, 'shape': (-1,)}") }.contains("tuple of sizes"))
    #expect(failure { try read("{'descr': '|u1', 'fortran_order': False, 'shape': (2,)} x", [1, 2]) }.contains("follows"))
    #expect(failure { try read("{'descr': '|u1', 'fortran_order': False, 'shape': (2,)}", [1]) }.contains("takes 2 bytes of data, found 1"))
    #expect(failure { try read("{'descr': '|u1', 'fortran_order': False, 'shape': (2,)}", [1, 2, 3]) }.contains("found 3"))
    let huge = "{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4)}"
    #expect(failure { try read(huge) }.contains("is not possible"))
    let zero = "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 4611686018427387904, 4)}"
    #expect(failure { try read(zero) }.contains("is not possible"))
    let deep = "{'descr': '|u1', 'fortran_order': False, 'shape': (" + String(repeating: "1,", count: 70) + ")}"
    #expect(failure { try read(deep, [1]) }.contains("more than 64 axes"))
    let claims: [UInt8] = [0x93] + Array("NUMPY".utf8) + [2, 0, 0xFF, 0xFF, 0xFF, 0x7F]
    #expect(failure { try NPY.read(claims, name: "f") }.contains("claims 2147483647 bytes"))
  }

  @Test func `What is written is read`() throws {
    try withTemporaryFolder { folder in
      let tensors: [(name: String, tensor: Tensor)] = [
        ("dense/kernel", Tensor([[1, -2.5], [0, 3]] as [[Float]])), ("b", Tensor([1e300])), ("c", Tensor([Int32.min, 7])),
        ("d", Tensor([0, 255] as [UInt8])), ("e", Tensor([true, false])), ("scalar", Tensor(Float(2))), ("empty", Tensor.zeros([0, 3])),
      ]
      for compressed in [false, true] {
        let path = "\(folder)/\(compressed).npz"
        try NPZ.write(tensors, to: path, compressed: compressed)
        let read = try NPZ.read(path)
        #expect(read.map(\.name) == tensors.map(\.name))
        for (found, original) in zip(read, tensors) {
          #expect(found.tensor.dtype == original.tensor.dtype)
          #expect(found.tensor.shape == original.tensor.shape)
          #expect(found.tensor.doubles == original.tensor.doubles)
        }
      }
      try NPY.write(tensors[0].tensor, to: folder + "/a.npy")
      #expect(try NPY.read(folder + "/a.npy").doubles == [1, -2.5, 0, 3])
      #expect(failure(.invalidArgument) { try NPZ.write([tensors[0], tensors[0]], to: folder + "/a.npz") }.contains("comes twice"))
    }
  }

  @Test func `No such array`() throws {
    let archive = try NPZ(TestFiles.path("arrays.npz"))
    #expect(failure { try archive.tensor("kernle") }.contains("has no array 'kernle'; it has little_f2"))
  }

  @Test(arguments: ["version-1.npy", "version-3.npy", "too-wide-i8.npy"])
  func robust(_ name: String) throws {
    expectRobust(try TestFiles.bytes(name)) { [try NPY.read($0, name: "mutant")] }
  }

  @Test(arguments: ["arrays.npz", "arrays-compressed.npz"])
  func `Robust archive`(_ name: String) throws {
    expectRobust(try TestFiles.bytes(name), count: 300) { bytes in
      let archive = try NPZ(bytes, name: "mutant")
      return archive.names.compactMap { try? archive.tensor($0) }
    }
  }
}
