import CKernels

/// The recording of one compiled function: which variables it reads and what it leaves in them.
package final class Trace {
  private var reads: [ObjectIdentifier: Tensor] = [:]
  private var current: [ObjectIdentifier: Tensor] = [:]
  private var assigned: [Variable] = []
  /// All that were read or assigned, in the order in which they were first.
  private(set) var met: [Variable] = []

  /// The trace this thread is recording, if any.
  static var current: Trace? {
    ck_thread_slot_get().map { Unmanaged<Trace>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Records what `body` does to variables.
  func record<Result>(_ body: () throws -> Result) rethrows -> Result {
    let outer = ck_thread_slot_get()
    ck_thread_slot_set(Unmanaged.passUnretained(self).toOpaque())
    defer { ck_thread_slot_set(outer) }
    return try body()
  }

  func firstValue(of variable: Variable) -> Tensor {
    let key = ObjectIdentifier(variable)
    if let known = reads[key] { return known }
    let read = Tensor(.variable(variable), shape: variable.shape, dtype: variable.dtype)
    reads[key] = read
    if current[key] == nil { met.append(variable) }
    return read
  }

  func value(of variable: Variable) -> Tensor {
    current[ObjectIdentifier(variable)] ?? firstValue(of: variable)
  }

  func assign(_ value: Tensor, to variable: Variable) {
    let key = ObjectIdentifier(variable)
    if current.updateValue(value, forKey: key) == nil {
      assigned.append(variable)
      if reads[key] == nil { met.append(variable) }
    }
  }

  /// The variables assigned so far, each once.
  var assignedVariables: [Variable] { assigned }

  /// What the variables hold in the end, those that change only.
  var assignments: [(variable: Variable, value: Tensor)] {
    assigned.compactMap { variable in
      let value = current[ObjectIdentifier(variable)]!
      return value.node === reads[ObjectIdentifier(variable)]?.node ? nil : (variable, value)
    }
  }
}
