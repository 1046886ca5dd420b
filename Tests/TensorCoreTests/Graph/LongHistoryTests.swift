import Foundation
import TensorCore
import Testing

#if compiler(>=6.2)
  /// Expressions as long as a program's loop, on a thread with a small stack.
  @Suite(.timeLimit(.minutes(20))) struct LongHistoryTests {
    @Test func `A running total of a variable's values is let go without recursion`() {
      onSmallStack {
        let w = Variable(Tensor(2.0))
        var total = Tensor(0.0)
        for _ in 0..<5_000 { total = total + square(w.value) }
        #expect(total.item() == 20_000)
      }
    }

    @Test func `A chain through a variable is let go without recursion`() {
      onSmallStack {
        let w = Variable(Tensor(0.999))
        var t = Tensor(1.0)
        for _ in 0..<3_000 { t = t * w.value + 0.001 }
        #expect(Swift.abs(t.item() - 1) < 1e-6)
      }
    }

    @Test func `A chain that is never computed is let go without recursion`() {
      onSmallStack {
        _ = Trace.discarding {
          var y = Tensor(1.0)
          for _ in 0..<50_000 { y = y * y }
          return y
        }
      }
    }

    @Test func `A loop that trains keeps no history of what the variables held`() {
      let w = Variable(Tensor(1.0))
      var total = Tensor(0.0)
      weak var early: Node?
      for step in 0..<5_000 {
        let loss = square(w.value)
        if step == 10 { early = loss.node }
        total = total + loss
        w.withMutableBytes { $0.storeBytes(of: 1 / Double(step + 2), as: Double.self) }
      }
      #expect(Swift.abs(total.item() - 1.644734) < 1e-5)
      #expect(early == nil)
    }

    @Test func `The derivative with respect to a variable that has not changed is known however long the history`() {
      let w = Variable(Tensor(1.0))
      var total = w.value
      for _ in 0..<5_000 { total = total + 1 }
      #expect(gradients(of: total * w.value, withRespectTo: [w])[0].item() == 5_002)
    }

    @Test func `A derivative with respect to what was forgotten is refused`() async {
      await #expect(processExitsWith: .failure) {
        let x = Tensor(1.0) + 1
        var t = x
        for _ in 0..<5_000 { t = t * 0.9999 }
        _ = gradients(of: t + x, withRespectTo: [x])
      }
    }
  }
#endif

/// Runs `body` on a thread with a stack of 256 kB.
func onSmallStack(_ body: @escaping @Sendable () -> Void) {
  let done = DispatchSemaphore(value: 0)
  let thread = Thread {
    body()
    done.signal()
  }
  thread.stackSize = 256 << 10
  thread.start()
  done.wait()
}
