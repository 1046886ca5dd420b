import Descent

/// The type of the elements of an array or an attribute.
indirect enum HDF5Datatype {
  case number(ElementType, isBigEndian: Bool)
  /// Bytes that HDF5 knows nothing of, so many an element.
  case opaque(Int)
  /// So many bytes an element, with spaces or zeros after a shorter one.
  case fixedString(Int, isSpacePadded: Bool)
  /// A length and a place in a global heap.
  case variableString

  var byteCount: Int {
    switch self {
    case .number(let type, _): type.byteCount
    case .opaque(let count), .fixedString(let count, _): count
    case .variableString: 16
    }
  }

  /// Reads a datatype message.
  /// - Parameter isBase: whether it is the one that an enumeration's members have, which is no enumeration itself.
  init(_ bytes: inout HDF5Bytes, isBase: Bool = false) throws {
    let start = try bytes.uint8()
    let flags = try bytes.number(3)
    let size = try bytes.uint32()
    let (kind, version) = (start & 15, start >> 4)
    guard (1...3).contains(version), size > 0 else {
      throw DescentError(.file, "\(bytes.label): its datatype is broken (version \(version), \(size) bytes)")
    }
    let isBigEndian = flags & 1 != 0
    switch kind {
    case 0:
      let (offset, precision) = (try bytes.uint16(), try bytes.uint16())
      guard offset == 0, precision == 8 * size, let type = Self.integers[size]?[flags >> 3 & 1] else {
        throw HDF5Unsupported("integers of \(precision) bits in \(size) bytes")
      }
      self = .number(type, isBigEndian: isBigEndian)
    case 1:
      try bytes.skip(5)
      let (exponentSize, _, mantissaSize) = (try bytes.uint8(), try bytes.uint8(), try bytes.uint8())
      guard let type = Self.floats[[size, exponentSize, mantissaSize]] else {
        throw HDF5Unsupported("floating-point numbers of \(size) bytes with \(exponentSize) bits of exponent")
      }
      self = .number(type, isBigEndian: isBigEndian)
    case 3:
      self = .fixedString(size, isSpacePadded: flags & 15 == 2)
    case 5:
      self = .opaque(size)
    case 8:
      // Truths, as h5py writes them: an enumeration of the one-byte integers 0 and 1.
      guard size == 1, !isBase, case .number(.int8, _) = try HDF5Datatype(&bytes, isBase: true),
        try Self.members(flags & 0xFFFF, version: version, &bytes) == [0, 1]
      else { throw HDF5Unsupported("enumerations") }
      self = .number(.bool, isBigEndian: false)
    case 9:
      guard flags & 15 == 1, size == 16 else { throw HDF5Unsupported("arrays of varying length") }
      self = .variableString
    default:
      throw HDF5Unsupported("elements of class \(kind)")
    }
  }

  /// The values of an enumeration of one-byte integers, in ascending order.
  private static func members(_ count: Int, version: Int, _ bytes: inout HDF5Bytes) throws -> [UInt8] {
    for _ in 0..<count {
      var length = 1
      while try bytes.uint8() != 0 { length += 1 }
      // Older versions fill each name up to a multiple of 8 bytes.
      if version < 3 { try bytes.skip((8 - length % 8) % 8) }
    }
    return try bytes.take(count).sorted()
  }

  /// By size, unsigned then signed.
  private static let integers: [Int: [ElementType]] = [
    1: [.uint8, .int8], 2: [.uint16, .int16], 4: [.uint32, .int32], 8: [.uint64, .int64],
  ]
  /// By size, bits of exponent and bits of mantissa.
  private static let floats: [[Int]: ElementType] = [
    [2, 5, 10]: .float16, [2, 8, 7]: .bfloat16, [4, 8, 23]: .float32, [8, 11, 52]: .float64,
  ]
}

/// The sizes of an array or an attribute.
struct HDF5Dataspace {
  let shape: [Int]

  private static let greatestRank = 32

  /// Reads a dataspace message.
  init(_ bytes: inout HDF5Bytes) throws {
    let (version, rank, flags) = (try bytes.uint8(), try bytes.uint8(), try bytes.uint8())
    guard version == 1 || version == 2, rank <= Self.greatestRank else {
      throw DescentError(.file, "\(bytes.label): its dataspace is broken (version \(version), \(rank) axes)")
    }
    if version == 1 {
      try bytes.skip(5)
    } else if try bytes.uint8() == 2 {
      // Null: no elements at all.
      shape = [0]
      return
    }
    var shape: [Int] = []
    for _ in 0..<rank { shape.append(try bytes.length()) }
    if flags & 1 != 0 { try bytes.skip(8 * rank) }
    self.shape = shape
  }
}

/// Something that HDF5 has and the built-in reader has not; libhdf5 may know it.
struct HDF5Unsupported: Error {
  let what: String

  init(_ what: String) { self.what = what }
}
