import DescentTestSupport
import Foundation
import Testing

@testable import Descent

@Suite struct StreamedFilesTests {
  let folder = TemporaryFolder()

  @Test func `the numbers of rows are no feature, as in a table that is read as a whole`() throws {
    for (text, target) in [(",a,b,y\n0,1,2,3\n1,4,5,6\n", "y"), (",a,b,y\n0,1,2,3\n1,4,5,6\n", "a"), ("a,b,y\n1,2,3\n4,5,6\n", "y")] {
      try writeFile(folder.file("rows.csv"), text: text)
      let rows = try Dataset.csv(folder.file("rows.csv"), target: target).elements(), whole = try CSVTable(folder.file("rows.csv"), target: target)
      #expect(rows.flatMap { $0.0.doubles } == whole.features.doubles && rows.map { $0.1.doubles[0] } == whole.target.doubles)
    }
    try writeFile(folder.file("rows.csv"), text: ",y\n0,1\n")
    #expect(failure { try Dataset.csv(folder.file("rows.csv"), target: "y") }.contains("has no column but the target 'y'"))
    for size in [0, -5] {
      #expect(failure(.invalidArgument) { try Dataset.csv(folder.file("rows.csv"), target: "y", pieceByteCount: size) }
        == "Dataset.csv: pieceByteCount is \(size); it must be at least 1")
      #expect(failure(.invalidArgument) { try Dataset.textLines(folder.file("rows.csv"), pieceByteCount: size) }.hasPrefix("Dataset.textLines: pieceByteCount is"))
    }
  }

  @Test func `there is a class for each file, and it is a number`() throws {
    #expect(try ClassFolders.checked([1, -1], for: ["a", "b"], things: "texts") == [1, -1])
    #expect(failure(.data) { try ClassFolders.checked([0], for: ["a", "b"], things: "texts") } == "rows: there are 1 classes for 2 texts; expected one for each")
    #expect(failure(.data) { try ClassFolders.checked([.max], for: ["a"], things: "texts") }.contains("expected a number of 32 bits"))
  }

  @Test func `rows of an array are read where they lie`() throws {
    for dtype in [DType.float32, .float64, .int32, .uint8] {
      let x = Tensor(shape: [11, 3], scalars: (0..<33).map { Double($0) }).cast(to: dtype)
      try NPY.write(x, to: folder.file("x.npy"))
      let rows = try Dataset.npy(folder.file("x.npy"))
      #expect(rows.count == 11)
      #expect(try rows.elements()[4].doubles == [12, 13, 14])
      let batches = try rows.shuffle(seed: 1).batch(4).elements()
      #expect(batches.map(\.shape) == [[4, 3], [4, 3], [3, 3]])
      #expect(batches[0].dtype == dtype)
      #expect(batches.flatMap(\.doubles).sorted() == x.doubles)
    }
    // Wider integers and the other byte order, from NumPy's own files.
    let files = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Fixtures/files").path
    for name in ["version-1.npy", "version-2.npy", "version-3.npy"] {
      let whole = try NPY.read("\(files)/\(name)")
      #expect(try Dataset.npy("\(files)/\(name)").elements().flatMap(\.doubles) == whole.doubles)
    }
    let short = try ByteSource(path: folder.file("x.npy")).allBytes().dropLast()
    try writeFile(folder.file("short.npy")) { try $0.write(Array(short)) }
    #expect(throws: DescentError.self) { try Dataset.npy(folder.file("short.npy")) }
  }

  @Test func `files of a folder come sorted`() throws {
    for name in ["b/2.txt", "a/1.TXT", "a/.hidden.txt", "c.csv"] { try writeFile(folder.file(name), text: name) }
    let files = try Dataset.files(in: folder.path, extensions: ["txt"])
    #expect(try files.elements() == [folder.file("a/1.TXT"), folder.file("b/2.txt")])
    #expect(try Dataset.files(in: folder.path).count == 3)
    #expect(throws: DescentError.self) { try Dataset.files(in: folder.path, extensions: ["png"]) }
    #expect(throws: DescentError.self) { try Dataset.files(in: folder.file("none")) }
  }

  @Test func `a table read in pieces is the table`() throws {
    var text = "\u{FEFF}a,\"b, c\",target\r\n"
    for row in 0..<500 { text += "\(row),\(Double(row) / 4),\(row % 3)\n" }
    try writeFile(folder.file("table.csv"), text: text)
    let table = try CSVTable(folder.file("table.csv"), target: "target")
    for size in [64, 1000, 1 << 20] {
      let rows = try Dataset.csv(folder.file("table.csv"), target: "target", pieceByteCount: size).elements()
      #expect(rows.count == 500)
      #expect(rows.flatMap(\.0.doubles) == table.features.doubles)
      #expect(rows.map { $0.1.item() } == table.target.doubles)
    }
    #expect(throws: DescentError.self) { try Dataset.csv(folder.file("table.csv"), target: "none") }
    #expect(throws: DescentError.self) { try Dataset.csv(folder.file("table.csv"), target: "target", pieceByteCount: 4).elements() }
  }

  @Test func `classes of a table are those that were named, and an error says the line`() throws {
    try writeFile(folder.file("names.csv"), text: "x,kind\n1,cat\n2,\"dog\"\n3,cat")
    let rows = try Dataset.csv(folder.file("names.csv"), target: "kind", classNames: ["dog", "cat"], pieceByteCount: 12)
    #expect(try rows.elements().map { $0.1.item() } == [1, 0, 1])
    #expect(throws: DescentError.self) { try Dataset.csv(folder.file("names.csv"), target: "kind").elements() }
    try writeFile(folder.file("broken.csv"), text: "x,y\n1,2\n3,4\nfive,6\n")
    let error = try #require(throws: DescentError.self) { try Dataset.csv(folder.file("broken.csv"), target: "y", pieceByteCount: 5).elements() }
    #expect(error.message.contains("line 4"), "\(error)")
  }
}
