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
      let length = 2 * (shape[2] - 1)
      var values: [Double] = []
      values.reserveCapacity(shape[0] * shape[2])
      for (t, factor) in factors.enumerated() {
        for k in 0..<shape[2] {
          let angle = -2 * Double.pi * Double(t * k % length) / Double(length)
          values.append(factor * (side == .real ? Foundation.cos(angle) : Foundation.sin(angle)))
        }
      }
      return Tensor(shape: shape, scalars: values).cast(to: dtype)
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
