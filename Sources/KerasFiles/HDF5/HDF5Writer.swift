import Descent

@preconcurrency import CHDF5

extension HDF5Contents {
  /// The contents as a file of the kind that Keras writes through h5py: superblock 0, groups of the old kind, attributes as
  /// variable-length UTF-8 strings, arrays contiguous and unfiltered. The same contents make the same bytes.
  /// - Parameter name: what to call the file in errors.
  package func encoded(name: String) throws -> [UInt8] {
    try HDF5Library.use { try HDF5Writer(name: name).encode(self) }
  }
}

/// Writes through libhdf5 to memory.
private struct HDF5Writer {
  let name: String

  private static let growth = 1 << 20
  /// `H5F_ACC_TRUNC`.
  private static let truncate: UInt32 = 2
  private static let variableLength = Int(bitPattern: UInt.max)

  func encode(_ contents: HDF5Contents) throws -> [UInt8] {
    let access = try handle(H5Pcreate(H5P_CLS_FILE_ACCESS_ID_g), H5Pclose)
    try check(H5Pset_fapl_core(access.id, HDF5Writer.growth, false))
    let file = try handle(H5Fcreate(HDF5Library.imageName, HDF5Writer.truncate, HDF5Library.standard, access.id), H5Fclose)
    try writeAttributes(contents, of: "", on: file)
    for path in contents.groups {
      let group = try handle(
        H5Gcreate2(file.id, path, HDF5Library.standard, HDF5Library.standard, HDF5Library.standard), H5Gclose)
      try writeAttributes(contents, of: path, on: group)
    }
    for path in contents.names {
      if let tensor = contents[path] { try write(tensor, path, contents, to: file) }
    }
    try check(H5Fflush(file.id, H5F_SCOPE_GLOBAL))
    let count = H5Fget_file_image(file.id, nil, 0)
    guard count > 0 else { throw failure }
    return try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      guard H5Fget_file_image(file.id, buffer.baseAddress, count) == count else { throw failure }
      initialized = count
    }
  }

  private func write(_ tensor: Tensor, _ path: String, _ contents: HDF5Contents, to file: HDF5Handle) throws {
    let space = try dataspace(tensor.shape)
    let creation = try handle(H5Pcreate(H5P_CLS_DATASET_CREATE_ID_g), H5Pclose)
    // Times of creation would make every file different.
    try check(H5Pset_obj_track_times(creation.id, false))
    let dataset = try handle(
      H5Dcreate2(file.id, path, type(tensor.dtype), space.id, HDF5Library.standard, creation.id, HDF5Library.standard), H5Dclose)
    if tensor.count > 0 {
      try tensor.withBytes { bytes in
        try check(
          H5Dwrite(
            dataset.id, type(tensor.dtype), HDF5Library.standard, HDF5Library.standard, HDF5Library.standard, bytes.baseAddress))
      }
    }
    try writeAttributes(contents, of: path, on: dataset)
  }

  private func writeAttributes(_ contents: HDF5Contents, of path: String, on object: HDF5Handle) throws {
    for (name, value) in contents.attributes(of: path) {
      switch value {
      case .strings(let strings): try write(strings, shape: strings.count == 1 ? [] : [strings.count], name, on: object)
      case .list(let strings): try write(strings, shape: [strings.count], name, on: object)
      case .numbers(let tensor):
        let space = try dataspace(tensor.shape)
        let attribute = try handle(
          H5Acreate2(object.id, name, type(tensor.dtype), space.id, HDF5Library.standard, HDF5Library.standard), H5Aclose)
        try tensor.withBytes { try check(H5Awrite(attribute.id, type(tensor.dtype), $0.baseAddress)) }
      }
    }
  }

  private func write(_ strings: [String], shape: [Int], _ name: String, on object: HDF5Handle) throws {
    let type = try handle(H5Tcopy(H5T_C_S1_g), H5Tclose)
    try check(H5Tset_size(type.id, HDF5Writer.variableLength))
    try check(H5Tset_cset(type.id, H5T_CSET_UTF8))
    let space = try dataspace(shape)
    let attribute = try handle(
      H5Acreate2(object.id, name, type.id, space.id, HDF5Library.standard, HDF5Library.standard), H5Aclose)
    // The texts one after another, each with its end, and where each begins.
    var texts: [CChar] = []
    let starts = strings.map { string in
      defer { texts += string.utf8CString }
      return texts.count
    }
    if strings.isEmpty { return }
    try texts.withUnsafeBufferPointer { texts in
      let pointers = starts.map { texts.baseAddress! + $0 }
      try pointers.withUnsafeBytes { try check(H5Awrite(attribute.id, type.id, $0.baseAddress)) }
    }
  }

  private func dataspace(_ shape: [Int]) throws -> HDF5Handle {
    if shape.isEmpty { return try handle(H5Screate(H5S_SCALAR), H5Sclose) }
    return try handle(H5Screate_simple(Int32(shape.count), shape.map { hsize_t($0) }, nil), H5Sclose)
  }

  /// Little-endian, as a tensor's elements lie in memory.
  private func type(_ dtype: DType) -> hid_t {
    switch dtype {
    case .float32: H5T_IEEE_F32LE_g
    case .float64: H5T_IEEE_F64LE_g
    case .int32: H5T_STD_I32LE_g
    case .uint8, .bool: H5T_STD_U8LE_g
    }
  }

  private var failure: DescentError { DescentError(.file, "\(name): libhdf5 cannot write it") }

  private func handle(_ id: hid_t, _ release: @escaping (hid_t) -> herr_t) throws -> HDF5Handle {
    try HDF5Handle(id, name, "libhdf5 cannot write it", release: release)
  }

  private func check(_ status: herr_t) throws {
    if status < 0 { throw failure }
  }
}
