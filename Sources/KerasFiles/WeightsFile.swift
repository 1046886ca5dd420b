/// The layout of Keras's weight files: arrays `0`, `1` … in a group `vars` for each layer, and for the optimizer.
enum WeightsFile {
  /// What is of no use for the weights: the optimizer's variables, and, from Keras 2.13 to its last 2, the totals of metrics.
  private static let otherPrefixes = ["optimizer/", "metrics/"]
  private static let optimizerGroup = "optimizer/vars"
  /// Where Keras writes the variables of an optimizer inside another a second time.
  private static let innerOptimizerGroup = "optimizer/inner_optimizer/vars"

  /// The model's weights, and what its optimizer remembers.
  static func contents(of model: Model) throws -> HDF5Contents {
    var contents = HDF5Contents()
    model.showWeightsToJudge()
    for place in KerasPaths.places(in: model) {
      contents.addGroup(place.group)
      contents.setAttribute("name", of: place.group, to: .strings([place.layer.name]))
      for (name, variable) in place.variables { contents.add(name, variable.value) }
    }
    if let state = try model.preparedOptimizerState() {
      let values = model.kerasVariables(of: state)
      add(values[...], of: state.optimizer, to: optimizerGroup, in: &contents)
      if let wrapper = state.optimizer as? LossScaleOptimizer {
        let inner = try OptimizerState(wrapper.innerOptimizer, variables: model.trainableVariables).kerasVariables().count
        add(values.suffix(inner), of: wrapper.innerOptimizer, to: innerOptimizerGroup, in: &contents)
      }
    }
    return contents
  }

  private static func add(
    _ values: ArraySlice<Tensor>, of optimizer: any Optimizer, to group: String, in contents: inout HDF5Contents
  ) {
    let name = (try? OptimizerRegistry.comparableConfiguration(of: optimizer))?["config"]?["name"]?.string
    contents.addGroup(group)
    contents.setAttribute("name", of: group, to: .strings([name ?? "optimizer"]))
    for (index, value) in values.enumerated() { contents.add("\(group)/\(index)", value) }
  }

  /// Puts a file's arrays into the model's variables.
  static func load(
    _ contents: HDF5Contents, into model: Model, file: String, skipMismatch: Bool
  ) throws -> WeightMismatches {
    let variables = KerasPaths.places(in: model).flatMap(\.variables)
    let names = contents.names.filter { name in !otherPrefixes.contains { name.hasPrefix($0) } }
    return try model.replacingWeights {
      try NamedVariables(variables).load(from: file, names: names, skipMismatch: skipMismatch) { contents[$0]! }
    }
  }

  /// The variables as Keras 3 writes them. Keras 2 left the learning rate out, which came after the number of steps.
  static func completed(_ variables: [Tensor], for model: Model) throws -> [Tensor] {
    guard let own = try model.preparedOptimizerState()?.kerasVariables(), own.count == variables.count + 1, own.count > 1,
      own[1].shape == [], variables.count == 1 || variables[1].shape != []
    else { return variables }
    return [variables[0], own[1]] + variables.dropFirst()
  }

  /// The optimizer's variables in a file, in order; nil if it has none.
  static func optimizerVariables(_ contents: HDF5Contents, file: String) throws -> [Tensor]? {
    let count = contents.names.count { $0.hasPrefix(optimizerGroup + "/") }
    if count == 0 { return nil }
    return try (0..<count).map { index in
      guard let tensor = contents["\(optimizerGroup)/\(index)"] else {
        throw DescentError(.file, "\(file): has \(count) variables of the optimizer, but number \(index) is not among them")
      }
      return tensor
    }
  }
}
