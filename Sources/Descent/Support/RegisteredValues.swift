import TensorCore

extension KerasNamed {
  /// Makes a value of the program's own known by its name, so that string literals, the command line's names and files can name it: a
  /// model that was compiled with it can be written and read. The last one of a name counts, before Keras's. (Keras:
  /// `register_keras_serializable`.)
  ///
  ///     try Loss.register(.custom("cubic") { target, prediction in pow(abs(target - prediction), 3).mean(axis: -1) })
  ///     try model.compile(optimizer: .adam, loss: "cubic")
  ///
  /// - Throws: ``DescentError`` for a value that cannot be used.
  public static func register(_ value: Self) throws {
    try value.validated()
    catalog.register(value)
  }
}
