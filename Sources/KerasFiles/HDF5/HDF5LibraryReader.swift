import Descent

@preconcurrency import CHDF5

extension HDF5Contents {
  /// Reads a file that is in memory through libhdf5, which knows all that HDF5 has: compressed arrays, the newer kinds of groups.
  ///
  /// libhdf5 believes what a file says, and a file made to harm can make it crash or worse: use this for files of known origin,
  /// or in a process that may die.
  /// - Parameter name: what to call the file in errors.
  package init(trusting bytes: [UInt8], name: String) throws {
    self = try HDF5Library.use {
      var reader = HDF5LibraryReader(bytes, name: name)
      return try reader.read()
    }
  }
}

private struct HDF5LibraryReader {
  let bytes: [UInt8]
  /// What errors call it.
  let path: String
  private var contents = HDF5Contents()
  private var visited: Set<haddr_t> = []

  init(_ bytes: [UInt8], name: String) {
    self.bytes = bytes
    path = name
  }

  mutating func read() throws -> HDF5Contents {
    let access = try handle(H5Pcreate(H5P_CLS_FILE_ACCESS_ID_g), "libhdf5 cannot read it", H5Pclose)
    var image = bytes
    try check(H5Pset_fapl_core(access.id, max(image.count, 1), false), "")
    try image.withUnsafeMutableBytes { try check(H5Pset_file_image(access.id, $0.baseAddress, $0.count), "") }
    let file = try handle(H5Fopen(HDF5Library.imageName, 0, access.id), "libhdf5 cannot read it", H5Fclose)
    let root = try handle(H5Gopen2(file.id, "/", HDF5Library.standard), "it has no root group", H5Gclose)
    try readGroup(root, "")
    return contents
  }

  private mutating func readGroup(_ group: HDF5Handle, _ path: String) throws {
    contents.addGroup(path)
    try readAttributes(group, path)
    var info = H5G_info_t()
    try check(H5Gget_info(group.id, &info), path)
    for index in 0..<info.nlinks {
      let name = try text(path) { buffer, count in
        H5Lget_name_by_idx(group.id, ".", H5_INDEX_NAME, H5_ITER_INC, index, buffer, count, HDF5Library.standard)
      }
      try HDF5Outside.checkName(name, in: path, of: self.path)
      let member = path.isEmpty ? name : path + "/" + name
      var link = H5L_info_t()
      try check(H5Lget_info(group.id, name, &link, HDF5Library.standard), member)
      switch link.type {
      case H5L_TYPE_HARD: break
      case H5L_TYPE_SOFT: throw HDF5Outside.softLink.refusal("\(self.path): \(member)")
      case H5L_TYPE_EXTERNAL: throw HDF5Outside.externalLink.refusal("\(self.path): \(member)")
      default: throw HDF5Outside.userDefinedLink.refusal("\(self.path): \(member)")
      }
      guard visited.insert(link.u.address).inserted else {
        throw DescentError(.file, "\(self.path): '\(member)' is another name of something in the file")
      }
      let object = try handle(H5Oopen(group.id, name, HDF5Library.standard), "\(member) cannot be opened", H5Oclose)
      switch H5Iget_type(object.id) {
      case H5I_GROUP: try readGroup(object, member)
      case H5I_DATASET:
        contents.add(member, try array(object, member))
        try readAttributes(object, member)
      default: throw DescentError(.file, "\(self.path): '\(member)' is neither a group nor an array")
      }
    }
  }

  // MARK: - Arrays

  private func array(_ dataset: HDF5Handle, _ name: String) throws -> Tensor {
    // Before anything is asked of it: the extent of a virtual dataset may depend on other files, which would be opened.
    try checkLiesInFile(dataset, name)
    let space = try handle(H5Dget_space(dataset.id), "\(name) has no dataspace", H5Sclose)
    let type = try handle(H5Dget_type(dataset.id), "\(name) has no datatype", H5Tclose)
    let shape = try self.shape(space, name)
    let (element, memory) = try elementType(type, name)
    let count = try checkedElementCount(shape, of: element, byteCount: nil, name: "\(path): \(name)")
    // 1,032 is the most that HDF5's usual compression can do; what was never written has no size at all.
    let stored = Int(clamping: H5Dget_storage_size(dataset.id))
    guard count == 0 || count / 1032 <= stored / element.byteCount else {
      throw DescentError(.file, "\(path): \(name): shape \(shape) of \(element) cannot come from \(stored) stored bytes")
    }
    try checkFits(byteCount: count * 8, name: "\(path): \(name)")
    return try read(count, shape, element, name) { buffer in
      H5Dread(dataset.id, memory, HDF5Library.standard, HDF5Library.standard, HDF5Library.standard, buffer)
    }
  }

  private func checkLiesInFile(_ dataset: HDF5Handle, _ name: String) throws {
    let creation = try handle(H5Dget_create_plist(dataset.id), "\(name) cannot be opened", H5Pclose)
    if H5Pget_external_count(creation.id) != 0 { throw HDF5Outside.externalStorage.refusal("\(path): \(name)") }
    if H5Pget_layout(creation.id) == H5D_VIRTUAL { throw HDF5Outside.virtualDataset.refusal("\(path): \(name)") }
  }

  private func read(
    _ count: Int, _ shape: [Int], _ element: ElementType, _ name: String, _ read: (UnsafeMutableRawPointer?) -> herr_t
  ) throws -> Tensor {
    if count == 0 { return Tensor.zeros(shape, dtype: element.dtype) }
    let bytes = try [UInt8](unsafeUninitializedCapacity: count * element.byteCount) { buffer, initialized in
      buffer.initialize(repeating: 0)
      try check(read(buffer.baseAddress), name)
      initialized = count * element.byteCount
    }
    return try SourceStream(ByteSource(bytes, name: "\(path): \(name)")).tensor(shape: shape, of: element, bigEndian: false)
  }

  /// What elements are in a file of ours, and libhdf5's name for that.
  private func elementType(_ type: HDF5Handle, _ name: String) throws -> (ElementType, hid_t) {
    let size = H5Tget_size(type.id)
    switch H5Tget_class(type.id) {
    case H5T_INTEGER:
      let isSigned = H5Tget_sign(type.id) == H5T_SGN_2
      switch size {
      case 1: return isSigned ? (.int8, H5T_STD_I8LE_g) : (.uint8, H5T_STD_U8LE_g)
      case 2: return isSigned ? (.int16, H5T_STD_I16LE_g) : (.uint16, H5T_STD_U16LE_g)
      case 4: return isSigned ? (.int32, H5T_STD_I32LE_g) : (.uint32, H5T_STD_U32LE_g)
      case 8: return isSigned ? (.int64, H5T_STD_I64LE_g) : (.uint64, H5T_STD_U64LE_g)
      default: break
      }
    case H5T_FLOAT:
      // Halves and the like widen exactly.
      if size <= 4 { return (.float32, H5T_IEEE_F32LE_g) }
      if size == 8 { return (.float64, H5T_IEEE_F64LE_g) }
    case H5T_ENUM where size == 1 && H5Tget_nmembers(type.id) == 2: return (.bool, H5T_STD_I8LE_g)
    case H5T_OPAQUE where size == 2: return (.bfloat16, type.id)
    default: break
    }
    throw DescentError(.file, "\(path): \(name): holds something else than numbers")
  }

  private func shape(_ space: HDF5Handle, _ name: String) throws -> [Int] {
    switch H5Sget_simple_extent_type(space.id) {
    case H5S_SCALAR: return []
    case H5S_NULL: return [0]
    default:
      let rank = H5Sget_simple_extent_ndims(space.id)
      guard rank >= 0 else { throw failure(name) }
      var sizes = [hsize_t](repeating: 0, count: Int(rank))
      guard H5Sget_simple_extent_dims(space.id, &sizes, nil) == rank else { throw failure(name) }
      return try sizes.map { size in
        guard let size = Int(exactly: size) else { throw failure(name) }
        return size
      }
    }
  }

  // MARK: - Attributes

  private mutating func readAttributes(_ object: HDF5Handle, _ path: String) throws {
    let count = H5Aget_num_attrs(object.id)
    for index in 0..<hsize_t(max(count, 0)) {
      let attribute = try handle(
        H5Aopen_by_idx(object.id, ".", H5_INDEX_NAME, H5_ITER_INC, index, HDF5Library.standard, HDF5Library.standard),
        "an attribute of '\(path)' cannot be opened", H5Aclose)
      let name = try text(path) { H5Aget_name(attribute.id, $1, $0) }
      contents.setAttribute(name, of: path, to: try value(attribute, "\(path): the attribute \(name)"))
    }
  }

  private func value(_ attribute: HDF5Handle, _ name: String) throws -> HDF5Contents.Value {
    let space = try handle(H5Aget_space(attribute.id), "\(name) has no dataspace", H5Sclose)
    let type = try handle(H5Aget_type(attribute.id), "\(name) has no datatype", H5Tclose)
    let shape = try self.shape(space, name)
    let count = try checkedElementCount(shape, of: .uint8, byteCount: nil, name: "\(path): \(name)")
    guard H5Tget_class(type.id) == H5T_STRING else {
      let (element, memory) = try elementType(type, name)
      try checkFits(byteCount: count * 8, name: "\(path): \(name)")
      return .numbers(try read(count, shape, element, name) { H5Aread(attribute.id, memory, $0) })
    }
    if count == 0 { return .strings([]) }
    return .strings(H5Tis_variable_str(type.id) > 0
      ? try variableStrings(attribute, type, space, count, name) : try fixedStrings(attribute, type, count, name))
  }

  private func variableStrings(
    _ attribute: HDF5Handle, _ type: HDF5Handle, _ space: HDF5Handle, _ count: Int, _ name: String
  ) throws -> [String] {
    try checkFits(byteCount: count * 8, name: "\(path): \(name)")
    var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
    try pointers.withUnsafeMutableBytes { try check(H5Aread(attribute.id, type.id, $0.baseAddress), name) }
    defer { pointers.withUnsafeMutableBytes { _ = H5Dvlen_reclaim(type.id, space.id, HDF5Library.standard, $0.baseAddress) } }
    return pointers.map { $0.map { String(cString: $0) } ?? "" }
  }

  private func fixedStrings(_ attribute: HDF5Handle, _ type: HDF5Handle, _ count: Int, _ name: String) throws -> [String] {
    let size = H5Tget_size(type.id)
    let total = count.multipliedReportingOverflow(by: size)
    if total.overflow { throw failure(name) }
    try checkFits(byteCount: total.partialValue, name: "\(path): \(name)")
    var bytes = [UInt8](repeating: 0, count: total.partialValue)
    try bytes.withUnsafeMutableBytes { try check(H5Aread(attribute.id, type.id, $0.baseAddress), name) }
    let isSpacePadded = H5Tget_strpad(type.id) == H5T_STR_SPACEPAD
    return (0..<count).map { index in
      let text = String(decoding: bytes[(index * size)..<((index + 1) * size)].prefix { $0 != 0 }, as: UTF8.self)
      return isSpacePadded ? String(text.reversed().drop { $0 == " " }.reversed()) : text
    }
  }

  // MARK: - Calls that may fail

  /// Text of a length that the call tells when it is given no room.
  private func text(_ what: String, _ call: (UnsafeMutablePointer<CChar>?, Int) -> Int) throws -> String {
    let count = call(nil, 0)
    guard count >= 0, count < 1 << 16 else { throw failure(what) }
    var buffer = [CChar](repeating: 0, count: count + 1)
    guard call(&buffer, buffer.count) == count else { throw failure(what) }
    return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func failure(_ what: String) -> DescentError {
    DescentError(.file, "\(path): libhdf5 cannot read '\(what)'")
  }

  private func handle(_ id: hid_t, _ failure: String, _ release: @escaping (hid_t) -> herr_t) throws -> HDF5Handle {
    try HDF5Handle(id, path, failure, release: release)
  }

  private func check(_ status: herr_t, _ what: String) throws {
    if status < 0 { throw failure(what) }
  }
}
