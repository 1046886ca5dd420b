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
  func load(into model: Model, skipMismatch: Bool) throws -> WeightMismatches {
    let targets = model.layers.map { (name: $0.name, variables: LegacyWeights.ordered($0)) }.filter { !$0.variables.isEmpty }
    let sources = layers.filter { !$0.weights.isEmpty }
    let known = Set(targets.map(\.name))
    let byName = sources.allSatisfy { known.contains($0.name) }
    guard byName || sources.count == targets.count || skipMismatch else {
      throw DescentError(
        .file, "\(file): has \(sources.count) layers with weights (\(sources.map(\.name).joined(separator: ", "))), the model \(targets.count) (\(targets.map(\.name).joined(separator: ", ")))"
      )
    }
    var variables: [(name: String, variable: Variable)] = []
    for (index, target) in targets.enumerated() {
      let name = byName ? target.name : index < sources.count ? sources[index].name : target.name
      for (number, variable) in target.variables.enumerated() { variables.append(("\(name)/\(number)", variable)) }
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

  /// A layer's variables, those of layers in it too, the trained ones first.
  private static func ordered(_ layer: Layer) -> [Variable] {
    let all = layer.variables
    return all.filter(\.isTrainable) + all.filter { !$0.isTrainable }
  }
}
