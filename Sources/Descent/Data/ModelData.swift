import TensorCore

/// What `fit` and its like take for a model's inputs, its targets or its sample weights: one ``ModelInput``, several in order, or
/// several by name.
///
///     try model.fit([image, meta], ["class": labels, "score": scores])
public protocol ModelData {
  /// The parts by name or place.
  var parts: ModelParts { get }
}

/// The tensors of a ``ModelData``.
public enum ModelParts {
  /// A single input.
  case one(any ModelInput)
  /// By place.
  case several([any ModelInput])
  /// By name.
  case named([String: any ModelInput])
}

extension ModelInput {
  /// The parts by name or place.
  public var parts: ModelParts { .one(self) }
}

extension Array: ModelData where Element: ModelInput {
  /// The parts by name or place.
  public var parts: ModelParts { .several(self) }
}

extension Dictionary: ModelData where Key == String, Value: ModelInput {
  /// The parts by name or place.
  public var parts: ModelParts { .named(self) }
}

/// The names of a model's inputs or outputs that data may use: those of the structure it was made with, and those of its layers.
struct PartNames {
  /// What it is called in messages: `x`, `y`.
  let kind: String
  /// Each list names all parts in order.
  let lists: [[String]]
  /// Nil for a model whose number of parts is not known before it has seen data.
  let count: Int?

  /// The parts in the model's order; nil for one that may be missing and is.
  /// - Parameter mayMiss: whether each part may be missing from data by name, and from a list that has only those which may not.
  /// - Throws: ``DescentError`` of kind `data` naming what is missing or too much.
  func ordered(
    _ data: any ModelData, mayMiss: (Int) -> Bool = { _ in false }, _ caller: String, label: String
  ) throws -> [(name: String, input: any ModelInput)?] {
    let what = label + kind
    let known = lists.first.map { ": " + $0.joined(separator: ", ") } ?? ""
    let needed = (0..<(count ?? 0)).filter { !mayMiss($0) }
    func name(_ place: Int) -> String { "\(what)[\(lists.first.map { "'\($0[place])'" } ?? "\(place)")]" }
    /// The parts that may not be missing, where there are no others.
    func onlyNeeded(_ list: [any ModelInput]) -> [(name: String, input: any ModelInput)?]? {
      guard let count, !list.isEmpty, list.count == needed.count else { return nil }
      return zip(needed, list).reduce(into: .init(repeating: nil, count: count)) { $0[$1.0] = (name($1.0), $1.1) }
    }
    switch data.parts {
    case .one(let input):
      guard count ?? 1 == 1 else {
        if let parts = onlyNeeded([input]) { return parts }
        throw DescentError(.data, "\(caller): \(what) is one tensor, and the model has \(count!)\(known); give a list, or a dictionary by name")
      }
      return [(what, input)]
    case .several(let list):
      guard list.count == count ?? list.count, !list.isEmpty else {
        if let parts = onlyNeeded(list) { return parts }
        throw DescentError(.data, "\(caller): \(what) has \(list.count) parts, and the model \(count ?? 1)\(known)")
      }
      return list.enumerated().map { place, input in (name(place), input) }
    case .named(let parts):
      guard let count, let first = lists.first else {
        guard parts.count == count ?? parts.count else {
          throw DescentError(.data, "\(caller): \(what) has \(parts.count) parts, and the model \(count!)")
        }
        return parts.keys.sorted().map { ("\(what)['\($0)']", parts[$0]!) }
      }
      let names = lists.first { Set(parts.keys).isSubset(of: $0) } ?? first
      if let unknown = parts.keys.sorted().first(where: { !names.contains($0) }) {
        throw DescentError(.data, "\(caller): \(what) has a part '\(unknown)'; the model has \(names.joined(separator: ", "))")
      }
      return try (0..<count).map { place in
        guard let input = parts[names[place]] else {
          if mayMiss(place) { return nil }
          throw DescentError(.data, "\(caller): \(what) lacks '\(names[place])'; the model has \(names.joined(separator: ", "))")
        }
        return ("\(what)['\(names[place])']", input)
      }
    }
  }
}
