import Foundation
import TensorCore
import Testing

@testable import Descent

@Suite(.timeLimit(.minutes(20))) struct WorkerThreadTests {
  @Test func `A thread runs what it was given`() throws {
    let done = DispatchSemaphore(value: 0)
    let starter = pthread_self()
    nonisolated(unsafe) var isOther = false
    try startThread(named: "descent-test", stackSize: 1 << 20) {
      isOther = pthread_equal(pthread_self(), starter) == 0
      done.signal()
    }
    done.wait()
    #expect(isOther)
  }

  @Test func `A thread for which there is no room is an error`() throws {
    let error = #expect(throws: DescentError.self) { try startThread(named: "descent-test", stackSize: 1 << 50) {} }
    #expect("\(error!)".contains("no thread could be started (descent-test, with a stack of 1073741824 MiB)"), "\(error!)")
  }
}
