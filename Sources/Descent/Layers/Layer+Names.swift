extension Layer {
  /// Gives the layer its place in the tree of names.
  func place(under parent: Layer) {
    self.parent = self.parent ?? parent
    if !hasGivenName {
      // The first number that no layer beside it has; without a number is 0.
      let base = baseName
      var isTaken = [Bool](repeating: false, count: parent.sublayers.count + 1)
      for layer in parent.sublayers where layer !== self {
        if let number = Layer.number(inName: layer.name, after: base), number < isTaken.count { isTaken[number] = true }
      }
      let number = isTaken.firstIndex(of: false)!
      name = number == 0 ? base : "\(base)_\(number)"
    }
    renamePaths(to: parent.path + "/" + pathName(among: parent.sublayers.prefix { $0 !== self }))
  }

  /// The name, with a number where one beside it was given the same, as a model and its clone were.
  private func pathName(among siblings: some Sequence<Layer>) -> String {
    let number = siblings.reduce(0) { $0 + ($1.name == name ? 1 : 0) }
    return number == 0 ? name : "\(name)_\(number)"
  }

  /// 0 for `dense`, 12 for `dense_12`; nil for other names.
  private static func number(inName name: String, after base: String) -> Int? {
    guard name.utf8.starts(with: base.utf8) else { return nil }
    let rest = name.utf8.dropFirst(base.utf8.count)
    if rest.isEmpty { return 0 }
    let digits = rest.dropFirst()
    guard rest.first == UInt8(ascii: "_"), let first = digits.first, (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(first) else {
      return nil
    }
    return Int(Substring(digits))
  }

  private func renamePaths(to newPath: String) {
    path = newPath
    for variable in ownVariables { variable.path = path + "/" + variable.name }
    for (place, layer) in sublayers.enumerated() { layer.renamePaths(to: newPath + "/" + layer.pathName(among: sublayers.prefix(place))) }
  }

  /// `BatchNormalization` → `batch_normalization`, `ReLU` → `re_lu`: Keras's rule.
  package static func kerasName(ofClass className: String) -> String { snakeCase(String(className.prefix { $0 != "<" })) }
}
