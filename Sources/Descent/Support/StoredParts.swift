/// What an object's stored properties hold of some kind: alone, or in structs, tuples, enums, optionals, arrays and dictionaries (in the order
/// of their keys), however these lie in one another. What other objects hold is theirs. Those of base classes come first.
/// - Parameter base: the class whose own properties are left out.
func storedParts<Part>(of object: AnyObject, upTo base: AnyObject.Type, as type: Part.Type = Part.self) -> [Part] {
  var levels: [[Part]] = []
  var mirror: Mirror? = Mirror(reflecting: object)
  while let level = mirror, ObjectIdentifier(level.subjectType) != ObjectIdentifier(base) {
    levels.append(level.children.flatMap { parts(in: $0.value) })
    mirror = level.superclassMirror
  }
  return levels.reversed().flatMap { $0 }
}

private func parts<Part>(in value: Any) -> [Part] {
  if let part = value as? Part { return [part] }
  let mirror = Mirror(reflecting: value)
  switch mirror.displayStyle {
  case .struct, .tuple, .enum, .optional:
    return mirror.children.flatMap { parts(in: $0.value) }
  case .collection, .set:
    // Numbers and texts by the million hold nothing.
    if let first = mirror.children.first, !(first.value is Part), Mirror(reflecting: first.value).displayStyle == nil { return [] }
    return mirror.children.flatMap { parts(in: $0.value) }
  case .dictionary:
    if let first = mirror.children.first?.value as? (key: AnyHashable, value: Any), !(first.value is Part),
      Mirror(reflecting: first.value).displayStyle == nil
    {
      return []
    }
    let entries = mirror.children.compactMap { $0.value as? (key: AnyHashable, value: Any) }
    return entries.map { ("\($0.key.base)", $0.value) }.sorted { $0.0 < $1.0 }.flatMap { parts(in: $0.1) }
  default:
    return []
  }
}
