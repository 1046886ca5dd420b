import Descent
import DescentTestSupport
import Testing

struct InitializerTests {
  @Test func `what a file replaces is not computed`() throws {
    let (plain, replaced) = (RandomGenerator(seed: 1), RandomGenerator(seed: 1))
    let matrix = try Initializer.orthogonal([3, 2], generator: plain)
    #expect(try Initializer.$isForReplacedWeights.withValue(true) { try Initializer.orthogonal([3, 2], generator: replaced) }.doubles == [0, 0, 0, 0, 0, 0])
    #expect(matrix.doubles.contains { $0 != 0 })
  }

  @Test func `Moments are those of the distribution`() throws {
    let fixture = try Fixture("initializers")
    let generator = RandomGenerator(seed: 20)
    #expect(fixture.cases.count > 50)
    for entry in fixture.cases {
      let initializer = try Initializer(json: ["class_name": #require(entry["initializer"]), "config": #require(entry["config"])])
      let shape = try #require(entry["shape"]?.array).compactMap(\.int)
      let expected = try #require(entry["expected"])
      let name = "\(entry["initializer"]!) \(entry["config"]!) \(shape)"
      let weights = try initializer(shape, generator: generator)
      #expect(weights.shape == shape && weights.dtype == .float32)
      let values = weights.doubles
      let count = Double(values.count)
      let mean: Double = values.reduce(0, +) / count
      let variance: Double = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
      let deviation = variance.squareRoot()
      let wantedDeviation = try #require(expected["std"]?.double)
      let wantedMean = try #require(expected["mean"]?.double)
      #expect(abs(mean - wantedMean) < 5 * wantedDeviation / count.squareRoot(), "\(name)")
      #expect(abs(deviation - wantedDeviation) < 5 * wantedDeviation / count.squareRoot(), "\(name)")
      if let low = expected["min"]?.double, let high = expected["max"]?.double {
        let slack = 1e-6 * (high - low)
        #expect(values.allSatisfy { $0 >= low - slack && $0 <= high + slack }, "\(name)")
        // Nearly the whole range is used.
        #expect(values.max()! > high - (high - low) * 0.05 && values.min()! < low + (high - low) * 0.05, "\(name)")
      }
    }
  }

  /// The distribution function of the truncated normal, at the points that cut it into tenths.
  @Test(arguments: [DType.float32, .float64]) func `Truncated normal has its shape`(_ dtype: DType) throws {
    let values = try Initializer.truncatedNormal(standardDeviation: 1, seed: 3)(
      [100_000], dtype: dtype, generator: RandomGenerator(seed: 0)
    ).doubles
    // scipy.stats.truncnorm(-2, 2).ppf([0.1, 0.2, …, 0.9])
    let quantiles = [
      -1.1815486, -0.78076106, -0.49275848, -0.23933149, 0, 0.23933149, 0.49275848, 0.78076106, 1.1815486,
    ]
    for (index, quantile) in quantiles.enumerated() {
      let share = Double(values.count { $0 < quantile }) / Double(values.count)
      #expect(abs(share - Double(index + 1) / 10) < 0.006)
    }
    #expect(values.allSatisfy { abs($0) <= 2 })
  }

  @Test func constants() throws {
    let generator = RandomGenerator(seed: 1)
    #expect(try Initializer.zeros([2, 2], generator: generator).doubles == [0, 0, 0, 0])
    #expect(try Initializer.ones([2], generator: generator).doubles == [1, 1])
    #expect(try Initializer.constant(0.25)([3], dtype: .float64, generator: generator).doubles == [0.25, 0.25, 0.25])
    #expect(try Initializer.identity(gain: 2)([2, 3], generator: generator).doubles == [2, 0, 0, 0, 2, 0])
    #expect(throws: DescentError.self) { try Initializer.identity([2, 2, 2], generator: generator) }
    #expect(throws: DescentError.self) { try Initializer.zeros([2], dtype: .int32, generator: generator) }
  }

  @Test func `Orthogonal matrices are orthogonal`() throws {
    let cases = try #require(Fixture("initializers").json["orthogonal"]?.array)
    let generator = RandomGenerator(seed: 2)
    for entry in cases {
      let shape = try #require(entry["shape"]?.array).compactMap(\.int)
      let flat = try #require(entry["flattened"]?.array).compactMap(\.int)
      let diagonal = try #require(entry["gram_diagonal"]?.double)
      let initializer = Initializer.orthogonal(gain: try #require(entry["gain"]?.double))
      let weights = try initializer(shape, dtype: .float64, generator: generator)
      #expect(weights.shape == shape)
      let matrix = weights.reshaped(flat)
      let gram =
        entry["gram"] == "columns" ? matmul(matrix, matrix, transposeA: true) : matmul(matrix, matrix, transposeB: true)
      expectClose(gram, (Tensor.identity(gram.shape[0], dtype: .float64) * diagonal).doubles, "\(shape)")
    }
    #expect(throws: DescentError.self) { try Initializer.orthogonal([4], generator: generator) }
  }

  /// A square orthogonal matrix is uniformly distributed: the mean of each element is 0, its variance 1/n.
  @Test func `Orthogonal matrices are uniform`() throws {
    let generator = RandomGenerator(seed: 4)
    var corner: [Double] = []
    for _ in 0..<400 { corner.append(try Initializer.orthogonal([3, 3], dtype: .float64, generator: generator).doubles[0]) }
    let mean: Double = corner.reduce(0, +) / 400
    let variance: Double = corner.reduce(0) { $0 + $1 * $1 } / 400
    #expect(abs(mean) < 0.15)
    #expect(abs(variance - 1.0 / 3) < 0.08)
  }

  @Test func `Seeds decide`() throws {
    let generator = RandomGenerator(seed: 7)
    let first = try Initializer.glorotUniform([4, 4], generator: generator).doubles
    let second = try Initializer.glorotUniform([4, 4], generator: generator).doubles
    #expect(first != second)
    let again = try Initializer.glorotUniform([4, 4], generator: RandomGenerator(seed: 7)).doubles
    #expect(first == again)
    // A seed of one's own gives the same numbers every time and leaves the model's generator alone.
    let before = generator.state.value.doubles
    let own = Initializer.heNormal(seed: 5)
    #expect(try own([3, 3], generator: generator).doubles == own([3, 3], generator: generator).doubles)
    #expect(generator.state.value.doubles == before)
  }

  @Test func `Explicit axes count fans`() throws {
    // Multi-head attention: [inputs, heads, size].
    let initializer = Initializer.glorotUniform(axes: .init(inputs: [0], outputs: [1, 2]))
    let values = try initializer([60, 5, 8], generator: RandomGenerator(seed: 1)).doubles
    let limit = (6.0 / 100).squareRoot()
    #expect(values.allSatisfy { abs($0) <= limit } && values.map(abs).max()! > 0.97 * limit)
    #expect(throws: DescentError.self) {
      try Initializer.heNormal(axes: .init(inputs: [3], outputs: [0]))([2, 2], generator: RandomGenerator(seed: 1))
    }
  }

  @Test func `Names and JSON`() throws {
    // As Keras 3.15 writes it.
    let json: JSONValue = [
      "module": "keras.initializers", "class_name": "VarianceScaling",
      "config": [
        "seed": 3, "scale": 2.0, "mode": "fan_out", "distribution": "uniform", "input_axes": nil, "output_axes": nil,
      ], "registered_name": nil,
    ]
    #expect(try Initializer(json: json).json() == json)
    let bad: [JSONValue] = [
      ["class_name": "VarianceScaling", "config": ["mode": "fan"]], ["class_name": "VarianceScaling", "config": ["scale": -1]],
      ["class_name": "RandomUniform", "config": ["minval": 1, "maxval": 0]],
      ["class_name": "RandomNormal", "config": ["stddev": -1]], ["class_name": "HeNormal", "config": ["sede": 1]],
      ["class_name": "STFT", "config": ["side": "left"]], "glorot_unifrom",
    ]
    for json in bad { #expect(throws: DescentError.self, "\(json)") { try Initializer(json: json) } }
    let literal: Initializer = "glorot_unifrom"
    let error = #expect(throws: DescentError.self) { try literal([2], generator: RandomGenerator(seed: 1)) }
    #expect(error?.message.contains("did you mean 'glorot_uniform'?") == true)
  }
}
