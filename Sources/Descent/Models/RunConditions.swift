import TensorCore

/// What a run's numbers depend on, in the form that a checkpoint keeps: a run that goes on must have the same.
package enum RunConditions {
  /// The model's layers and their options, without weights or what `compile` was given; null for one that cannot be written.
  package static func model(_ model: Model) -> JSONValue {
    guard let object = (try? model.json())?.object else { return .null }
    return .object(JSONObject(object.members.filter { $0.key != "compile_config" }))
  }

  /// Shape, dtype and checksum of some data.
  package static func data(_ tensor: Tensor) -> JSONValue {
    .string("\(tensor.dtype) \(tensor.shape), checksum \(String(tensor.withBytes { crc32($0) }, radix: 16))")
  }

  /// The same of all parts of a model's inputs or targets.
  package static func data(_ data: any ModelData) -> JSONValue {
    switch data.parts {
    case .one(let input): self.data(input.stored)
    case .several(let inputs): .array(inputs.map { self.data($0.stored) })
    case .named(let inputs):
      .object(JSONObject(inputs.sorted { $0.key < $1.key }.map { ($0.key, self.data($0.value.stored)) }))
    }
  }

  /// In what two conditions differ, down to the option: `model.config.layers.0.config.units was 8 and is 9`. Empty if in nothing.
  /// - Parameters:
  ///   - words: what is said behind the two in place of `was` and `is`: `batch_size is 8 on rank 0 and 9 on rank 1`.
  ///   - limit: no more than so many.
  package static func differences(
    from old: JSONValue?, to new: JSONValue?, _ path: String = "", words: (old: String, new: String)? = nil, limit: Int = 3
  ) -> [String] {
    if old == new { return [] }
    let old = old ?? .null, new = new ?? .null
    func name(_ key: String) -> String { path.isEmpty ? key : path + "." + key }
    var parts: [(key: String, old: JSONValue?, new: JSONValue?)] = []
    if let old = old.object, let new = new.object {
      let keys = old.keys + new.keys.filter { old[$0] == nil }
      parts = keys.map { ($0, old[$0], new[$0]) }
    } else if let old = old.array, let new = new.array, old.count == new.count {
      parts = zip(old, new).enumerated().map { (String($0.offset), $0.element.0, $0.element.1) }
    } else {
      if let words { return ["\(path) is \(short(old)) \(words.old) and \(short(new)) \(words.new)"] }
      return ["\(path) was \(short(old)) and is \(short(new))"]
    }
    var found: [String] = []
    for part in parts where found.count < limit {
      found += differences(from: part.old, to: part.new, name(part.key), words: words, limit: limit - found.count)
    }
    return found
  }

  private static func short(_ value: JSONValue) -> String {
    if let text = value.string { return text }
    if value == .null { return "none" }
    let text = value["class_name"]?.string ?? value.description
    return text.count <= 60 ? text : String(text.prefix(59)) + "…"
  }
}
