import Descent

extension HDF5Contents {
  /// Reads a file with the built-in reader, which knows what Keras and h5py write (arrays in one piece, groups and attributes
  /// of the old kind or small ones of the new) and takes nothing of what the file says on trust.
  /// - Throws: ``DescentError`` of kind `file`; `HDF5Unsupported` for what only libhdf5 can read.
  package init(parsing source: ByteSource) throws {
    let parser = HDF5Parser(source)
    self = try parser.read()
  }
}

/// Reads HDF5 files. Source: the HDF5 File Format Specification, version 3.0.
private final class HDF5Parser {
  private let file: HDF5Input
  private var contents = HDF5Contents()
  private var visited: Set<Int> = []
  private var heaps: [Int: HDF5GlobalHeap] = [:]
  /// The first thing that only libhdf5 can read. What comes after it is looked at nevertheless: a file with anything that leads
  /// outside does not go to libhdf5.
  private var unsupported: HDF5Unsupported?

  private static let greatestDepth = 64
  private static let greatestObjectCount = 1 << 20
  /// No longer than an attribute's name can be.
  private static let greatestNameLength = 1 << 16

  init(_ source: ByteSource) { file = HDF5Input(source) }

  func read() throws -> HDF5Contents {
    try readObject(at: try rootAddress(), path: "", depth: 0)
    if let unsupported { throw unsupported }
    return contents
  }

  /// Reads the superblock.
  private func rootAddress() throws -> Int {
    let label = "\(file.name): its superblock"
    guard file.count >= 48 else { throw DescentError(.file, "\(file.name): is not an HDF5 file: it has \(file.count) bytes") }
    var bytes = HDF5Bytes(try file.read(at: 0, count: min(file.count, 104), label), label: label)
    guard try bytes.take(8).elementsEqual([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]) else {
      throw DescentError(.file, "\(file.name): is not an HDF5 file: it does not begin with HDF5's signature")
    }
    let version = try bytes.uint8()
    let base: Int, end: Int?, root: Int
    switch version {
    case 0, 1:
      try bytes.skip(4)
      try checkWidths(offset: bytes.uint8(), length: bytes.uint8())
      try bytes.skip(version == 0 ? 9 : 13)
      base = try bytes.length()
      _ = try bytes.address()
      end = try bytes.address()
      // The driver of a file that is cut into several.
      if try bytes.address() != nil { throw HDF5Outside.severalFiles.refusal(file.name) }
      // The root's entry: a name that it has not, then where it lies.
      try bytes.skip(8)
      root = try bytes.length()
    case 2, 3:
      try checkWidths(offset: bytes.uint8(), length: bytes.uint8())
      try bytes.skip(1)
      base = try bytes.length()
      let more = try bytes.address()
      end = try bytes.address()
      root = try bytes.length()
      if base == 0, let more, try HDF5ObjectHeader(at: more, of: file).messages.contains(where: { $0.kind == HDF5ObjectHeader.driverInfo }) {
        throw HDF5Outside.severalFiles.refusal(file.name)
      }
    default:
      throw DescentError(.file, "\(label) has version \(version); expected 0 to 3")
    }
    if base != 0 { throw HDF5Unsupported("a user block") }
    if let end, end > file.count {
      throw DescentError(.file, "\(file.name): is truncated: it should have \(end) bytes and has \(file.count)")
    }
    return root
  }

  private func checkWidths(offset: Int, length: Int) throws {
    if offset != 8 || length != 8 { throw HDF5Unsupported("addresses of \(offset) and lengths of \(length) bytes") }
  }

  private func readObject(at address: Int, path: String, depth: Int) throws {
    guard visited.insert(address).inserted else {
      throw DescentError(.file, "\(file.name): '\(path)' is another name of something in the file, which Keras's files do not have")
    }
    guard depth <= HDF5Parser.greatestDepth, visited.count <= HDF5Parser.greatestObjectCount else {
      throw DescentError(.file, "\(file.name): has groups nested too deeply, or too many objects")
    }
    let header = try HDF5ObjectHeader(at: address, of: file)
    let attributes = try supported { try self.attributes(header, path) } ?? []
    if header.messages.contains(where: { $0.kind == HDF5ObjectHeader.layout }) {
      if let array = try supported({ try array(header, path, attributes) }) { contents.add(path, array) }
    } else {
      contents.addGroup(path)
    }
    for (name, value) in attributes { contents.setAttribute(name, of: path, to: value) }
    let links = try supported { try self.links(header, path) }
    for (name, address) in links ?? [] {
      try HDF5Outside.checkName(name, in: path, of: file.name)
      try readObject(at: address, path: path.isEmpty ? name : path + "/" + name, depth: depth + 1)
    }
  }

  /// The result of `body`; nil if that is something that only libhdf5 can read, which is noted.
  private func supported<Result>(_ body: () throws -> Result) throws -> Result? {
    do {
      return try body()
    } catch let error as HDF5Unsupported {
      unsupported = unsupported ?? error
      return nil
    }
  }

  // MARK: - Groups

  private func links(_ header: HDF5ObjectHeader, _ path: String) throws -> [(name: String, address: Int)] {
    if var info = try header.bytes(HDF5ObjectHeader.linkInfo) {
      try info.skip(1)
      if try info.uint8() & 1 != 0 { try info.skip(8) }
      if try info.address() != nil { throw HDF5Unsupported("large groups of the new kind") }
    }
    var links: [(name: String, address: Int)] = []
    for message in header.messages where message.kind == HDF5ObjectHeader.link {
      var bytes = try header.bytes(message)
      links.append(try link(&bytes, path))
    }
    if var table = try header.bytes(HDF5ObjectHeader.symbolTable) {
      let (tree, heap) = (try table.length(), try table.length())
      try readSymbols(tree, names: try localHeap(at: heap), path: path, depth: 0, into: &links)
    }
    return links
  }

  private func link(_ bytes: inout HDF5Bytes, _ path: String) throws -> (name: String, address: Int) {
    let (version, flags) = (try bytes.uint8(), try bytes.uint8())
    guard version == 1 else { throw DescentError(.file, "\(bytes.label): a link of version \(version); expected 1") }
    let kind = flags & 8 != 0 ? try bytes.uint8() : 0
    if flags & 4 != 0 { try bytes.skip(8) }
    if flags & 16 != 0 { try bytes.skip(1) }
    let name = try bytes.text(try bytes.number(1 << (flags & 3)))
    let label = "\(file.name): \(path.isEmpty ? name : path + "/" + name)"
    switch kind {
    case 0: return (name, try bytes.length())
    case 1: throw HDF5Outside.softLink.refusal(label)
    case 64: throw HDF5Outside.externalLink.refusal(label)
    default: throw HDF5Outside.userDefinedLink.refusal(label)
    }
  }

  private func localHeap(at address: Int) throws -> HDF5Bytes {
    let label = "\(file.name): the local heap at byte \(address)"
    var bytes = HDF5Bytes(try file.read(at: address, count: 32, label), label: label)
    try bytes.expect("HEAP")
    try bytes.skip(4)
    let count = try bytes.length()
    try bytes.skip(8)
    return HDF5Bytes(try file.read(at: try bytes.length(), count: count, label), label: label)
  }

  /// A link's name, which counts as often as links are called by it.
  private func name(at place: Int, in names: HDF5Bytes) throws -> String {
    var name = names
    try name.skip(place)
    let text = try name.text(min(name.remaining, HDF5Parser.greatestNameLength))
    guard text.utf8.count < HDF5Parser.greatestNameLength else {
      throw DescentError(.file, "\(names.label): the name at byte \(place) is longer than \(HDF5Parser.greatestNameLength) bytes")
    }
    try file.spend(text.utf8.count)
    return text
  }

  private func readSymbols(
    _ address: Int, names: HDF5Bytes, path: String, depth: Int, into links: inout [(name: String, address: Int)]
  ) throws {
    let label = "\(file.name): the group's tree at byte \(address)"
    guard depth <= HDF5Parser.greatestDepth else { throw DescentError(.file, "\(label) is too deep") }
    var start = HDF5Bytes(try file.read(at: address, count: 8, label), label: label)
    if try start.take(4).elementsEqual("SNOD".utf8) {
      try start.skip(2)
      let count = try start.uint16()
      var entries = HDF5Bytes(try file.read(at: address + 8, count: 40 * count, label), label: label)
      for _ in 0..<count {
        let text = try self.name(at: try entries.length(), in: names)
        let object = try entries.address()
        let kind = try entries.uint32()
        try entries.skip(20)
        guard kind != 2, let object else { throw HDF5Outside.softLink.refusal("\(file.name): \(path.isEmpty ? text : path + "/" + text)") }
        links.append((text, object))
      }
      return
    }
    var prefix = HDF5Bytes(try file.read(at: address, count: 24, label), label: label)
    try prefix.expect("TREE")
    guard try prefix.uint8() == 0 else { throw DescentError(.file, "\(label) is not that of a group") }
    try prefix.skip(1)
    let count = try prefix.uint16()
    var children = HDF5Bytes(try file.read(at: address + 24, count: 16 * count, label), label: label)
    for _ in 0..<count {
      try children.skip(8)
      try readSymbols(try children.length(), names: names, path: path, depth: depth + 1, into: &links)
    }
  }

  // MARK: - Arrays

  private func array(
    _ header: HDF5ObjectHeader, _ path: String, _ attributes: [(name: String, value: HDF5Contents.Value)]
  ) throws -> Tensor {
    let label = "\(file.name): \(path)"
    if header.messages.contains(where: { $0.kind == HDF5ObjectHeader.externalFiles }) {
      throw HDF5Outside.externalStorage.refusal(label)
    }
    guard var layout = try header.bytes(HDF5ObjectHeader.layout) else { throw DescentError(.file, "\(label): has no layout") }
    let storage = try HDF5Layout(&layout, label: label)
    guard var spaceBytes = try header.bytes(HDF5ObjectHeader.dataspace), var typeBytes = try header.bytes(HDF5ObjectHeader.datatype)
    else { throw DescentError(.file, "\(label): has no dataspace or no datatype") }
    if header.messages.contains(where: { $0.kind == HDF5ObjectHeader.filters }) { throw HDF5Unsupported("compressed arrays") }
    let shape = try HDF5Dataspace(&spaceBytes).shape
    let datatype = try HDF5Datatype(&typeBytes)
    let (type, isBigEndian) = try elementType(datatype, label, attributes)
    let count = try checkedElementCount(shape, of: type, byteCount: nil, name: label)
    guard count <= .max / 8 else { throw DescentError(.file, "\(label): its shape \(shape) is not possible") }
    let byteCount = count * type.byteCount
    switch storage {
    case .contiguous(nil, _):
      // Nothing was ever written to it.
      guard byteCount == 0 else { throw DescentError(.file, "\(label): has the shape \(shape) but no data") }
      return Tensor.zeros(shape, dtype: type.dtype)
    case .contiguous(let address?, let size):
      guard size == nil || size == byteCount else {
        throw DescentError(.file, "\(label): shape \(shape) of \(type) takes \(byteCount) bytes, but \(size ?? 0) are stored")
      }
      return try file.tensor(at: address, shape: shape, of: type, isBigEndian: isBigEndian, label)
    case .compact(let bytes):
      guard bytes.count == byteCount else {
        throw DescentError(.file, "\(label): shape \(shape) of \(type) takes \(byteCount) bytes, but \(bytes.count) are stored")
      }
      return try tensor(bytes, shape, type, isBigEndian, label)
    }
  }

  private func elementType(
    _ datatype: HDF5Datatype, _ label: String, _ attributes: [(name: String, value: HDF5Contents.Value)]
  ) throws -> (ElementType, isBigEndian: Bool) {
    switch datatype {
    case .number(let type, let isBigEndian): return (type, isBigEndian)
    case .opaque(2):
      // How Keras stores what h5py has no type for.
      for case ("dtype", .strings(["bfloat16"])) in attributes { return (.bfloat16, false) }
      throw DescentError(.file, "\(label): holds opaque elements of 2 bytes, and no attribute says that they are bfloat16")
    default: throw DescentError(.file, "\(label): holds something else than numbers")
    }
  }

  private func tensor(
    _ bytes: ArraySlice<UInt8>, _ shape: [Int], _ type: ElementType, _ isBigEndian: Bool, _ label: String
  ) throws -> Tensor {
    try SourceStream(ByteSource(Array(bytes), name: label)).tensor(shape: shape, of: type, bigEndian: isBigEndian)
  }

  // MARK: - Attributes

  private func attributes(_ header: HDF5ObjectHeader, _ path: String) throws -> [(name: String, value: HDF5Contents.Value)] {
    if var info = try header.bytes(HDF5ObjectHeader.attributeInfo) {
      try info.skip(1)
      if try info.uint8() & 1 != 0 { try info.skip(2) }
      if try info.address() != nil { throw HDF5Unsupported("many attributes on one object") }
    }
    var attributes: [(name: String, value: HDF5Contents.Value)] = []
    for message in header.messages where message.kind == HDF5ObjectHeader.attribute {
      var bytes = try header.bytes(message)
      attributes.append(try attribute(&bytes, path))
    }
    return attributes
  }

  private func attribute(_ bytes: inout HDF5Bytes, _ path: String) throws -> (name: String, value: HDF5Contents.Value) {
    let (version, flags) = (try bytes.uint8(), try bytes.uint8())
    guard (1...3).contains(version) else {
      throw DescentError(.file, "\(bytes.label): an attribute of version \(version); expected 1 to 3")
    }
    if version > 1 && flags & 3 != 0 { throw HDF5Unsupported("attributes with a type of their own name") }
    let (nameCount, typeCount, spaceCount) = (try bytes.uint16(), try bytes.uint16(), try bytes.uint16())
    if version == 3 { try bytes.skip(1) }
    func part(_ count: Int) throws -> HDF5Bytes {
      let part = HDF5Bytes(try bytes.take(count), label: bytes.label)
      // In the first version each part takes a multiple of 8 bytes.
      if version == 1 { try bytes.skip((8 - count % 8) % 8) }
      return part
    }
    var nameBytes = try part(nameCount)
    let name = try nameBytes.text(nameCount)
    var typeBytes = try part(typeCount)
    var spaceBytes = try part(spaceCount)
    let type = try HDF5Datatype(&typeBytes)
    let shape = try HDF5Dataspace(&spaceBytes).shape
    let label = "\(file.name): \(path): the attribute \(name)"
    let count = try checkedElementCount(shape, of: .uint8, byteCount: nil, name: label)
    guard count <= bytes.remaining / type.byteCount else {
      throw DescentError(.file, "\(label): shape \(shape) does not fit its \(bytes.remaining) bytes")
    }
    var elements = HDF5Bytes(try bytes.take(count * type.byteCount), label: label)
    switch type {
    case .number(let type, let isBigEndian):
      return (name, .numbers(try tensor(elements.take(elements.count), shape, type, isBigEndian, label)))
    case .fixedString(let size, let isSpacePadded):
      return (name, .strings(try (0..<count).map { _ in
        let text = try elements.text(size)
        return isSpacePadded ? String(text.reversed().drop { $0 == " " }.reversed()) : text
      }))
    case .variableString:
      return (name, .strings(try (0..<count).map { _ in try variableString(&elements) }))
    case .opaque:
      throw HDF5Unsupported("opaque attributes")
    }
  }

  private func variableString(_ bytes: inout HDF5Bytes) throws -> String {
    let count = try bytes.uint32()
    let (address, index) = (try bytes.length(), try bytes.uint32())
    if count == 0 { return "" }
    if heaps[address] == nil { heaps[address] = try HDF5GlobalHeap(at: address, of: file) }
    var object = HDF5Bytes(try heaps[address]!.object(index, of: file), label: bytes.label)
    return try object.text(count)
  }
}
