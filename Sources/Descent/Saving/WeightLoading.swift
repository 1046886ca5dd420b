import TensorCore

/// What of a file did not fit a model.
public struct WeightMismatches: Sendable, Equatable, CustomStringConvertible {
  /// Weights of the model that the file lacks.
  public internal(set) var missing: [String] = []
  /// Arrays of the file that the model has no place for.
  public internal(set) var leftOver: [String] = []
  /// Weights whose shapes or dtypes differ, with both.
  public internal(set) var different: [String] = []

  /// Whether there is nothing in it.
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

extension Model {
  /// The variables by their paths within the model (`dense/kernel`): what weight files call them.
  public var namedVariables: [(name: String, variable: Variable)] {
    let prefix = path + "/"
    return variables.map { variable in
      (variable.path.hasPrefix(prefix) ? String(variable.path.dropFirst(prefix.count)) : variable.path, variable)
    }
  }

  /// Writes the weights to a file of the kind that its name tells: `.safetensors`, NumPy's `.npz`, and with `KerasFiles` also
  /// `.weights.h5`, which holds what the optimizer remembers besides. The file is replaced at once or not at all. (Keras:
  /// `Model.save_weights`.)
  /// - Parameters:
  ///   - path: the file.
  ///   - format: nil for the one that the path's ending tells.
  /// - Throws: ``DescentError`` if the model has no weights yet, or the file cannot be written.
  public func saveWeights(_ path: String, format: ModelFormat? = nil) throws {
    let format = try format ?? ModelFormat(path: path, "saveWeights") { $0.isWritable && !$0.isWholeModel }
    try format.save(self, path)
  }

  /// Reads weights by name from a file of the kind that its name tells: `.safetensors`, `.npz`, and with `KerasFiles` also
  /// `.weights.h5`, the `.h5` of Keras 1 to 3, and `.keras`. `float32` and `float64` go into one another; shapes must be equal. The
  /// optimizer is left alone.
  /// - Parameters:
  ///   - path: the file.
  ///   - skipMismatch: whether to load what fits and return the rest; otherwise anything that does not fit is an error, and nothing
  ///     is changed.
  ///   - format: nil for the one that the path's ending tells.
  /// - Returns: what was skipped.
  /// - Throws: ``DescentError`` of kind `file` listing what is missing, left over or of another shape.
  @discardableResult
  public func loadWeights(
    _ path: String, skipMismatch: Bool = false, format: ModelFormat? = nil
  ) throws -> WeightMismatches {
    let format = try format ?? ModelFormat(path: path, "loadWeights") { $0.readWeights != nil }
    guard let readWeights = format.readWeights else {
      throw DescentError(.invalidArgument, "loadWeights: \(path): such files are written, not read; \(ModelFormat.known { $0.readWeights != nil }) can be read")
    }
    try requireWeights("loadWeights")
    return try readWeights(self, path, skipMismatch)
  }
}
