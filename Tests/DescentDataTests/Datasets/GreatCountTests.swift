import DescentTestSupport
import Testing

@testable import Descent

/// Streams whose settings are as large as numbers can be: as good as endless, or past the end.
@Suite(.timeLimit(.minutes(20))) struct GreatCountTests {
  private let five = Dataset([0, 1, 2, 3, 4])
  /// The same without a known count.
  private var stream: Dataset<Int> { Dataset(sequence: 0..<5) }

  @Test func `counts are numbers`() {
    let counts: [(Int?, Int?)] = [
      (five.repeat(.max).count, ElementCount.limit), (five.repeat(.max).repeat(.max).count, ElementCount.limit), (five.repeat(3).count, 15),
      (five.repeat(.max).concatenate(five.repeat(.max)).count, ElementCount.limit), (five.shard(.max, index: 0).count, 1),
      (five.shard(.max, index: 3).count, 1), (five.shard(.max, index: .max - 1).count, 0), (five.skip(.max).count, 0), (five.take(.max).count, 5),
      (Dataset(count: .max) { $0 }.shard(.max, index: 0).count, 1), (five.window(.max, shift: .max, stride: .max).count, 1),
    ]
    for (place, (found, expected)) in counts.enumerated() { #expect(found == expected, "\(place)") }
  }

  @Test func `elements come as far as there are some`() throws {
    let rows = try Dataset(Tensor([1.0, 2, 3])).filter { _ in true }
    let streams: [(Dataset<Int>, [Int])] = [
      (five.skip(.max), []), (stream.skip(.max), []), (stream.take(.max), [0, 1, 2, 3, 4]), (stream.shard(.max, index: 2), [2]),
      (stream.shard(2, index: 1).skip(.max), []), (five.repeat(.max).take(7), [0, 1, 2, 3, 4, 0, 1]), (five.repeat(.max).skip(6).take(2), [1, 2]),
      (stream.repeat(.max).skip(3).take(3), [3, 4, 0]), (five.interleave(cycleLength: .max) { Dataset([$0, 10 + $0]) }, [0, 1, 2, 3, 4, 10, 11, 12, 13, 14]),
      (five.interleave(cycleLength: .max, blockLength: .max) { Dataset([$0, 10 + $0]) }, [0, 10, 1, 11, 2, 12, 3, 13, 4, 14]),
      (five.interleave(cycleLength: 2) { Dataset([$0, 10 + $0]) }, [0, 1, 10, 11, 2, 3, 12, 13, 4, 14]),
    ]
    for (place, (found, expected)) in streams.enumerated() { #expect(try found.elements() == expected, "\(place)") }
    #expect(try rows.batch(32).skip(.max).elements().isEmpty && rows.batch(.max).skip(.max).elements().isEmpty)
    #expect(try stream.window(2).skip(.max).elements().isEmpty && stream.window(2, shift: .max).elements().count == 1)
    #expect(try five.makeIterator(at: DatasetPosition(taken: .max)).next() == nil)
    #expect(try rows.batch(2).makeIterator(at: DatasetPosition(taken: .max)).next() == nil)
    // How many threads a machine gives is its own affair: with two elements there are no more.
    #expect(try Dataset([1, 2]).map(workers: .max) { (element: Int) -> Int in 0 - element }.elements() == [-1, -2])
  }

  @Test func `a pass may have any number`() throws {
    let shuffled = five.shuffle(seed: 3)
    let orders = try [-1, .min, .max, 0].map { try shuffled.elements(pass: $0) }
    #expect(orders.allSatisfy { $0.sorted() == [0, 1, 2, 3, 4] } && orders[0] != orders[3])
    #expect(try stream.shuffle(3, seed: 3).elements(pass: -1).sorted() == [0, 1, 2, 3, 4])
    #expect(try shuffled.repeat(2).elements(pass: .max).count == 10)
    var sum = 0
    try five.map(seed: 1) { element, random in element + Int(random.next() % 2) }.forEach(pass: -7) { sum += $0 }
    #expect((10...15).contains(sum))
  }

  @Test func `more elements than an order has room for are shuffled through a buffer`() throws {
    let many = five.repeat(.max)
    #expect(try many.shuffle(4, seed: 1).take(3).elements().allSatisfy { (0..<5).contains($0) })
    #expect(failure(.invalidArgument) { try many.shuffle().take(1).elements() }
      == "Dataset.shuffle: 1099511627776 elements are too many to shuffle all of them; give bufferSize")
  }

  @Test func `windows of time that are longer than all time are none`() throws {
    let data = Tensor([1, 2, 3, 4] as [Float])
    #expect(try timeseriesDatasetFromArray(data, sequenceLength: .max, samplingRate: 2).elements().isEmpty)
  }

  /// A thread that prepares elements is at work on one when its stream is let go.
  @Test func `two passes do not meet in a closure`() throws {
    final class Meeting: @unchecked Sendable {
      var isInside = false, hasMet = false
    }
    let meeting = Meeting()
    let mapped = Dataset(Array(0..<200)).map { (element: Int) -> Int in
      if meeting.isInside { meeting.hasMet = true }
      meeting.isInside = true
      var value = element
      for _ in 0..<20_000 { value = (value &* 31 &+ 7) % 1_000_003 }
      meeting.isInside = false
      return value
    }.prefetch(50)
    for _ in 0..<20 { #expect(try mapped.makeIterator().next() != nil) }
    #expect(!meeting.hasMet)
  }
}
