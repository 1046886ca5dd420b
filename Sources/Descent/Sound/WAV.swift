import TensorCore

/// Sound in WAV files (RIFF WAVE): whole samples of 8, 16, 24 and 32 bits (PCM), and `float32` and `float64` ones, of any number of
/// channels, also where the file says so in the extensible way. Refused are samples of other numbers of bits, such as 12 or 20, compressed
/// ones, files with more than one chunk of samples, big-endian ones (RIFX), and those for more than 4 GB (RF64, BW64). Of up to 4096
/// chunks those beside the samples are passed over.
///
///     let (audio, sampleRate) = try WAV.read("yes.wav")              // [frames, channels], −1 … 1
///     try WAV.write(audio * 0.5, sampleRate: sampleRate, to: "quieter.wav")
///
/// Source: <https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/WAVE/WAVE.html>.
public enum WAV {
  /// How samples are written. Whole numbers of b bits stand for n / 2^(b − 1).
  public enum Encoding: Sendable, CaseIterable {
    /// 8 bits, from 0 to 255 with 128 for silence.
    case pcm8
    /// 16 bits, the most common.
    case pcm16
    /// 24 bits.
    case pcm24
    /// 32 bits.
    case pcm32
    /// Floating-point numbers of 32 bits.
    case float32
    /// Floating-point numbers of 64 bits.
    case float64

    var isFloatingPoint: Bool { self == .float32 || self == .float64 }

    var byteCount: Int {
      switch self {
      case .pcm8: 1
      case .pcm16: 2
      case .pcm24: 3
      case .pcm32, .float32: 4
      case .float64: 8
      }
    }
  }

  /// Reads the file at `path`. 16 bits give what `tf.audio.decode_wav` gives: n / 32768.
  /// - Parameters:
  ///   - path: the file.
  ///   - dtype: of the result, `float32` or `float64`, which holds 32 bits exactly.
  /// - Returns: `[frames, channels]`, from −1 to 1 (floating-point samples as they are), and how many frames there are in a second.
  /// - Throws: ``DescentError`` of kind `file` that names the file: when it cannot be read, is malformed or cut off, or holds samples of another kind;
  ///   of kind `invalidArgument` for another dtype.
  public static func read(_ path: String, dtype: DType = .float32) throws -> (audio: Tensor, sampleRate: Int) {
    try read(ByteSource(path: path), dtype)
  }

  /// Reads a file that is in memory.
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - name: what to call it in errors.
  ///   - dtype: of the result, `float32` or `float64`, which holds 32 bits exactly.
  /// - Returns: `[frames, channels]`, from −1 to 1 (floating-point samples as they are), and how many frames there are in a second.
  /// - Throws: ``DescentError`` of kind `file` that says `name`: when the file is malformed or cut off, or holds samples of another kind; of kind
  ///   `invalidArgument` for another dtype.
  public static func read(_ bytes: [UInt8], name: String, dtype: DType = .float32) throws -> (audio: Tensor, sampleRate: Int) {
    try read(ByteSource(bytes, name: name), dtype)
  }

  private static func read(_ source: ByteSource, _ dtype: DType) throws -> (audio: Tensor, sampleRate: Int) {
    let file = try WAVFile(source)
    guard dtype.isFloatingPoint else {
      throw DescentError(.invalidArgument, "WAV.read: dtype is \(dtype); sound is float32 or float64")
    }
    try checkFits(byteCount: file.frames * file.channels * dtype.byteCount, name: file.name)
    let audio = try Tensor(shape: [file.frames, file.channels], dtype: dtype) { target in
      if dtype == .float32 {
        try file.read(from: source, into: target.bindMemory(to: Float.self))
      } else {
        try file.read(from: source, into: target.bindMemory(to: Double.self))
      }
    }
    return (audio, file.sampleRate)
  }

  /// Writes a file. Whole numbers are rounded, and what lies beyond −1 and their greatest is cut, as `tf.audio.encode_wav` does.
  /// - Parameters:
  ///   - audio: floating-point `[frames, channels]`, or `[frames]` of one channel.
  ///   - sampleRate: how many frames there are in a second.
  ///   - path: the file; one that is there is replaced.
  ///   - encoding: how samples are written.
  /// - Throws: ``DescentError`` of kind `invalidArgument` or `data` for what no file can hold, of kind `file` when it cannot be written.
  public static func write(_ audio: Tensor, sampleRate: Int, to path: String, encoding: Encoding = .pcm16) throws {
    let bytes = try bytes(of: audio, sampleRate: sampleRate, encoding: encoding)
    try writeFile(path) { try $0.write(bytes) }
  }

  /// The bytes of such a file.
  /// - Parameters:
  ///   - audio: floating-point `[frames, channels]`, or `[frames]` of one channel.
  ///   - sampleRate: how many frames there are in a second.
  ///   - encoding: how samples are written.
  /// - Throws: ``DescentError`` of kind `invalidArgument` or `data` for what no file can hold.
  public static func bytes(of audio: Tensor, sampleRate: Int, encoding: Encoding = .pcm16) throws -> [UInt8] {
    let channels = audio.rank == 2 ? audio.shape[1] : 1
    guard audio.dtype.isFloatingPoint, audio.rank == 1 || audio.rank == 2, (1...65_535).contains(channels) else {
      throw DescentError(
        .invalidArgument, "WAV.write: the audio is \(audio.dtype) \(audio.shape); expected floating-point [frames, channels] of 1 to 65535 channels")
    }
    let frameBytes = channels * encoding.byteCount, dataBytes = audio.count * encoding.byteCount
    guard sampleRate > 0, sampleRate <= Int(UInt32.max) / frameBytes, frameBytes <= 65_535 else {
      throw DescentError(.invalidArgument, "WAV.write: \(channels) channels and a sampleRate of \(sampleRate) cannot be written")
    }
    // Behind the file's size: the kind, two or three chunks, and a byte where the samples are odd in number.
    let head = 4 + 8 + (encoding.isFloatingPoint ? 18 + 12 : 16) + 8
    guard dataBytes <= Int(UInt32.max) - head - 1 else {
      throw DescentError(.invalidArgument, "WAV.write: \(dataBytes) bytes of samples are more than a file of this kind can hold")
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 + head + dataBytes + 1)
    func number(_ value: Int, _ count: Int) { for place in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * place))) } }
    bytes += Array("RIFF".utf8)
    number(head + dataBytes + dataBytes % 2, 4)
    bytes += Array("WAVEfmt ".utf8)
    number(encoding.isFloatingPoint ? 18 : 16, 4)
    number(encoding.isFloatingPoint ? 3 : 1, 2)
    number(channels, 2)
    number(sampleRate, 4)
    number(sampleRate * frameBytes, 4)
    number(frameBytes, 2)
    number(8 * encoding.byteCount, 2)
    if encoding.isFloatingPoint {
      number(0, 2)
      bytes += Array("fact".utf8)
      number(4, 4)
      number(audio.count / channels, 4)
    }
    bytes += Array("data".utf8)
    number(dataBytes, 4)
    let bits = 8 * encoding.byteCount, greatest = Double(1 << (min(bits, 32) - 1))
    for (place, value) in audio.doubles.enumerated() {
      switch encoding {
      case .float32: number(Int(Float(value).bitPattern), 4)
      case .float64: number(Int(bitPattern: UInt(value.bitPattern)), 8)
      default:
        guard !value.isNaN else { throw DescentError(.data, "WAV.write: frame \(place / channels) holds NaN, which is no sample of \(bits) bits") }
        let sample = Int(min(max((value * greatest).rounded(), -greatest), greatest - 1))
        number(encoding == .pcm8 ? sample + 128 : sample, encoding.byteCount)
      }
    }
    if dataBytes % 2 == 1 { bytes.append(0) }
    return bytes
  }
}
