import Descent
import TensorCore

/// Decides what a search tries next.
protocol SearchStrategy: AnyObject {
  /// What a search that goes on must have been begun with, by name.
  var conditions: [(key: String, value: JSONValue)] { get }
  /// Values that say how a trial runs, not what is tried.
  var ignoredValues: Set<String> { get }
  /// The values of the next trial; nil when there is nothing more to try.
  func nextValues(for id: String, in oracle: Oracle) throws -> [String: HyperParameterValue]?
  /// A trial has come to its end, however it ended.
  func didEnd(_ trial: Trial)
  /// What it remembers besides the trials.
  var state: JSONValue { get }
  /// Takes that up.
  /// - Throws: ``DescentError`` naming the file if it is not understood.
  func restore(_ state: JSONValue, in oracle: Oracle, of owner: String) throws
}

extension SearchStrategy {
  var conditions: [(key: String, value: JSONValue)] { [] }
  var ignoredValues: Set<String> { [] }
  func didEnd(_ trial: Trial) {}
  var state: JSONValue { [:] }
  func restore(_ state: JSONValue, in oracle: Oracle, of owner: String) throws {}
}
