import Descent
import Foundation
import TensorCore

/// Brackets of rounds: many trials of few epochs, of which the best go on with more, and so on; from bracket to bracket fewer trials begin with more epochs.
/// (Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", 2018.)
final class HyperbandStrategy: SearchStrategy {
  /// Trials of one start. Of each round the trials, and those of the round before whose models they go on with.
  private struct Bracket {
    let number: Int
    var rounds: [[(past: String?, id: String)]]
  }

  static let epochsKey = "tuner/epochs", initialEpochKey = "tuner/initial_epoch", trialKey = "tuner/trial_id"
  private static let bracketKey = "tuner/bracket", roundKey = "tuner/round"

  private let maxEpochs: Int
  private let factor: Int
  private let iterations: Int
  private var brackets: [Bracket] = []
  private var bracket: Int
  private var iteration = 0

  init(maxEpochs: Int, factor: Int, iterations: Int) throws {
    try NumberRange.count.check("maxEpochs", maxEpochs, "Hyperband")
    try NumberRange.atLeast(2).check("factor", factor, "Hyperband")
    try NumberRange.count.check("hyperbandIterations", iterations, "Hyperband")
    (self.maxEpochs, self.factor, self.iterations) = (maxEpochs, factor, iterations)
    bracket = HyperbandStrategy.bracketCount(maxEpochs: maxEpochs, factor: factor) - 1
    begin()
  }

  // The search may be made longer.
  var conditions: [(key: String, value: JSONValue)] { [("max_epochs", JSONValue(maxEpochs)), ("factor", JSONValue(factor))] }
  var ignoredValues: Set<String> { [Self.epochsKey, Self.initialEpochKey, Self.bracketKey, Self.roundKey] }

  // MARK: - Sizes

  static func bracketCount(maxEpochs: Int, factor: Int) -> Int {
    var epochs = Double(maxEpochs), count = 0
    while epochs >= 1 {
      epochs /= Double(factor)
      count += 1
    }
    return count
  }

  /// How many trials a round has, counted from 0.
  func size(bracket: Int, round: Int) -> Int {
    let last = ceil(1 + log(Double(maxEpochs)) / log(Double(factor))) / Double(bracket + 1)
    return Int(ceil(last * pow(Double(factor), Double(bracket - round))))
  }

  /// The epoch at which a round's trials end.
  func epochs(bracket: Int, round: Int) -> Int { Int(ceil(Double(maxEpochs) / pow(Double(factor), Double(bracket - round)))) }

  // MARK: - Trials

  private func begin() { brackets.append(Bracket(number: bracket, rounds: Array(repeating: [], count: bracket + 1))) }

  func nextValues(for id: String, in oracle: Oracle) -> [String: HyperParameterValue]? {
    brackets.removeAll { $0.rounds.last!.count == size(bracket: $0.number, round: $0.rounds.count - 1) }
    for place in brackets.indices {
      let number = brackets[place].number
      if brackets[place].rounds[0].count < size(bracket: number, round: 0) { return random(id, place, oracle) }
      for round in brackets[place].rounds.indices.dropFirst() {
        let selected = brackets[place].rounds[round].compactMap(\.past)
        let candidates = brackets[place].rounds[round - 1].map(\.id).filter { !selected.contains($0) }.compactMap { oracle.trials[$0] }
          .filter { $0.status == .completed }
        // More than will be dropped: the best of them is sure to go on.
        guard candidates.count > size(bracket: number, round: round - 1) - size(bracket: number, round: round) else { continue }
        guard let best = candidates.enumerated().min(by: { a, b in
          let (left, right) = (a.element.score ?? .nan, b.element.score ?? .nan)
          return left == right ? a.offset < b.offset : oracle.objective.isBetter(left, than: right)
        })?.element else { continue }
        var values = best.hyperparameters.values
        values[Self.trialKey] = .string(best.id)
        values[Self.epochsKey] = .int(epochs(bracket: number, round: round))
        values[Self.initialEpochKey] = .int(epochs(bracket: number, round: round - 1))
        values[Self.bracketKey] = .int(bracket)
        values[Self.roundKey] = .int(round)
        brackets[place].rounds[round].append((best.id, id))
        return values
      }
    }
    if bracket == 0 && iteration + 1 >= iterations { return nil }
    bracket -= 1
    if bracket < 0 {
      bracket = HyperbandStrategy.bracketCount(maxEpochs: maxEpochs, factor: factor) - 1
      iteration += 1
    }
    begin()
    return random(id, brackets.count - 1, oracle)
  }

  private func random(_ id: String, _ place: Int, _ oracle: Oracle) -> [String: HyperParameterValue]? {
    guard var values = oracle.randomValues() else { return nil }
    values[Self.epochsKey] = .int(epochs(bracket: brackets[place].number, round: 0))
    values[Self.initialEpochKey] = 0
    values[Self.bracketKey] = .int(bracket)
    values[Self.roundKey] = 0
    brackets[place].rounds[0].append((nil, id))
    return values
  }

  // MARK: - Records

  var state: JSONValue {
    let brackets = self.brackets.map { bracket -> JSONValue in
      let rounds = bracket.rounds.map { round in
        JSONValue.array(round.map { ["past_id": $0.past.map { .string($0) } ?? .null, "id": .string($0.id)] })
      }
      return ["bracket_num": JSONValue(bracket.number), "rounds": .array(rounds)]
    }
    return ["brackets": .array(brackets), "current_bracket": JSONValue(bracket), "current_iteration": JSONValue(iteration)]
  }

  func restore(_ state: JSONValue, in oracle: Oracle, of owner: String) throws {
    let fault = DescentError(.file, "\(owner): the brackets are missing or not understood")
    let count = HyperbandStrategy.bracketCount(maxEpochs: maxEpochs, factor: factor)
    guard let list = state["brackets"]?.array, let current = state["current_bracket"]?.int, let iteration = state["current_iteration"]?.int,
      (0..<count).contains(current), iteration >= 0
    else { throw fault }
    let brackets = try list.map { bracket in
      guard let number = bracket["bracket_num"]?.int, let rounds = bracket["rounds"]?.array, (0..<count).contains(number), rounds.count == number + 1
      else { throw fault }
      return Bracket(
        number: number,
        rounds: try rounds.map { round in
          try (round.array ?? []).map { entry in
            let past = entry["past_id"]?.string
            guard let id = entry["id"]?.string, oracle.trials[id] != nil, past.map({ oracle.trials[$0] != nil }) ?? true else { throw fault }
            return (past, id)
          }
        })
    }
    (self.brackets, bracket, self.iteration) = (brackets, current, iteration)
  }
}
