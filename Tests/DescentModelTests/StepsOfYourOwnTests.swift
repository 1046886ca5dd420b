import Descent
import DescentTestSupport
import Foundation
import Testing

private final class GAN: Model {
  let generator = Sequential { Dense(16, activation: .relu, inputShape: [8]); Dense(2) }
  let discriminator = Sequential { Dense(16, activation: .relu, inputShape: [2]); Dense(1) }
  let generatorStepper, discriminatorStepper: Stepper<[Tensor]>
  let dLoss = MeanMetric(name: "d_loss"), gLoss = MeanMetric(name: "g_loss")

  init(seed: UInt64? = nil) throws {
    generatorStepper = try Stepper(Adam(learningRate: 1e-3), variables: generator.trainableVariables)
    discriminatorStepper = try Stepper(Adam(learningRate: 3e-3), variables: discriminator.trainableVariables)
    super.init(seed: seed)
  }

  override func trainStep(_ step: StepContext) throws -> [String: Tensor] {
    let real = step.x, rows = real.shape[0]
    let noise = step.context.random.normal([rows, 8])
    let bce = Loss.binaryCrossentropy(fromLogits: true)
    let isReal = Tensor.ones([rows, 1]), isFake = Tensor.zeros([rows, 1])

    let both = concatenate([real, try generator(noise, step.context)], axis: 0)
    let d = bce(target: concatenate([isReal, isFake], axis: 0), prediction: try discriminator(both, step.context))
    try discriminatorStepper.update(gradients: gradients(of: d, withRespectTo: discriminatorStepper.variables))

    let g = bce(target: isReal, prediction: try discriminator(generator(noise, step.context), step.context))
    try generatorStepper.update(gradients: gradients(of: g, withRespectTo: generatorStepper.variables))

    try dLoss.updateState(d)
    try gLoss.updateState(g)
    return ["d_loss": dLoss.result, "g_loss": gLoss.result]
  }
}

/// The network of the page on steps of one's own.
@Suite struct StepsOfYourOwnTests {
  @Test func `the network of the page is this one`() throws {
    let here = URL(fileURLWithPath: #filePath)
    let source = try String(contentsOf: here, encoding: .utf8)
    let page = try String(
      contentsOf: here.deletingLastPathComponent()
        .appendingPathComponent("../../Sources/Descent/Descent.docc/StepsOfYourOwn.md"), encoding: .utf8)
    let block = try #require(page.components(separatedBy: "```swift\n").first { $0.hasPrefix("final class GAN") })
    let code = try #require(block.components(separatedBy: "\n\nlet gan").first)
    #expect(source.contains(code))
  }

  @Test func `it learns where the points lie`() throws {
    var generator = SeededGenerator(seed: 1)
    func number() -> Float { Float.random(in: -1...1, using: &generator) }
    let points = Tensor(shape: [256, 2], scalars: (0..<256).flatMap { (_: Int) -> [Float] in [3 + 0.2 * number(), -2 + 0.2 * number()] })
    let gan = try GAN(seed: 1)
    // Both networks were built with the steppers, by seeds that other tests draw from too.
    for (number, network) in [gan.generator, gan.discriminator].enumerated() {
      try network.setWeights(network.variables.enumerated().map { Fixture.pattern($1.shape, salt: 10 * number + $0, dtype: .float32) / 4 })
    }
    try gan.compile()
    let history = try gan.fit(points, batchSize: 32, epochs: 60, verbose: 0)
    #expect(history.names == ["d_loss", "g_loss"] && history["d_loss"].allSatisfy(\.isFinite))
    let noise = Tensor(shape: [256, 8], scalars: (0..<256 * 8).map { _ in 2 * number() })
    let mean = try gan.generator.predict(noise, verbose: 0).mean(axis: 0).doubles
    #expect(abs(mean[0] - 3) < 1.5 && abs(mean[1] + 2) < 1.5, "\(mean)")
    #expect(gan.variables.count == 8 && gan.optimizerState?.iterations == 0)
  }
}
