import Descent
import DescentTestSupport
import Foundation
import Testing

/// Files that are given as CSV and are something else, or nearly CSV: the cause is told.
@Suite struct TextFileCheckTests {
  private static let table = "a,b,y\n" + (0..<20).map { "\($0),\(Double($0) / 2),\($0 % 2)\n" }.joined()

  private func message(_ bytes: [UInt8], target: String = "y") -> String {
    failure { try CSVTable(bytes, name: "f.csv", target: target) }
  }

  private func wide(_ text: String, _ size: Int, bigEndian: Bool, mark: Bool) -> [UInt8] {
    let units = (mark ? [0xFEFF] : []) + text.unicodeScalars.map { Int($0.value) }
    return units.flatMap { unit in
      let bytes = (0..<size).map { UInt8(truncatingIfNeeded: unit >> (8 * $0)) }
      return bigEndian ? bytes.reversed() : bytes
    }
  }

  @Test func `A letter far into a file is looked at as one at its start`() throws {
    let folder = TemporaryFolder()
    let line = Array("1.5,2.5,plain\n".utf8), count = 40_000
    for (odd, reason) in [([UInt8(0)], "line 40002: holds a byte 0"), ([0xE9], "line 40002: is not UTF-8"), (Array("é".utf8), nil)] {
      let path = folder.file("f.csv")
      let lines = [[UInt8]](repeating: line, count: count).flatMap { $0 }
      try Data(Array("a,b,y\n".utf8) + lines + Array("1,2,".utf8) + odd + [0x0A]).write(to: URL(fileURLWithPath: path))
      if let reason {
        #expect(failure { try CSVTable(path, target: "y") }.contains(reason))
      } else {
        #expect(try CSVTable(path, target: "y").classNames == ["plain", "é"])
      }
    }
  }

  @Test func `Encodings of several bytes a letter are named`() {
    let table = TextFileCheckTests.table
    for (size, name) in [(2, "UTF-16"), (4, "UTF-32")] {
      for bigEndian in [false, true] {
        #expect(message(wide(table, size, bigEndian: bigEndian, mark: true)).contains("f.csv: is not UTF-8 but \(name)"))
      }
    }
    #expect(message(wide(table, 2, bigEndian: false, mark: false)).contains("UTF-16LE"))
    #expect(message(wide(table, 2, bigEndian: true, mark: false)).contains("UTF-16BE"))
  }

  @Test func `No bytes that are not UTF-8 are taken`() {
    let cat: [UInt8] = [0xB0, 0xED, 0xBE, 0xE7, 0xC0, 0xCC]
    #expect(message(Array("a,y\n1,".utf8) + cat + Array("\n2,x\n".utf8)) .contains("f.csv: line 2: is not UTF-8; is it CP949?"))
    #expect(message(Array("a,y\n1,x\n2,caf".utf8) + [0xE9] + Array(" noir\n".utf8)).contains("f.csv: line 3: is not UTF-8; is it CP1252?"))
    #expect(message(Array("a,y\n1,".utf8) + [0xC3]).contains("line 2: is not UTF-8"), "cut in the middle of a letter")
    #expect(message(Array("a,y\n1,2\n3,\0\n".utf8)).contains("f.csv: line 3: holds a byte 0"))
  }

  @Test(arguments: [
    ([0x1F, 0x8B, 8, 0], "is compressed (gzip)"), (Array("BZh91AY".utf8), "is compressed (bzip2)"),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], "is compressed (xz)"), ([0x28, 0xB5, 0x2F, 0xFD], "is compressed (zstd)"),
    (Array("PK\u{3}\u{4}".utf8), "is a zip file"), ([0xD0, 0xCF, 0x11, 0xE0, 0xA1], "is an Excel file"), (Array("PAR1".utf8), "is a Parquet file"),
    ([0x89] + Array("HDF\r\n".utf8), "is an HDF5 file"), ([0x93] + Array("NUMPY".utf8), "is a .npy file"),
    (Array("<!DOCTYPE html>".utf8), "is a web page"),
  ] as [([UInt8], String)])
  func `Files of other kinds are named`(_ start: [UInt8], _ words: String) {
    #expect(message(start + [UInt8](repeating: 7, count: 40)).hasPrefix("f.csv: \(words)"))
  }

  @Test(arguments: [(";", "';'"), ("\t", "tabs"), ("|", "'|'"), (" ", "spaces")])
  func `Other separators are named`(_ separator: String, _ word: String) {
    let text = TextFileCheckTests.table.replacing(",", with: separator)
    #expect(message(Array(text.utf8)) == "f.csv: seems to be separated by \(word); expected commas")
    // With decimal commas in the rows, and quotes around the names.
    let german = "\"a\"\(separator)\"y\"\n1,5\(separator)2\n"
    #expect(message(Array(german.utf8)) == "f.csv: seems to be separated by \(word); expected commas")
  }

  @Test func `A first line of numbers is no header`() {
    #expect(message(Array("1,2,3\n4,5,6\n".utf8)) == "f.csv: its first line holds numbers; expected the names of the columns")
    #expect(message(Array("a,b\n4,5\n".utf8)).contains("the first line names no column 'y'"))
  }

  @Test func `A few odd fields do not make classes of numbers`() throws {
    for odd in ["?", "-", "unknown", "1,5", "12 kg"] {
      let quoted = odd.contains(",") ? "\"\(odd)\"" : odd
      let rows = (0..<20).map { "\($0),\(Double($0) * 1.5)\n" }.joined()
      #expect(message(Array("a,y\n\(rows)20,\(quoted)\n".utf8)).contains("f.csv: line 22: the target has '\(odd)', which is not a number, while 20 of its 21 fields are"))
    }
    let grades = try CSVTable(Array("a,y\n1,A1\n2,10\n3,B\n4,B\n".utf8), name: "f", target: "y")
    #expect(grades.classNames == ["10", "A1", "B"])
  }

  @Test func `A first column without a name is left out`() throws {
    for first in ["0,1,2", "Mazda RX4,Datsun,Valiant", "2024-01-01,,x"] {
      let names = first.split(separator: ",", omittingEmptySubsequences: false)
      let text = "\"\",a,y\n" + names.enumerated().map { "\($0.element),\($0.offset * 2),\($0.offset % 2)\n" }.joined()
      let table = try CSVTable(Array(text.utf8), name: "f", target: "y")
      #expect(table.featureNames == ["a"] && table.features.doubles == [0, 2, 4])
      #expect(table.leftOut == ["the first column, which has no name"])
    }
    #expect(try CSVTable(Array("a,y\n1,2\n".utf8), name: "f", target: "y").leftOut.isEmpty)
    #expect(message(Array(",y\n1,2\n".utf8)) == "f.csv: has no column but the target 'y'")
  }
}
