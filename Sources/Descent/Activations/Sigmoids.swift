import Foundation

extension ActivationFunction {
  /// 1 / (1 + e⁻ˣ).
  public static let sigmoid = ActivationFunction("sigmoid") { TensorCore.sigmoid($0) }

  /// −log(1 + e⁻ˣ).
  public static let logSigmoid = ActivationFunction("log_sigmoid") { -TensorCore.softplus(-$0) }

  /// x / 6 + 1/2 within 0…1. (Keras 2 had 0.2 x + 1/2.)
  public static let hardSigmoid = ActivationFunction("hard_sigmoid") { hardSigmoid($0) }

  /// 0 where x ≤ −1, (x + 1) / 2 between, 1 where x ≥ 1.
  public static let sparseSigmoid = ActivationFunction("sparse_sigmoid") { x in clip((x + 1) * 0.5, 0, 1) }

  /// The hyperbolic tangent.
  public static let tanh = ActivationFunction("tanh") { TensorCore.tanh($0) }

  /// x within −1…1.
  public static let hardTanh = ActivationFunction("hard_tanh") { clip($0, -1, 1) }

  /// x / (1 + |x|).
  public static let softsign = ActivationFunction("softsign") { x in x / (1 + abs(x)) }

  /// x · sigmoid(x), also known as swish (Ramachandran et al., 2017).
  public static let silu = ActivationFunction("silu") { differentiatedAlone($0) { x in x * TensorCore.sigmoid(x) } }

  /// x · ``hardSigmoid``(x), also known as hard swish (Howard et al., 2019).
  public static let hardSilu = ActivationFunction("hard_silu") { x in x * hardSigmoid(x) }

  /// x · Φ(x) with the normal distribution function Φ (Hendrycks & Gimpel, 2016);
  /// with `approximate` ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))).
  public static func gelu(approximate: Bool = false) -> ActivationFunction {
    ActivationFunction("gelu", config: ["approximate": .bool(approximate)]) {
      differentiatedAlone($0) { x in
        if approximate {
          let inner = (x + x * x * x * 0.044715) * (2 / Double.pi).squareRoot()
          return x * 0.5 * (1 + TensorCore.tanh(inner))
        }
        return x * 0.5 * (1 + erf(x * 0.5.squareRoot()))
      }
    }
  }
  /// With default settings.
  public static let gelu = gelu()

  /// x · tanh(log(1 + eˣ)) (Misra, 2019).
  public static let mish = ActivationFunction("mish") { differentiatedAlone($0) { x in x * TensorCore.tanh(TensorCore.softplus(x)) } }

  private static func hardSigmoid(_ x: Tensor) -> Tensor { clip(x / 6 + 0.5, 0, 1) }
}
