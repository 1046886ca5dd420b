import TensorCore

/// The callbacks of one run, called in order.
struct CallbackList {
  let callbacks: [Callback]

  init(_ callbacks: [Callback], model: Model, parameters: RunParameters, group: (any ProcessGroup)? = nil) {
    let callbacks = (group?.rank ?? 0) == 0 ? callbacks : callbacks.filter(\.runsOnEveryRank)
    self.callbacks = callbacks
    for callback in callbacks {
      callback.model = model
      callback.parameters = parameters
      callback.isSpeaker = (group?.rank ?? 0) == 0
    }
  }

  func each(_ body: (Callback) throws -> Void) rethrows {
    for callback in callbacks { try body(callback) }
  }
}
