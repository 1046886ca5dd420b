import Optimizers

/// A class that files name: Descent's own by Keras's name alone, a program's with its package as well.
struct RegisteredClass<Value: Sendable>: Sendable {
  let className: String
  /// With the package before it: `Custom>Scale`. Nil for one of Descent's own.
  let registeredName: String?
  /// What makes an instance of it.
  let value: Value

  init(_ className: String, package: String? = nil, _ value: Value) {
    self.className = className
    registeredName = package.map { "\($0)>\(className)" }
    self.value = value
  }

  var names: [String] { [className] + [registeredName].compactMap { $0 } }
}

extension Registry {
  /// The class that a file means: that of the registered name, or else that of the name alone.
  func find<Value>(className: String, registeredName: String?) -> Entry? where Entry == RegisteredClass<Value> {
    registeredName.flatMap(find) ?? find(className)
  }
}
