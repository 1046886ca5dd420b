/// Python's pickle format, as far as data sets need it: numbers, texts, bytes, lists, tuples, dictionaries and NumPy arrays.
///
/// A pickle is a program for a machine with a stack, and Python's own reader may call anything it names. This one calls nothing: of
/// names it knows those that NumPy gives arrays, and refuses the rest. Containers live in tables by number, so that neither depth nor
/// cycles matter, and every instruction makes at most one value: memory stays proportional to the file. Protocols 1 to 5; what only
/// protocol 0 writes is refused. Source: Python's `pickletools`.
struct Pickle {
  /// A value; containers are numbers of tables.
  enum Value: Equatable {
    case none
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case bytes(Int)
    case list(Int)
    case tuple(Int)
    case dictionary(Int)
    case global(Name)
    case dtype(Int)
    case array(Int)
    case mark
  }

  /// What a pickle may name.
  enum Name: String {
    case reconstruct = "multiarray._reconstruct"
    case ndarray = "numpy.ndarray"
    case dtype = "numpy.dtype"
    case encode = "_codecs.encode"

    init?(module: String, name: String) {
      switch (module, name) {
      case ("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"): self = .reconstruct
      case ("numpy", "ndarray"): self = .ndarray
      case ("numpy", "dtype"): self = .dtype
      case ("_codecs", "encode"): self = .encode
      default: return nil
      }
    }
  }

  struct ElementKind {
    var code: String
    var isBigEndian = false
  }

  struct Array {
    var shape: [Int] = []
    var kind: ElementKind?
    var isFortranOrder = false
    /// Bytes, or a list of objects.
    var data: Value = .none
  }

  let root: Value
  let name: String
  private let byteCount: Int
  private let strings: [[UInt8]]
  private let lists: [[Value]]
  private let dictionaries: [[(key: Value, value: Value)]]
  private let arrays: [Array]

  /// - Throws: ``DescentError`` of kind `file`.
  init(_ bytes: [UInt8], name: String) throws {
    var machine = PickleMachine(bytes: bytes, name: name)
    root = try machine.run()
    self.name = name
    byteCount = bytes.count
    strings = machine.strings
    lists = machine.lists
    dictionaries = machine.dictionaries
    arrays = machine.arrays
  }

  /// The bytes of a text or of bytes.
  func bytes(_ value: Value?) -> [UInt8]? { if case .bytes(let index) = value { strings[index] } else { nil } }

  func text(_ value: Value?) -> String? { bytes(value).map { String(decoding: $0, as: UTF8.self) } }

  /// The elements of a list, a tuple, or an array of objects.
  func elements(_ value: Value?) -> [Value]? {
    switch value {
    case .list(let index), .tuple(let index): return lists[index]
    case .array(let index):
      guard arrays[index].kind?.code == "O", arrays[index].shape.count == 1 else { return nil }
      return elements(arrays[index].data)
    default: return nil
    }
  }

  /// The value of a key that is a text, in a dictionary.
  subscript(dictionary: Value, key: String) -> Value? {
    guard case .dictionary(let index) = dictionary else { return nil }
    return dictionaries[index].last { text($0.key) == key }?.value
  }

  /// A list of whole numbers, or an array of one axis.
  func integers(_ value: Value?) throws -> [Int32]? {
    if case .array(let index) = value, arrays[index].kind?.code != "O" {
      guard let numbers = try tensor(value) else { return nil }
      guard numbers.rank == 1, !numbers.dtype.isFloatingPoint else {
        throw DescentError(.file, "\(name): an array holds \(numbers.dtype) \(numbers.shape); expected whole numbers on one axis")
      }
      return numbers.cast(to: .int32).scalars()
    }
    guard let elements = elements(value) else { return nil }
    return try elements.map { element in
      guard case .integer(let number) = element, let narrow = Int32(exactly: number) else {
        throw DescentError(.file, "\(name): expected whole numbers that fit 32 bits, found \(element)")
      }
      return narrow
    }
  }

  /// Lists of whole numbers of unequal lengths.
  func sequences(_ value: Value?) throws -> [[Int32]] {
    guard let rows = elements(value) else { throw DescentError(.file, "\(name): expected an array of lists, found \(root)") }
    var count = 0
    return try rows.map { row in
      guard let numbers = try integers(row) else { throw DescentError(.file, "\(name): expected lists of whole numbers, found \(row)") }
      // One list that is named many times would make a small file large.
      count += numbers.count
      guard count <= byteCount else { throw DescentError(.file, "\(name): its lists have more elements than the file has bytes") }
      return numbers
    }
  }

  /// An array of numbers.
  func tensor(_ value: Value?) throws -> Tensor? {
    guard case .array(let index) = value else { return nil }
    let array = arrays[index]
    guard let kind = array.kind, let type = NPYHeader.type(code: kind.code), let data = bytes(array.data) else {
      throw DescentError(.file, "\(name): an array of type \(array.kind?.code ?? "unknown") cannot be read as numbers")
    }
    _ = try checkedElementCount(array.shape, of: type, byteCount: data.count, name: name)
    return try SourceStream(ByteSource(data, name: name)).tensor(
      shape: array.shape, of: type, bigEndian: kind.isBigEndian, fortranOrder: array.isFortranOrder)
  }
}

/// Runs the instructions of a pickle.
private struct PickleMachine {
  let bytes: [UInt8]
  let name: String
  var strings: [[UInt8]] = []
  var lists: [[Pickle.Value]] = []
  var dictionaries: [[(key: Pickle.Value, value: Pickle.Value)]] = []
  var arrays: [Pickle.Array] = []

  private var position = 0
  private var stack: [Pickle.Value] = []
  private var marks: [Int] = []
  private var memo: [Int: Pickle.Value] = [:]
  private var kinds: [Pickle.ElementKind] = []

  init(bytes: [UInt8], name: String) {
    self.bytes = bytes
    self.name = name
  }

  mutating func run() throws -> Pickle.Value {
    while true {
      let start = position
      let code = try byte()
      switch code {
      case UInt8(ascii: "."):
        let value = try pop()
        guard position == bytes.count else { throw fault("data follow after its end") }
        return value
      case 0x80: _ = try byte()  // PROTO
      case 0x95: _ = try take(8)  // FRAME
      case UInt8(ascii: "("):
        marks.append(stack.count)
      case UInt8(ascii: "0"): _ = try pop()
      case UInt8(ascii: "1"): _ = try popToMark()
      case UInt8(ascii: "2"): stack.append(try top())
      case UInt8(ascii: "N"): stack.append(.none)
      case 0x88: stack.append(.bool(true))
      case 0x89: stack.append(.bool(false))
      case UInt8(ascii: "J"): stack.append(.integer(Int(Int32(truncatingIfNeeded: try number(4)))))
      case UInt8(ascii: "K"): stack.append(.integer(try number(1)))
      case UInt8(ascii: "M"): stack.append(.integer(try number(2)))
      case 0x8A: try pushLong(byteCount: number(1))
      case 0x8B: try pushLong(byteCount: number(4))
      case UInt8(ascii: "G"):
        let pattern = try take(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        stack.append(.number(Double(bitPattern: pattern)))
      case UInt8(ascii: "T"), UInt8(ascii: "B"), UInt8(ascii: "X"): try pushBytes(number(4))
      case UInt8(ascii: "U"), UInt8(ascii: "C"), 0x8C: try pushBytes(number(1))
      case 0x8D, 0x8E, 0x96: try pushBytes(number(8))
      case UInt8(ascii: "]"): push(list: [])
      case UInt8(ascii: "l"): push(list: try popToMark())
      case UInt8(ascii: "a"): try append([pop()])
      case UInt8(ascii: "e"): try append(popToMark())
      case UInt8(ascii: ")"): push(tuple: [])
      case UInt8(ascii: "t"): push(tuple: try popToMark())
      case 0x85, 0x86, 0x87: push(tuple: try pop(Int(code) - 0x84))
      case UInt8(ascii: "}"):
        dictionaries.append([])
        stack.append(.dictionary(dictionaries.count - 1))
      case UInt8(ascii: "d"):
        let items = try popToMark()
        dictionaries.append([])
        stack.append(.dictionary(dictionaries.count - 1))
        try setItems(items)
      case UInt8(ascii: "s"): try setItems(pop(2))
      case UInt8(ascii: "u"): try setItems(popToMark())
      case UInt8(ascii: "h"): try recall(number(1))
      case UInt8(ascii: "j"): try recall(number(4))
      case UInt8(ascii: "q"): memo[try number(1)] = try top()
      case UInt8(ascii: "r"): memo[try number(4)] = try top()
      case 0x94: memo[memo.count] = try top()
      case UInt8(ascii: "c"): try pushGlobal(module: line(), name: line())
      case 0x93:
        let names = try pop(2)
        guard let module = text(names[0]), let name = text(names[1]) else { throw fault("a name is no text", at: start) }
        try pushGlobal(module: module, name: name)
      case UInt8(ascii: "R"): try reduce()
      case UInt8(ascii: "b"): try build()
      default:
        throw fault("the instruction \(code) is not one of those that data sets need", at: start)
      }
    }
  }

  // MARK: - Objects

  private mutating func pushGlobal(module: String, name: String) throws {
    guard let known = Pickle.Name(module: module, name: name) else {
      throw fault("names \(module.prefix(60)).\(name.prefix(60)); nothing but NumPy's arrays is made from a file")
    }
    stack.append(.global(known))
  }

  private mutating func reduce() throws {
    let values = try pop(2)
    guard case .global(let name) = values[0], case .tuple(let index) = values[1] else { throw fault("calls something that is no name") }
    let arguments = lists[index]
    switch name {
    case .reconstruct:
      guard arguments.first == .global(.ndarray) else { throw fault("makes something that is no array") }
      arrays.append(Pickle.Array())
      stack.append(.array(arrays.count - 1))
    case .dtype:
      guard let code = text(arguments.first) else { throw fault("has an array of a type that is no text") }
      // "<i4" and "i4" are both written.
      let order = code.first ?? " "
      let bare = "<>|=".contains(order) ? String(code.dropFirst()) : code
      kinds.append(Pickle.ElementKind(code: bare.hasPrefix("O") ? "O" : bare, isBigEndian: order == ">"))
      stack.append(.dtype(kinds.count - 1))
    case .encode:
      // Python 3 writes bytes for Python 2 as a text of which each character is one byte.
      guard let text = text(arguments.first), let encoding = self.text(arguments.dropFirst().first), encoding == "latin1" else {
        throw fault("encodes something that is no latin1 text")
      }
      let narrow = try text.unicodeScalars.map { scalar in
        guard let byte = UInt8(exactly: scalar.value) else { throw fault("encodes a character that is not latin1") }
        return byte
      }
      strings.append(narrow)
      stack.append(.bytes(strings.count - 1))
    case .ndarray: throw fault("calls numpy.ndarray")
    }
  }

  private mutating func build() throws {
    let state = try pop()
    guard case .tuple(let index) = state else { throw fault("the state of an object is no tuple") }
    let parts = lists[index]
    switch try top() {
    case .dtype(let kind):
      guard parts.count > 1, let order = text(parts[1]) else { throw fault("the state of a type is broken") }
      kinds[kind].isBigEndian = order == ">"
    case .array(let array):
      guard parts.count == 5, case .tuple(let sizes) = parts[1], case .dtype(let kind) = parts[2] else {
        throw fault("the state of an array is broken")
      }
      arrays[array].shape = try lists[sizes].map { size in
        guard case .integer(let size) = size, size >= 0 else { throw fault("the shape of an array is broken") }
        return size
      }
      guard arrays[array].shape.count <= 64 else { throw fault("an array has more than 64 axes") }
      arrays[array].kind = kinds[kind]
      switch parts[3] {
      case .bool(let value): arrays[array].isFortranOrder = value
      case .integer(let value): arrays[array].isFortranOrder = value != 0
      default: throw fault("the state of an array is broken")
      }
      arrays[array].data = parts[4]
      if kinds[kind].code == "O" {
        guard case .list(let objects) = parts[4], arrays[array].shape == [lists[objects].count] else {
          throw fault("an array of objects has a shape that is not that of its contents")
        }
      }
    default: throw fault("gives a state to something that is no array")
    }
  }

  // MARK: - Stack

  private mutating func pushBytes(_ count: Int) throws {
    strings.append(Array(try take(count)))
    stack.append(.bytes(strings.count - 1))
  }

  private mutating func pushLong(byteCount: Int) throws {
    let digits = try take(byteCount)
    guard byteCount <= 8 else { throw fault("has a whole number of \(byteCount) bytes; at most 8 are read") }
    var value = digits.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    if let last = digits.last, last >= 0x80, byteCount < 8 { value |= UInt64.max << UInt64(8 * byteCount) }
    stack.append(.integer(Int(Int64(bitPattern: value))))
  }

  private mutating func push(list: [Pickle.Value]) {
    lists.append(list)
    stack.append(.list(lists.count - 1))
  }

  private mutating func push(tuple: [Pickle.Value]) {
    lists.append(tuple)
    stack.append(.tuple(lists.count - 1))
  }

  private mutating func append(_ values: [Pickle.Value]) throws {
    guard case .list(let index) = try top() else { throw fault("appends to something that is no list") }
    lists[index].append(contentsOf: values)
  }

  private mutating func setItems(_ items: [Pickle.Value]) throws {
    guard case .dictionary(let index) = try top(), items.count % 2 == 0 else { throw fault("sets items of something that is no dictionary") }
    for place in stride(from: 0, to: items.count, by: 2) { dictionaries[index].append((items[place], items[place + 1])) }
  }

  private mutating func recall(_ key: Int) throws {
    guard let value = memo[key] else { throw fault("recalls \(key), which it never noted") }
    stack.append(value)
  }

  private func top() throws -> Pickle.Value {
    guard let value = stack.last, stack.count > marks.last ?? 0 else { throw fault("takes a value that is not there") }
    return value
  }

  private mutating func pop() throws -> Pickle.Value {
    let value = try top()
    stack.removeLast()
    return value
  }

  private mutating func pop(_ count: Int) throws -> [Pickle.Value] {
    guard stack.count - (marks.last ?? 0) >= count else { throw fault("takes \(count) values that are not there") }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popToMark() throws -> [Pickle.Value] {
    guard let mark = marks.popLast() else { throw fault("takes values to a mark that is not there") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  private func text(_ value: Pickle.Value?) -> String? {
    if case .bytes(let index) = value { String(validating: strings[index], as: UTF8.self) } else { nil }
  }

  // MARK: - Bytes

  private mutating func byte() throws -> UInt8 {
    guard position < bytes.count else { throw fault("is truncated") }
    defer { position += 1 }
    return bytes[position]
  }

  private mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count >= 0, count <= bytes.count - position else { throw fault("is truncated: \(count) bytes are needed") }
    defer { position += count }
    return bytes[position..<(position + count)]
  }

  private mutating func number(_ byteCount: Int) throws -> Int {
    let value = try take(byteCount).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let value = Int(exactly: value) else { throw fault("has a size of \(value)") }
    return value
  }

  private mutating func line() throws -> String {
    guard let end = bytes[position...].prefix(256).firstIndex(of: 0x0A) else { throw fault("has a name without end") }
    defer { position = end + 1 }
    return String(decoding: bytes[position..<end], as: UTF8.self)
  }

  private func fault(_ message: String, at place: Int? = nil) -> DescentError {
    DescentError(.file, "\(name): the pickle \(message) (byte \(place ?? position))")
  }
}
