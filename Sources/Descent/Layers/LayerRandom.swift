import TensorCore

/// Where a layer that draws random numbers gets them: from its model, or from a stream of its own if it was given a seed.
struct LayerRandom {
  let seed: UInt64?
  private let own: RandomGenerator?

  init(seed: UInt64?) {
    self.seed = seed
    own = seed.map { RandomGenerator(seed: $0, name: "seed_generator_state") }
  }

  func callAsFunction(_ context: ForwardContext) -> RandomGenerator { own ?? context.random }

  /// Elements are 0 with probability `rate`, and multiplied by 1 / (1 − rate) otherwise.
  /// - Parameter shape: of the choice, which stretches over `x`.
  func dropped(_ x: Tensor, rate: Double, shape: [Int], _ context: ForwardContext) -> Tensor {
    let isKept = self(context).bernoulli(shape, probability: 1 - rate)
    return select(isKept, x * (1 / (1 - rate)), Tensor.zeros([], dtype: x.dtype))
  }
}

extension LayerOptions {
  /// The option `seed`.
  mutating func seed() throws -> UInt64? { try optionalInt("seed").map { UInt64(bitPattern: Int64($0)) } }

  /// The option `noise_shape` without its axis of rows, where only null means anything.
  mutating func noiseShape() throws -> [Int]? {
    let kind = SettingKind("a list that begins with null, or null") { json -> [Int]? in
      guard let sizes = json.array, sizes.first == .null else { return nil }
      return try SettingKind.integer.list(of: "integers").value(of: .array(Array(sizes.dropFirst())), named: "sizes")
    }
    return try optional("noise_shape", kind)
  }
}

extension JSONValue {
  static func seed(_ seed: UInt64?) -> JSONValue { seed.map { JSONValue(Int(bitPattern: UInt($0))) } ?? .null }

  static func noiseShape(_ shape: [Int]?) -> JSONValue { shape.map { .array([.null] + $0.map { JSONValue($0) }) } ?? .null }

  static func ints(_ values: [Int]) -> JSONValue { .array(values.map { JSONValue($0) }) }

  /// One integer as itself, several as a list.
  static func intOrList(_ values: [Int]) -> JSONValue { values.count == 1 ? JSONValue(values[0]) : .ints(values) }
}
