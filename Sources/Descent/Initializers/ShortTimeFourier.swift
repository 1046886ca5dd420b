import Foundation
import TensorCore

/// Which part of a complex number.
public enum FourierSide: String, Sendable, CaseIterable {
  /// The real part.
  case real
  /// The imaginary part.
  case imag
}

/// By what a window is divided.
public enum WindowScaling: String, Sendable, CaseIterable {
  /// √(Σ w²): squares of magnitudes are densities.
  case density
  /// Σ |w|: magnitudes are amplitudes.
  case spectrum
}

extension Initializer {
  /// Kernels whose convolution with a signal is a short-time Fourier transform: w[t] cos(−2π t k / n) / scale, or with a sine, for weights of
  /// shape `[frame length, 1, n / 2 + 1]`. (Keras: `STFTInitializer`.)
  /// - Parameters:
  ///   - side: cosines or sines.
  ///   - window: w; nil for 1.
  ///   - scaling: what the window is divided by; nil for nothing, as for no window.
  ///   - periodic: whether the window goes on without a jump where it is repeated; else it is symmetric. A window of given numbers is taken as
  ///     it is.
  /// - Returns: an initializer that throws ``DescentError`` for other shapes, and where a window of given numbers is not as long as a frame.
  /// Source: https://keras.io/api/layers/initializers/#stftinitializer-class
  public static func stft(
    _ side: FourierSide = .real, window: SignalWindow? = .hann, scaling: WindowScaling? = .density, periodic: Bool = false
  ) -> Initializer {
    let config: [String: JSONValue] = [
      "side": .string(side.rawValue), "window": window?.json ?? .null, "scaling": scaling.map { .string($0.rawValue) } ?? .null,
      "periodic": .bool(periodic),
    ]
    return Initializer("STFT", name: "stft", config: config) { shape, dtype, _ in
      guard shape.count == 3, shape[1] == 1, shape[0] > 0, shape[2] > 1 else {
        throw DescentError(
          .invalidArgument, "initializer stft: shape \(shape) is not [frame length, 1, frequencies], with more than 1 frequency")
      }
      var factors = [Double](repeating: 1, count: shape[0])
      if let window {
        factors = try window.values(count: shape[0], isPeriodic: periodic)
        let scale: Double = switch scaling {
        case .density: factors.reduce(0) { $0 + $1 * $1 }.squareRoot()
        case .spectrum: factors.reduce(0) { $0 + $1.magnitude }
        case nil: 1
        }
        factors = factors.map { $0 / scale }
      }
      if Initializer.isForReplacedWeights { return Tensor.zeros(shape, dtype: dtype) }
      let length = 2 * (shape[2] - 1)
      // One whole period, which those of higher frequencies go through in greater steps.
      let wave = (0..<length).map { place -> Double in
        let angle = -2 * Double.pi * Double(place) / Double(length)
        return side == .real ? Foundation.cos(angle) : Foundation.sin(angle)
      }
      return Tensor(shape: shape, dtype: dtype) { bytes in
        func fill<Number: BinaryFloatingPoint>(_ numbers: UnsafeMutableBufferPointer<Number>) {
          for (t, factor) in factors.enumerated() {
            for k in 0..<shape[2] { numbers[t * shape[2] + k] = Number(factor * wave[t * k % length]) }
          }
        }
        if dtype == .float64 { fill(bytes.bindMemory(to: Double.self)) } else { fill(bytes.bindMemory(to: Float.self)) }
      }
    }
  }
  /// With default settings.
  public static let stft = stft()
}

extension SettingKind<SignalWindow> {
  /// Any window.
  static var signalWindow: SettingKind {
    SettingKind("a list of numbers or one of \(SignalWindow.Shape.allCases.map(\.rawValue).joined(separator: ", "))") { SignalWindow(json: $0) }
  }
}
