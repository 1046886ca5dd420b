import Foundation
import TestSupport
import Testing

@testable import TensorCore

/// What moves and adds bytes under the steps of a group.
@Suite(.timeLimit(.minutes(20))) struct GroupExchangeTests {
  /// Sizes and owners; of three ranks the last owns nothing but an empty tensor.
  private static let tensors = [(count: 5, owner: 1), (count: 1, owner: 0), (count: 7, owner: 1), (count: 4, owner: 0), (count: 3, owner: 0)]

  @Test(arguments: [16, 40, 1 << 20])
  func `Sums go to owners, and from owners to all, in pieces of any size`(pieceByteCount: Int) throws {
    let counts = Self.tensors.map(\.count), owners = Self.tensors.map(\.owner)
    let total = counts.reduce(0, +)
    let results = ThreadGroup.run(3) { group in
      let exchange = OwnerExchange(group, Self.tensors, dtype: .float64, pieceByteCount: pieceByteCount)
      var own = [Double](repeating: -1, count: max(exchange.ownCount, 1)), all = [Double](repeating: -1, count: total)
      let mine = (0..<total).map { Double($0 * (group.rank + 1)) }
      try mine.withUnsafeBytes { bytes in
        var place = 0
        let parts: [UnsafeRawPointer?] = counts.map { count in
          defer { place += count * 8 }
          return bytes.baseAddress! + place
        }
        try own.withUnsafeMutableBytes { try exchange.sum(parts, counts: counts, owners: owners, into: $0.baseAddress!) }
      }
      try own.withUnsafeBytes { bytes in
        var place = 0
        let tensors: [UnsafeRawPointer] = Self.tensors.filter { $0.owner == group.rank }.map { tensor in
          defer { place += tensor.count * 8 }
          return bytes.baseAddress! + place
        }
        try all.withUnsafeMutableBytes { try exchange.gather(tensors, counts: counts, owners: owners, into: $0.baseAddress!) }
      }
      return all
    }
    // 1 + 2 + 3 times the number.
    for result in results { #expect(try result.get() == (0..<total).map { Double(6 * $0) }) }
  }

  @Test func `Sums of shards do not depend on how many processes have them`() {
    let numbers = (0..<8).map { Float(1) / Float($0 + 1) + ($0 == 3 ? 1e7 : 0) }
    func add(_ values: [Float]) -> Float {
      var values = values
      values.withUnsafeMutableBytes { TreeSum.add(.float32, $0.baseAddress!, vectorCount: numbers.count, count: 1) }
      return values[0]
    }
    let pairs = stride(from: 0, to: 8, by: 2).map { numbers[$0] + numbers[$0 + 1] }
    #expect(add(numbers) == (pairs[0] + pairs[1]) + (pairs[2] + pairs[3]))
    #expect(add(numbers) != numbers.reduce(0, +))
  }

  @Test func `Memory that is given back reads as something, and can be written again`() {
    let variables = Variable.sideBySide((0..<3).map { (name: "v", path: "v\($0)", shape: [100_000], dtype: .float32, isTrainable: true) })
    for variable in variables { variable.assign(Tensor(repeating: 3, shape: [100_000], dtype: .float32)) }
    variables[1].giveBackMemory()
    #expect(variables[1].value.doubles.filter { $0 == 0 }.count > 90_000)
    for place in [0, 2] { #expect(variables[place].value.doubles.allSatisfy { $0 == 3 }) }
    variables[1].assign(Tensor(repeating: 2, shape: [100_000], dtype: .float32))
    #expect(variables[1].value.doubles.allSatisfy { $0 == 2 })
  }
}
