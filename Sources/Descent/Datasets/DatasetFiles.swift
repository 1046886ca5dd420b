import Foundation

// Streams of rows that lie in files: memory holds the rows in flight and no more.

extension Dataset where Element == Tensor {
  /// The rows of a `.npy` file of any size, each read when it is asked for. Types are converted as ``NPY`` does.
  ///
  /// Rows are read by their place rather than from mapped memory: a limit on memory holds for files larger than it, and a file that is
  /// cut short meanwhile is an error.
  /// - Parameter path: the file, whose array has its rows on axis 0.
  /// - Throws: ``DescentError`` of kind `file`; arrays in Fortran order are refused, as their rows do not lie together.
  public static func npy(_ path: String) throws -> Dataset {
    let source = try ByteSource(path: path)
    let header = try NPYHeader(SourceStream(source))
    _ = try checkedElementCount(header.shape, of: header.type, byteCount: source.count - header.byteCount, name: path)
    guard let count = header.shape.first else { throw DescentError(.file, "\(path): holds a single number; expected rows") }
    if header.isFortranOrder && header.shape.count > 1 {
      throw DescentError(.file, "\(path): is in Fortran order; save it with numpy.ascontiguousarray to read it row by row")
    }
    let shape = Array(header.shape.dropFirst())
    let rowBytes = shape.reduce(header.type.byteCount, *)
    func read(_ row: Int, count: Int = 1, _ target: UnsafeMutableRawBufferPointer) throws {
      let start = header.byteCount + row * rowBytes
      try SourceStream(source, range: start..<(start + count * rowBytes)).readElements(of: header.type, bigEndian: header.isBigEndian, into: target)
    }
    let size = shape.reduce(header.type.dtype.byteCount, *)
    return Dataset(
      IndexedNode(
        count: count,
        batch: { rows in
          try Tensor(shape: [rows.count] + shape, dtype: header.type.dtype) { target in
            let rows = Array(rows)
            var place = 0
            while size > 0 && place < rows.count {
              // Rows that lie together are read at once: a call of the system takes as long as a kilobyte or two.
              var count = 1
              while place + count < rows.count && rows[place + count] == rows[place] + count { count += 1 }
              try read(rows[place], count: count, UnsafeMutableRawBufferPointer(rebasing: target[(place * size)..<((place + count) * size)]))
              place += count
            }
          }
        }
      ) { row in try Tensor(shape: shape, dtype: header.type.dtype) { try read(row, $0) } })
  }
}

extension Dataset where Element == String {
  /// The lines of a text file of any size, without what ends them, a line feed with or without a carriage return. Bytes that are no UTF-8
  /// become replacement characters. (TensorFlow: `tf.data.TextLineDataset`.)
  /// - Parameters:
  ///   - path: the file.
  ///   - pieceByteCount: how many bytes are read at once, at least 1; no line may be longer.
  /// - Throws: ``DescentError`` of kind `file` when there is no such file; the stream throws for a line that is too long.
  public static func textLines(_ path: String, pieceByteCount: Int = 1 << 20) throws -> Dataset {
    let source = try ByteSource(path: path), size = try checked(pieceByteCount: pieceByteCount, "textLines")
    return Dataset(SequentialNode { _ in
      var offset = 0, number = 0
      var bytes: ArraySlice<UInt8> = []
      return ClosureIterator {
        var searched = bytes.startIndex
        while true {
          if let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")), end - bytes.startIndex <= size {
            defer { bytes = bytes[(end + 1)...] }
            number += 1
            return lineText(bytes[..<end])
          }
          if offset == source.count, bytes.count <= size {
            defer { bytes = [] }
            return bytes.isEmpty ? nil : lineText(bytes)
          }
          guard bytes.count <= size else {
            throw DescentError(.file, "\(path): line \(number + 1): is longer than a piece of \(size) bytes")
          }
          let piece = try source.bytes(at: offset, count: min(size, source.count - offset))
          offset += piece.count
          let known = bytes.count
          bytes = (Array(bytes) + piece)[...]
          searched = known
        }
      }
    })
  }

  /// The paths of the files in a folder and those below it, sorted; hidden ones are left out.
  /// - Parameters:
  ///   - folder: where to look.
  ///   - extensions: how names end, without the dot and in any case; nil for all files.
  /// - Throws: ``DescentError`` of kind `file` when there is no such folder, no such file in it, or a folder in it that cannot be read.
  public static func files(in folder: String, extensions: [String]? = nil) throws -> Dataset {
    guard FileDirectory.isFolder(folder) else { throw DescentError(.file, "\(folder): is not a folder") }
    var paths: [String] = []
    func visit(_ folder: String) throws {
      for name in try FileDirectory.entries(of: folder) where !name.hasPrefix(".") {
        let path = folder + "/" + name
        if FileDirectory.isFolder(path) {
          if (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) == nil { try visit(path) }
        } else if FileManager.default.fileExists(atPath: path) {
          guard let extensions else {
            paths.append(path)
            continue
          }
          guard let dot = name.lastIndex(of: ".") else { continue }
          if extensions.contains(where: { $0.lowercased() == name[name.index(after: dot)...].lowercased() }) { paths.append(path) }
        }
      }
    }
    try visit(folder)
    if paths.isEmpty {
      throw DescentError(.file, "\(folder): has no file\(extensions.map { " that ends in " + $0.joined(separator: ", ") } ?? "")")
    }
    return Dataset(paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
  }
}

extension Dataset where Element == (Tensor, Tensor) {
  /// The rows of a CSV file of any size, read in pieces: `float32` features [columns], and the target.
  ///
  /// The format is that of ``CSVTable``. As not all rows are known, targets are `float32` numbers, or, when the classes are given,
  /// `int32` numbers of classes.
  /// - Parameters:
  ///   - path: the file.
  ///   - target: the column to predict.
  ///   - classNames: what fields of the target may say: class 0, 1, …
  ///   - pieceByteCount: how many bytes are read at once, at least 1; a row must fit.
  /// - Throws: ``DescentError`` of kind `file` now, for the header, or when the stream comes to a line that is broken.
  public static func csv(_ path: String, target: String, classNames: [String]? = nil, pieceByteCount: Int = 1 << 20) throws -> Dataset {
    _ = try checked(pieceByteCount: pieceByteCount, "csv")
    let source = try ByteSource(path: path)
    let names = try CSVPieces(source, pieceByteCount).names
    let column = try CSVTable.column(target, of: names, name: path)
    // As in a table that is read as a whole: the numbers of rows are no feature.
    let skipped = names[0].isEmpty && column != 0 ? 0 : nil
    guard names.count > (skipped == nil ? 1 : 2) else { throw DescentError(.file, "\(path): has no column but the target '\(target)'") }
    let classes = classNames.map { Dictionary($0.enumerated().map { ($1, Int32($0)) }) { first, _ in first } }
    return Dataset(SequentialNode { _ in
      var pieces = try CSVPieces(source, pieceByteCount)
      var rows: ArraySlice<(Tensor, Tensor)> = []
      return ClosureIterator {
        while rows.isEmpty {
          guard let piece = try pieces.next() else { return nil }
          rows = try csvRows(piece.bytes, line: piece.line, names: names, column: column, skipped: skipped, classes: classes, path: path)[...]
        }
        return rows.popFirst()
      }
    })
  }
}

private func checked(pieceByteCount: Int, _ caller: String) throws -> Int {
  try NumberRange.count.check("pieceByteCount", pieceByteCount, "Dataset.\(caller)")
  return pieceByteCount
}

private func lineText(_ bytes: ArraySlice<UInt8>) -> String {
  String(decoding: bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes, as: UTF8.self)
}

private func csvRows(
  _ bytes: [UInt8], line: Int, names: [String], column: Int, skipped: Int?, classes: [String: Int32]?, path: String
) throws -> [(Tensor, Tensor)] {
  try bytes.withUnsafeBytes { bytes in
    var reader = CSVReader(bytes: bytes, name: path, line: line)
    let (values, fields) = try reader.rows(names: names, target: column, skipping: skipped)
    let width = names.count - (skipped == nil ? 1 : 2)
    return try fields.enumerated().map { row, field in
      let features = Tensor(Array(values[(row * width)..<((row + 1) * width)]))
      if let classes {
        let text = String(decoding: reader.text(field), as: UTF8.self)
        guard let number = classes[text] else {
          throw DescentError(.file, "\(path): column '\(names[column])' has '\(text)', which is not one of the classNames")
        }
        return (features, Tensor(number))
      }
      guard let number = reader.number(field) else {
        let text = String(decoding: reader.text(field).prefix(40), as: UTF8.self)
        throw DescentError(.file, "\(path): column '\(names[column])' has '\(text)', which is not a number; give classNames")
      }
      return (features, Tensor(Float(number)))
    }
  }
}

/// A CSV file in pieces that end where a line does.
private struct CSVPieces {
  let names: [String]
  private let source: ByteSource
  private let size: Int
  private var offset: Int
  private var line: Int

  init(_ source: ByteSource, _ size: Int) throws {
    self.source = source
    self.size = size
    let start = try source.bytes(at: 0, count: min(source.count, max(size, 1 << 16)))
    (names, offset, line) = try start.withUnsafeBytes { bytes in
      var reader = CSVReader(bytes: bytes, name: source.name)
      let names = try reader.header()
      return (names, reader.place.offset, reader.place.line)
    }
  }

  mutating func next() throws -> (bytes: [UInt8], line: Int)? {
    if offset == source.count { return nil }
    var bytes = try source.bytes(at: offset, count: min(size, source.count - offset))
    if offset + bytes.count < source.count {
      // A line feed between quotes does not end a line.
      var (isQuoted, end) = (false, 0)
      for (place, byte) in bytes.enumerated() {
        if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
        if byte == UInt8(ascii: "\n") && !isQuoted { end = place + 1 }
      }
      guard end > 0 else {
        throw DescentError(.file, "\(source.name): line \(line): is longer than a piece of \(size) bytes")
      }
      bytes.removeSubrange(end...)
    }
    defer {
      offset += bytes.count
      line += bytes.count { $0 == UInt8(ascii: "\n") }
    }
    return (bytes, line)
  }
}
