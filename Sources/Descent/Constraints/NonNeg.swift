extension Constraint {
  /// max(w, 0).
  public static let nonNeg = Constraint("NonNeg", name: "non_neg") { relu($0) }
}
