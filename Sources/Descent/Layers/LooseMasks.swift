import Synchronization
import TensorCore

/// The masks beside what layers gave that were called on their own, for as long as these results are held: they travel to the next such call,
/// as in Keras, where a mask is a part of the tensor.
enum LooseMasks {
  private struct Entry {
    weak var node: Node?
    let mask: Tensor
  }

  private struct Table {
    var entries: [Int: Entry] = [:]
    /// From how many entries on it is looked for those whose tensors are gone: no more of these are held than of others, or one.
    var limit = 1
  }

  private static let table = Mutex(Table())

  static func mask(of x: Tensor) -> Tensor? {
    table.withLock { $0.entries[x.node.id] }.flatMap { $0.node === x.node ? $0.mask : nil }
  }

  static func note(_ mask: Tensor, of x: Tensor) {
    // Without what it was made of, which may be a whole batch.
    let mask = mask.node.isOpen ? mask : mask.evaluated()
    // Released outside of the lock: a mask may be the last to hold other tensors.
    let gone = table.withLock { table in
      var gone: [Entry] = []
      if table.entries.count >= table.limit {
        gone = table.entries.values.filter { $0.node == nil }
        table.entries = table.entries.filter { $0.value.node != nil }
        table.limit = max(1, 2 * table.entries.count)
      }
      if let old = table.entries.updateValue(Entry(node: x.node, mask: mask), forKey: x.node.id) { gone.append(old) }
      return gone
    }
    withExtendedLifetime(gone) {}
  }
}
