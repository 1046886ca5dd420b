import TensorCore

/// Reads sound files as rows of one length.
struct AudioRowReader: Sendable {
  /// How many samples files have in a second; nil for any number.
  let samplingRate: Int?
  /// Of a row; nil for that of the longest.
  let length: Int?

  /// `[samples, channels]`
  func row(_ path: String) throws -> Tensor {
    let rows = try batch([path])
    return rows.reshaped(Array(rows.shape.dropFirst())).evaluated()
  }

  /// `[rows, samples, channels]`, with silence behind what is shorter.
  /// - Throws: ``DescentError`` of kind `file` naming a file that cannot be read, has another rate, or other channels than the first.
  func batch(_ paths: [String]) throws -> Tensor {
    // One file is open at a time, as a process may have few.
    let files = try paths.map { try WAVFile(ByteSource(path: $0)) }
    let channels = files[0].channels
    for file in files {
      if let samplingRate, file.sampleRate != samplingRate {
        throw DescentError(.file, "\(file.name): has \(file.sampleRate) samples a second; expected \(samplingRate), for nothing is resampled")
      }
      guard file.channels == channels else {
        throw DescentError(.file, "\(file.name): has \(file.channels) channels, and \(files[0].name), of the same batch, \(channels)")
      }
    }
    let length = length ?? files.map(\.frames).max() ?? 0
    let rowCount = ElementCount.product(length, channels), byteCount = ElementCount.product(rowCount, files.count * DType.float32.byteCount)
    guard byteCount < ElementCount.limit else {
      throw DescentError(.invalidArgument, "\(files[0].name): \(files.count) rows of \(length) samples are too large")
    }
    try checkFits(byteCount: byteCount, name: files[0].name)
    return try Tensor(shape: [files.count, length, channels], dtype: .float32) { target in
      let samples = target.bindMemory(to: Float.self)
      for (row, file) in files.enumerated() {
        let start = row * rowCount, end = start + min(length, file.frames) * channels
        try file.read(from: ByteSource(path: file.name), into: UnsafeMutableBufferPointer(rebasing: samples[start..<end]))
      }
    }
  }
}
