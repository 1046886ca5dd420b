import Descent
import DescentTestSupport
import Testing

struct ZipArchiveTests {
  private func written(_ body: (ZipWriter) throws -> Void) throws -> [UInt8] {
    try withTemporaryFolder { folder in
      try ZipWriter.write(folder + "/a.zip", body)
      return try ByteSource(path: folder + "/a.zip").allBytes()
    }
  }

  private func archive(_ bytes: [UInt8]) throws -> ZipArchive { try ZipArchive(ByteSource(bytes, name: "f")) }

  private func add(_ name: String, _ text: String, to writer: ZipWriter, deflated: Bool = false) throws {
    try Array(text.utf8).withUnsafeBytes {
      try deflated ? writer.addDeflated(name, $0) : writer.add(name, pieces: [$0])
    }
  }

  private func sample() throws -> [UInt8] {
    try written {
      try add("config.json", "{}", to: $0)
      try add("a/b.txt", String(repeating: "abc", count: 100), to: $0, deflated: true)
      try add("empty", "", to: $0)
    }
  }

  @Test func `What is written is read`() throws {
    let bytes = try sample()
    let archive = try archive(bytes)
    #expect(archive.entries.map(\.name) == ["config.json", "a/b.txt", "empty"])
    #expect(archive.entries.map(\.byteCount) == [2, 300, 0])
    #expect(try archive.bytes(#require(archive["config.json"])) == Array("{}".utf8))
    #expect(try archive.bytes(#require(archive["a/b.txt"])) == Array(String(repeating: "abc", count: 100).utf8))
    #expect(try archive.bytes(#require(archive["empty"])).isEmpty)
    #expect(archive["other"] == nil)
    #expect(bytes.count < 500)
    // No clock and no machine in the file.
    #expect(try sample() == bytes)
  }

  /// More entries than the plain format counts.
  @Test func `Zip64 directory`() throws {
    let count = 65_536
    let bytes = try written { writer in
      for index in 0..<count { try writer.add(String(index), pieces: []) }
    }
    let archive = try archive(bytes)
    #expect(archive.entries.count == count)
    #expect(archive.entries.last?.name == "65535")
    // The zip64 record's place, in the locator before the end record.
    var broken = bytes
    broken[bytes.count - 22 - 20 + 8] ^= 1
    #expect(failure { try self.archive(broken) }.contains("its zip64 end record is not where it should be"))
  }

  /// Sizes that are all ones are in an extra field.
  @Test func `Zip64 sizes`() throws {
    let bytes = try written { try add("name", "contents", to: $0) }
    let directory = 30 + 4 + 8
    let ones: [UInt8] = [255, 255, 255, 255]
    func size(_ value: UInt8) -> [UInt8] { [value, 0, 0, 0, 0, 0, 0, 0] }
    var wide = bytes
    wide.replaceSubrange((directory + 20)..<(directory + 28), with: ones + ones)
    wide[directory + 30] = 20
    wide.insert(contentsOf: [1, 0, 16, 0] + size(8) + size(8), at: directory + 46 + 4)
    wide[wide.count - 22 + 12] += 20
    let archive = try archive(wide)
    #expect(archive.entries[0].byteCount == 8)
    #expect(try archive.bytes(archive.entries[0]) == Array("contents".utf8))
    wide[directory + 46 + 4] = 2
    #expect(failure { try self.archive(wide) } == "f: name: its zip64 sizes are missing")
  }

  @Test func limit() throws {
    let archive = try archive(sample())
    let entry = try #require(archive["a/b.txt"])
    #expect(failure { try archive.bytes(entry, limit: 299) } == "f: a/b.txt has 300 bytes; at most 299 are expected")
  }

  @Test func `Wrong checksum`() throws {
    var bytes = try written { try add("name", "contents", to: $0) }
    let place = try #require(bytes.firstIndex(of: UInt8(ascii: "c")))
    bytes[place] ^= 1
    let archive = try archive(bytes)
    #expect(failure { try archive.bytes(archive.entries[0]) } == "f: name: its checksum is wrong; the file is corrupt")
  }

  @Test(arguments: ["../a", "/a", "a/../../b", "a\\b", "C:/a", ""])
  func `Names that point outside`(_ name: String) throws {
    let placeholder = String(repeating: "#", count: max(name.utf8.count, 1))
    var bytes = try written { try add(placeholder, "x", to: $0) }
    // The directory follows the one entry: a header of 30 bytes, its name, one byte.
    let directory = 30 + placeholder.utf8.count + 1
    if name.isEmpty {
      bytes[directory + 28] = 0
    } else {
      bytes.replaceSubrange((directory + 46)..<(directory + 46 + name.utf8.count), with: Array(name.utf8))
    }
    #expect(failure { try archive(bytes) } == "f: the entry '\(name)' points outside of the archive")
  }

  @Test func `Entries that share bytes`() throws {
    var bytes = try written {
      try add("first", "0123456789", to: $0)
      try add("other", "0123456789", to: $0)
    }
    // The second directory entry's place becomes that of the first.
    let second = 2 * (30 + 5 + 10) + 46 + 5
    for index in 42..<46 { bytes[second + index] = 0 }
    #expect(failure { try archive(bytes) }.contains("runs into what follows"))
  }

  @Test func `More than declared`() throws {
    var bytes = try written { try add("name", String(repeating: "a", count: 1000), to: $0, deflated: true) }
    let entry = try archive(bytes).entries[0]
    #expect(entry.byteCount == 1000)
    let directory = bytes.count - 22 - 46 - 4
    func declare(_ byteCount: Int) throws -> ZipArchive {
      bytes[directory + 24] = UInt8(byteCount & 0xFF)
      bytes[directory + 25] = UInt8(byteCount >> 8)
      return try archive(bytes)
    }
    let less = try declare(100)
    #expect(failure { try less.bytes(less.entries[0]) }.contains("its checksum is wrong"))
    let more = try declare(1001)
    #expect(failure { try more.bytes(more.entries[0]) }.contains("expands to 1000 bytes, but the archive says 1001"))
    #expect(failure { try declare(65535) }.contains("cannot have 65535 bytes"))
  }

  @Test func `Not an archive`() {
    #expect(failure { try archive([]) }.contains("is not a zip file"))
    #expect(failure { try archive(Array("PK\u{03}\u{04}".utf8)) }.contains("is not a zip file"))
  }

  @Test func robust() throws {
    let bytes = try sample()
    expectRobust(bytes, count: 1500) { bytes in
      let archive = try ZipArchive(ByteSource(bytes, name: "mutant"))
      return archive.entries.compactMap { entry in (try? archive.bytes(entry)).map { Tensor($0) } }
    }
  }
}
