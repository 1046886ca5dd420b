extension Constraint {
  /// All that have a name.
  public static let catalog = Catalog<Constraint>(\.keras, [
    .init(.maxNorm) { s in .maxNorm(try s.double("max_value"), axes: try s.ints("axis")) },
    .init(.minMaxNorm) { s in
      .minMaxNorm(
        minValue: try s.double("min_value"), maxValue: try s.double("max_value"), rate: try s.double("rate"),
        axes: try s.ints("axis"))
    },
    .init(.nonNeg),
    .init(.unitNorm) { s in .unitNorm(axes: try s.ints("axis")) },
  ])
}
