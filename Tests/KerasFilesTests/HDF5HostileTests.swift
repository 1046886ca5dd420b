import KerasFiles
import TestSupport
import Testing

/// Files that are small and ask for much.
@Suite(.timeLimit(.minutes(20))) struct HDF5HostileTests {
  /// A file whose root has `count` links, all of which have the text at the start of the names' heap for a name.
  private func file(links count: Int, heap: [UInt8]) -> [UInt8] {
    func number(_ value: Int, _ byteCount: Int = 8) -> [UInt8] { (0..<byteCount).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    let undefined = [UInt8](repeating: 0xFF, count: 8), header = 96, node = 136, names = node + 8 + 40 * count, text = names + 32
    var bytes: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0, 0, 8, 8, 0] + [UInt8](repeating: 0, count: 8)
    bytes += number(0) + undefined + number(text + heap.count) + undefined + number(0) + number(header)
    bytes += [UInt8](repeating: 0, count: header - bytes.count)
    bytes += [1, 0] + number(1, 2) + number(1, 4) + number(24, 4) + number(0, 4)
    bytes += number(0x11, 2) + number(16, 2) + number(0, 4) + number(node) + number(names)
    bytes += Array("SNOD".utf8) + [1, 0] + number(count, 2)
    for _ in 0..<count { bytes += number(0) + number(header) + number(0, 4) + [UInt8](repeating: 0, count: 20) }
    return bytes + Array("HEAP".utf8) + number(0, 4) + number(heap.count) + number(0) + number(text) + heap
  }

  private func said(_ bytes: [UInt8]) -> String { message { _ = try HDF5Contents(parsing: ByteSource(bytes, name: "file")) } }

  @Test func `A name that many links have is not copied for each of them`() {
    let long = [UInt8](repeating: 0x61, count: 60_000) + [0]
    #expect(said(file(links: 2_000, heap: long)).contains("its parts refer to one another so often"))
    #expect(said(file(links: 1, heap: long)).contains("is another name of something in the file"))
    #expect(said(file(links: 1, heap: [UInt8](repeating: 0x61, count: 70_000))).contains("the name at byte 0 is longer than 65536 bytes"))
  }

  @Test(arguments: ["", ".latest"]) func `Of enumerations only truths are read`(_ form: String) throws {
    let truths = try Fixture.bytes("truths\(form).h5")
    for contents in [try HDF5Contents(parsing: ByteSource(truths, name: "file")), try HDF5Contents(trusting: truths, name: "file")] {
      let tensor = try #require(contents["truths"])
      #expect(tensor.dtype == .bool && tensor.doubles == [1, 0, 1])
    }
    let colors = try Fixture.bytes("enumerations\(form).h5")
    #expect(throws: (any Error).self) { _ = try HDF5Contents(parsing: ByteSource(colors, name: "file")) }
    #expect(message { _ = try HDF5Contents(trusting: colors, name: "file") }.contains("colors: holds something else than numbers"))
  }

  @Test func `Attributes have the value that was set last, however many there are`() {
    var contents = HDF5Contents()
    for number in 0..<100_000 { contents.setAttribute("a\(number % 50_000)", of: "", to: .strings(["\(number)"])) }
    #expect(contents.attributes(of: "").count == 50_000 && contents.strings("a7", of: "") == ["50007"] && contents.strings("b", of: "") == nil)
  }
}
