import Synchronization
import TensorCore

/// What programs have registered, by kind and name.
private let registeredValues = Mutex<[String: [String: any KerasNamed]]>([:])

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
    registeredValues.withLock { $0[kindName, default: [:]][value.name] = value }
  }

  static func registered(_ name: String) -> Self? { registeredValues.withLock { $0[kindName]?[name] } as? Self }
  static func isRegistered(_ name: String) -> Bool { registered(name) != nil }
  static var registeredNames: [String] { registeredValues.withLock { Array(($0[kindName] ?? [:]).keys) } }
}
