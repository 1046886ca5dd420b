import Descent

/// Values at random, none tried twice.
final class RandomStrategy: SearchStrategy {
  func nextValues(for id: String, in oracle: Oracle) -> [String: HyperParameterValue]? { oracle.randomValues() }
}
