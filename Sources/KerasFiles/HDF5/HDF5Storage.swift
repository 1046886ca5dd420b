import Descent

/// How the elements of an array are stored.
enum HDF5Layout {
  /// In one piece; no address if they are nowhere yet. The size is nil where the format does not tell it.
  case contiguous(address: Int?, byteCount: Int?)
  case compact(ArraySlice<UInt8>)

  /// Reads a data-layout message.
  /// - Parameter label: the file and the array, for errors.
  init(_ bytes: inout HDF5Bytes, label: String) throws {
    let version = try bytes.uint8()
    switch version {
    case 1, 2:
      let (rank, kind) = (try bytes.uint8(), try bytes.uint8())
      try bytes.skip(5)
      let address = kind == 0 ? nil : try bytes.address()
      try bytes.skip(4 * rank)
      switch kind {
      case 0: self = .compact(try bytes.take(try bytes.uint32()))
      case 1: self = .contiguous(address: address, byteCount: nil)
      case 2: throw HDF5Unsupported("arrays in chunks")
      default: throw DescentError(.file, "\(bytes.label): a layout of class \(kind); expected 0 to 2")
      }
    case 3, 4:
      switch try bytes.uint8() {
      case 0: self = .compact(try bytes.take(try bytes.uint16()))
      case 1: self = .contiguous(address: try bytes.address(), byteCount: try bytes.length())
      case 2: throw HDF5Unsupported("arrays in chunks")
      case 3: throw HDF5Outside.virtualDataset.refusal(label)
      case let kind: throw DescentError(.file, "\(bytes.label): a layout of class \(kind); expected 0 to 3")
      }
    default: throw DescentError(.file, "\(bytes.label): a layout of version \(version); expected 1 to 4")
    }
  }
}

/// Where texts of varying length lie.
struct HDF5GlobalHeap {
  private let bytes: ArraySlice<UInt8>
  private var objects: [Int: Range<Int>] = [:]
  private let label: String

  init(at address: Int, of file: HDF5Input) throws {
    label = "\(file.name): the global heap at byte \(address)"
    var prefix = HDF5Bytes(try file.read(at: address, count: 16, label), label: label)
    try prefix.expect("GCOL")
    try prefix.skip(4)
    let count = try prefix.length()
    guard count >= 16 else { throw DescentError(.file, "\(label) claims \(count) bytes") }
    bytes = try file.read(at: address, count: count, label)
    var reader = HDF5Bytes(bytes, label: label)
    try reader.skip(16)
    while reader.remaining >= 16 {
      let index = try reader.uint16()
      try reader.skip(6)
      let size = try reader.length()
      // Number 0 is what is free, up to the end.
      if index == 0 { break }
      let start = bytes.startIndex + reader.position
      _ = try reader.take(size)
      try reader.align()
      objects[index] = start..<(start + size)
    }
  }

  func object(_ index: Int, of file: HDF5Input) throws -> ArraySlice<UInt8> {
    guard let range = objects[index] else { throw DescentError(.file, "\(label) has no object \(index)") }
    // Texts that many attributes share are copied for each.
    return try file.counted(bytes[range])
  }
}
