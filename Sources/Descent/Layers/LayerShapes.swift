import Synchronization

/// What is known of the shapes of a layer's rows. A pass that is traced writes it, while other threads predict with the model and read it.
final class LayerShapes: Sendable {
  typealias Open = (inputs: [[Int?]], outputs: [[Int?]])

  private struct State {
    var inputs: [[Int]]?, outputs: [[Int]]?, open: Open?
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
}
