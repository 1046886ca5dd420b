import TensorCore

/// What of a file did not fit a model.
public struct WeightMismatches: Sendable, Equatable, CustomStringConvertible {
  /// Weights of the model that the file lacks.
  public internal(set) var missing: [String] = []
  /// Arrays of the file that the model has no place for.
  public internal(set) var leftOver: [String] = []
  /// Weights whose shapes or dtypes differ, with both.
  public internal(set) var different: [String] = []

  public var isEmpty: Bool { missing.isEmpty && leftOver.isEmpty && different.isEmpty }

  public var description: String {
    let parts = [("missing", missing), ("left over", leftOver), ("of another shape", different)]
    let told = parts.filter { !$0.1.isEmpty }.map { "\($0.0): \($0.1.joined(separator: ", "))" }
    return told.isEmpty ? "everything fits" : told.joined(separator: "; ")
  }
}

/// Weights of a model with the names they have in a file.
package struct NamedVariables {
  package let variables: [(name: String, variable: Variable)]

  package init(_ variables: [(name: String, variable: Variable)]) { self.variables = variables }

  /// Puts the arrays of a file into the variables, by name.
  /// - Parameters:
  ///   - names: all arrays of the file.
  ///   - skipMismatch: whether to load what fits and tell the rest.
  /// - Throws: ``DescentError`` of kind `file` listing everything that is missing, left over or of another shape, unless it is
  ///   to be skipped. Nothing is changed then.
  @discardableResult
  package func load(
    from file: String, names: [String], skipMismatch: Bool, _ read: (String) throws -> Tensor
  ) throws -> WeightMismatches {
    var mismatches = WeightMismatches()
    var found: [(Variable, Tensor)] = []
    let known = Set(names)
    for (name, variable) in variables {
      guard known.contains(name) else {
        mismatches.missing.append("\(name) \(variable.shape)")
        continue
      }
      let tensor = try read(name)
      let isCompatible = tensor.dtype == variable.dtype || (tensor.dtype.isFloatingPoint && variable.dtype.isFloatingPoint)
      if tensor.shape == variable.shape && isCompatible {
        found.append((variable, tensor))
      } else {
        mismatches.different.append(
          "\(name) is \(tensor.dtype) \(tensor.shape) in the file and \(variable.dtype) \(variable.shape) in the model")
      }
    }
    let wanted = Set(variables.map(\.name))
    mismatches.leftOver = names.filter { !wanted.contains($0) }
    guard mismatches.isEmpty || skipMismatch else {
      throw DescentError(.file, "\(file): does not fit the model: \(mismatches)")
    }
    for (variable, tensor) in found { variable.assign(tensor.dtype == variable.dtype ? tensor : tensor.cast(to: variable.dtype)) }
    return mismatches
  }
}

/// The kinds of files that hold weights and nothing else.
public enum WeightFormat: String, Sendable, CaseIterable {
  /// <https://github.com/huggingface/safetensors>
  case safetensors
  /// NumPy's.
  case npz

  /// The format that a file's name tells.
  init(path: String, _ caller: String) throws {
    guard let format = WeightFormat.allCases.first(where: { path.hasSuffix("." + $0.rawValue) }) else {
      let known = WeightFormat.allCases.map { "." + $0.rawValue }.joined(separator: ", ")
      throw DescentError(
        .invalidArgument, "\(caller): \(path): the name must end in one of \(known); for .weights.h5 and .h5 import KerasFiles")
    }
    self = format
  }
}

extension Model {
  /// The variables by their paths within the model (`dense/kernel`): what weight files call them.
  public var namedVariables: [(name: String, variable: Variable)] {
    let prefix = path + "/"
    return variables.map { variable in
      (variable.path.hasPrefix(prefix) ? String(variable.path.dropFirst(prefix.count)) : variable.path, variable)
    }
  }

  /// Writes the weights, by name: a file in the safetensors format or NumPy's `.npz`, as its name ends. The file is replaced at
  /// once or not at all.
  /// - Throws: ``DescentError`` if the model has no weights yet, or the file cannot be written.
  public func saveWeights(_ path: String, format: WeightFormat? = nil) throws {
    try buildIfDeclared()
    guard isBuilt else {
      throw DescentError(.state, "saveWeights: \(name) has no weights yet; give its first layer an inputShape, or build it")
    }
    showWeightsToJudge()
    let weights = namedVariables.map { (name: $0.name, tensor: $0.variable.value) }
    switch try format ?? WeightFormat(path: path, "saveWeights") {
    case .safetensors: try SafeTensors.write(weights, metadata: ["format": "descent"], to: path)
    case .npz: try NPZ.write(weights, to: path)
    }
  }

  /// Reads weights by name. `float32` and `float64` go into one another; shapes must be equal.
  /// - Parameters:
  ///   - path: the file.
  ///   - skipMismatch: whether to load what fits and return the rest; otherwise anything that does not fit is an error, and nothing
  ///     is changed.
  ///   - format: nil for the one that the path's ending tells.
  /// - Returns: what was skipped.
  /// - Throws: ``DescentError`` of kind `file` listing what is missing, left over or of another shape.
  @discardableResult
  public func loadWeights(
    _ path: String, skipMismatch: Bool = false, format: WeightFormat? = nil
  ) throws -> WeightMismatches {
    try buildIfDeclared()
    guard isBuilt else {
      throw DescentError(.state, "loadWeights: \(name) has no variables yet; give its first layer an inputShape, or build it")
    }
    let variables = NamedVariables(namedVariables)
    switch try format ?? WeightFormat(path: path, "loadWeights") {
    case .safetensors:
      let file = try SafeTensors(path)
      return try replacingWeights {
        try variables.load(from: path, names: file.names, skipMismatch: skipMismatch) { try file.tensor($0) }
      }
    case .npz:
      let file = try NPZ(path)
      return try replacingWeights {
        try variables.load(from: path, names: file.names, skipMismatch: skipMismatch) { try file.tensor($0) }
      }
    }
  }
}
