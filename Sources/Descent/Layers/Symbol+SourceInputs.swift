extension Symbol {
  /// The inputs that the symbol depends on, in the order in which they are met. (Keras: `keras.utils.get_source_inputs`.)
  public var sourceInputs: [Symbol] {
    var found: [Symbol] = []
    var seen: Set<ObjectIdentifier> = []
    var waiting = [self]
    while let symbol = waiting.popLast() {
      if !seen.insert(ObjectIdentifier(symbol.call)).inserted { continue }
      if symbol.call.isInput { found.append(symbol) }
      waiting += symbol.call.inputs.reversed()
    }
    return found
  }
}
