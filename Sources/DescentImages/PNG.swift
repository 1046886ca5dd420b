import CSPNG

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Pictures in PNG files, by libspng.
enum PNG {
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
  /// For profiles and texts, which are not used.
  private static let greatestChunk = 64 << 20

  /// - Parameter asGrayscale: colors of 16 bits become light before they lose half of their bits, as in libpng; the others stay.
  static func decode(_ file: [UInt8], name: String, asGrayscale: Bool) throws -> Image {
    guard hasEnd(file) else { throw DescentError(.file, "\(name): is a broken PNG file: it is cut before its end") }
    func checked(_ status: Int32) throws {
      if status != 0 { throw DescentError(.file, "\(name): is a broken PNG file: \(String(cString: spng_strerror(status)))") }
    }
    guard let decoder = spng_ctx_new(0) else { throw DescentError(.file, "\(name): the PNG decoder cannot be started") }
    defer { spng_ctx_free(decoder) }
    return try file.withUnsafeBytes { bytes in
      try checked(spng_set_chunk_limits(decoder, greatestChunk, greatestChunk))
      try checked(spng_set_png_buffer(decoder, bytes.baseAddress, bytes.count))
      var header = spng_ihdr()
      try checked(spng_get_ihdr(decoder, &header))
      let (width, height, depth) = (Int(header.width), Int(header.height), Int(header.bit_depth))
      let channels = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][Int(header.color_type)] ?? 1
      // Deflate makes at most 1,032 bytes of one.
      let greatest = (file.count * 1032 + 4096) * 8 / (depth * channels)
      try ImageFile.checkSize(width: width, height: height, greatest: greatest, name: name)
      var key = spng_trns()
      let hasKey = spng_get_trns(decoder, &key) == 0
      func pixels(_ format: spng_format, _ bytesPerPixel: Int) throws -> [UInt8] {
        let count = width * height * bytesPerPixel
        var size = 0
        try checked(spng_decoded_image_size(decoder, Int32(format.rawValue), &size))
        guard size == count else { throw DescentError(.file, "\(name): has \(size) bytes of pixels; expected \(count)") }
        let result = try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
          buffer.initialize(repeating: 0)
          initialized = count
          try checked(spng_decode_image(decoder, buffer.baseAddress, count, Int32(format.rawValue), Int32(SPNG_DECODE_TRNS.rawValue)))
        }
        // What comes after the pixels must be whole too.
        try checked(spng_decode_chunks(decoder))
        return result
      }
      let isGray = Int(header.color_type) == 0
      if depth == 16 {
        if isGray && !hasKey {
          let native = try pixels(SPNG_FMT_PNG, 2)
          let lowFirst = UInt16(1).littleEndian == 1 ? native : swappedPairs(native)
          return Image(checked: width, height, .grayscale16, lowFirst)
        }
        let words = try pixels(SPNG_FMT_RGBA16, 8).withUnsafeBytes { Array($0.bindMemory(to: UInt16.self)) }
        if !asGrayscale { return Image(checked: width, height, .rgba, words.map { UInt8($0 >> 8) }) }
        let light = (0..<(width * height)).map { pixel -> UInt8 in
          let (red, green, blue) = (UInt32(words[4 * pixel]), UInt32(words[4 * pixel + 1]), UInt32(words[4 * pixel + 2]))
          return UInt8((9797 * red + 19234 * green + 3737 * blue + 16384) >> 23)
        }
        return Image(checked: width, height, .grayscale, light)
      }
      if isGray && !hasKey { return Image(checked: width, height, .grayscale, try pixels(SPNG_FMT_G8, 1)) }
      if channels % 2 == 0 || hasKey { return Image(checked: width, height, .rgba, try pixels(SPNG_FMT_RGBA8, 4)) }
      return Image(checked: width, height, .rgb, try pixels(SPNG_FMT_RGB8, 3))
    }
  }

  /// Whether the last chunk is there and whole, which the decoder does not look at.
  private static func hasEnd(_ file: [UInt8]) -> Bool {
    var place = signature.count
    while place + 12 <= file.count {
      let length = file[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
      if file[(place + 4)..<(place + 8)].elementsEqual("IEND".utf8) { return place + 12 + length <= file.count }
      place += 12 + length
    }
    return false
  }

  private static func swappedPairs(_ bytes: [UInt8]) -> [UInt8] { bytes.indices.map { bytes[$0 ^ 1] } }

  static func encode(_ image: Image) throws -> [UInt8] {
    func checked(_ status: Int32) throws {
      if status != 0 { throw DescentError(.file, "PNG: \(String(cString: spng_strerror(status)))") }
    }
    guard let encoder = spng_ctx_new(Int32(SPNG_CTX_ENCODER.rawValue)) else { throw DescentError(.file, "the PNG encoder cannot be started") }
    defer { spng_ctx_free(encoder) }
    try checked(spng_set_option(encoder, SPNG_ENCODE_TO_BUFFER, 1))
    var header = spng_ihdr()
    header.width = UInt32(image.width)
    header.height = UInt32(image.height)
    header.bit_depth = image.mode == .grayscale16 ? 16 : 8
    let kind: spng_color_type =
      switch image.mode {
      case .grayscale, .grayscale16: SPNG_COLOR_TYPE_GRAYSCALE
      case .rgb: SPNG_COLOR_TYPE_TRUECOLOR
      case .rgba: SPNG_COLOR_TYPE_TRUECOLOR_ALPHA
      }
    header.color_type = UInt8(kind.rawValue)
    try checked(spng_set_ihdr(encoder, &header))
    let isSwapped = image.mode == .grayscale16 && UInt16(1).littleEndian != 1
    let pixels = isSwapped ? swappedPairs(image.bytes) : image.bytes
    try checked(spng_encode_image(encoder, pixels, pixels.count, Int32(SPNG_FMT_PNG.rawValue), Int32(SPNG_ENCODE_FINALIZE.rawValue)))
    var (size, status) = (0, Int32(0))
    guard let buffer = spng_get_png_buffer(encoder, &size, &status) else {
      try checked(status)
      throw DescentError(.file, "PNG: the encoder gave nothing")
    }
    defer { free(buffer) }
    return Array(UnsafeRawBufferPointer(start: buffer, count: size))
  }
}
