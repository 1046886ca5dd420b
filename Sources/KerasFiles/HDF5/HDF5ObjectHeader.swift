import Descent

/// What an object's header says of it, message by message.
struct HDF5ObjectHeader {
  struct Message {
    let kind: Int
    let isShared: Bool
    let bytes: ArraySlice<UInt8>
  }

  static let dataspace = 0x01, linkInfo = 0x02, datatype = 0x03, link = 0x06, externalFiles = 0x07, layout = 0x08
  static let filters = 0x0B, attribute = 0x0C, continuation = 0x10, symbolTable = 0x11, driverInfo = 0x14, attributeInfo = 0x15

  private(set) var messages: [Message] = []
  let label: String

  private static let greatestMessageCount = 1 << 16

  init(at address: Int, of file: HDF5Input) throws {
    label = "\(file.name): the object at byte \(address)"
    var start = HDF5Bytes(try file.read(at: address, count: 16, label), label: label)
    if try start.take(4).elementsEqual("OHDR".utf8) {
      try readVersion2(at: address, of: file)
    } else {
      try readVersion1(at: address, of: file)
    }
  }

  private mutating func readVersion1(at address: Int, of file: HDF5Input) throws {
    var prefix = HDF5Bytes(try file.read(at: address, count: 16, label), label: label)
    let version = try prefix.uint8()
    guard version == 1 else { throw DescentError(.file, "\(label) has a header of version \(version); expected 1 or 2") }
    try prefix.skip(1)
    var left = try prefix.uint16()
    try prefix.skip(4)
    var blocks = [(address: address + 16, count: try prefix.uint32())]
    while let block = blocks.popLast() {
      var bytes = HDF5Bytes(try file.read(at: block.address, count: block.count, label), label: label)
      while bytes.remaining >= 8 && left > 0 {
        let (kind, count, flags) = (try bytes.uint16(), try bytes.uint16(), try bytes.uint8())
        try bytes.skip(3)
        try add(kind, flags, try bytes.take(count), &blocks)
        left -= 1
      }
    }
  }

  private mutating func readVersion2(at address: Int, of file: HDF5Input) throws {
    // The longest prefix: signature, version, flags, four times, two limits, a size of 8 bytes.
    let available = min(34, file.count - address)
    var prefix = HDF5Bytes(try file.read(at: address, count: available, label), label: label)
    try prefix.expect("OHDR")
    let (version, flags) = (try prefix.uint8(), try prefix.uint8())
    guard version == 2 else { throw DescentError(.file, "\(label) has a header of version \(version); expected 1 or 2") }
    if flags & 0x20 != 0 { try prefix.skip(16) }
    if flags & 0x10 != 0 { try prefix.skip(4) }
    let count = try prefix.number(1 << (flags & 3))
    let isOrdered = flags & 4 != 0
    var blocks: [(address: Int, count: Int)] = []
    try readMessages(at: address + prefix.position, count: count, isOrdered: isOrdered, of: file, &blocks)
    while let block = blocks.popLast() {
      // Signature before, checksum after.
      var start = HDF5Bytes(try file.read(at: block.address, count: 4, label), label: label)
      try start.expect("OCHK")
      guard block.count >= 8 else { throw DescentError(.file, "\(label) goes on in a block of \(block.count) bytes") }
      try readMessages(at: block.address + 4, count: block.count - 8, isOrdered: isOrdered, of: file, &blocks)
    }
  }

  private mutating func readMessages(
    at address: Int, count: Int, isOrdered: Bool, of file: HDF5Input, _ blocks: inout [(address: Int, count: Int)]
  ) throws {
    var bytes = HDF5Bytes(try file.read(at: address, count: count, label), label: label)
    while bytes.remaining >= (isOrdered ? 6 : 4) {
      let (kind, count, flags) = (try bytes.uint8(), try bytes.uint16(), try bytes.uint8())
      if isOrdered { try bytes.skip(2) }
      try add(kind, flags, try bytes.take(count), &blocks)
    }
  }

  private mutating func add(
    _ kind: Int, _ flags: Int, _ bytes: ArraySlice<UInt8>, _ blocks: inout [(address: Int, count: Int)]
  ) throws {
    if kind == HDF5ObjectHeader.continuation {
      var place = HDF5Bytes(bytes, label: label)
      blocks.append((try place.length(), try place.length()))
    }
    guard messages.count + blocks.count < HDF5ObjectHeader.greatestMessageCount else {
      throw DescentError(.file, "\(label) has more than \(HDF5ObjectHeader.greatestMessageCount) messages")
    }
    messages.append(Message(kind: kind, isShared: flags & 2 != 0, bytes: bytes))
  }

  /// The only message of a kind; nil if there is none.
  func bytes(_ kind: Int) throws -> HDF5Bytes? {
    guard let message = messages.first(where: { $0.kind == kind }) else { return nil }
    return try bytes(message)
  }

  func bytes(_ message: Message) throws -> HDF5Bytes {
    if message.isShared { throw HDF5Unsupported("shared header messages") }
    return HDF5Bytes(message.bytes, label: label)
  }
}
