extension Regularizer {
  /// All that have a name.
  public static let catalog = Catalog<Regularizer>(\.keras, [
    .init(.l1) { s in .l1(try s.double("l1")) },
    .init(.l2) { s in .l2(try s.double("l2")) },
    // Keras has a function `l1_l2` and understands only "l1l2" as a name.
    .init(.l1l2, ["l1_l2"]) { s in .l1l2(l1: try s.double("l1"), l2: try s.double("l2")) },
    .init(.orthogonal) { s in
      .orthogonal(factor: try s.double("factor"), mode: try s.choice("mode", OrthogonalMode.self))
    },
  ])
}
