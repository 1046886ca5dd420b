extension Layer: CustomStringConvertible {
  /// The class and the name, and of a model its layers:
  ///
  ///     Sequential("sequential", 79510 parameters): Flatten("flatten"), Dense("dense", 78500 parameters), …
  public var description: String {
    let count = isBuilt && !variables.isEmpty ? ", \(countParameters()) parameters" : ""
    let head = "\(type(of: self))(\"\(name)\"\(count))"
    guard let model = self as? Model, !model.layers.isEmpty else { return head }
    return "\(head): \(model.layers.map(\.description).joined(separator: ", "))"
  }
}
