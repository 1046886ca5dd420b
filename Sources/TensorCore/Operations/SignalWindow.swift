import Foundation

/// What a frame of a signal is multiplied with before it is transformed, so that it begins and ends softly.
///
///     stft(x, sequenceLength: 400, sequenceStride: 160, fftLength: 512, window: .hamming)
///     stft(x, sequenceLength: 4, sequenceStride: 2, fftLength: 4, window: SignalWindow([0.5, 1, 1, 0.5]))
public struct SignalWindow: Hashable, Sendable {
  /// The windows that `scipy.signal.get_window` knows without further settings, by its first name of each; ``SignalWindow/init(named:)`` knows
  /// the others. In the formulas t goes from −1 to 1.
  /// Source: https://docs.scipy.org/doc/scipy/reference/signal.windows.html
  public enum Shape: String, CaseIterable, Sendable {
    /// 0.62 − 0.24 |t| + 0.38 cos(π t)
    case barthann
    /// 1 − |t|
    case bartlett
    /// 0.42 + 0.5 cos(π t) + 0.08 cos(2π t)
    case blackman
    /// 0.35875 + 0.48829 cos(π t) + 0.14128 cos(2π t) + 0.01168 cos(3π t)
    case blackmanharris
    /// (1 − |t|) cos(π t) + sin(π |t|) / π
    case bohman
    /// 1
    case boxcar
    /// Half a period of a sine that is zero half a sample before and behind the window.
    case cosine
    /// e^(−n), n samples from the middle.
    case exponential
    /// Five cosines.
    case flattop
    /// 0.54 + 0.46 cos(π t)
    case hamming
    /// 0.5 + 0.5 cos(π t)
    case hann
    /// sin(π t) / (π t)
    case lanczos
    /// 0.3635819 + 0.4891775 cos(π t) + 0.1365995 cos(2π t) + 0.0106411 cos(3π t)
    case nuttall
    /// Piecewise cubic.
    case parzen
    /// Taylor's, with side lobes 30 dB below and four of them nearly constant.
    case taylor
    /// A triangle that is zero one sample before and behind the window (half a sample, where the samples are even in number).
    case triang
    /// Half of it 1, a quarter on each side as ``hann``.
    case tukey

    /// SciPy's other names of it.
    fileprivate var aliases: [String] {
      switch self {
      case .barthann: ["brthan", "bth"]
      case .bartlett: ["bart", "brt"]
      case .blackman: ["black", "blk"]
      case .blackmanharris: ["blackharr", "bkh"]
      case .bohman: ["bman", "bmn"]
      case .boxcar: ["box", "ones", "rect", "rectangular"]
      case .cosine: ["halfcosine"]
      case .exponential: ["poisson"]
      case .flattop: ["flat", "flt"]
      case .hamming: ["hamm", "ham"]
      case .hann: ["han"]
      case .lanczos: ["sinc"]
      case .nuttall: ["nutl", "nut"]
      case .parzen: ["parz", "par"]
      case .taylor: ["taylorwin"]
      case .triang: ["triangle", "tri"]
      case .tukey: ["tuk"]
      }
    }
  }

  /// Which named window it is; nil of given numbers.
  public let shape: Shape?
  /// Whether it is periodic whatever ``values(count:isPeriodic:)`` is told; nil if it is what that is told.
  public let isAlwaysPeriodic: Bool?
  /// The numbers of a window without a name; else none.
  public let numbers: [Double]

  /// A window with a name.
  /// - Parameters:
  ///   - shape: which one.
  ///   - isAlwaysPeriodic: whether it is periodic (else symmetric) whatever ``values(count:isPeriodic:)`` is told; nil for what that is told.
  public init(_ shape: Shape, isAlwaysPeriodic: Bool? = nil) {
    self.shape = shape
    self.isAlwaysPeriodic = isAlwaysPeriodic
    numbers = []
  }

  /// A window of given numbers.
  /// - Parameter numbers: as many as a frame has samples.
  public init(_ numbers: [Double]) {
    shape = nil
    isAlwaysPeriodic = nil
    self.numbers = numbers
  }

  /// The window of a name that `scipy.signal.get_window` knows without further settings: `blackman`, `black` or `blk`. With `_periodic` or
  /// `_symmetric` behind it, it is that always.
  /// - Parameter name: SciPy's; nil is the result of any other.
  /// Source: https://docs.scipy.org/doc/scipy/reference/generated/scipy.signal.get_window.html
  public init?(named name: String) {
    let ending = SignalWindow.endings.first { name.hasSuffix($0.text) }
    let plain = String(name.dropLast(ending?.text.count ?? 0))
    guard let shape = Shape(rawValue: plain) ?? Shape.allCases.first(where: { $0.aliases.contains(plain) }) else { return nil }
    self.init(shape, isAlwaysPeriodic: ending?.isPeriodic)
  }

  /// SciPy's name; nil of given numbers.
  public var name: String? {
    shape.map { shape in shape.rawValue + (SignalWindow.endings.first { $0.isPeriodic == isAlwaysPeriodic }?.text ?? "") }
  }

  private static let endings = [(text: "_periodic", isPeriodic: true), (text: "_symmetric", isPeriodic: false)]

  /// 0.5 + 0.5 cos(π t)
  public static let hann = SignalWindow(.hann)
  /// 0.54 + 0.46 cos(π t)
  public static let hamming = SignalWindow(.hamming)

  /// The window's numbers; 1 where there is one only.
  /// - Parameters:
  ///   - count: how many.
  ///   - isPeriodic: whether it is the first `count` of a window of one more, which repeated goes on without a jump; else it is symmetric.
  ///     Given numbers are taken as they are.
  /// - Returns: `count` numbers, none if that is less than 1.
  /// - Throws: ``DescentError`` if there are given numbers, but not so many.
  public func values(count: Int, isPeriodic: Bool = true) throws -> [Double] {
    guard let shape else {
      guard numbers.count == count else {
        throw DescentError(.invalidArgument, "a window of \(numbers.count) numbers for frames of \(count) samples")
      }
      return numbers
    }
    if count <= 1 { return [Double](repeating: 1, count: max(count, 0)) }
    let length = isAlwaysPeriodic ?? isPeriodic ? count + 1 : count
    return (0..<count).map { shape.value(at: $0, of: length) }
  }
}

extension SignalWindow.Shape {
  /// Number `n` of a symmetric window of `length` ones, which are at least two.
  fileprivate func value(at n: Int, of length: Int) -> Double {
    let t = 2 * Double(n) / Double(length - 1) - 1, size = Double(length), middle = (Double(n) - (size - 1) / 2).magnitude
    func cosines(_ factors: Double...) -> Double {
      factors.enumerated().reduce(0) { $0 + $1.element * Foundation.cos(Double($1.offset) * .pi * t) }
    }
    switch self {
    case .barthann: return 0.62 - 0.24 * t.magnitude + 0.38 * Foundation.cos(.pi * t)
    case .bartlett: return 1 - t.magnitude
    case .blackman: return cosines(0.42, 0.5, 0.08)
    case .blackmanharris: return cosines(0.35875, 0.48829, 0.14128, 0.01168)
    case .bohman:
      if n == 0 || n == length - 1 { return 0 }
      return (1 - t.magnitude) * Foundation.cos(.pi * t) + Foundation.sin(.pi * t.magnitude) / .pi
    case .boxcar: return 1
    case .cosine: return Foundation.sin(.pi * (Double(n) + 0.5) / size)
    case .exponential: return Foundation.exp(-middle)
    case .flattop: return cosines(0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368)
    case .hamming: return cosines(0.54, 0.46)
    case .hann: return cosines(0.5, 0.5)
    case .lanczos: return t == 0 ? 1 : Foundation.sin(.pi * t) / (.pi * t)
    case .nuttall: return cosines(0.3635819, 0.4891775, 0.1365995, 0.0106411)
    case .parzen:
      let x = middle / (size / 2)
      return middle <= (size - 1) / 4 ? 1 - 6 * x * x + 6 * x * x * x : 2 * (1 - x) * (1 - x) * (1 - x)
    case .taylor: return Self.taylor(Double(n), size) / Self.taylor((size - 1) / 2, size)
    case .triang: return length % 2 == 0 ? 1 - 2 * middle / size : (size + 1 - 2 * middle) / (size + 1)
    case .tukey:
      let width = 0.5
      return t.magnitude <= 1 - width ? 1 : 0.5 + 0.5 * Foundation.cos(.pi * ((1 - t.magnitude) / width - 1))
    }
  }

  private static func taylor(_ n: Double, _ size: Double) -> Double {
    let lobes = 4, decibels = 30.0
    let a = Foundation.acosh(Foundation.pow(10, decibels / 20)) / .pi
    let spread = Double(lobes * lobes) / (a * a + (Double(lobes) - 0.5) * (Double(lobes) - 0.5))
    return (1..<lobes).reduce(1) { sum, lobe in
      let square = Double(lobe * lobe)
      var factor = lobe % 2 == 1 ? 0.5 : -0.5
      for other in 1..<lobes {
        let shifted = Double(other) - 0.5
        factor *= 1 - square / spread / (a * a + shifted * shifted)
        if other != lobe { factor /= 1 - square / Double(other * other) }
      }
      return sum + 2 * factor * Foundation.cos(2 * .pi * Double(lobe) * (n - size / 2 + 0.5) / size)
    }
  }
}

// MARK: - As vectors

/// A symmetric window of `m` numbers, 0.5 − 0.5 cos(2π n / (m − 1)); none if `m` is less than 1.
/// A floating-point `dtype` is meant: in an integer one all that is less than 1 becomes 0.
/// Source: https://keras.io/api/ops/numpy/#hanning-function
public func hanning(_ m: Int, dtype: DType = .float32) -> Tensor { symmetric(.hann, m, dtype) }

/// A symmetric window of `m` numbers, 0.54 − 0.46 cos(2π n / (m − 1)); none if `m` is less than 1.
/// A floating-point `dtype` is meant: in an integer one all that is less than 1 becomes 0.
/// Source: https://keras.io/api/ops/numpy/#hamming-function
public func hamming(_ m: Int, dtype: DType = .float32) -> Tensor { symmetric(.hamming, m, dtype) }

/// A symmetric window of `m` numbers, 0.42 − 0.5 cos(2π n / (m − 1)) + 0.08 cos(4π n / (m − 1)); none if `m` is less than 1.
/// A floating-point `dtype` is meant: in an integer one all that is less than 1 becomes 0.
/// Source: https://keras.io/api/ops/numpy/#blackman-function
public func blackman(_ m: Int, dtype: DType = .float32) -> Tensor { symmetric(.blackman, m, dtype) }

/// A symmetric window of `m` numbers, 1 − |2 n / (m − 1) − 1|; none if `m` is less than 1.
/// A floating-point `dtype` is meant: in an integer one all that is less than 1 becomes 0.
/// Source: https://keras.io/api/ops/numpy/#bartlett-function
public func bartlett(_ m: Int, dtype: DType = .float32) -> Tensor { symmetric(.bartlett, m, dtype) }

/// A symmetric window of `m` numbers, I₀(β √(1 − t²)) / I₀(β) for t from −1 to 1, I₀ being the modified Bessel function; none if `m` is less
/// than 1. A floating-point `dtype` is meant: in an integer one all that is less than 1 becomes 0.
/// Source: https://keras.io/api/ops/numpy/#kaiser-function
public func kaiser(_ m: Int, beta: Double, dtype: DType = .float32) -> Tensor {
  let values = (0..<max(m, 0)).map { n -> Double in
    if m == 1 { return 1 }
    let t = 2 * Double(n) / Double(m - 1) - 1
    return bessel(beta * max(0, 1 - t * t).squareRoot()) / bessel(beta)
  }
  return Tensor(values).cast(to: dtype)
}

/// The modified Bessel function I₀ by its series: Σ (x / 2)²ᵏ / k!².
private func bessel(_ x: Double) -> Double {
  let quarter = x * x / 4
  var term = 1.0, sum = 1.0, k = 1.0
  // The terms grow until k is half of x.
  while term > sum * 1e-17 {
    term *= quarter / (k * k)
    sum += term
    k += 1
  }
  return sum
}

private func symmetric(_ shape: SignalWindow.Shape, _ m: Int, _ dtype: DType) -> Tensor {
  let values = (try? SignalWindow(shape).values(count: m, isPeriodic: false)) ?? []
  return Tensor(values).cast(to: dtype)
}
