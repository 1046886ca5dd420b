import TensorCore

/// What stands before the samples of a WAV file, and where they are. It does not keep the file open.
struct WAVFile {
  /// What errors call the file.
  let name: String
  let encoding: WAV.Encoding
  let channels: Int
  let sampleRate: Int
  /// How many samples each channel has.
  let frames: Int
  private let start: Int

  private static let pcm = 1, floatingPoint = 3, extensible = 0xFFFE
  /// What follows the number of the kind of samples where there is more to say of them.
  private static let kindTail: [UInt8] = [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71]

  /// Of the chunks of a file, as many as are looked at: others would be a file that is all chunks.
  private static let mostChunks = 4096
  /// So many bytes of samples are read at once.
  private static let blockBytes = 1 << 18

  /// - Throws: ``DescentError`` of kind `file` naming the file.
  init(_ source: ByteSource) throws {
    name = source.name
    func fault(_ text: String) -> DescentError { DescentError(.file, "\(source.name): \(text)") }
    func number(_ bytes: some Collection<UInt8>) -> Int { bytes.reversed().reduce(0) { $0 << 8 | Int($1) } }
    guard source.count >= 12 else { throw fault("is not a WAV file: it has \(source.count) bytes") }
    let head = try source.bytes(at: 0, count: 12)
    guard head.starts(with: Array("RIFF".utf8)), head[8...].elementsEqual(Array("WAVE".utf8)) else {
      throw fault("is not a WAV file: it does not start with RIFF and WAVE")
    }
    // Chunks begin at even places. What other programs keep beside the samples is passed over. The file's size that the head tells is not gone
    // by, as in TensorFlow: programs that write as they record leave it at anything.
    var place = 12, format: (encoding: WAV.Encoding, channels: Int, sampleRate: Int)?, samples: (start: Int, size: Int)?
    for _ in 0..<WAVFile.mostChunks {
      guard source.count - place >= 8 else { break }
      let chunk = try source.bytes(at: place, count: 8), size = number(chunk[4...]), kind = chunk.prefix(4)
      place += 8
      let isData = kind.elementsEqual(Array("data".utf8))
      if isData && samples != nil { throw fault("has two 'data' chunks; expected one, with all samples") }
      guard size <= source.count - place else {
        // Behind the samples anything may stand.
        if samples != nil { break }
        let text = String(decoding: kind.map { (32..<127).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
        throw fault("is cut off: its chunk '\(text)' claims \(size) bytes, of which \(source.count - place) are there")
      }
      if isData {
        guard format != nil else { throw fault("its samples come before the 'fmt ' chunk, which says what they are") }
        samples = (place, size)
      } else if kind.elementsEqual(Array("fmt ".utf8)), samples == nil {
        guard format == nil else { throw fault("has two 'fmt ' chunks") }
        guard size >= 16 else { throw fault("its 'fmt ' chunk has \(size) bytes; expected at least 16") }
        format = try WAVFile.format(source.bytes(at: place, count: min(size, 40)), number, fault)
      }
      place += size + size % 2
    }
    guard let format, let samples else {
      let missing = format == nil ? "a 'fmt ' chunk, which says what samples there are" : "samples, a 'data' chunk"
      if source.count - place >= 8 { throw fault("has more than \(WAVFile.mostChunks) chunks without \(missing)") }
      throw fault("ends at byte \(source.count) without \(missing)")
    }
    let frameBytes = format.channels * format.encoding.byteCount
    guard samples.size % frameBytes == 0 else { throw fault("its samples have \(samples.size) bytes, which are no frames of \(frameBytes)") }
    (encoding, channels, sampleRate) = format
    frames = samples.size / frameBytes
    start = samples.start
  }

  private static func format(
    _ bytes: [UInt8], _ number: (ArraySlice<UInt8>) -> Int, _ fault: (String) -> DescentError
  ) throws -> (WAV.Encoding, Int, Int) {
    var kind = number(bytes[0..<2])
    let channels = number(bytes[2..<4]), sampleRate = number(bytes[4..<8]), frameBytes = number(bytes[12..<14]), bits = number(bytes[14..<16])
    if kind == extensible {
      guard bytes.count == 40, bytes[26...].elementsEqual(kindTail) else { throw fault("its samples are of a kind that cannot be read") }
      kind = number(bytes[24..<26])
    }
    let encoding: WAV.Encoding? = switch (kind, bits) {
    case (pcm, 8): .pcm8
    case (pcm, 16): .pcm16
    case (pcm, 24): .pcm24
    case (pcm, 32): .pcm32
    case (floatingPoint, 32): .float32
    case (floatingPoint, 64): .float64
    default: nil
    }
    guard let encoding else {
      throw fault(
        "has samples of kind \(kind) and \(bits) bits; those of kind 1 (whole numbers) with 8, 16, 24 or 32 and of kind 3 (floating-point) with 32 or"
          + " 64 can be read")
    }
    guard channels > 0, sampleRate > 0 else { throw fault("has \(channels) channels and \(sampleRate) frames a second; expected at least 1 of each") }
    guard frameBytes == channels * encoding.byteCount else {
      throw fault("its frames have \(frameBytes) bytes; \(channels) samples of \(bits) bits have \(channels * encoding.byteCount)")
    }
    return (encoding, channels, sampleRate)
  }

  /// Fills memory with the first samples, all channels of a frame side by side.
  /// - Parameter source: the file.
  /// - Throws: ``DescentError`` of kind `file` if it cannot be read, or has become shorter.
  /// - Precondition: there are so many.
  func read<Number: BinaryFloatingPoint>(from source: ByteSource, into target: UnsafeMutableBufferPointer<Number>) throws {
    let size = encoding.byteCount, block = WAVFile.blockBytes / size
    try withUnsafeTemporaryAllocation(byteCount: min(block, target.count) * size, alignment: 8) { memory in
      for first in stride(from: 0, to: target.count, by: block) {
        let part = UnsafeMutableBufferPointer(rebasing: target[first..<min(first + block, target.count)])
        let bytes = UnsafeMutableRawBufferPointer(rebasing: memory[..<(part.count * size)])
        try source.read(at: start + first * size, into: bytes)
        convert(UnsafeRawBufferPointer(bytes), to: part)
      }
    }
  }

  private func convert<Number: BinaryFloatingPoint>(_ bytes: UnsafeRawBufferPointer, to target: UnsafeMutableBufferPointer<Number>) {
    func each<Stored>(_ type: Stored.Type, _ value: (Stored) -> Number) {
      for place in target.indices {
        target[place] = value(bytes.loadUnaligned(fromByteOffset: place * MemoryLayout<Stored>.size, as: Stored.self))
      }
    }
    switch encoding {
    case .pcm8: each(UInt8.self) { (Number($0) - 128) / 128 }
    case .pcm16: each(Int16.self) { Number(Int16(littleEndian: $0)) / 0x1p15 }
    case .pcm32: each(Int32.self) { Number(Int32(littleEndian: $0)) / 0x1p31 }
    case .float32: each(UInt32.self) { Number(Float(bitPattern: UInt32(littleEndian: $0))) }
    case .float64: each(UInt64.self) { Number(Double(bitPattern: UInt64(littleEndian: $0))) }
    case .pcm24:
      for place in target.indices {
        let low = UInt32(bytes[3 * place]), middle = UInt32(bytes[3 * place + 1]), high = UInt32(bytes[3 * place + 2])
        // In the upper bits, where the sign is.
        target[place] = Number(Int32(bitPattern: low << 8 | middle << 16 | high << 24)) / 0x1p31
      }
    }
  }
}
