/// Pictures in BMP files of Windows and of OS/2 1 and 2: 1, 4 and 8 bits with a palette, in runs or not; 16, 24 and 32 bits.
///
/// Numbers are Pillow's: of a color of n bits the part of 2ⁿ − 1 that it is, times 255, cut off; the fourth byte of 32 bits is an opacity
/// only where the file says so.
struct BMP {
  static let signature = Array("BM".utf8)

  /// How pixels are written.
  private enum Coding: UInt32 {
    case plain, runsOf8Bits, runsOf4Bits, fields
  }

  private let file: [UInt8]
  private let name: String
  let width: Int, height: Int
  private let isTopDown: Bool
  /// Of a pixel.
  private let bits: Int
  private let coding: Coding
  /// Where the pixels begin.
  private let start: Int
  /// Red, green and blue of each color, in 1, 4 and 8 bits.
  private let palette: [UInt8]
  /// Where red, green, blue and opacity lie in a pixel of 16, 24 and 32 bits.
  private let fields: [BMPField]

  static func decode(_ file: [UInt8], name: String) throws -> Image { try BMP(file, name: name).image() }

  /// Reads all but the pixels.
  init(_ file: [UInt8], name: String) throws {
    (self.file, self.name) = (file, name)
    func broken(_ what: String) -> DescentError { Self.broken(name, what) }
    func number(_ place: Int, _ size: Int) -> Int { (0..<size).reduce(0) { $0 | Int(file[place + $1]) << (8 * $1) } }
    guard file.count >= 18 else { throw broken("it is cut before its size") }
    let headerSize = number(14, 4)
    guard [12, 40, 52, 56, 64, 108, 124].contains(headerSize) else { throw broken("its header is of \(headerSize) bytes, which no kind of them has") }
    guard file.count >= 14 + headerSize else { throw broken("it is cut before its pixels") }
    let isOld = headerSize == 12
    width = isOld ? number(18, 2) : Int(Int32(truncatingIfNeeded: number(18, 4)))
    let tall = isOld ? number(20, 2) : Int(Int32(truncatingIfNeeded: number(22, 4)))
    (height, isTopDown) = (abs(tall), tall < 0)
    bits = number(isOld ? 24 : 28, 2)
    guard [1, 4, 8, 16, 24, 32].contains(bits) else { throw broken("its pixels are of \(bits) bits; expected 1, 4, 8, 16, 24 or 32") }
    let code = isOld ? 0 : number(30, 4)
    let coding = Coding(rawValue: UInt32(code))
    switch coding {
    case .plain?: break
    case .runsOf8Bits? where bits == 8: break
    case .runsOf4Bits? where bits == 4: break
    // In a header of OS/2 the number stands for something else.
    case .fields? where bits >= 16 && headerSize != 64: break
    default: throw broken("compression \(code) of pixels of \(bits) bits is not read; expected none, runs (1 of 8 bits, 2 of 4) or bit fields (3)")
    }
    self.coding = coding!
    // A byte of runs stands for fewer pixels than 1,024 unless nearly all are left out.
    let greatest = coding == .plain || coding == .fields ? file.count * 8 / bits : max(1 << 16, file.count << 10)
    try ImageFile.checkSize(width: width, height: height, greatest: greatest, name: name)

    var place = 14 + headerSize
    if coding == .fields, headerSize == 40 { place += 12 }
    guard file.count >= place else { throw broken("it is cut before its pixels") }
    var masks = bits == 16 ? [0x7C00, 0x3E0, 0x1F, 0] : bits > 16 ? [0xFF0000, 0xFF00, 0xFF, 0] : []
    if coding == .fields {
      masks = (0..<3).map { number(54 + 4 * $0, 4) } + [headerSize >= 56 ? number(66, 4) : 0]
      // What Pillow makes of none at all.
      if bits == 32, masks.allSatisfy({ $0 == 0 }) { masks = [0xFF0000, 0xFF00, 0xFF, 0xFF00_0000] }
      if masks[..<3].contains(0) { throw broken("a color has no bits") }
    }
    var fields: [BMPField] = []
    for mask in masks {
      guard let field = BMPField(mask: mask, bits: bits) else {
        throw broken("a color's bits are \(String(mask, radix: 16)) of \(bits) bits, which do not belong together")
      }
      fields.append(field)
    }
    self.fields = fields
    var palette: [UInt8] = []
    if bits <= 8 {
      let declared = isOld ? 0 : number(46, 4), entry = isOld ? 3 : 4
      let count = declared == 0 ? 1 << bits : declared
      guard count <= 1 << 16, count * entry <= file.count - place else { throw broken("its palette of \(count) colors goes beyond its end") }
      for color in 0..<min(count, 1 << bits) { palette += file[(place + color * entry)..<(place + color * entry + 3)].reversed() }
      place += count * entry
    }
    self.palette = palette
    let pixels = number(10, 4)
    // Some programs say that pixels follow the header, where the palette is.
    start = pixels == 0 || (bits <= 8 && pixels == 14 + headerSize) ? place : pixels
    guard start >= 14 + headerSize, start < file.count else { throw broken("its pixels begin at byte \(start) of \(file.count)") }
  }

  var isGray: Bool {
    guard bits <= 8 else { return false }
    for color in 0..<(palette.count / 3) {
      let red = palette[3 * color]
      if palette[3 * color + 1] != red || palette[3 * color + 2] != red { return false }
    }
    return true
  }

  func image() throws -> Image {
    switch coding {
    case .plain where bits <= 8: try colored(indices())
    case .plain, .fields: try direct()
    case .runsOf8Bits, .runsOf4Bits: try colored(runs())
    }
  }

  /// How many bytes from a line to the next: lines are of whole words.
  private var lineSize: Int { (width * bits + 31) / 32 * 4 }

  /// Refuses a file that ends before its last line does. What fills that up to a word may be missing, as for Pillow.
  private func checkLength() throws {
    let needed = lineSize * (height - 1) + (width * bits + 7) / 8
    if file.count - start < needed {
      throw Self.broken(name, "it is cut before its end: \(file.count - start) bytes of pixels are there; expected \(needed)")
    }
  }

  /// The line of the picture that is the n-th in the file.
  private func line(_ number: Int) -> Int { isTopDown ? number : height - 1 - number }

  /// The number of each pixel's color.
  private func indices() throws -> [UInt8] {
    try checkLength()
    var indices = [UInt8](repeating: 0, count: width * height)
    let perByte = 8 / bits, mask = UInt8(truncatingIfNeeded: (1 << bits) - 1)
    for number in 0..<height {
      let (from, to) = (start + number * lineSize, line(number) * width)
      for column in 0..<width {
        let byte = file[from + column / perByte]
        // The first pixel is in the highest bits.
        indices[to + column] = byte >> UInt8(8 - bits * (column % perByte + 1)) & mask
      }
    }
    return indices
  }

  private func colored(_ indices: [UInt8]) throws -> Image {
    let count = palette.count / 3
    if let wrong = indices.first(where: { $0 >= count }) {
      throw Self.broken(name, "a pixel is of color \(wrong); there are \(count)")
    }
    if isGray { return Image(checked: width, height, .grayscale, indices.map { palette[3 * Int($0)] }) }
    var pixels = [UInt8](repeating: 0, count: 3 * indices.count)
    for (pixel, index) in indices.enumerated() {
      for channel in 0..<3 { pixels[3 * pixel + channel] = palette[3 * Int(index) + channel] }
    }
    return Image(checked: width, height, .rgb, pixels)
  }

  /// Pixels that are colors themselves.
  private func direct() throws -> Image {
    try checkLength()
    let size = bits / 8, channels = fields[3].greatest > 0 ? 4 : 3
    let tables = fields[..<channels].map(\.table)
    var pixels = [UInt8](repeating: 0, count: channels * width * height)
    file.withUnsafeBufferPointer { file in
      pixels.withUnsafeMutableBufferPointer { pixels in
        for number in 0..<height {
          var (from, to) = (start + number * lineSize, channels * line(number) * width)
          for _ in 0..<width {
            var word: UInt32 = 0
            for byte in 0..<size { word |= UInt32(file[from + byte]) << UInt32(8 * byte) }
            for channel in 0..<channels { pixels[to + channel] = tables[channel][Int(word >> fields[channel].shift & fields[channel].greatest)] }
            from += size
            to += channels
          }
        }
      }
    }
    return Image(checked: width, height, channels == 4 ? .rgba : .rgb, pixels)
  }

  /// The number of each pixel's color where they are written as runs; those that are left out have the first.
  private func runs() throws -> [UInt8] {
    var indices = [UInt8](repeating: 0, count: width * height)
    let isSmall = coding == .runsOf4Bits
    var (place, row, column) = (start, 0, 0)
    func next() throws -> Int {
      guard place < file.count else { throw Self.broken(name, "it is cut before its end") }
      place += 1
      return Int(file[place - 1])
    }
    func put(_ index: Int) {
      // What goes beyond a line's end is left out, as by Pillow.
      if column < width { indices[line(row) * width + column] = UInt8(index) }
      column += 1
    }
    // The mark of the end may be missing behind the last pixel.
    while row < height, !(row == height - 1 && column >= width && place >= file.count - 1) {
      let count = try next(), value = try next()
      if count > 0 {
        for pixel in 0..<count { put(!isSmall ? value : pixel % 2 == 0 ? value >> 4 : value & 15) }
        continue
      }
      switch value {
      case 0: (row, column) = (row + 1, 0)
      case 1: return indices
      case 2:
        column += try next()
        row += try next()
      default:
        guard column + value <= width else { throw Self.broken(name, "a run goes beyond its line") }
        var byte = 0
        for pixel in 0..<value {
          if !isSmall || pixel % 2 == 0 { byte = try next() }
          put(!isSmall ? byte : pixel % 2 == 0 ? byte >> 4 : byte & 15)
        }
        // They are filled up to words of two bytes.
        if (isSmall ? (value + 1) / 2 : value) % 2 == 1, place < file.count { place += 1 }
      }
    }
    return indices
  }

  private static func broken(_ name: String, _ what: String) -> DescentError { DescentError(.file, "\(name): is a broken BMP file: \(what)") }
}

/// Where a color lies in a pixel.
struct BMPField {
  let shift: UInt32
  /// The greatest value; 0 where there is none.
  let greatest: UInt32

  /// - Returns: nil where the bits are not of one piece, more than 16, or outside a pixel.
  init?(mask: Int, bits: Int) {
    guard mask >> bits == 0 else { return nil }
    shift = mask == 0 ? 0 : UInt32(mask.trailingZeroBitCount)
    greatest = UInt32(mask >> Int(shift))
    guard greatest <= 0xFFFF, greatest & (greatest + 1) == 0 else { return nil }
  }

  /// What each value is of 255.
  var table: [UInt8] { greatest == 0 ? [0] : (0...greatest).map { UInt8($0 * 255 / greatest) } }
}
