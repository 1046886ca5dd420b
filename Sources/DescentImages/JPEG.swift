import CTurboJPEG

/// Pictures in JPEG files, by libjpeg-turbo. Each call has a decoder of its own: any number of threads may call.
enum JPEG {
  static func decode(_ file: [UInt8], name: String, asGrayscale: Bool, _ precision: ImageFile.Precision) throws -> Image {
    let header = try JPEGHeader(file, name: name)
    // A block of 64 pixels takes at least a bit; only the arithmetic coder, which hardly any file has, gets below.
    let greatest = header.isArithmetic ? Int.max : max(1 << 16, file.count << 10)
    try ImageFile.checkSize(width: header.width, height: header.height, greatest: greatest, name: name)
    let format: TJPF, channels: Int
    switch header.components {
    case 1: (format, channels) = (TJPF_GRAY, 1)
    case 3: (format, channels) = asGrayscale ? (TJPF_GRAY, 1) : (TJPF_RGB, 3)
    case 4: (format, channels) = (TJPF_CMYK, 4)
    default: throw DescentError(.file, "\(name): has \(header.components) color components; expected 1, 3 or 4")
    }
    guard let decoder = tjInitDecompress() else { throw DescentError(.file, "\(name): the JPEG decoder cannot be started") }
    defer { tjDestroy(decoder) }
    let count = header.width * header.height * channels
    let flags = TJFLAG_LIMITSCANS | (precision == .fast ? TJFLAG_FASTDCT : TJFLAG_ACCURATEDCT)
    let pixels = try [UInt8](unsafeUninitializedCapacity: count) { pixels, initialized in
      // The decoder writes every pixel, or there is an error.
      initialized = count
      let status = tjDecompress2(
        decoder, file, UInt(file.count), pixels.baseAddress, Int32(header.width), Int32(header.width * channels), Int32(header.height),
        format.rawValue, flags)
      if status != 0 { try check(decoder, name) }
    }
    if channels == 4 {
      return Image(checked: header.width, header.height, .rgb, rgb(ofInks: pixels, areInverted: precision == .accurate || header.hasAdobeMarker))
    }
    return Image(checked: header.width, header.height, channels == 1 ? .grayscale : .rgb, pixels)
  }

  /// Errors; and warnings where pixels are missing. Others (such as bytes between markers) neither Pillow nor TensorFlow minds.
  private static func check(_ decoder: tjhandle, _ name: String) throws {
    let message = String(cString: tjGetErrorStr2(decoder))
    if tjGetErrorCode(decoder) == TJERR_WARNING.rawValue, !message.lowercased().contains("premature end") { return }
    throw DescentError(.file, "\(name): is a broken JPEG file: \(message)")
  }

  /// Colors of four inks. Adobe's programs write what of the paper is left, and Pillow takes every file for theirs.
  private static func rgb(ofInks inks: [UInt8], areInverted: Bool) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: inks.count / 4 * 3)
    let flip: UInt8 = areInverted ? 255 : 0
    for pixel in 0..<(inks.count / 4) {
      let light = Int(255 - (inks[4 * pixel + 3] ^ flip))
      for channel in 0..<3 {
        let product = Int(inks[4 * pixel + channel] ^ flip) * light + 128
        result[3 * pixel + channel] = UInt8(max(0, light - ((product >> 8) + product) >> 8))
      }
    }
    return result
  }

  /// - Parameter quality: from 1 to 100.
  static func encode(_ image: Image, quality: Int) throws -> [UInt8] {
    guard let encoder = tjInitCompress() else { throw DescentError(.file, "the JPEG encoder cannot be started") }
    defer { tjDestroy(encoder) }
    let (pixels, isGray) = (image.mode == .rgba ? converted(image, to: .rgb).bytes : image.bytes, image.mode == .grayscale)
    let sampling = isGray ? TJSAMP_GRAY : TJSAMP_420
    var size = tjBufSize(Int32(image.width), Int32(image.height), Int32(sampling.rawValue))
    return try [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, initialized in
      var place = buffer.baseAddress
      let status = tjCompress2(
        encoder, pixels, Int32(image.width), 0, Int32(image.height), (isGray ? TJPF_GRAY : TJPF_RGB).rawValue, &place, &size,
        Int32(sampling.rawValue), Int32(quality), TJFLAG_NOREALLOC | TJFLAG_ACCURATEDCT)
      guard status == 0 else { throw DescentError(.file, "JPEG: \(String(cString: tjGetErrorStr2(encoder)))") }
      initialized = Int(size)
    }
  }
}

/// What the segments before a JPEG file's pixels say.
struct JPEGHeader {
  var (width, height, components) = (0, 0, 0)
  var isArithmetic = false
  var hasAdobeMarker = false

  init(_ file: [UInt8], name: String) throws {
    func broken(_ what: String) -> DescentError { DescentError(.file, "\(name): is a broken JPEG file: \(what)") }
    var place = 2
    while true {
      // Any number of 0xFF may stand before a marker's number.
      while place < file.count, file[place] != 0xFF { place += 1 }
      while place < file.count, file[place] == 0xFF { place += 1 }
      guard place + 2 < file.count else { throw broken("it ends before its pixels") }
      let marker = file[place]
      place += 1
      if marker == 0 || marker == 1 || (0xD0...0xD8).contains(marker) { continue }
      if marker == 0xD9 { throw broken("it has no pixels") }
      let length = Int(file[place]) << 8 | Int(file[place + 1])
      guard length >= 2, place + length <= file.count else { throw broken("a segment goes beyond its end") }
      let segment = file[(place + 2)..<(place + length)]
      place += length
      switch marker {
      // Start of a frame; C4, C8 and CC are tables and what was never defined.
      case 0xC0...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:
        guard segment.count >= 6 else { throw broken("a segment is too short") }
        let fields = Array(segment.prefix(6))
        height = Int(fields[1]) << 8 | Int(fields[2])
        width = Int(fields[3]) << 8 | Int(fields[4])
        components = Int(fields[5])
        isArithmetic = marker > 0xC8
      case 0xEE: if segment.count >= 12, segment.starts(with: "Adobe".utf8) { hasAdobeMarker = true }
      case 0xDA:
        guard components > 0 else { throw broken("its size is not declared before its pixels") }
        // The decoder tells of its first warning only, which need not be that of the missing end.
        let end = file.indices.dropLast().last { $0 < place || file[$0] == 0xFF && file[$0 + 1] == 0xD9 }
        guard let end, end >= place else { throw broken("it is cut before its end") }
        return
      default: break
      }
    }
  }
}
