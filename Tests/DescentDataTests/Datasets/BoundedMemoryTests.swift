import Descent
import DescentTestSupport
import Foundation
import Testing

/// Rows that are more than memory holds, in a process of its own.
@Suite(.timeLimit(.minutes(20))) struct BoundedMemoryTests {
  private let folder = TemporaryFolder()

  private func helper(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try builtProgram("StreamingHelper"))
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(["MALLOC_ARENA_MAX": "1", "DESCENT_THREADS": "1"]) { $1 }
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }

  private func number(_ name: String, in text: String) throws -> Int {
    let words = text.split { " ,\n".contains($0) }
    return try #require(words.firstIndex(of: name[...]).flatMap { Int(words[$0 + 1]) }, "\(text)")
  }

  /// The file is sparse: it has a size, and takes no room.
  @Test func `an array three times as large as the address space trains`() throws {
    let width = 1 << 18, rows = 1200
    let path = folder.file("x.npy")
    try writeSparse(path, rows: rows, width: width)
    let run = try helper(["npy", path])
    #expect(run.status == 0 && run.output.contains("loss 0.0"), "\(run.output)")
    // What is in flight is a few batches of 4 MiB, beside the code.
    #expect(try number("resident", in: run.output) < 300 << 20, "\(run.output)")
  }

  private func writeSparse(_ path: String, rows: Int, width: Int) throws {
    let description = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(width)), }"
    let padding = 64 - (10 + description.utf8.count + 1) % 64
    let text = description + String(repeating: " ", count: padding) + "\n"
    let length = text.utf8.count
    let header = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(text.utf8)
    #expect(FileManager.default.createFile(atPath: path, contents: Data(header)))
    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.truncate(atOffset: UInt64(header.count + rows * width * 4))
    try file.close()
  }

  /// The address space that they have for it is a third of the file's, or of the files'.
  @Test func `a table and a folder of files take no more memory than the rows in flight`() throws {
    let row = (0..<200).map { "\($0).125" }.joined(separator: ",")
    var text = (0..<200).map { "c\($0)" }.joined(separator: ",") + ",y\n"
    // A third of it, and of the files below, has room for the stack of a thread that begins before the one before has ended.
    for number in 0..<24_000 { text += row + ",\(number % 2)\n" }
    try text.write(toFile: folder.file("t.csv"), atomically: false, encoding: .utf8)
    let table = try helper(["csv", folder.file("t.csv")])
    #expect(table.status == 0, "\(table.output)")
    #expect(try number("growth", in: table.output) < text.utf8.count / 3, "\(text.utf8.count) bytes: \(table.output)")
    let files = folder.file("files")
    try FileManager.default.createDirectory(atPath: files, withIntermediateDirectories: false)
    let x = Tensor.ones([64, 4096])
    for number in 0..<80 { try NPY.write(x, to: "\(files)/\(number).npy") }
    let parts = try helper(["folder", files])
    #expect(parts.status == 0, "\(parts.output)")
    #expect(try number("growth", in: parts.output) < 80 * 64 * 4096 * 4 / 3, "\(parts.output)")
  }

  /// A header claims up to 16 times as many bytes as the file has, with which the array is expanded at once; more, with which a stream
  /// looks first; and less than there is.
  @Test(arguments: [(90 << 20, 1), (1 << 31 - 1, 1), (5 << 20, 1), (5 << 20, 30)])
  func `a gzip file takes no more memory than the data that are really there, whatever its header claims`(
    _ claimed: Int, _ members: Int
  ) throws {
    let there = 6 << 20
    let header: [UInt8] = [0, 0, 8, 1] + withUnsafeBytes(of: UInt32(claimed).bigEndian) { Array($0) }
    let member = gzip(header + [UInt8](repeating: 7, count: there - header.count))
    var file = Data()
    for _ in 0..<members { file.append(contentsOf: member) }
    try file.write(to: URL(fileURLWithPath: folder.file("x.gz")))
    let run = try helper(["idx", folder.file("x.gz")])
    #expect(run.status == 0 && !run.output.contains("read"), "\(run.output)")
    #expect(try number("growth", in: run.output) < 100 << 20, "\(run.output)")
  }

  /// A member of stored blocks, as large as its contents.
  private func gzip(_ contents: [UInt8]) -> [UInt8] {
    var result: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
    func add(_ number: Int, _ count: Int) { for index in 0..<count { result.append(UInt8(truncatingIfNeeded: number >> (8 * index))) } }
    for start in stride(from: 0, to: contents.count, by: 0xFFFF) {
      let block = contents[start..<min(start + 0xFFFF, contents.count)]
      result.append(block.endIndex == contents.count ? 1 : 0)
      add(block.count, 2)
      add(~block.count, 2)
      result += block
    }
    add(Int(contents.withUnsafeBytes { crc32($0) }), 4)
    add(contents.count, 4)
    return result
  }
}
