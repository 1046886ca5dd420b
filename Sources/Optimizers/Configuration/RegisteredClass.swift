/// What files name: Descent's own by Keras's name alone, a program's with its package as well.
package protocol NamedInFiles: Sendable {
  /// With the package before it: `Custom>Scale`. Nil for one of Descent's own.
  var registeredName: String? { get }
}

/// A class that files name.
package struct RegisteredClass<Value: Sendable>: NamedInFiles {
  package let className: String
  package let registeredName: String?
  /// What makes an instance of it.
  package let value: Value

  package init(_ className: String, package: String? = nil, _ value: Value) {
    self.className = className
    registeredName = package.map { "\($0)>\(className)" }
    self.value = value
  }

  package var names: [String] { [className] + [registeredName].compactMap { $0 } }
}

extension Registry {
  /// The class that a file means: that of the registered name, or else that of the name alone.
  package func find(_ object: KerasObject) -> Entry? where Entry: NamedInFiles {
    if let found = object.registeredName.flatMap(find) { return found }
    let found = find(object.className)
    // What a program has registered elsewhere is none of Keras's classes, though it may be called as one.
    return object.isOwn && found?.registeredName == nil ? nil : found
  }

  /// The class that a file means.
  /// - Throws: ``DescentError`` naming the nearest that there is, or all.
  package func entry(_ object: KerasObject) throws -> Entry where Entry: NamedInFiles {
    if let found = find(object) { return found }
    throw unknownName(object.isOwn ? object.registeredName! : object.className)
  }

  /// The name to write for a class of the program's own; nil for one of Descent's.
  /// - Parameters:
  ///   - className: for the error.
  ///   - call: what registers such a class, for the error.
  ///   - isMeant: whether a class is the one to be written.
  /// - Throws: ``DescentError`` for a class that is not registered, which could not be read back.
  package func registeredName<Value>(
    of className: String, register call: String, _ isMeant: (RegisteredClass<Value>) -> Bool
  ) throws -> String? where Entry == RegisteredClass<Value> {
    if let found = all.last(where: isMeant) { return found.registeredName }
    throw DescentError(
      .state, "the \(what) class \(className) is not registered, so the file could not be read back; call \(call)")
  }
}
