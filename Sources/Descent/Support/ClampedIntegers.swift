extension Int {
  /// The whole number nearest to `value` on the side of 0, within what an `Int` holds; 0 for NaN.
  package init(clamping value: Double) { self = Int(exactly: value.rounded(.towardZero)) ?? (value.isNaN ? 0 : value < 0 ? .min : .max) }
}
