import Descent

/// What an HDF5 file holds: groups, arrays and attributes by their paths (`layers/dense/vars/0`; the root's is empty).
package struct HDF5Contents {
  package enum Value {
    /// The strings of an attribute, in row-major order, whatever its shape. One is written without an axis, several as a list.
    case strings([String])
    /// Strings that are written as a list, be it of one or of none.
    case list([String])
    case numbers(Tensor)
  }

  /// The paths of all groups but the root, each after the one it lies in.
  package private(set) var groups: [String] = []
  /// The paths of all arrays, in the order of the file.
  package private(set) var names: [String] = []
  private var tensors: [String: Tensor] = [:]
  private var attributes: [String: Attributes] = [:]
  private var knownGroups: Set<String> = []

  /// Those of one group or array, in order, with the places of their names.
  private struct Attributes {
    private(set) var all: [(name: String, value: Value)] = []
    private var places: [String: Int] = [:]

    subscript(name: String) -> Value? { places[name].map { all[$0].value } }

    mutating func set(_ name: String, to value: Value) {
      if let place = places[name] {
        all[place].value = value
      } else {
        places[name] = all.count
        all.append((name, value))
      }
    }
  }

  package init() {}

  /// Adds a group and those it lies in, where they are missing.
  package mutating func addGroup(_ path: String) {
    if path.isEmpty || !knownGroups.insert(path).inserted { return }
    addGroup(HDF5Contents.parent(path))
    groups.append(path)
  }

  /// Adds an array and the groups it lies in.
  package mutating func add(_ path: String, _ tensor: Tensor) {
    addGroup(HDF5Contents.parent(path))
    if tensors.updateValue(tensor, forKey: path) == nil { names.append(path) }
  }

  /// Takes an array out.
  mutating func remove(_ path: String) {
    tensors[path] = nil
    names.removeAll { $0 == path }
  }

  package mutating func setAttribute(_ name: String, of path: String, to value: Value) {
    attributes[path, default: Attributes()].set(name, to: value)
  }

  package subscript(path: String) -> Tensor? { tensors[path] }

  /// Whether an array can be added there: nothing has that path, and none of the groups it would lie in is an array.
  func hasRoom(for path: String) -> Bool {
    if tensors[path] != nil || knownGroups.contains(path) { return false }
    var group = HDF5Contents.parent(path)
    while !group.isEmpty {
      if tensors[group] != nil { return false }
      group = HDF5Contents.parent(group)
    }
    return true
  }

  package func hasGroup(_ path: String) -> Bool { path.isEmpty || knownGroups.contains(path) }

  package func attributes(of path: String) -> [(name: String, value: Value)] { attributes[path]?.all ?? [] }

  /// The strings of an attribute; nil if there is none of that name, or it holds numbers.
  package func strings(_ name: String, of path: String) -> [String]? {
    switch attributes[path]?[name] {
    case .strings(let strings), .list(let strings): strings
    case .numbers, nil: nil
    }
  }

  /// The path of the group that something lies in.
  static func parent(_ path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
  }
}
