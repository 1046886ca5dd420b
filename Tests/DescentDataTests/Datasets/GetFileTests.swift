import DescentTestSupport
import Foundation
import Testing

@testable import Descent

@Suite struct GetFileTests {
  let folder = TemporaryFolder()

  private func write(_ name: String, _ text: String) throws -> String {
    try writeFile(folder.file(name), text: text)
    return "file://" + folder.file(name)
  }

  /// FIPS 180-4's and RFC 1321's examples, and lengths around a block's end.
  @Test(arguments: [
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
    ("abc", "900150983cd24fb0d6963f7d28e17f72"),
    ("12345678901234567890123456789012345678901234567890123456789012345678901234567890", "57edf4a22be3c955ac49da2e2107b67a"),
  ])
  func `checksums are those of their standards`(_ text: String, _ checksum: String) throws {
    _ = try write("some.txt", text)
    #expect(try Checksum.matches(folder.file("some.txt"), checksum))
    let other = (checksum.first == "0" ? "1" : "0") + checksum.dropFirst()
    #expect(try !Checksum.matches(folder.file("some.txt"), other))
  }

  @Test func `a file is got once, checked, and got anew when it is another`() throws {
    let origin = try write("original.txt", "abc")
    let cache = folder.file("cache")
    let hash = try Checksum.sha256(Array("abc".utf8))
    let path = try getFile(origin: origin, fileHash: hash, cacheFolder: cache)
    #expect(path == cache + "/datasets/original.txt")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "abc")
    // What is there stays, even when the original changes.
    _ = try write("original.txt", "changed")
    #expect(try String(contentsOfFile: getFile(origin: origin, fileHash: hash, cacheFolder: cache), encoding: .utf8) == "abc")
    #expect(try String(contentsOfFile: getFile(origin: origin, cacheFolder: cache, forceDownload: true), encoding: .utf8) == "changed")
    // A wrong checksum: what is there is kept, and the new one is not taken.
    #expect(throws: DescentError.self) { try getFile(origin: origin, fileHash: hash, cacheFolder: cache) }
    #expect(throws: DescentError.self) { try getFile("new.txt", origin: origin, fileHash: hash, cacheFolder: cache) }
    #expect(!FileManager.default.fileExists(atPath: cache + "/datasets/new.txt"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: cache + "/datasets") == ["original.txt"])
    for (name, url) in [("a/b", origin), (nil, "gopher://x/y"), (nil, "no url"), ("..", origin)] {
      #expect(throws: DescentError.self) { try getFile(name, origin: url, cacheFolder: cache) }
    }
  }

  @Test func `archives are unpacked where Keras unpacks them`() throws {
    let source = folder.file("source")
    try writeFile(source + "/inner/a.txt", text: "first")
    try writeFile(source + "/" + String(repeating: "long", count: 40) + ".txt", text: "second")
    try run("tar", "-C", source, "-czf", folder.file("data.tar.gz"), ".")
    try ZipWriter.write(folder.file("data.zip")) { archive in
      try Array("zipped".utf8).withUnsafeBytes { try archive.addDeflated("inner/z.txt", $0) }
    }
    let cache = folder.file("cache")
    let places: [(String?, String, String)] = [
      ("unpacked", "data.tar.gz", "unpacked"), ("data.tar.gz", "data.tar.gz", "data_extracted"), (nil, "data.tar.gz", "data.tar.gz"),
    ]
    for (name, file, place) in places {
      let path = try getFile(name, origin: "file://" + folder.file(file), extract: true, cacheFolder: cache)
      #expect(path == "\(cache)/datasets/\(place)")
      #expect(try String(contentsOfFile: path + "/inner/a.txt", encoding: .utf8) == "first")
      #expect(FileManager.default.fileExists(atPath: path + "/" + String(repeating: "long", count: 40) + ".txt"))
    }
    let zipped = try getFile("z", origin: "file://" + folder.file("data.zip"), extract: true, cacheFolder: cache)
    #expect(try String(contentsOfFile: zipped + "/inner/z.txt", encoding: .utf8) == "zipped")
  }

  @Test func `what is in the folder of an archive stays, but for what the archive has`() throws {
    let source = folder.file("source")
    try writeFile(source + "/inner/a.txt", text: "first")
    try writeFile(source + "/b.txt", text: "second")
    try run("tar", "-C", source, "-cf", folder.file("data.tar"), ".")
    let cache = folder.file("cache"), mine = cache + "/datasets/data"
    try writeFile(mine + "/mine.txt", text: "mine")
    try writeFile(mine + "/inner/mine.txt", text: "mine")
    try writeFile(mine + "/b.txt", text: "changed")
    for _ in 0..<2 {
      #expect(try getFile("data", origin: "file://" + folder.file("data.tar"), extract: true, cacheFolder: cache) == mine)
      let texts = try ["mine.txt", "inner/mine.txt", "b.txt", "inner/a.txt"].map { try String(contentsOfFile: mine + "/" + $0, encoding: .utf8) }
      #expect(texts == ["mine", "mine", "second", "first"])
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: cache + "/datasets").sorted() == ["data", "data_archive"])
  }

  @Test func `sizes that stand before an entry are its own`() throws {
    let source = folder.file("source")
    try writeFile(source + "/a.txt", text: "first")
    try writeFile(source + "/b.txt", text: "second")
    try run("tar", "-C", source, "--format=pax", "--pax-option=size:=5", "-cf", folder.file("data.tar"), "a.txt")
    var bytes = try ByteSource(path: folder.file("data.tar")).allBytes()
    // What a header has no digits for: it says nothing of 5 bytes.
    let header = try #require(bytes.indices.last { bytes[$0...].starts(with: "a.txt\0".utf8) })
    for (place, digit) in zip((header + 124)..., "00000000000".utf8) { bytes[place] = digit }
    let digits = bytes[(header + 148)..<(header + 156)]
    #expect(digits.count == 8)
    for place in (header + 148)..<(header + 156) { bytes[place] = 0x20 }
    let sum = String(bytes[header..<(header + 512)].reduce(0) { $0 + Int($1) }, radix: 8)
    for (place, digit) in zip((header + 148)..., (String(repeating: "0", count: 6 - sum.count) + sum + "\0 ").utf8) { bytes[place] = digit }
    let archive = try TarArchive(ByteSource(bytes, name: "data.tar"))
    let entry = try #require(try archive.next())
    #expect(entry.name == "a.txt" && entry.byteCount == 5)
    #expect(try archive.contents(limit: 100) == Array("first".utf8) && archive.next() == nil)
  }

  @Test func `an archive that points outside is refused as a whole`() throws {
    let source = folder.file("source")
    try writeFile(source + "/good.txt", text: "good")
    symlink("/etc", source + "/link")
    try run("tar", "-C", source, "-cf", folder.file("link.tar"), "good.txt", "link")
    try run("tar", "-C", source, "-cPf", folder.file("up.tar"), "good.txt", "../source/good.txt")
    for name in ["link.tar", "up.tar"] {
      let error = try #require(throws: DescentError.self) {
        try getFile("out", origin: "file://" + folder.file(name), extract: true, cacheFolder: folder.file("cache-\(name)"))
      }
      #expect(error.kind == .file)
      #expect(!FileManager.default.fileExists(atPath: folder.file("cache-\(name)") + "/datasets/out"))
    }
  }

  private func run(_ command: String...) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}
