import Descent
import DescentTestSupport
import Foundation
import Testing

/// The same bits whatever the number of threads. Each number is tried in a process of its own, because the threads are chosen once.
@Suite(.timeLimit(.minutes(20))) struct ThreadCountTests {
  /// Trains on so many threads and prints all weights.
  private static func train(threads: Int) throws {
    setenv("DESCENT_THREADS", "\(threads)", 1)
    let model = Sequential(seed: 1) {
      Reshape([10, 10, 3], inputShape: [300])
      RandomRotation(0.1)
      RandomFlip()
      RandomCrop(9, 8)
      Rescaling(127.5, offset: 127.5)
      RandAugment(numOps: 1)
      RandomPerspective(0.5)
      RandomShear(xFactor: 0.1)
      RandomSaturation([0.4, 0.6])
      RandomHue(0.1)
      RandomColorJitter(brightnessFactor: 0.1, contrastFactor: 0.2, saturationFactor: [0.4, 0.6], hueFactor: 0.1)
      RandomGrayscale(0.2)
      RandomPosterization([4, 8])
      RandomSharpness(0.5)
      RandomColorDegeneration(0.5)
      RandomInvert(0.3)
      Solarization(thresholdFactor: 0.2)
      RandomGaussianBlur(0.5)
      RandomErasing(0.5)
      AutoContrast()
      Equalization()
      MixUp()
      CutMix()
      Rescaling(1 / 127.5, offset: -1)
      Flatten()
      Dense(200, activation: .relu)
      Dropout(0.2)
      BatchNormalization()
      Dense(10, activation: .softmax)
    }
    try model.compile(optimizer: Adam().with { $0.globalClipnorm = 1 }, loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
    var generator = SeededGenerator(seed: 3)
    let x = Tensor(shape: [200, 300], scalars: (0..<60_000).map { _ in Float.random(in: -1...1, using: &generator) })
    let labels = Tensor((0..<200).map { UInt8($0 % 10) })
    let history = try model.fit(x, labels, epochs: 3, verbose: 0, validationSplit: 0.2)
    let bits = model.weights.flatMap { $0.scalars(as: Float.self) }.map(\.bitPattern)
    print("weights", bits.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 })
    print(history.csv)
  }

  private func output(_ result: ExitTest.Result?) throws -> String {
    let text = String(decoding: try #require(result).standardOutputContent, as: UTF8.self)
    // The child's own test library prints too.
    let start = try #require(text.range(of: "weights "))
    return String(text[start.lowerBound...])
  }

  @Test func `Training does not depend on it`() async throws {
    let one = try output(
      await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) { try ThreadCountTests.train(threads: 1) })
    let two = try output(
      await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) { try ThreadCountTests.train(threads: 2) })
    let five = try output(
      await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) { try ThreadCountTests.train(threads: 5) })
    #expect(two == one && five == one)
    #expect(one.contains("epoch,accuracy,loss,val_accuracy,val_loss") && !one.contains("nan"))
  }
}
