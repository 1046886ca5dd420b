/// Sums and products of numbers of elements, which may be as large as a program or a file says.
package enum ElementCount {
  /// More elements than any stream has: larger numbers mean the same, and sums of a few stay numbers.
  package static let limit = 1 << 40

  /// a · b, or the limit where that is less.
  package static func product(_ a: Int, _ b: Int) -> Int {
    let (product, isTooLarge) = a.multipliedReportingOverflow(by: b)
    return isTooLarge ? limit : min(product, limit)
  }
}
