import Testing

@testable import TensorCore

struct ProductCutTests {
  private static let sizes = [1, 2, 7, 8, 9, 31, 64, 100, 513, 3200]

  @Test func `the parts of an axis follow one another and are nearly equal`() {
    for size in Self.sizes {
      for parts in 1...min(20, (size + 7) / 8) {
        let ranges = (0..<parts).map { ProductCut.range($0, of: parts, size) }
        #expect(ranges.first?.lowerBound == 0 && ranges.last?.upperBound == size)
        #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        #expect(ranges.allSatisfy { !$0.isEmpty }, "\(size) in \(parts)")
        let counts = ranges.map(\.count)
        #expect(counts.max()! - counts.min()! <= 16)
      }
    }
  }

  @Test func `no product has more shares than may be, and none is in parts that it has not`() {
    for m in Self.sizes {
      for n in Self.sizes {
        for k in Self.sizes {
          let cut = ProductCut(products: 1, m: m, n: n, k: k, isDouble: false, cutsDepth: true)
          #expect((1...64).contains(cut.count))
          #expect(cut.rows <= (m + 7) / 8 && cut.columns <= (n + 7) / 8 && cut.depth <= max(1, k / 8))
          #expect(ProductCut(products: 1, m: m, n: n, k: k, isDouble: false, cutsDepth: false).depth == 1)
        }
      }
    }
  }

  @Test func `large products have work for several threads, small ones for one`() {
    #expect(ProductCut(products: 1, m: 32, n: 10, k: 100, isDouble: false, cutsDepth: true).count == 1)
    #expect(ProductCut(products: 1, m: 128, n: 512, k: 3200, isDouble: false, cutsDepth: true).count >= 8)
    #expect(ProductCut(products: 1, m: 32, n: 100, k: 784, isDouble: false, cutsDepth: true).depth > 1)
  }
}
