import Optimizers
import Testing

/// Settings with which an optimizer's formula is computed, and what its text leaves open.
struct FormulaCase: CustomTestStringConvertible, Sendable {
  var text: String
  /// Labels before a colon whose lines hold, besides those that ask for the step or compare two values.
  var labels: Set<String> = []
  /// What letters of the formula stand for: settings' keys.
  var letters: [String: String] = [:]
  /// Where a name starts that does not start at zero: a number or a name.
  var starts: [String: String] = [:]
  /// The optimizer whose step the formula speaks of.
  var inner: String?
  /// What is put around the optimizer of `text`, whose step the formula then speaks of.
  var wrapper: (@Sendable (any Optimizer) -> any Optimizer)?
  /// How long the rows of the parameter are, if it is a matrix.
  var columns: Int?
  var testDescription: String { text }

  func optimizer() throws -> any Optimizer {
    let own = try OptimizerRegistry.optimizer(text: text)
    return wrapper?(own) ?? own
  }
}
