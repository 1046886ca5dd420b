/// How numbers are stored in a file, and what they become in a tensor: what is not one of the tensor's own types is widened
/// (float16, bfloat16), or narrowed to `int32` with a check of each value.
package enum ElementType: Sendable, CaseIterable {
  case float16, bfloat16, float32, float64
  case int8, int16, int32, int64
  case uint8, uint16, uint32, uint64
  case bool

  package var byteCount: Int {
    switch self {
    case .int8, .uint8, .bool: 1
    case .float16, .bfloat16, .int16, .uint16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// The type in memory.
  package var dtype: DType {
    switch self {
    case .float16, .bfloat16, .float32: .float32
    case .float64: .float64
    case .uint8: .uint8
    case .bool: .bool
    case .int8, .int16, .int32, .int64, .uint16, .uint32, .uint64: .int32
    }
  }

  /// The type a tensor's elements are stored as.
  package init(_ dtype: DType) {
    self =
      switch dtype {
      case .float32: .float32
      case .float64: .float64
      case .int32: .int32
      case .uint8: .uint8
      case .bool: .bool
      }
  }

  /// Whether little-endian elements are those of a tensor as they are. Booleans are not: a file may hold other bytes than 0 and 1.
  private var isNative: Bool {
    switch self {
    case .float32, .float64, .int32, .uint8: true
    default: false
    }
  }
}

/// The number of elements of a shape that a file declares, checked against overflow and against a claimed size.
/// - Parameter byteCount: how many bytes the elements take in the file; `nil` when that is not known.
/// - Throws: ``DescentError`` of kind `file`.
package func checkedElementCount(_ shape: [Int], of type: ElementType, byteCount: Int?, name: String) throws -> Int {
  var count = 1
  var widest = 8
  for size in shape {
    let product = count.multipliedReportingOverflow(by: size)
    // The sizes without the zeros among them must be sane too, for shapes computed from this one.
    let bound = widest.multipliedReportingOverflow(by: max(size, 1))
    guard size >= 0, !product.overflow, !bound.overflow else {
      throw DescentError(.file, "\(name): its shape \(shape) is not possible")
    }
    count = product.partialValue
    widest = bound.partialValue
  }
  if let byteCount, byteCount != count * type.byteCount {
    throw DescentError(
      .file,
      "\(name): shape \(shape) of \(type) takes \(count * type.byteCount) bytes of data, found \(byteCount)")
  }
  return count
}

extension ByteStream {
  /// Reads the elements of a tensor.
  /// - Parameter shape: checked by `checkedElementCount`.
  package func tensor(shape: [Int], of type: ElementType, bigEndian: Bool, fortranOrder: Bool = false) throws -> Tensor {
    let count = shape.reduce(1, *)
    try checkFits(byteCount: count * type.dtype.byteCount, name: name)
    let stored = try Tensor(shape: shape, dtype: type.dtype) { bytes in
      try readElements(of: type, bigEndian: bigEndian, into: bytes)
    }
    return fortranOrder && shape.count(where: { $0 > 1 }) > 1 ? rowMajor(stored) : stored
  }

  /// Reads elements and stores them as those of a tensor of `type.dtype`.
  package func readElements(of type: ElementType, bigEndian: Bool, into bytes: UnsafeMutableRawBufferPointer) throws {
    if type.isNativeInFile(bigEndian: bigEndian) { return try fill(bytes, part: "the data") }
    let count = bytes.count / type.dtype.byteCount
    let chunk = 1 << 13
    try withUnsafeTemporaryAllocation(byteCount: chunk * 8, alignment: 16) { scratch in
      var done = 0
      while done < count {
        let step = min(chunk, count - done)
        let source = UnsafeMutableRawBufferPointer(rebasing: scratch[..<(step * type.byteCount)])
        try fill(source, part: "the data")
        let size = type.dtype.byteCount
        try type.convert(
          UnsafeRawBufferPointer(source), bigEndian: bigEndian,
          to: UnsafeMutableRawBufferPointer(rebasing: bytes[(done * size)..<((done + step) * size)]), firstIndex: done, name: name)
        done += step
      }
    }
  }
}

/// The tensor whose elements lie in `stored` with the first axis running fastest.
private func rowMajor(_ stored: Tensor) -> Tensor {
  func copy<Element>(_ source: UnsafeBufferPointer<Element>, _ target: UnsafeMutableBufferPointer<Element>) {
    if target.isEmpty { return }
    var strides = [1]
    for size in stored.shape.dropLast() { strides.append(strides.last! * size) }
    var index = Array(repeating: 0, count: stored.rank)
    let last = stored.rank - 1
    var offset = 0
    for position in 0..<target.count {
      target[position] = source[offset]
      var axis = last
      offset += strides[axis]
      index[axis] += 1
      while index[axis] == stored.shape[axis] && axis > 0 {
        offset += strides[axis - 1] - strides[axis] * index[axis]
        index[axis] = 0
        axis -= 1
        index[axis] += 1
      }
    }
  }
  return Tensor(shape: stored.shape, dtype: stored.dtype) { target in
    stored.withBytes { source in
      switch stored.dtype.byteCount {
      case 1: copy(source.bindMemory(to: UInt8.self), target.bindMemory(to: UInt8.self))
      case 4: copy(source.bindMemory(to: UInt32.self), target.bindMemory(to: UInt32.self))
      default: copy(source.bindMemory(to: UInt64.self), target.bindMemory(to: UInt64.self))
      }
    }
  }
}

extension ElementType {
  fileprivate func isNativeInFile(bigEndian: Bool) -> Bool { isNative && (!bigEndian || byteCount == 1) }

  /// Stores elements as they are in a file as those of a tensor of ``dtype``.
  /// - Parameter firstIndex: which element of the whole comes first, for errors.
  package func convert(
    _ source: UnsafeRawBufferPointer, bigEndian: Bool, to target: UnsafeMutableRawBufferPointer, firstIndex: Int = 0,
    name: String
  ) throws {
    if isNativeInFile(bigEndian: bigEndian) { return target.copyMemory(from: source) }
    func each<Stored: FixedWidthInteger, Target>(_ body: (Stored) -> Target?) throws {
      let stored = MemoryLayout<Stored>.size
      let size = MemoryLayout<Target>.size
      for index in 0..<(source.count / stored) {
        let raw = source.loadUnaligned(fromByteOffset: index * stored, as: Stored.self)
        let value = bigEndian ? Stored(bigEndian: raw) : Stored(littleEndian: raw)
        guard let converted = body(value) else {
          throw DescentError(
            .file,
            "\(name): element \(firstIndex + index) is \(value); \(self) is read as int32, from \(Int32.min) to \(Int32.max)")
        }
        target.storeBytes(of: converted, toByteOffset: index * size, as: Target.self)
      }
    }
    switch self {
    case .bool: try each { (value: UInt8) in value == 0 ? UInt8(0) : 1 }
    case .uint8: try each { (value: UInt8) in value }
    case .float32: try each { (value: UInt32) in value }
    case .float64: try each { (value: UInt64) in value }
    case .bfloat16: try each { (value: UInt16) in UInt32(value) << 16 }
    case .float16: try each { (value: UInt16) in widened(half: value) }
    case .int8: try each { (value: Int8) in Int32(value) }
    case .int16: try each { (value: Int16) in Int32(value) }
    case .int32: try each { (value: Int32) in value }
    case .uint16: try each { (value: UInt16) in Int32(value) }
    case .int64: try each { (value: Int64) in Int32(exactly: value) }
    case .uint32: try each { (value: UInt32) in Int32(exactly: value) }
    case .uint64: try each { (value: UInt64) in Int32(exactly: value) }
    }
  }
}

/// An IEEE 754 half as the `Float` of the same value. (Swift's `Float16` is not there on every platform.)
private func widened(half: UInt16) -> Float {
  let sign = UInt32(half & 0x8000) << 16
  let exponent = UInt32(half >> 10 & 0x1F)
  let fraction = UInt32(half & 0x3FF)
  switch exponent {
  case 0:
    let magnitude = Float(fraction) * 0x1p-24
    return sign == 0 ? magnitude : -magnitude
  case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
  default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
  }
}
