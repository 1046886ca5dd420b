extension Model {
  /// Whether such rows can be judged: what `evaluate` would throw of them is thrown before the work whose result they are for.
  package func check(_ x: any ModelData, _ y: any ModelData, _ caller: String) throws {
    _ = try compiled(caller)
    try prepare(for: CheckedData(x: x, y: y, sampleWeight: nil, of: self, caller), caller)
  }
}
