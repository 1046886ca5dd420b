import Foundation

/// Sums and products of numbers of elements, which may be as large as a program or a file says.
package enum ElementCount {
  /// More elements than any stream has: larger numbers mean the same, and sums of a few stay numbers.
  package static let limit = 1 << 40

  /// a · b, or the limit where that is less.
  package static func product(_ a: Int, _ b: Int) -> Int {
    let (product, isTooLarge) = a.multipliedReportingOverflow(by: b)
    return isTooLarge ? limit : min(product, limit)
  }

  /// Whether the machine's memory holds an array of that shape.
  /// - Parameter bytes: of an element.
  static func fitsMemory(_ shape: [Int], bytes: Int) -> Bool {
    let (size, isTooLarge) = shape.reduce((bytes, false)) { product, count in
      let (next, overflow) = product.0.multipliedReportingOverflow(by: count)
      return (next, product.1 || overflow)
    }
    return !isTooLarge && size <= ProcessInfo.processInfo.physicalMemory
  }
}
