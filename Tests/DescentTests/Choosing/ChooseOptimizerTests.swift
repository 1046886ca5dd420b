import DescentTestSupport
import Foundation
import Testing

@testable import Descent

@Suite struct ChooseOptimizerTests {
  private func options() -> ChoosingOptions {
    var options = ChoosingOptions()
    options.candidates = [OptimizerCandidate("adam", Adam()), OptimizerCandidate("sgd", SGD(momentum: 0.9)), OptimizerCandidate("free", ScheduleFreeAdamW())]
    (options.epochs, options.tuningTrials, options.seeds, options.batchSize) = (3, 3, 3, 8)
    return options
  }

  private func model() throws -> Sequential {
    let model = Sequential(seed: 4) {
      Dense(6, activation: .relu, inputShape: [4])
      Dropout(0.1)
      Dense(3, activation: .softmax)
    }
    try model.compile(optimizer: .adam, loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
    return model
  }

  @Test func `a comparison of a model is repeatable, resumable, and leaves the model alone`() throws {
    try withTemporaryFolder { folder in
      let model = try model()
      let before = model.numbers, test = (x: SmallData.x() as any ModelData, y: SmallData.labels as any ModelData)
      let path = folder + "/trials.jsonl"
      func choose() throws -> OptimizerChoice {
        try #require(try model.chooseOptimizer(SmallData.x(), SmallData.labels, testData: test, options: options(), journal: path))
      }
      let whole = try choose()
      #expect(model.numbers == before)
      #expect(whole.trials.contains { !$0.score.isNaN && $0.score > 0.4 })
      #expect(whole.testScores["adam"]?["accuracy"] != nil)
      let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
      // As if killed after tuning had begun: trials that would go on begin anew and come to the same bits.
      let cut = try #require(lines.firstIndex { $0.contains("tune/sgd/1/0") })
      try (lines[...cut].joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
      let resumed = try choose()
      #expect(resumed.trials.map(\.id) == whole.trials.map(\.id))
      #expect(resumed.trials.map(\.score.bitPattern) == whole.trials.map(\.score.bitPattern))
      #expect(resumed.recommended == whole.recommended && resumed.testScores == whole.testScores)

      let html = whole.html(ReportCircumstances(data: "60 rows <of> 4", command: "descent choose"))
      #expect(html.contains("60 rows &lt;of&gt; 4") && !html.contains("<script") && !html.contains("http://www.w3.org/1999/xhtml"))
      #expect(!html.contains("src=") && !html.contains("url(") && !html.contains("@import"))
      #expect(whole.csv.split(separator: "\n").count == whole.trials.count + 1)
      if whole.recommended != nil { try model.compile(anyOptimizer: try whole.optimizer(), loss: .sparseCategoricalCrossentropy) }
    }
  }

  @Test func `a model read with a seed has its weights, whatever was made before`() throws {
    let description = try model().json()
    func read(_ seed: UInt64) throws -> [Double] {
      _ = Sequential()
      return try Sequential.fromJSON(description, compiled: false, seed: seed).numbers
    }
    #expect(try read(7) == read(7) && read(7) != read(8))
    let written = Sequential(seed: 7) {
      Dense(6, activation: .relu, inputShape: [4])
      Dropout(0.1)
      Dense(3, activation: .softmax)
    }
    try written.build(rows: [4])
    #expect(try read(7) == written.numbers)
  }

  @Test func `what does not fit is refused before anything is run`() throws {
    let model = try model()
    var other = options()
    other.metric = "speed"
    #expect(failure(.invalidArgument) { try model.chooseOptimizer(SmallData.x(), SmallData.labels, options: other) }.contains("there are loss, accuracy"))
    let wrong = (x: SmallData.x()[0..<5, 0..<3] as any ModelData, y: SmallData.labels[0..<5] as any ModelData)
    #expect(failure(.data) { try model.chooseOptimizer(SmallData.x(), SmallData.labels, testData: wrong, options: options()) }.contains("test rows"))
  }
}
