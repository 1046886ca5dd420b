import Foundation
import TestSupport
import Testing

@testable import TensorCore

/// Fourier transforms against Keras's and NumPy's numbers, and of long rows against what is known of them.
struct FourierTests {
  private static let fixture = try! Fixture("spectra")
  private typealias Pair = (real: Tensor, imaginary: Tensor)

  private func results(_ name: String, _ x: [Tensor], _ settings: JSONValue) throws -> [Tensor] {
    func list(_ pair: Pair) -> [Tensor] { [pair.real, pair.imaginary] }
    func size(_ key: String) throws -> Int { try needed(settings[key]?.int, key) }
    let fftLength = settings["fft_length"]?.int
    var window: SignalWindow?
    if let name = settings["window"]?.string { window = SignalWindow(try needed(SignalWindow.Shape(rawValue: name))) }
    if settings["window"]?.array != nil { window = SignalWindow(try Fixture.numbers(settings["window"])) }
    switch name {
    case "fft": return list(fft((x[0], x[1])))
    case "ifft": return list(ifft((x[0], x[1])))
    case "fft2": return list(fft2((x[0], x[1])))
    case "ifft2": return list(ifft2((x[0], x[1])))
    case "rfft": return list(rfft(x[0], fftLength: fftLength))
    case "irfft": return [irfft((x[0], x[1]), fftLength: fftLength)]
    case "extract_sequences":
      return [extractSequences(x[0], sequenceLength: try size("sequence_length"), sequenceStride: try size("sequence_stride"))]
    case "stft":
      return list(stft(
        x[0], sequenceLength: try size("sequence_length"), sequenceStride: try size("sequence_stride"), fftLength: try size("fft_length"),
        window: window, center: try needed(settings["center"]?.bool)))
    default:
      return [istft(
        (x[0], x[1]), sequenceLength: try size("sequence_length"), sequenceStride: try size("sequence_stride"),
        fftLength: try size("fft_length"), length: settings["length"]?.int, window: window, center: try needed(settings["center"]?.bool))]
    }
  }

  @Test func `transforms are Keras's`() throws {
    let entries = try needed(FourierTests.fixture.json["transforms"]?.array)
    #expect(Set(entries.compactMap { $0["name"]?.string }).count == 9 && entries.count == 107)
    try check(entries, tolerance: 1e-12)
  }

  /// Keras on JAX puts pieces that lie side by side together in another way. TensorFlow's windows are `float32`.
  @Test func `pieces side by side and with gaps are TensorFlow's`() throws {
    let entries = try needed(Fixture("tf-spectra").json["transforms"]?.array)
    #expect(entries.count == 12)
    try check(entries, tolerance: 1e-6)
  }

  private func check(_ entries: [JSONValue], tolerance: Double) throws {
    for entry in entries {
      let name = try needed(entry["name"]?.string), settings = try needed(entry["settings"])
      let inputs = try needed(entry["inputs"]?.array).map { try Fixture.tensor($0) }
      let expected = try needed(entry["outputs"]?.array).map { try Fixture.tensor($0) }
      for (dtype, tolerance) in [(DType.float64, tolerance), (.float32, 1e-5)] {
        let found = try results(name, inputs.map { $0.cast(to: dtype) }, settings)
        #expect(found.count == expected.count)
        for (found, expected) in zip(found, expected) {
          let what = "\(name) \(settings) of \(dtype) \(inputs[0].shape)"
          #expect(found.shape == expected.shape && found.dtype == dtype, "\(what)")
          // Relative to the greatest: sums of many numbers cancel.
          let scale = max(1, expected.doubles.map(\.magnitude).max() ?? 1)
          expectClose(found.doubles.map { $0 / scale }, expected.doubles.map { $0 / scale }, tolerance: tolerance, what)
        }
      }
    }
  }

  @Test func `windows are SciPy's`() throws {
    for entry in try needed(FourierTests.fixture.json["windows"]?.array) {
      let name = try needed(entry["name"]?.string), expected = try Fixture.numbers(entry["values"])
      let periodic = try needed(entry["periodic"]?.bool), shape = try needed(SignalWindow.Shape(rawValue: name))
      expectClose(try SignalWindow(shape).values(count: expected.count, isPeriodic: periodic), expected, tolerance: 1e-12, "\(name) \(periodic)")
    }
    for entry in try needed(FourierTests.fixture.json["vectors"]?.array) {
      let name = try needed(entry["name"]?.string), size = try needed(entry["size"]?.int)
      let found: Tensor = switch name {
      case "bartlett": bartlett(size, dtype: .float64)
      case "blackman": blackman(size, dtype: .float64)
      case "hamming": hamming(size, dtype: .float64)
      case "hanning": hanning(size, dtype: .float64)
      default: kaiser(size, beta: try needed(entry["beta"]?.double), dtype: .float64)
      }
      #expect(found.shape == [size])
      expectClose(found.doubles, try Fixture.numbers(entry["values"]), tolerance: 1e-12, "\(name) \(size)")
    }
    #expect(hanning(4).dtype == .float32 && hanning(4, dtype: .int32).doubles == [0, 0, 0, 0])
    #expect(throws: DescentError.self) { try SignalWindow([1, 2]).values(count: 3) }
  }

  @Test func `windows have SciPy's other names`() throws {
    let entries = try needed(FourierTests.fixture.json["names"]?.array)
    var found: Set<SignalWindow.Shape> = []
    for entry in entries {
      let name = try needed(entry["name"]?.string)
      guard entry["periodic"] != .null else {
        #expect(SignalWindow(named: name) == nil, "\(name)")
        continue
      }
      let window = try needed(SignalWindow(named: name), name)
      for (key, isPeriodic) in [("periodic", true), ("symmetric", false)] {
        expectClose(try window.values(count: 7, isPeriodic: isPeriodic), try Fixture.numbers(entry[key]), tolerance: 1e-12, "\(name) \(key)")
      }
      #expect(try SignalWindow(named: needed(window.name)) == window, "\(name)")
      found.insert(try needed(window.shape))
    }
    #expect(found == Set(SignalWindow.Shape.allCases) && entries.count == 201)
    #expect(SignalWindow(named: "_periodic") == nil && SignalWindow(named: "hann_") == nil && SignalWindow([1]).name == nil)
    #expect(SignalWindow(named: "black_symmetric")?.name == "blackman_symmetric")
  }

  @Test func `pieces that cannot be numbered are told`() {
    func fault(_ count: Int, _ length: Int, _ stride: Int) -> String { SignalFrames(count: count, length: length, stride: stride).numberingFault ?? "none" }
    // Half an hour of music, in pieces that have but single samples in common.
    #expect(fault(180_000, 2_048, 441) == "none")
    #expect(fault(1 << 24, 1 << 24, 1 << 24) == "none")
    #expect(fault(1 << 25, 1, 1).hasPrefix("33554432 pieces of 1 elements; at most 16777216"))
    #expect(fault(1, 1 << 25, 1).hasPrefix("1 pieces of 33554432 elements"))
    #expect(fault(512, 3, 1 << 24) == "512 pieces that begin 16777216 elements apart go over 8573157379 blocks; at most 2147483647 can be numbered")
  }

  /// Powers of two, mixed ones, and primes for which the transform is a convolution: there and back, and the sum of the squares.
  @Test(arguments: [1 << 14, 15_000, 9_973, 4 * 1_009, 2 * 7_919, 31 * 31 * 7])
  func `long rows come back`(length: Int) {
    for (dtype, tolerance) in [(DType.float64, 1e-12), (.float32, 1e-5)] {
      let a = randomNumbers([3, length], seed: 1, dtype), b = randomNumbers([3, length], seed: 2, dtype)
      let there = fft((a, b)), back = ifft(there)
      expectClose(back.real.doubles, a.doubles, tolerance: tolerance, "\(length) \(dtype)")
      expectClose(back.imaginary.doubles, b.doubles, tolerance: tolerance, "\(length) \(dtype)")
      let energy = (square(a) + square(b)).sum().item()
      #expect(abs((square(there.real) + square(there.imaginary)).sum().item() / Double(length) / energy - 1) < tolerance)
      expectClose(irfft(rfft(a), fftLength: length).doubles, a.doubles, tolerance: tolerance, "\(length) \(dtype)")
      // One wave is one number.
      let wave = cos(Tensor.range(length, dtype: .float64) * (2 * Double.pi * 5 / Double(length))).cast(to: dtype)
      let spectrum = rfft(wave)
      let expected = (0...(length / 2)).map { $0 == 5 ? Double(length) / 2 : 0 }
      expectClose(spectrum.real.doubles.map { $0 / Double(length) }, expected.map { $0 / Double(length) }, tolerance: tolerance, "\(length) \(dtype)")
    }
  }

  @Test func `any number of threads gives the same bits`() {
    let x = randomNumbers([37, 1_000], seed: 3, .float32).evaluated()
    func bits(_ threadCount: Int) -> [[Float]] {
      let (real, imaginary) = rfft(x)
      let back = irfft((real, imaginary), fftLength: 1_000), prime = fft((x[0..<37, 0..<997], x[0..<37, 3..<1_000]))
      let nodes = [real, imaginary, back, prime.real, prime.imaginary].map(\.node)
      return Plan(arguments: [], outputs: nodes, assignments: [], threadCount: threadCount).run().map { $0.scalars(as: Float.self) }
    }
    let one = bits(1)
    for threadCount in [2, 3, 8] { #expect(bits(threadCount) == one) }
  }

  @Test func `any number of threads puts pieces together to the same bits`() {
    let x = randomNumbers([5, 4_000], seed: 6, .float32).evaluated()
    func bits(_ threadCount: Int) -> [[Float]] {
      let pieces = stft(x, sequenceLength: 400, sequenceStride: 160, fftLength: 512)
      let back = istft(pieces, sequenceLength: 400, sequenceStride: 160, fftLength: 512)
      let cut = extractSequences(x, sequenceLength: 301, sequenceStride: 7)
      let nodes = [pieces.real, pieces.imaginary, back, cut, gradients(of: (cut * cut).sum(), withRespectTo: [x])[0]].map(\.node)
      return Plan(arguments: [], outputs: nodes, assignments: [], threadCount: threadCount).run().map { $0.scalars(as: Float.self) }
    }
    let one = bits(1)
    #expect(one.allSatisfy { $0.contains { $0 != 0 } })
    for threadCount in [2, 3, 8] { #expect(bits(threadCount) == one) }
  }

  @Test func `rows are cut into shares`() {
    let (real, _) = rfft(randomNumbers([64, 4_096], seed: 4, .float32).evaluated())
    let text = Plan(arguments: [], outputs: [real.node], assignments: [], threadCount: 4).explanation().description
    #expect(text.contains("fourier (fromReal)"), "\(text)")
    #expect(text.contains("shares of rows"), "\(text)")
  }

  @Test func `pieces put together are the signal`() {
    let x = randomNumbers([2, 3, 1_000], seed: 5)
    for (stride, window) in [(25, SignalWindow.hann), (40, .hamming), (100, SignalWindow([Double](repeating: 2, count: 100)))] {
      let pieces = stft(x, sequenceLength: 100, sequenceStride: stride, fftLength: 100, window: window)
      #expect(pieces.real.shape == [2, 3, 1 + 1_000 / stride, 51])
      let back = istft(pieces, sequenceLength: 100, sequenceStride: stride, fftLength: 100, length: 1_000, window: window)
      expectClose(back.doubles, x.doubles, tolerance: 1e-11, "\(stride)")
    }
  }

  @Test func `no rows and integers have transforms`() {
    let none = rfft(Tensor.zeros([0, 6]))
    #expect(none.real.shape == [0, 4] && none.imaginary.doubles == [])
    let whole = rfft(Tensor([1 as Int32, 2, 3, 4]))
    #expect(whole.real.dtype == .float32 && whole.real.doubles == [10, -2, -2] && whole.imaginary.doubles == [0, 2, 0])
  }
}
