import Descent
import DescentTestSupport
import Testing

/// What layers that erase, blur, bend and mix images draw, and how they are called.
@Suite struct AugmentationLayerTests {
  private let images = Tensor.zeros([4096, 10, 8, 3], dtype: .float64)

  private func drawn(_ layer: RandomImageLayer, seed: UInt64 = 5) -> [[Double]] { layer.drawn(for: images, RandomGenerator(seed: seed)).map { $0.cast(to: .float64).doubles } }

  /// Kolmogorov and Smirnov's distance from the uniform distribution; 0.04 is passed once in 10⁵ times with 4,096 numbers.
  private func expectUniform(_ values: [Double], _ range: ClosedRange<Double>, _ what: String) {
    let length: Double = range.upperBound - range.lowerBound, count = Double(values.count)
    let places: [Double] = values.map { ($0 - range.lowerBound) / length }.sorted()
    let distance: Double = places.indices.map { (place: Int) -> Double in abs(places[place] - (Double(place) + 0.5) / count) }.max() ?? 1
    #expect(places[0] >= 0 && places[places.count - 1] <= 1 && distance < 0.04, "\(what): \(distance)")
  }

  private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  @Test func `each image is chosen with its own probability`() {
    let layers: [(RandomImageLayer, Double)] = [
      (RandomErasing(0.5), 0.25), (RandomErasing([0.5, 1], fillValue: [0]), 0.75), (RandomPerspective(1), 0.5), (RandomPerspective([1, 1]), 1), (RandomGaussianBlur([0.2, 0.4]), 0.3),
    ]
    for (layer, expected) in layers { #expect(abs(mean(drawn(layer)[0]) - expected) < 0.04, "\(layer.name)") }
  }

  @Test func `rectangles lie anywhere that they fit, and their sides are roots of parts`() {
    let erased = drawn(RandomErasing(1, scale: [0.04, 0.25], fillValue: [1]))
    for (start, end, length) in [(erased[1], erased[2], 8.0), (erased[3], erased[4], 10.0)] {
      let sides = zip(start, end).map { ($1 - $0) / length }
      expectUniform(sides.map { $0 * $0 }, 0.04...0.25, "parts")
      expectUniform(zip(start, sides).map { $0 / (length * (1 - $1)) }, 0...1, "starts")
    }
    let noise = RandomErasing(valueRange: 0...2).drawn(for: Tensor.zeros([64, 10, 8, 3], dtype: .float64), RandomGenerator(seed: 5))[5].doubles
    #expect(noise.count == 64 * 240 && abs(mean(noise)) < 0.1 && abs(mean(noise.map { $0 * $0 }) - 4) < 0.2)
    // CutMix: both sides are the root of 1 − w, with w symmetric about ½.
    let cut = drawn(CutMix([1, 1]))
    let areas: [Double] = cut[0].indices.map { (place: Int) -> Double in (cut[1][place] - cut[0][place]) * (cut[3][place] - cut[2][place]) / 80 }
    expectUniform(areas, 0...1, "areas")
    #expect(cut[4].sorted() == (0..<4096).map(Double.init) && cut[4] != cut[4].sorted())
  }

  @Test func `weights are of the beta distribution`() {
    for alpha in [0.05, 0.4, 1.0] {
      let variance = 1 / (4 * (2 * alpha + 1))
      for (values, what) in [(drawn(MixUp(alpha: alpha))[0], "MixUp"), (CutMix.symmetricBeta(4096, alpha: Tensor([alpha]), RandomGenerator(seed: 3)).doubles, "CutMix")] {
        #expect(values.allSatisfy { $0 >= 0 && $0 <= 1 } && abs(mean(values) - 0.5) < 0.04, "\(what) \(alpha)")
        #expect(abs(mean(values.map { ($0 - 0.5) * ($0 - 0.5) }) - variance) < 0.02, "\(what) \(alpha)")
      }
    }
    // All but one image is whole where α is next to nothing.
    #expect(CutMix.symmetricBeta(64, alpha: Tensor([1e-6 as Float]), RandomGenerator(seed: 3)).doubles.allSatisfy { $0 < 1e-6 || $0 > 1 - 1e-6 || $0 == 0.5 })
  }

  @Test func `bits, bends and widths are drawn within their bounds`() {
    let shifts = drawn(RandomPosterization([3, 6]))[0]
    #expect(Set(shifts) == [3, 4, 5] && drawn(RandomPosterization([4, 4]))[0].allSatisfy { $0 == 4 } && Set(drawn(RandomPosterization(3))[0]) == [6, 7])
    expectUniform(drawn(RandomPerspective(1, scale: 0.5))[1].enumerated().filter { $0.offset % 8 == 3 }.map(\.element), -0.25...0.25, "moves")
    let widths = (0..<500).flatMap { RandomGaussianBlur(1, sigma: [0.5, 1]).drawn(for: Tensor.zeros([1, 4, 4, 1], dtype: .float64), RandomGenerator(seed: $0))[1].doubles }
    #expect(widths.allSatisfy { $0 >= 0.5 && $0 <= 1.00001 } && abs(mean(widths) - 0.75) < 0.03)
    expectUniform(drawn(RandomSharpness([0.25, 0.75]))[0], 0.25...0.75, "sharpness")
    expectUniform(drawn(RandomColorDegeneration(0.5))[0], -0.5...0.5, "colour")
  }

  @Test func `RandAugment goes the ways that were drawn, one after another`() throws {
    let x = RandomGenerator(seed: 2).uniform([3, 6, 5, 3], high: 255, dtype: .float64).evaluated()
    let range = RandomFactor(0.1, 0.5)
    let ways: [RandomImageLayer] = [
      RandomShear(xFactor: range, yFactor: range), RandomTranslation(range, range), RandomRotation(range), RandomBrightness(range), RandomColorDegeneration(range),
      RandomContrast(range), RandomSharpness(range), RandomPosterization(4), Solarization(additionFactor: range, thresholdFactor: range), AutoContrast(), Equalization(),
    ]
    let layer = RandAugment(numOps: 2, factor: range)
    let all = layer.drawn(for: x, RandomGenerator(seed: 4)).map { $0.evaluated() }
    var places: [Int: Range<Int>] = [:], place = 1
    for (number, way) in ways.enumerated() {
      let count = way.drawn(for: x, RandomGenerator(seed: 1)).count
      places[number] = place..<(place + count)
      place += count
    }
    #expect(place == all.count)
    func gone(_ x: Tensor, _ number: Int) -> Tensor { ways[number].changed(x, by: Array(all[places[number]!])) }
    for number in ways.indices {
      let second = (number * 5 + 2) % ways.count
      let found = layer.changed(x, by: [Tensor([Int32(number), Int32(second)])] + all.dropFirst())
      expectClose(found, gone(gone(x, number), second).doubles, tolerance: 1e-9, "\(ways[number].name)")
    }
    let numbers = (0..<300).flatMap { layer.drawn(for: Tensor.zeros([1, 2, 2, 3]), RandomGenerator(seed: $0))[0].cast(to: .float64).doubles }
    #expect(Set(numbers).count == 11 && abs(mean(numbers) - 5) < 0.6)
  }

  @Test func `labels are mixed as images are`() throws {
    let fixture = try Fixture("augmentation-layers")
    let mixed = try #require(fixture.json["mixed"])
    let labels = try Fixture.tensor(mixed["labels"]), x = try Fixture.tensor(fixture.json["inputs"]?["c"])
    for (layer, key) in [(MixUp(alpha: 1, seed: 3), "mix_up"), (CutMix([1, 1], seed: 3), "cut_mix")] as [(MixingLayer, String)] {
      // By draws that Keras was given.
      let own = key == "mix_up" ? [try Fixture.tensor(mixed["weight"])] : try mixed["boxes"]?.array?.map { try Fixture.tensor($0) } ?? []
      let result = layer.mixed(labels, by: own + [try Fixture.tensor(mixed["order"])], x)
      expectClose(result, try Fixture.numbers(mixed[key]?["values"]), tolerance: 1e-12, key)
      // By its own: an image that is all its number, with a label of as much.
      let numbers = Tensor((0..<8).map { Float($0) })
      let pair = try layer(images: numbers.reshaped([8, 1, 1, 1]) * Tensor.ones([8, 16, 16, 1]), labels: Tensor((0..<8).map { row in (0..<8).map { $0 == row ? 1 : 0 } } as [[Float]]))
      let sums = (pair.labels * Tensor((0..<8).map { Float($0) })).sum(axes: [1])
      let means = pair.images.mean(axes: [1, 2, 3])
      expectClose(sums, means.doubles, tolerance: key == "mix_up" ? 1e-5 : 0.6, key)
      #expect(pair.labels.sum(axes: [1]).doubles.allSatisfy { abs($0 - 1) < 1e-5 } && sums.doubles != numbers.doubles)
      let plain = try layer(images: x, labels: labels, training: false)
      #expect(plain.images.doubles == x.doubles && plain.labels.doubles == labels.doubles)
      let error = #expect(throws: DescentError.self) { _ = try layer(images: x, labels: Tensor([1, 2, 3] as [Int32])) }
      #expect(error?.message.contains("expected floating-point [rows, classes]") == true, "\(error?.message ?? "")")
    }
  }

  @Test func `a model with them trains, with the numbers of a seed`() throws {
    func losses(_ seed: UInt64) throws -> [Double] {
      let model = Sequential(seed: 2) {
        RandAugment(numOps: 1, seed: seed, inputShape: [8, 8, 3])
        RandomErasing(1, seed: seed)
        RandomPerspective(0.5, scale: 0.3)
        RandomGaussianBlur(0.5)
        AutoContrast()
        MixUp()
        CutMix(seed: seed)
        Rescaling(1.0 / 255)
        GlobalAveragePooling2D()
        Dense(2, activation: .softmax)
      }
      try model.compile(optimizer: Adam(learningRate: 0.01), loss: .sparseCategoricalCrossentropy)
      let x = RandomGenerator(seed: 1).uniform([16, 8, 8, 3], low: 0, high: 255).evaluated()
      let before = try model.predict(x, verbose: 0).doubles
      #expect(try model.predict(x, verbose: 0).doubles == before)
      return try model.fit(x, Tensor((0..<16).map { Int32($0 % 2) }), batchSize: 8, epochs: 2, verbose: 0)["loss"]
    }
    let trained = try losses(7)
    let (again, other) = (try losses(7), try losses(8))
    #expect(trained.allSatisfy(\.isFinite) && again == trained && other != trained)
  }

  @Test func `settings that make no sense are refused`() {
    func message(_ layer: Layer, _ row: [Int] = [8, 8, 3]) -> String { failure(.invalidArgument) { try layer(Tensor.zeros([1] + row)) } }
    let refused: [(Layer, String)] = [
      (RandomErasing(2, name: "a"), "layer a: factor is 2.0"), (RandomErasing(scale: -1, name: "a"), "scale is -1.0"), (RandomErasing(fillValue: [1, 2], name: "a"), "fillValue is [1.0, 2.0]"),
      (RandomPerspective(1, scale: 2, name: "a"), "scale is 2.0"), (RandomPerspective(1, interpolation: .area, name: "a"), "interpolation is area"), (RandomGaussianBlur(kernelSize: (2, 3), name: "a"), "kernelSize is 2, 3"),
      (RandomGaussianBlur(sigma: 3, name: "a"), "sigma is 3.0"), (RandomPosterization(0, name: "a"), "factor is 0.0; expected one whole number"), (RandomPosterization([1, 2.5], name: "a"), "factor is"),
      (Equalization(bins: 1, name: "a"), "bins is 1"), (MixUp(alpha: 0, name: "a"), "alpha is 0.0"), (CutMix(3, name: "a"), "factor is 3.0"), (RandAugment(numOps: 0, name: "a"), "numOps is 0"),
      (RandomColorJitter(hueFactor: 2, name: "a"), "layer a: hueFactor is 2.0"), (RandomColorJitter(contrastFactor: -0.5, name: "a"), "contrastFactor is -0.5"), (RandomColorJitter(valueRange: 1...1, name: "a"), "valueRange is 1.0...1.0"), (RandAugment(factor: 3, name: "a"), "factor is 3.0"), (AutoContrast(valueRange: 1...1, name: "a"), "valueRange is 1.0...1.0"), (RandomSharpness(2, name: "a"), "factor is 2.0"),
      (RandomColorDegeneration(2, name: "a"), "factor is 2.0"),
    ]
    for (layer, expected) in refused { #expect(message(layer).contains(expected), "\(message(layer))") }
    #expect(message(RandAugment(name: "a"), [8, 8, 1]).contains("an image has 1 channels; expected 3"))
    #expect(message(RandomColorJitter(saturationFactor: 0.5, name: "a"), [8, 8, 1]).contains("an image has 1 channels; expected 3"))
    #expect(message(RandomPerspective(name: "a"), [1, 8, 3]).contains("1 × 8 pixels"))
    for (name, config) in [("RandomGaussianBlur", "\"kernel_size\": \"x\""), ("RandomErasing", "\"fill_value\": \"x\""), ("CutMix", "\"bounding_box_format\": \"xyxy\"")] {
      let json = try? JSONValue(parsing: "{\"class_name\": \"\(name)\", \"config\": {\"name\": \"f\", \(config)}}")
      #expect(throws: DescentError.self) { try Layer.deserialize(needed(json)) }
    }
  }
}
