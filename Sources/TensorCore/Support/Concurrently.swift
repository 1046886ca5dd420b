import Dispatch
import Foundation
import Synchronization

/// What a function makes of each number from 0 up to `count`, in order, worked out on as many threads as plans run on.
/// - Throws: the error of the least number that had one.
package func concurrently<Value: Sendable, Failure: Error>(
  _ count: Int, _ body: @Sendable (Int) throws(Failure) -> Value
) throws(Failure) -> [Value] {
  let results = ConcurrentResults<Value, Failure>(count: count), next = Atomic(0)
  DispatchQueue.concurrentPerform(iterations: min(count, ProcessorCount.threads)) { _ in
    while case let number = next.add(1, ordering: .relaxed).oldValue, number < count {
      do throws(Failure) {
        results.set(number, .success(try body(number)))
      } catch {
        results.set(number, .failure(error))
      }
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
