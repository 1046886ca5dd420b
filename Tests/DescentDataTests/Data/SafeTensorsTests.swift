import Descent
import DescentTestSupport
import Testing

struct SafeTensorsTests {
  @Test func `Every type`() throws {
    let file = try SafeTensors(TestFiles.path("tensors.safetensors"))
    #expect(file.metadata == ["format": "np", "note": "grüße"])
    let expected = try TestFiles.expected("tensors.safetensors")
    #expect(Set(file.names) == Set(expected.map(\.name)))
    for (name, shape, values) in expected {
      #expect(file.shape(name) == shape)
      let tensor = try file.tensor(name)
      #expect(tensor.shape == shape, "\(name)")
      #expect(tensor.doubles == values, "\(name)")
    }
    #expect(try file.tensor("float64").dtype == .float64)
    #expect(try file.tensor("bool").dtype == .bool)
    #expect(failure { try file.tensor("x") }.contains("has no array 'x'"))
  }

  @Test func `What is written is read`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a.safetensors"
      let tensors: [(name: String, tensor: Tensor)] = [
        ("bytes", Tensor([1, 2, 3] as [UInt8])), ("kernel \"é\"", Tensor([[1.5, 2]] as [[Float]])), ("wide", Tensor([1e300])),
        ("flags", Tensor([true, false])), ("none", Tensor.zeros([0])), ("scalar", Tensor(Int32(-4))),
      ]
      try SafeTensors.write(tensors, metadata: ["step": "12"], to: path)
      let file = try SafeTensors(path)
      #expect(file.metadata == ["step": "12"])
      for (name, tensor) in tensors {
        let read = try file.tensor(name)
        #expect(read.dtype == tensor.dtype)
        #expect(read.shape == tensor.shape)
        #expect(read.doubles == tensor.doubles)
      }
      #expect(failure(.invalidArgument) { try SafeTensors.write([tensors[0], tensors[0]], to: path) }.contains("comes twice"))
    }
  }

  private func file(_ header: String, _ data: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8) + data
  }

  @Test func bfloat16() throws {
    let bytes = file(#"{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}"#, [0x80, 0x3F, 0x20, 0xC0])
    #expect(try SafeTensors(bytes, name: "f").tensor("a").scalars(as: Float.self) == [1, -2.5])
  }

  @Test func refused() {
    func message(_ header: String, _ data: [UInt8] = []) -> String {
      failure { try SafeTensors(file(header, data), name: "f") }
    }
    func entry(_ dtype: String, _ shape: String, _ offsets: String) -> String {
      #"{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}"#
    }
    #expect(message("[]").contains("not a JSON object"))
    #expect(message(#"{"a":3}"#).contains("f: a: expected dtype, shape and two data_offsets"))
    #expect(message(#"{"a":\#(entry("F8_E4M3", "[1]", "[0,1]"))}"#, [0]).contains("dtype F8_E4M3 cannot be read"))
    #expect(message(#"{"a":\#(entry("F32", "[2]", "[0,4]"))}"#, [0, 0, 0, 0]).contains("takes 8 bytes of data, found 4"))
    #expect(message(#"{"a":\#(entry("U8", "[-1]", "[0,1]"))}"#, [0]).contains("-1 is not a size"))
    #expect(message(#"{"a":\#(entry("U8", "[1]", "[1,0]"))}"#, [0]).contains("not possible"))
    #expect(message(#"{"a":\#(entry("U8", "[1]", "[0,1]"))}"#, [0, 1]).contains("too long"))
    #expect(message(#"{"a":\#(entry("U8", "[2]", "[0,2]"))}"#, [0]).contains("truncated"))
    #expect(message(#"{"a":\#(entry("U8", "[2]", "[0,2]")),"b":\#(entry("U8", "[2]", "[1,3]"))}"#, [0, 0, 0]).contains("start at byte"))
    #expect(message(#"{"a":\#(entry("U64", "[4611686018427387904,4]", "[0,8]"))}"#).contains("not possible"))
    #expect(failure { try SafeTensors([1, 2], name: "f") }.contains("it has 2 bytes"))
    #expect(failure { try SafeTensors(Array(repeating: 0xFF, count: 20), name: "f") }.contains("claims 18446744073709551615"))
  }

  @Test func robust() throws {
    expectRobust(try TestFiles.bytes("tensors.safetensors")) { bytes in
      let file = try SafeTensors(bytes, name: "mutant")
      return file.names.compactMap { try? file.tensor($0) }
    }
  }
}
