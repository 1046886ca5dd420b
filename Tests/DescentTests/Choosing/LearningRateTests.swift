import DescentTestSupport
import Foundation
import Testing

@testable import Descent

@Suite struct LearningRateTests {
  @Test func `suggestions are fastai's`() throws {
    let fixture = try Fixture("learning-rate-suggestions").json
    for item in try #require(fixture["cases"]?.array) {
      let name = item["name"]?.string ?? ""
      let curve = LearningRateCurve(
        learningRates: (item["rates"]?.array ?? []).compactMap(\.double), losses: (item["losses"]?.array ?? []).map { $0.double ?? .nan },
        steps: 100, smoothing: 0.98, hasDiverged: false)
      for kind in LearningRateCurve.Suggestion.allCases {
        let expected = try #require(item["suggested"]?[kind.rawValue]?.double)
        expectClose([curve.suggestion(kind) ?? .nan], [expected], tolerance: 1e-9, "\(name), \(kind)")
      }
    }
  }

  @Test(arguments: [
    "adam", "sgd:momentum=0.9", "adam:use_ema=true", "adamwschedulefree", "prodigy", "lookahead", "sgd:nonfinite=\"stop\"",
    #"{"class_name": "LossScaleOptimizer", "config": {"inner_optimizer": {"class_name": "Adam", "config": {}}}}"#,
  ])
  func `nothing is changed by looking for a rate`(optimizer: String) throws {
    func trained(_ look: (Sequential) throws -> Void) throws -> (before: [Double], after: [Double], history: [Double]) {
      let model = Sequential(seed: 5) {
        Dense(8, activation: .relu, inputShape: [4])
        BatchNormalization()
        Dropout(0.3)
        Dense(3, activation: .softmax)
      }
      let text = optimizer.replacingOccurrences(of: "nonfinite", with: "non_finite")
      try model.compile(anyOptimizer: (try? OptimizerRegistry.optimizer(text: text)) ?? Adam(), loss: .sparseCategoricalCrossentropy)
      try model.fit(SmallData.x(), SmallData.labels, batchSize: 16, epochs: 2, verbose: 0, stepsPerEpoch: 3)
      _ = try model.trainOnBatch(SmallData.x(), SmallData.labels, resetMetrics: true)
      let before = model.numbers
      let history = model.history
      try look(model)
      #expect(model.history === history)
      let score = try model.trainOnBatch(SmallData.x(), SmallData.labels, resetMetrics: false)
      let after = model.numbers
      #expect(after != before)
      return (before, after, try model.fit(SmallData.x(), SmallData.labels, batchSize: 16, epochs: 2, verbose: 0)["loss"] + [score.loss])
    }
    let plain = try trained { _ in }
    let looked = try trained { model in
      let before = model.numbers
      let curve = try model.findLearningRate(SmallData.x(), SmallData.labels, batchSize: 8, steps: 40)
      #expect(curve.losses.count > 10)
      #expect(model.numbers == before)
    }
    #expect(plain.before == looked.before && plain.after == looked.after)
    #expect(plain.history == looked.history)
  }

  @Test func `the curve falls and then explodes`() throws {
    let model = try SmallData.model(optimizer: SGD())
    let curve = try model.findLearningRate(SmallData.x(), SmallData.labels, batchSize: 16, startLearningRate: 1e-4, endLearningRate: 1e4)
    #expect(curve.hasDiverged)
    let rate = try #require(curve.suggestion())
    #expect(rate > 1e-3 && rate < 10)
    #expect(try #require(curve.usefulRange).contains(rate) || rate > 0)
    expectClose([curve.learningRates[0], curve.learningRates[1] / curve.learningRates[0]], [1e-4, pow(10, 0.08)], tolerance: 1e-12)
    #expect(try model.learningRate == 0.01)
    #expect(curve.svg.contains("valley"))
  }

  @Test func `streams are looked at as rows are`() throws {
    let rows = try SmallData.model().findLearningRate(SmallData.x(), SmallData.labels, batchSize: 60, steps: 12)
    let model = try SmallData.model()
    let batches = try Dataset(SmallData.x(), SmallData.labels).batch(60)
    let stream = try model.findLearningRate(batches, steps: 12)
    expectClose(stream.losses, rows.losses, tolerance: 1e-5)
  }

  @Test func `arguments out of range are refused`() throws {
    let model = try SmallData.model()
    let (x, y) = (SmallData.x(), SmallData.labels)
    #expect(failure(.invalidArgument) { try model.findLearningRate(x, y, startLearningRate: 1, endLearningRate: 0.1) }.contains("rates from 1.0"))
    #expect(failure(.invalidArgument) { try model.findLearningRate(x, y, steps: 5) }.contains("steps is 5"))
    #expect(failure(.invalidArgument) { try model.findLearningRate(x, y, smoothing: 1) }.contains("smoothing is 1"))
    #expect(failure(.state) { try Sequential([Dense(1)]).findLearningRate(x, y) }.contains("compile"))
  }
}
