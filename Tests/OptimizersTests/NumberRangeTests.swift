import Optimizers
import Testing

/// What a setting may be and what is said of one that is something else.
@Suite struct NumberRangeTests {
  static let ranges: [(range: NumberRange, inside: [Double], outside: [Double], text: String)] = [
    (.any, [-1e308, 0], [], "any number"),
    (.nonNegative, [0, 1e9], [-1e-9], "at least 0"),
    (.positive, [1e-9, 1e9], [0, -1], "greater than 0"),
    (.nonPositive, [0, -1e9], [1e-9], "at most 0"),
    (.decay, [0, 0.999], [-0.001, 1], "at least 0 and less than 1"),
    (.interpolation, [0.001, 1], [0, 1.001], "greater than 0 and at most 1"),
    (.fraction, [0, 1], [-0.001, 1.001], "between 0 and 1"),
    (.openFraction, [0.001, 0.999], [0, 1], "greater than 0 and less than 1"),
    (.count, [1, 1e9], [0, -1], "at least 1"),
    (.atLeast(0.5), [0.5, 1], [0.499], "at least 0.5"),
    (.from(2, to: 7), [2, 7], [1, 8], "from 2 to 7"),
  ]

  @Test(arguments: ranges.indices)
  func `A number inside or outside`(index: Int) {
    let (range, inside, outside, text) = NumberRangeTests.ranges[index]
    #expect(range.description == text)
    for value in inside { #expect(range.problem("x", value) == nil, "\(value)") }
    for value in outside { #expect(range.problem("x", value) == "x is \(value); it must be \(text)") }
    let finite = text == "any number" ? "a finite number" : "a finite number \(text)"
    for value in [Double.nan, .infinity, -.infinity] { #expect(range.problem("x", value) == "x is \(value); it must be \(finite)") }
    for value in inside where value == value.rounded() && abs(value) < 1e15 { #expect(range.problem("x", Int(value)) == nil) }
    for value in outside where value == value.rounded() { #expect(range.problem("x", Int(value)) == "x is \(Int(value)); it must be \(text)") }
    let nothing: Int? = nil
    #expect(range.problem("x", nothing) == nil)
  }

  @Test func `The error names the place`() {
    #expect(throws: DescentError(.invalidArgument, "fit: epochs is -1; it must be at least 0")) { try NumberRange.nonNegative.check("epochs", -1, "fit") }
    #expect(throws: DescentError(.invalidArgument, "layer a: rate is 1.5; it must be at least 0 and less than 1")) {
      try NumberRange.decay.check("rate", 1.5, "layer a")
    }
    #expect(throws: Never.self) { try NumberRange.count.check("steps", nil, "fit") }
  }
}
