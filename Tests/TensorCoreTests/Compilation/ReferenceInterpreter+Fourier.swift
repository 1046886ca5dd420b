import Foundation
import TensorCore

extension ReferenceInterpreter {
  /// A Fourier transform as its definition says: a sum for each number.
  static func fourier(_ transform: FourierTransform, _ inputs: [[Double]], _ shape: [Int]) -> [Double] {
    let n = transform.length, rows = shape.dropLast().reduce(1, *), own = shape.last!, sign = transform.isInverse ? 1.0 : -1.0
    func element(_ row: Int, _ t: Int) -> (Double, Double) {
      switch transform.form {
      case .complex: return (inputs[0][row * own + t], inputs[1][row * own + t])
      case .fromReal: return (inputs[0][row * own + t], 0)
      case .toReal:
        let place = row * own + min(t, n - t)
        return (inputs[0][place], 2 * t == n || t == 0 ? 0 : t < n - t ? inputs[1][place] : -inputs[1][place])
      }
    }
    let kept = transform.form == .fromReal ? n / 2 + 1 : n
    var real: [Double] = [], imaginary: [Double] = []
    for row in 0..<rows {
      for k in 0..<kept {
        var (x, y) = (0.0, 0.0)
        for t in 0..<n {
          let angle = sign * 2 * .pi * Double(k * t % n) / Double(n), (a, b) = element(row, t)
          x += a * cos(angle) - b * sin(angle)
          y += a * sin(angle) + b * cos(angle)
        }
        real.append(x)
        imaginary.append(y)
      }
    }
    return transform.form == .toReal ? real : real + imaginary
  }
}
