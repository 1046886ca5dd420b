import Dispatch
import Foundation

/// What a function makes of each number from 0 up to `count`, worked out on as many threads as there are processors, in order.
/// - Throws: the error of the least number that had one.
package func concurrently<Value: Sendable, Failure: Error>(
  _ count: Int, _ body: @Sendable (Int) throws(Failure) -> Value
) throws(Failure) -> [Value] {
  if count == 1 { return [try body(0)] }
  let results = ConcurrentResults<Value, Failure>(count: count)
  DispatchQueue.concurrentPerform(iterations: count) { number in
    do throws(Failure) {
      results.set(number, .success(try body(number)))
    } catch {
      results.set(number, .failure(error))
    }
  }
  var values: [Value] = []
  values.reserveCapacity(count)
  for result in results.all { values.append(try result.get()) }
  return values
}

private final class ConcurrentResults<Value: Sendable, Failure: Error>: @unchecked Sendable {
  private let lock = NSLock()
  private var values: [Result<Value, Failure>?]

  init(count: Int) { values = Array(repeating: nil, count: count) }

  func set(_ number: Int, _ value: Result<Value, Failure>) { lock.withLock { values[number] = value } }

  var all: [Result<Value, Failure>] { lock.withLock { values.compactMap { $0 } } }
}
