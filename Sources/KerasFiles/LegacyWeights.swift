/// The weights in an `.h5` file of the kind that Keras wrote before version 3, and still writes when asked: a group for each
/// layer with the names of its weights, in order.
struct LegacyWeights {
  private let layers: [(name: String, weights: [(name: String, tensor: Tensor)])]
  private let file: String

  static func isLegacy(_ contents: HDF5Contents) -> Bool {
    contents.hasGroup("model_weights") || !contents.attributes(of: "").filter { $0.name.hasPrefix("layer_names") }.isEmpty
  }

  init(_ contents: HDF5Contents, file: String) throws {
    self.file = file
    let root = contents.hasGroup("model_weights") ? "model_weights" : ""
    func path(_ name: String) -> String { root.isEmpty ? name : "\(root)/\(name)" }
    guard let names = LegacyWeights.list("layer_names", of: root, contents) else {
      throw DescentError(.file, "\(file): \(root.isEmpty ? "the file" : root) has no attribute layer_names")
    }
    layers = try names.map { name in
      let group = path(name)
      let weights = try (LegacyWeights.list("weight_names", of: group, contents) ?? []).map { weight in
        guard let tensor = contents["\(group)/\(weight)"] else {
          throw DescentError(.file, "\(file): \(group) names the weight \(weight), which is not there")
        }
        return (weight, tensor)
      }
      return (name, weights)
    }
  }

  /// A list of names; long ones are cut into several attributes with numbers.
  static func list(_ name: String, of path: String, _ contents: HDF5Contents) -> [String]? {
    if let whole = contents.strings(name, of: path) { return whole }
    var names: [String]?
    var number = 0
    while let part = contents.strings("\(name)\(number)", of: path) {
      names = (names ?? []) + part
      number += 1
    }
    return names
  }

  /// Loads the weights: by the layers' names where the model has all of them, else layer after layer, as Keras does: names of
  /// layers are often made up.
  /// - Parameter isFilesOwn: whether the model was made as the file says, so that all names in it are the file's.
  func load(into model: Model, skipMismatch: Bool, isFilesOwn: Bool = false) throws -> WeightMismatches {
    let targets = model.layers.map { (name: $0.name, variables: LegacyWeights.ordered($0, in: model)) }.filter { !$0.variables.isEmpty }
    let sources = layers.filter { !$0.weights.isEmpty }
    let known = Set(targets.map(\.name))
    let byName = sources.allSatisfy { known.contains($0.name) }
    guard byName || sources.count == targets.count || skipMismatch else {
      throw DescentError(
        .file, "\(file): has \(sources.count) layers with weights (\(sources.map(\.name).joined(separator: ", "))), the model \(targets.count) (\(targets.map(\.name).joined(separator: ", ")))"
      )
    }
    let weightNames = Dictionary(sources.map { ($0.name, $0.weights.map(\.name)) }) { $1 }
    var variables: [(name: String, variable: Variable)] = []
    for (index, target) in targets.enumerated() {
      let name = byName ? target.name : index < sources.count ? sources[index].name : target.name
      let places = LegacyWeights.places(of: target.variables, in: weightNames[name] ?? [], isFilesOwn: isFilesOwn)
      for (number, variable) in zip(places, target.variables) { variables.append(("\(name)/\(number)", variable)) }
    }
    var tensors: [String: Tensor] = [:]
    var names: [String] = []
    for source in sources {
      for (number, weight) in source.weights.enumerated() {
        let name = "\(source.name)/\(number)"
        tensors[name] = weight.tensor
        names.append(name)
      }
    }
    return try model.replacingWeights {
      try NamedVariables(variables).load(from: file, names: names, skipMismatch: skipMismatch) { tensors[$0]! }
    }
  }

  /// Where variables stand in a file's list of names: in their order, but where the ends of names tell them apart and come in another one, as
  /// Keras writes those of which one alone is frozen, and then does not find them itself.
  private static func places(of variables: [Variable], in names: [String], isFilesOwn: Bool) -> [Int] {
    func ends(_ names: [String], _ count: Int) -> [String] { names.map { $0.split(separator: "/").suffix(count).joined(separator: "/") } }
    let own = variables.map(\.path), given = names.map { String($0.prefix { $0 != ":" }) }
    for count in 1...(isFilesOwn ? 3 : 1) where variables.count == names.count {
      let (own, given) = (ends(own, count), ends(given, count))
      guard Set(own).count == own.count, Set(given) == Set(own) else { continue }
      let places = Dictionary(uniqueKeysWithValues: zip(given, given.indices))
      return own.compactMap { places[$0] }
    }
    return Array(variables.indices)
  }

  /// A layer's variables, those of layers in it too, the trained ones first: of a frozen layer none is. (Keras: `_legacy_weights`.)
  private static func ordered(_ layer: Layer, in model: Model) -> [Variable] {
    model.isTrainable ? layer.trainedAndOtherVariables : layer.variables
  }

  // MARK: - Writing

  /// The most names of one attribute: HDF5 has room for 64 KiB of them, 16 bytes each.
  private static let greatestNameCount = 4000

  /// Sets a list of names, a long one cut into several attributes with numbers.
  static func set(_ name: String, of path: String, to names: [String], in contents: inout HDF5Contents) {
    if names.count <= greatestNameCount { return contents.setAttribute(name, of: path, to: .list(names)) }
    for (number, start) in stride(from: 0, to: names.count, by: greatestNameCount).enumerated() {
      contents.setAttribute("\(name)\(number)", of: path, to: .list(Array(names[start..<min(start + greatestNameCount, names.count)])))
    }
  }

  /// Adds arrays to a group, each named after what it belongs to, and the list of their names.
  static func add(_ arrays: [(name: String, tensor: Tensor)], to group: String, in contents: inout HDF5Contents) {
    contents.addGroup(group)
    var names: [String] = []
    for (name, tensor) in arrays {
      let plain = name.split(separator: "/").joined(separator: "/")
      // Two variables may have one path, and one's may lie in another's.
      let numbered = sequence(first: 0) { $0 + 1 }.lazy.map { $0 == 0 ? plain : "\(plain)_\($0)" }
      let own = numbered.first { contents.hasRoom(for: "\(group)/\($0)") }!
      contents.add("\(group)/\(own)", tensor)
      names.append(own)
    }
    set("weight_names", of: group, to: names, in: &contents)
  }

  /// Adds the weights of the model's layers as Keras does: a group for each layer.
  static func add(_ model: Model, to group: String, in contents: inout HDF5Contents) throws {
    contents.addGroup(group)
    set("layer_names", of: group, to: model.layers.map(\.name), in: &contents)
    var written: Set<ObjectIdentifier> = []
    for layer in model.layers {
      let variables = ordered(layer, in: model)
      written.formUnion(variables.map(ObjectIdentifier.init))
      add(variables.map { ($0.path, $0.value) }, to: "\(group)/\(layer.name)", in: &contents)
    }
    if let other = model.variables.first(where: { !written.contains(ObjectIdentifier($0)) }) {
      throw DescentError(.state, "\(other.path) belongs to the model itself and to none of its layers, for which .h5 files have no place; save a .keras file")
    }
    add([], to: "\(group)/top_level_model_weights", in: &contents)
  }
}
