import DescentTestSupport
import Foundation
import Testing

@testable import Descent

/// WAV files as TensorFlow and SciPy read and write them.
@Suite struct WAVTests {
  private static let fixture = try! Fixture("sounds")

  private static func bytes(_ json: JSONValue?) throws -> [UInt8] { try Fixture.integers(json).map { UInt8($0) } }

  @Test func `samples are TensorFlow's and SciPy's`() throws {
    let files = try needed(Self.fixture.json["files"]?.array)
    #expect(files.count == 12)
    for entry in files {
      let name = try needed(entry["name"]?.string)
      for dtype in [DType.float32, .float64] {
        let (audio, rate) = try WAV.read(Self.bytes(entry["bytes"]), name: name, dtype: dtype)
        #expect(rate == entry["rate"]?.int && audio.dtype == dtype, "\(name)")
        #expect(audio.shape == (try Fixture.integers(entry["shape"])), "\(name)")
        let expected = try Fixture.numbers(entry["values"])
        #expect(audio.doubles == (dtype == .float64 ? expected : expected.map { Double(Float($0)) }), "\(name)")
      }
    }
  }

  @Test func `what is written are TensorFlow's bytes`() throws {
    let written = try needed(Self.fixture.json["written"])
    let audio = try Fixture.tensor(written)
    let expected = try Self.bytes(written["bytes"])
    #expect(try WAV.bytes(of: audio, sampleRate: 16_000) == expected)
    try withTemporaryFolder { folder in
      try WAV.write(audio.cast(to: .float32), sampleRate: 16_000, to: "\(folder)/a.wav")
      #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(folder)/a.wav"))) == expected)
      #expect(try WAV.read("\(folder)/a.wav").sampleRate == 16_000)
    }
  }

  @Test(arguments: WAV.Encoding.allCases) func `what is written is read`(_ encoding: WAV.Encoding) throws {
    let bits: Double = switch encoding {
    case .pcm8: 8
    case .pcm16: 16
    case .pcm24: 24
    default: 32
    }
    for (frames, channels) in [(5, 1), (7, 2), (0, 3), (3, 3)] {
      let audio = clip(randomNumbers([frames, channels], seed: 1), -0.99, 0.99)
      let (again, rate) = try WAV.read(WAV.bytes(of: audio, sampleRate: 22_050, encoding: encoding), name: "it", dtype: .float64)
      #expect(rate == 22_050 && again.shape == [frames, channels])
      let step = encoding == .float64 ? 0 : encoding == .float32 ? 1e-7 : pow(2, -bits)
      #expect(zip(again.doubles, audio.doubles).allSatisfy { abs($0 - $1) <= step }, "\(encoding)")
    }
    let mono = try WAV.read(WAV.bytes(of: Tensor([-2.0, 2, 0]), sampleRate: 8_000, encoding: encoding), name: "it", dtype: .float64).audio
    #expect(mono.shape == [3, 1])
    #expect(encoding == .float32 || encoding == .float64 ? mono.doubles == [-2, 2, 0] : mono.doubles == [-1, 1 - pow(2, 1 - bits), 0])
  }

  @Test func `what is damaged or unknown is told`() throws {
    let good = try WAV.bytes(of: Tensor([0.5, -0.5, 0.25]), sampleRate: 8_000)
    func told(_ change: (inout [UInt8]) -> Void) -> String {
      var bytes = good
      change(&bytes)
      return failure { try WAV.read(bytes, name: "it") }
    }
    #expect(told { $0 = [] } == "it: is not a WAV file: it has 0 bytes")
    #expect(told { $0[0] = 0 } == "it: is not a WAV file: it does not start with RIFF and WAVE")
    #expect(told { $0.removeLast() } == "it: is cut off: its chunk 'data' claims 6 bytes, of which 5 are there")
    #expect(told { $0.removeSubrange(36...) } == "it: ends at byte 36 without samples, a 'data' chunk")
    #expect(told { $0.removeSubrange(12..<36) } == "it: its samples come before the 'fmt ' chunk, which says what they are")
    #expect(told { $0.removeSubrange(12...) }.contains("without a 'fmt ' chunk"))
    #expect(told { $0[20] = 2 }.hasPrefix("it: has samples of kind 2 and 16 bits"))
    #expect(told { $0[34] = 12 }.hasPrefix("it: has samples of kind 1 and 12 bits"))
    #expect(told { $0[22] = 0 } == "it: has 0 channels and 8000 frames a second; expected at least 1 of each")
    #expect(told { $0[32] = 4 } == "it: its frames have 4 bytes; 1 samples of 16 bits have 2")
    #expect(told { $0[40] = 5 } == "it: its samples have 5 bytes, which are no frames of 2")
    #expect(told { $0[16] = 8 }.hasPrefix("it: its 'fmt ' chunk has 8 bytes"))
    #expect(told { $0[12...15] = [27, 93, 50, 74] }.contains("come before the 'fmt ' chunk"))
    #expect(told { $0[36...43] = [27, 93, 50, 74, 255, 255, 255, 255] }.contains("its chunk '?]2J' claims 4294967295 bytes"))
    // What stands behind the samples is not looked at, unless it is more of them.
    #expect(try WAV.read(good + [1, 2, 3], name: "it").audio.count == 3)
    #expect(try WAV.read(good + [UInt8](repeating: 255, count: 30), name: "it").audio.count == 3)
    let twice = try needed(Self.fixture.json["twice"])
    #expect(twice["refusal"]?.string?.hasPrefix("More than one data chunk") == true)
    #expect(failure { try WAV.read(Self.bytes(twice["bytes"]), name: "it") } == "it: has two 'data' chunks; expected one, with all samples")
    #expect(told { $0[3] = UInt8(ascii: "X") } == "it: is not a WAV file: it does not start with RIFF and WAVE")
    #expect(told { $0[34] = 20 }.hasPrefix("it: has samples of kind 1 and 20 bits"))
    #expect(failure { try WAV.read("/nowhere/it.wav") }.hasPrefix("/nowhere/it.wav"))
    #expect(failure(.invalidArgument) { try WAV.read(good, name: "it", dtype: .int32) }.contains("int32"))
  }

  @Test func `a file that is all chunks is given up`() throws {
    let folder = TemporaryFolder(), path = folder.file("it.wav")
    let head = try WAV.bytes(of: Tensor([0.5]), sampleRate: 8_000)
    for (count, missing) in [(12, "a 'fmt ' chunk, which says what samples there are"), (36, "samples, a 'data' chunk"), (46, nil as String?)] {
      try Data(head[..<count]).write(to: URL(fileURLWithPath: path))
      // A file with a hole: a thousand million empty chunks.
      let file = try needed(FileHandle(forWritingAtPath: path))
      try file.truncate(atOffset: 1 << 33)
      try file.close()
      if let missing {
        #expect(failure { try WAV.read(path) } == "\(path): has more than 4096 chunks without \(missing)")
      } else {
        #expect(try WAV.read(path).audio.doubles == [0.5])
      }
    }
  }

  @Test(arguments: WAV.Encoding.allCases) func `long files are read piece by piece`(_ encoding: WAV.Encoding) throws {
    // Steps of 2⁻⁷, which samples of any encoding hold.
    let audio = Tensor((0..<270_003).map { Double($0 * 37 % 255 - 127) / 128 }).reshaped([90_001, 3])
    let again = try WAV.read(WAV.bytes(of: audio, sampleRate: 8_000, encoding: encoding), name: "it", dtype: .float64).audio
    #expect(again.shape == [90_001, 3] && again.doubles == audio.doubles)
  }

  @Test func `no file stays open whose head was read`() throws {
    let folder = TemporaryFolder(), path = folder.file("it.wav")
    try WAV.write(Tensor([0.5, 0.25]), sampleRate: 8_000, to: path)
    weak var kept: ByteSource?
    func head() throws -> WAVFile {
      let source = try ByteSource(path: path)
      kept = source
      return try WAVFile(source)
    }
    let file = try head()
    #expect(kept == nil && file.frames == 2)
  }

  @Test func `broken files end neither the process nor the memory`() throws {
    for entry in try needed(Self.fixture.json["files"]?.array) {
      let bytes = try Self.bytes(entry["bytes"])
      expectRobust(bytes) { [try WAV.read($0, name: "mutant").audio] }
      // A byte that only makes the samples even in number may be missing.
      for count in bytes.indices.dropLast() { #expect(failure { try WAV.read(Array(bytes[..<count]), name: "mutant") }.hasPrefix("mutant"), "\(count)") }
    }
  }

  @Test func `what no file can hold is refused`() throws {
    func told(_ audio: Tensor, _ rate: Int = 8_000, _ encoding: WAV.Encoding = .pcm16, _ kind: DescentError.Kind = .invalidArgument) -> String {
      failure(kind) { try WAV.bytes(of: audio, sampleRate: rate, encoding: encoding) }
    }
    #expect(told(Tensor([1 as Int32])).contains("int32 [1]"))
    #expect(told(Tensor.zeros([1, 2, 3])).contains("[1, 2, 3]"))
    #expect(told(Tensor.zeros([2, 0])).contains("[2, 0]"))
    #expect(told(Tensor.zeros([1]), 0).contains("sampleRate of 0"))
    #expect(told(Tensor.zeros([1]), 1 << 40).contains("sampleRate"))
    #expect(told(Tensor.zeros([1, 20_000]), 1, .float32).contains("20000 channels"))
    #expect(told(Tensor([0, 0, 0, Double.nan]).reshaped([2, 2]), 8_000, .pcm24, .data) == "WAV.write: frame 1 holds NaN, which is no sample of 24 bits")
    #expect(try WAV.read(WAV.bytes(of: Tensor([Double.nan]), sampleRate: 1, encoding: .float32), name: "it").audio.item().isNaN)
  }
}
