import Descent
import TestSupport
import Testing

/// Comparisons of optimizers whose runs are spread over the members of a group.
@Suite(.timeLimit(.minutes(20))) struct GroupChoiceTests {
  /// What a comparison has found, without the times.
  struct Findings: Equatable, Sendable {
    var runs: [String: [Double]] = [:]
    var recommended: String
    var testScores: [String: [String: Double]]
    var toldOfProgress = 0
  }

  private static func choose(_ group: (any ProcessGroup)?, journal: String? = nil) throws -> Findings {
    let model = Sequential([Dense(4, activation: .relu, inputShape: [6]), Dropout(0.1), Dense(1)], dtype: .float64, seed: 4)
    try model.compile(optimizer: Adam(), loss: .meanSquaredError)
    var options = ChoosingOptions()
    options.candidates = [OptimizerCandidate("adam", Adam()), OptimizerCandidate("sgd", SGD(momentum: 0.9)), OptimizerCandidate("free", ScheduleFreeAdamW())]
    (options.epochs, options.tuningTrials, options.seeds, options.batchSize) = (3, 2, 2, 8)
    let x = GroupFitTests.numbers([40, 6], 29), y = GroupFitTests.numbers([40, 1], 13)
    var told = 0
    let choice = try #require(
      try model.chooseOptimizer(x, y, testData: (x, y), options: options, journal: journal, progress: { _ in told += 1 }, group: group))
    var findings = Findings(recommended: choice.recommended?.text() ?? "", testScores: choice.testScores, toldOfProgress: told)
    for trial in choice.trials {
      findings.runs["\(trial.stage) \(trial.candidate) \(trial.number) \(trial.rung) \(trial.seed) \(trial.learningRate)"] = trial.points.flatMap { [$0.loss, $0.value] }
    }
    return findings
  }

  @Test func `Several processes come to the answer of one, and one goes on from their journal`() throws {
    let folder = TemporaryFolder()
    let path = folder.file("trials.jsonl")
    var alone = try Self.choose(nil)
    #expect(alone.runs.count > 8 && alone.toldOfProgress > 8)
    let members = try ThreadGroup.run(2) { try Self.choose($0, journal: path) }.map { try $0.get() }
    #expect(members[0].toldOfProgress == alone.toldOfProgress && members[1].toldOfProgress == 0)
    alone.toldOfProgress = 0
    for var member in members {
      member.toldOfProgress = 0
      #expect(member == alone)
    }
    var rest = try Self.choose(nil, journal: path)
    rest.toldOfProgress = 0
    #expect(rest == alone)
  }
}
