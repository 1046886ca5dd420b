import Dispatch
import Foundation

/// What a function makes of each number from 0 up to `count`, worked out on as many threads as there are processors, in order.
/// - Throws: the error of the least number that had one.
func concurrently<Result: Sendable>(_ count: Int, _ body: @Sendable (Int) throws -> Result) throws -> [Result] {
  if count == 1 { return [try body(0)] }
  let results = ConcurrentResults<Result>(count: count)
  DispatchQueue.concurrentPerform(iterations: count) { number in results.set(number, Swift.Result { try body(number) }) }
  return try results.all.map { try $0.get() }
}

private final class ConcurrentResults<Value: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var values: [Result<Value, any Error>?]

  init(count: Int) { values = Array(repeating: nil, count: count) }

  func set(_ number: Int, _ value: Result<Value, any Error>) { lock.withLock { values[number] = value } }

  var all: [Result<Value, any Error>] { lock.withLock { values.compactMap { $0 } } }
}
