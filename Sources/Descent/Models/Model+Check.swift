extension Model {
  /// Whether such rows can be judged: what `evaluate` would throw of them is thrown before the work whose result they are for.
  package func check(_ x: any ModelInput, _ y: any ModelInput, _ caller: String) throws {
    _ = try compiled(caller)
    try prepare(for: CheckedData(x: x, y: y, sampleWeight: nil, caller), caller)
  }
}
