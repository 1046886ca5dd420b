/// A picture as a PNG file, its bytes as they are: for the small pictures that TensorBoard shows.
package enum PNGWriter {
  /// - Parameters:
  ///   - pixels: rows from above, `channels` bytes a pixel.
  ///   - channels: 1 grey, 3 red, green and blue, 4 with opacity.
  package static func bytes(_ pixels: [UInt8], width: Int, height: Int, channels: Int) -> [UInt8] {
    var file: [UInt8] = [0x89] + Array("PNG\r\n".utf8) + [0x1A, 0x0A]
    let colorType: UInt8 = [1: 0, 3: 2, 4: 6][channels] ?? 0
    chunk("IHDR", big(width) + big(height) + [8, colorType, 0, 0, 0], &file)
    var rows: [UInt8] = []
    for row in 0..<height { rows += [0] + pixels[(row * width * channels)..<((row + 1) * width * channels)] }
    // Blocks of zlib's format that are stored, not compressed.
    var stream: [UInt8] = [0x78, 0x01]
    let starts = Array(stride(from: 0, to: rows.count, by: 65535))
    for start in starts {
      let end = min(start + 65535, rows.count), length = UInt16(end - start)
      stream.append(start == starts.last ? 1 : 0)
      stream += [UInt8](unsafeBytesOf: length.littleEndian) + [UInt8](unsafeBytesOf: (~length).littleEndian) + rows[start..<end]
    }
    var (a, b): (UInt32, UInt32) = (1, 0)
    for byte in rows {
      a = (a + UInt32(byte)) % 65521
      b = (b + a) % 65521
    }
    chunk("IDAT", stream + [UInt8](unsafeBytesOf: (b << 16 | a).bigEndian), &file)
    chunk("IEND", [], &file)
    return file
  }

  private static func big(_ number: Int) -> [UInt8] { [UInt8](unsafeBytesOf: UInt32(number).bigEndian) }

  private static func chunk(_ name: String, _ content: [UInt8], _ file: inout [UInt8]) {
    let body = Array(name.utf8) + content
    file += big(content.count) + body + [UInt8](unsafeBytesOf: body.withUnsafeBytes { crc32($0) }.bigEndian)
  }
}
