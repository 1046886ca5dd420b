/// Refuses what a file would lose of an optimizer or a schedule of the program's own: a property that its table does not name, and that is
/// not as in what is read back. One that no program sets, such as a constant, is the same in both.
/// - Parameters:
///   - original: what is written.
///   - again: what is read back.
///   - name: what errors call it.
/// - Throws: ``DescentError`` naming the property, both values and what to write.
func refuseLosses<Value>(of original: Value, readAs again: Value, _ name: String) throws {
  for (old, new) in zip(Mirror(reflecting: original).children, Mirror(reflecting: again).children) where !isSame(old.value, new.value) {
    let label = old.label ?? "?"
    if isFunction(old.value) {
      throw DescentError(.state, "\(name): its property '\(label)' is a function, which no file can hold; make it a method, or static")
    }
    let kind = tableEntry(of: old.value, label).map { ", as \($0)" } ?? ""
    throw DescentError(
      .state, "\(name): its property '\(label)' is \(old.value) and would be read back as \(new.value); name it in 'hyperparameters'\(kind)")
  }
}

/// Refuses what a file would lose of the options that all optimizers have, where one of the program's own leaves some out.
func refuseLostOptions<Own: Optimizer>(of original: Own, readAs again: Own) throws {
  let kept = Set(Own.commonHyperparameters.map(\.key))
  for option in OptimizerOptions.hyperparameters where !kept.contains(option.key) {
    let (old, new) = try (option.value(in: original.options), option.value(in: again.options))
    if old != new {
      throw DescentError(
        .state, "\(Own.className): its '\(option.key)' is \(old.shortText) and would be read back as \(new.shortText); 'commonHyperparameters' leaves it out")
    }
  }
}

/// How a table names a property of that kind.
private func tableEntry(of value: Any, _ label: String) -> String? {
  let kind: String
  switch value {
  case is Int: return ".integer(\"\(snakeCase(label))\", \\.\(label), atLeast: 0, \"what it does\")"
  case is Double: kind = "number"
  case is Double?: kind = "optionalNumber"
  case is Bool: kind = "flag"
  case is [Double]: kind = "numbers"
  case is any Optimizer: kind = "optimizer"
  case is LearningRate: kind = "rate"
  case is any LearningRateSchedule: kind = "schedule"
  default: return nil
  }
  return ".\(kind)(\"\(snakeCase(label))\", \\.\(label), \"what it does\")"
}

private func isFunction(_ value: Any) -> Bool { "\(type(of: value))".contains("->") }

private func isSame(_ left: Any, _ right: Any) -> Bool {
  switch (left, right) {
  // They have a table of their own.
  case (is OptimizerOptions, is OptimizerOptions): return true
  case (let left as any Optimizer, let right as any Optimizer):
    return isSame(try? OptimizerRegistry.configuration(of: left), try? OptimizerRegistry.configuration(of: right))
  case (let left as any ConfigurableSchedule, let right as any ConfigurableSchedule):
    return isSame(try? ScheduleRegistry.configuration(of: left), try? ScheduleRegistry.configuration(of: right))
  case (let left as AnyHashable, let right as AnyHashable): return left == right
  default: break
  }
  if isFunction(left) { return false }
  let (leftParts, rightParts) = (Mirror(reflecting: left).children, Mirror(reflecting: right).children)
  guard type(of: left) == type(of: right), leftParts.count == rightParts.count else { return false }
  if leftParts.isEmpty { return "\(left)" == "\(right)" }
  return zip(leftParts, rightParts).allSatisfy { $0.label == $1.label && isSame($0.value, $1.value) }
}

private func isSame(_ left: JSONValue?, _ right: JSONValue?) -> Bool { left != nil && left == right }
