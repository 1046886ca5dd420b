/// What an object's stored properties hold of some kind: alone, in an array, or in a dictionary in the order of its keys. Those of base
/// classes come first.
/// - Parameter base: the class whose own properties are left out.
func storedParts<Part>(of object: AnyObject, upTo base: AnyObject.Type, as type: Part.Type = Part.self) -> [Part] {
  var levels: [[Part]] = []
  var mirror: Mirror? = Mirror(reflecting: object)
  while let level = mirror, ObjectIdentifier(level.subjectType) != ObjectIdentifier(base) {
    levels.append(
      level.children.flatMap { child -> [Part] in
        if let part = child.value as? Part { return [part] }
        if let parts = child.value as? [Part] { return parts }
        if let parts = child.value as? [String: Part] { return parts.sorted { $0.key < $1.key }.map(\.value) }
        return []
      })
    mirror = level.superclassMirror
  }
  return levels.reversed().flatMap { $0 }
}
