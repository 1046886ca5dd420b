/// A group of one, whose operations have nothing to do.
package final class SingleProcess: ProcessGroup {
  package let rank = 0
  package let size = 1

  package init() {}

  package func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) {}
  package func allGather(_ bytes: UnsafeMutableRawBufferPointer, counts: [Int]) {}

  package func allToAll(
    _ sent: UnsafeRawBufferPointer, counts: [Int], into received: UnsafeMutableRawBufferPointer, counts receivedCounts: [Int]
  ) {
    received.copyMemory(from: sent)
  }

  package func barrier() {}
  package func fail(_ message: String) {}
}
