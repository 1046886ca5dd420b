import Synchronization
import TensorCore

/// What is known of a layer from its calls: the shapes of rows, and what the last one added to the loss. Calls write it while
/// other threads predict with the model and read it.
final class LastCall: Sendable {
  typealias Open = (inputs: [[Int?]], outputs: [[Int?]])

  private struct State {
    var inputs: [[Int]]?, outputs: [[Int]]?, open: Open?
    var losses: [Tensor] = []
    /// The trace that they belong to; nil outside of traces.
    var trace: Int?
  }

  private let state = Mutex(State())

  var inputs: [[Int]]? {
    get { state.withLock { $0.inputs } }
    set { state.withLock { $0.inputs = newValue } }
  }
  var outputs: [[Int]]? {
    get { state.withLock { $0.outputs } }
    set { state.withLock { $0.outputs = newValue } }
  }
  var open: Open? {
    get { state.withLock { $0.open } }
    set { state.withLock { $0.open = newValue } }
  }

  /// Keeps what the call that ends added to the loss.
  func keep(losses: [Tensor]) {
    let trace = Trace.identity
    state.withLock { ($0.losses, $0.trace) = (losses, trace) }
  }

  /// What the last call added to the loss; nil where that belongs to another trace than the present one.
  var losses: [Tensor]? {
    let trace = Trace.identity
    return state.withLock { $0.losses.isEmpty || $0.trace == trace ? $0.losses : nil }
  }
}
