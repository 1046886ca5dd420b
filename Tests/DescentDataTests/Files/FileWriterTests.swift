import Descent
import DescentTestSupport
import Foundation
import Testing

struct FileWriterTests {
  private struct Stop: Error {}

  @Test func `A failure changes nothing`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a.txt"
      try writeFile(path, text: "first")
      #expect(throws: Stop.self) {
        try writeFile(path) { file in
          try file.write(Array("second".utf8))
          throw Stop()
        }
      }
      #expect(try ByteSource(path: path).allBytes() == Array("first".utf8))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.txt"])
    }
  }

  @Test func `A link stays one, and permissions stay what they were`() throws {
    try withTemporaryFolder { folder in
      try writeFile(folder + "/real/a.txt", text: "first")
      chmod(folder + "/real/a.txt", 0o640)
      symlink("real/a.txt", folder + "/link")
      symlink(folder + "/link", folder + "/link of a link")
      symlink("real/new.txt", folder + "/dangling")
      symlink("circle", folder + "/circle")
      for path in ["/link", "/link of a link", "/dangling"] {
        try checkWritable(folder + path)
        try writeFile(folder + path, text: path)
        #expect(try ByteSource(path: folder + path).allBytes() == Array(path.utf8))
        #expect((try? FileManager.default.destinationOfSymbolicLink(atPath: folder + path)) != nil)
      }
      #expect(try ByteSource(path: folder + "/real/a.txt").allBytes() == Array("/link of a link".utf8))
      #expect(try FileManager.default.attributesOfItem(atPath: folder + "/real/a.txt")[.posixPermissions] as? Int == 0o640)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/real").sorted() == ["a.txt", "new.txt"])
      #expect(failure { try writeFile(folder + "/circle", text: "") }.contains("cannot be written"))
    }
  }

  @Test func `Large and small pieces`() throws {
    try withTemporaryFolder { folder in
      let pieces = [10, 70_000, 1, 65_536, 200_000, 0, 3].map { count in (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) } }
      try writeFile(folder + "/a/b/c") { file in
        for piece in pieces { try file.write(piece) }
        #expect(file.count == pieces.reduce(0) { $0 + $1.count })
      }
      #expect(try ByteSource(path: folder + "/a/b/c").allBytes() == Array(pieces.joined()))
    }
  }

  @Test func `Places that cannot be written`() throws {
    try withTemporaryFolder { folder in
      try writeFile(folder + "/file", text: "")
      #expect(failure { try writeFile(folder + "/file/a", text: "") } == "\(folder)/file: expected a folder, but it is a file")
      #expect(failure { try writeFile(folder, text: "") }.contains("cannot be written: expected a file, but it is a folder"))
      #expect(failure { try makeFolder("/proc/none/a") }.contains("the folder cannot be made"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
    }
  }

  @Test func `Mapped files`() throws {
    try withTemporaryFolder { folder in
      try writeFile(folder + "/a", text: "abc")
      try writeFile(folder + "/empty", text: "")
      #expect(try MappedFile(path: folder + "/a").withBytes(Array.init) == Array("abc".utf8))
      #expect(try MappedFile(path: folder + "/empty").count == 0)
      #expect(failure { try MappedFile(path: folder + "/none") }.contains("No such file"))
      #expect(failure { try MappedFile(path: folder) }.contains("expected a file"))
    }
  }
}
