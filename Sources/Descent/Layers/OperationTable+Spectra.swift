import TensorCore

extension OperationInput {
  /// Real and imaginary parts, a pair of tensors of one shape.
  fileprivate func complex(axes: Int = 1) throws -> (real: Tensor, imaginary: Tensor) {
    let both = try tensors(0, "x").map { $0.dtype.isFloatingPoint ? $0 : $0.cast(to: .float32) }
    guard both.count == 2, both[0].shape == both[1].shape else {
      throw refusal("argument 1 is to be two tensors of one shape, real and imaginary parts")
    }
    try checkTransformed(both[0], axes: axes)
    try checkTable(Array(both[0].shape.suffix(axes)))
    return (both[0], both[1])
  }

  /// Refuses rows that do not have so many axes with elements to transform. Axis 0 counts the rows.
  private func checkTransformed(_ x: Tensor, axes: Int = 1) throws {
    guard x.rank > axes, x.shape.suffix(axes).allSatisfy({ $0 > 0 }) else {
      throw refusal("rows of shape \(rowShape(x)) have no \(axes == 1 ? "axis" : "\(axes) axes") with elements to transform")
    }
  }

  fileprivate func signals() throws -> Tensor {
    let x = try floating()
    try checkTransformed(x)
    return x
  }

  fileprivate var fftLength: Int? { get throws { try optional("fft_length", .transformLength) } }

  /// The settings that transforms of pieces share.
  fileprivate func pieces() throws -> (length: Int, stride: Int, fftLength: Int, window: SignalWindow?, center: Bool) {
    let length = try value("sequence_length", .transformLength), stride = try value("sequence_stride", .transformLength)
    let fftLength = try value("fft_length", .transformLength)
    guard fftLength >= length else { throw refusal("'fft_length' \(fftLength) is less than 'sequence_length' \(length)") }
    let window = try value("window", SettingKind<SignalWindow>.operationWindow.orNull, default: .some(.hann))
    try naming { try window?.check(count: length) }
    return (length, stride, fftLength, window, try value("center", .flag, default: true))
  }

  /// How many elements are transformed of rows that are cut to so many, or get zeros behind.
  /// - Throws: ``DescentError`` if they are too many, or no machine could hold such rows.
  fileprivate func transformedLength(_ x: Tensor, _ length: Int) throws -> Int {
    try checkTable([length])
    try checkSize(x.shape.dropLast() + [length])
    return length
  }

  /// Refuses pieces of signals that no machine could hold, or that are too many to be numbered.
  fileprivate func checkPieces(_ batch: some Sequence<Int>, _ frames: SignalFrames) throws {
    if let fault = frames.numberingFault { throw refusal(fault) }
    try checkSize(batch + [frames.count, frames.length])
    try checkSize(batch + [frames.span])
  }
}

extension SettingKind<Int> {
  /// How many elements are transformed.
  fileprivate static var transformLength: SettingKind { .reckoned(from: 1, through: OperationInput.greatestTable) }
}

extension SettingKind<SignalWindow> {
  /// A window of pieces that are transformed, of those that Keras knows by name there.
  static var operationWindow: SettingKind {
    SettingKind("hann, hamming or a list of numbers") { json in
      guard let window = SignalWindow(json: json), window.isOfOperations, json.string == window.name else { return nil }
      return window
    }
  }
}

extension SignalWindow {
  /// A window by its name, of the numbers of a list, or of a tensor as Keras notes one; nil for anything else.
  init?(json: JSONValue) {
    if let name = json.string {
      self.init(named: name)
      return
    }
    let numbers: [Double]
    if let name = json["class_name"]?.string, TensorJSON.classNames.contains(name) {
      guard let tensor = try? TensorJSON.tensor(config: json["config"], "a window is"), tensor.rank == 1 else { return nil }
      numbers = tensor.doubles
    } else {
      guard let list = json.array, case let all = list.compactMap(\.double), all.count == list.count else { return nil }
      numbers = all
    }
    self.init(numbers)
  }

  /// As Keras notes it.
  var json: JSONValue { name.map { .string($0) } ?? .array(numbers.map { JSONValue($0) }) }

  /// Refuses given numbers that are not so many.
  func check(count: Int) throws { if shape == nil { _ = try values(count: count) } }

  /// Whether Keras's transforms of pieces, which know hann and hamming by name, have it.
  var isOfOperations: Bool { shape == nil || self == .hann || self == .hamming }
}

extension OperationTable {
  /// Fourier transforms of the last axes of rows.
  static let spectra: [OperationDefinition] = [
    OperationDefinition("FFT", "math") { pair(fft(try $0.complex())) },
    OperationDefinition("FFT2", "math") { pair(fft2(try $0.complex(axes: 2))) },
    OperationDefinition("IFFT2", "math") { pair(ifft2(try $0.complex(axes: 2))) },
    OperationDefinition("RFFT", "math") { input in
      let x = try input.signals(), length = try input.fftLength
      return pair(rfft(x, fftLength: try input.transformedLength(x, length ?? x.shape[x.rank - 1])))
    },
    OperationDefinition("IRFFT", "math") { input in
      let x = try input.complex()
      guard let length = try input.fftLength else {
        guard x.real.shape[x.real.rank - 1] > 1 else { throw input.refusal("one frequency is no signal unless 'fft_length' says how long") }
        return [irfft(x)]
      }
      return [irfft(x, fftLength: try input.transformedLength(x.real, length))]
    },
    OperationDefinition("ExtractSequences", "math") { input in
      let x = try input.tensor(0)
      guard x.rank > 1 else { throw input.refusal("rows of one number have no sequences") }
      let length = try input.value("sequence_length", .transformLength, at: 1), size = x.shape[x.rank - 1]
      let stride = try input.value("sequence_stride", .transformLength, at: 2)
      OpenSize.note(size, window: length, stride: stride)
      guard size >= length else { throw input.refusal("rows of shape \(input.rowShape(x)) hold no sequence of \(length)") }
      try input.checkPieces(x.shape.dropLast(), SignalFrames(count: 1 + (size - length) / stride, length: length, stride: stride))
      return [extractSequences(x, sequenceLength: length, sequenceStride: stride)]
    },
    OperationDefinition("STFT", "math") { input in
      let x = try input.signals(), of = try input.pieces(), size = x.shape[x.rank - 1] + (of.center ? of.fftLength / 2 * 2 : 0)
      OpenSize.note(size, window: of.fftLength, stride: of.stride)
      guard size >= of.fftLength else {
        throw input.refusal("rows of shape \(input.rowShape(x)) are shorter than the \(of.fftLength) samples that are transformed")
      }
      try input.checkPieces(
        x.shape.dropLast(), SignalFrames(count: 1 + (size - of.fftLength) / of.stride, length: of.fftLength, stride: of.stride))
      return pair(stft(
        x, sequenceLength: of.length, sequenceStride: of.stride, fftLength: of.fftLength, window: of.window, center: of.center))
    },
    OperationDefinition("ISTFT", "math") { input in
      let x = try input.complex(axes: 2), of = try input.pieces(), length = try input.optional("length", .transformLength)
      let frames = SignalFrames(count: x.real.shape[x.real.rank - 2], length: of.fftLength, stride: of.stride)
      try input.checkPieces(x.real.shape.dropLast(2), frames)
      guard frames.kept(length: length, side: of.center ? of.fftLength / 2 : 0) != nil else {
        throw input.refusal("\(frames.count) pieces are no signal of \(length.map(String.init) ?? "any") samples")
      }
      return [istft(
        x, sequenceLength: of.length, sequenceStride: of.stride, fftLength: of.fftLength, length: length, window: of.window, center: of.center)]
    },
  ]

  private static func pair(_ parts: (real: Tensor, imaginary: Tensor)) -> [Tensor] { [parts.real, parts.imaginary] }
}

// MARK: - For symbols

private func pair(
  _ className: String, _ values: [CallArguments.Value], _ settings: [(key: String, value: JSONValue)] = []
) throws -> (real: Symbol, imaginary: Symbol) {
  let results = try Symbol.applying(className, values, settings)
  return (results[0], results[1])
}

private func both(_ x: (real: some Symbolic, imaginary: some Symbolic)) -> [CallArguments.Value] { [.list([x.real.value, x.imaginary.value])] }

/// The Fourier transform along the last axis, of real and imaginary parts.
/// - Throws: ``DescentError`` naming the operation if it cannot be applied to such rows or is given such settings.
/// Source: https://keras.io/api/ops/fft/#fft-function
public func fft(_ x: (real: some Symbolic, imaginary: some Symbolic)) throws -> (real: Symbol, imaginary: Symbol) { try pair("FFT", both(x)) }
/// The Fourier transform along the last two axes, of real and imaginary parts.
/// - Throws: ``DescentError`` naming the operation if it cannot be applied to such rows or is given such settings.
/// Source: https://keras.io/api/ops/fft/#fft2-function
public func fft2(_ x: (real: some Symbolic, imaginary: some Symbolic)) throws -> (real: Symbol, imaginary: Symbol) { try pair("FFT2", both(x)) }
/// The inverse Fourier transform along the last two axes, of real and imaginary parts.
/// - Throws: ``DescentError`` naming the operation if it cannot be applied to such rows or is given such settings.
/// Source: https://keras.io/api/ops/fft/#ifft2-function
public func ifft2(_ x: (real: some Symbolic, imaginary: some Symbolic)) throws -> (real: Symbol, imaginary: Symbol) { try pair("IFFT2", both(x)) }
/// The Fourier transform of real numbers along the last axis, of which there are `fftLength`, or all: the first half.
/// - Throws: ``DescentError`` naming the operation if it cannot be applied to such rows or is given such settings.
/// Source: https://keras.io/api/ops/fft/#rfft-function
public func rfft(_ x: some Symbolic, fftLength: Int? = nil) throws -> (real: Symbol, imaginary: Symbol) {
  try pair("RFFT", [x.value], [("fft_length", fftLength.map { JSONValue($0) } ?? .null)])
}
/// The `fftLength` real numbers whose transform's first half is given, or twice as many as there are but one.
/// - Throws: ``DescentError`` naming the operation if it cannot be applied to such rows or is given such settings.
/// Source: https://keras.io/api/ops/fft/#irfft-function
public func irfft(_ x: (real: some Symbolic, imaginary: some Symbolic), fftLength: Int? = nil) throws -> Symbol {
  try Symbol.only("IRFFT", both(x), [("fft_length", fftLength.map { JSONValue($0) } ?? .null)])
}
/// Pieces of the last axis that begin `sequenceStride` elements apart.
/// - Throws: ``DescentError`` naming the operation if it cannot be applied to such rows or is given such settings.
/// Source: https://keras.io/api/ops/fft/#extractsequences-function
public func extractSequences(_ x: some Symbolic, sequenceLength: Int, sequenceStride: Int) throws -> Symbol {
  try Symbol.only(
    "ExtractSequences", [x.value], [("sequence_length", JSONValue(sequenceLength)), ("sequence_stride", JSONValue(sequenceStride))])
}
/// The Fourier transforms of overlapping pieces of signals in the last axis. As in Keras, the window is ``SignalWindow/hann``,
/// ``SignalWindow/hamming``, given numbers or nil.
/// - Throws: ``DescentError`` naming the operation if it cannot be applied to such rows or is given such settings.
/// Source: https://keras.io/api/ops/fft/#stft-function
public func stft(
  _ x: some Symbolic, sequenceLength: Int, sequenceStride: Int, fftLength: Int, window: SignalWindow? = .hann, center: Bool = true
) throws -> (real: Symbol, imaginary: Symbol) {
  try pair("STFT", [x.value], [
    ("sequence_length", JSONValue(sequenceLength)), ("sequence_stride", JSONValue(sequenceStride)), ("fft_length", JSONValue(fftLength)),
    ("window", window?.json ?? .null), ("center", .bool(center)),
  ])
}
/// The signals that overlapping pieces were transformed of. As in Keras, the window is ``SignalWindow/hann``, ``SignalWindow/hamming``,
/// given numbers or nil.
/// - Throws: ``DescentError`` naming the operation if it cannot be applied to such rows or is given such settings.
/// Source: https://keras.io/api/ops/fft/#istft-function
public func istft(
  _ x: (real: some Symbolic, imaginary: some Symbolic), sequenceLength: Int, sequenceStride: Int, fftLength: Int, length: Int? = nil,
  window: SignalWindow? = .hann, center: Bool = true
) throws -> Symbol {
  try Symbol.only("ISTFT", both(x), [
    ("sequence_length", JSONValue(sequenceLength)), ("sequence_stride", JSONValue(sequenceStride)), ("fft_length", JSONValue(fftLength)),
    ("length", length.map { JSONValue($0) } ?? .null), ("window", window?.json ?? .null), ("center", .bool(center)),
  ])
}
