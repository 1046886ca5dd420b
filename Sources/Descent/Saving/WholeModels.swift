import TensorCore

extension Model {
  /// Writes all of the model to a file of the kind that the name's ending tells: layers, weights, what `compile` was given and what the
  /// optimizer remembers, so that training can go on from it. The file is replaced at once or not at all. (Keras: `Model.save`.)
  ///
  /// `import KerasFiles` makes `.keras` known, which Keras 3 reads, and `.h5` and `.hdf5`, Keras's older files, for a ``Sequential`` model
  /// or one of inputs and outputs. Keras 3 reads the latter, predicts with it and trains on, its optimizer anew: from such files, its own too,
  /// it takes up no optimizer's state. Descent does.
  /// - Parameter path: the file.
  /// - Throws: ``DescentError`` naming what such a file cannot hold: a layer that is not registered, a loss made from a closure.
  public func save(_ path: String) throws {
    let format = try ModelFormat(path: path, "save") { $0.isWholeModel && $0.isWritable }
    try format.save(self, path)
  }

  /// Reads a model from a file of the kind that the name's ending tells, ready to predict, and to train on where the file's
  /// training stopped. (Keras: `keras.saving.load_model`.)
  ///
  ///     let model = try Model.load("classifier.keras")
  ///     try model.fit(x, y, epochs: 3)
  ///
  /// `import KerasFiles` makes `.keras` known, of Keras 3 and of Descent, and `.h5` and `.hdf5` with a whole model, as Keras 2 wrote and
  /// Keras 3 still can. Of a `.json` file, which describes a model, the weights are made anew.
  ///
  /// The model is a ``Sequential`` one, one of inputs and outputs, or a registered class of the program's own; `Sequential.load`
  /// expects the first, or layers one after another. Nothing in the file is run. What Descent lacks, a layer, an option, a loss, is
  /// an error that names it, as is any weight or variable of the optimizer that has no place.
  /// - Parameters:
  ///   - path: the file.
  ///   - compiled: whether to compile the model as the file says and take up the optimizer's state.
  ///   - trusted: lets libhdf5 read the weights in this process if only libhdf5 can; for files of known origin.
  /// - Throws: ``DescentError`` of kind `file`, and of kind `invalidArgument` for a name of no known ending.
  public static func load(_ path: String, compiled: Bool = true, trusted: Bool = false) throws -> Self {
    try load(path, compiled: compiled, trusted: trusted, seed: nil)
  }

  /// The same with a seed for what is random in training, and for the weights of a model that is only described.
  package static func load(_ path: String, compiled: Bool = true, trusted: Bool = false, seed: UInt64?) throws -> Self {
    if let format = ModelFormat(path: path), format.areWeightsReadable, !format.isModelReadable {
      throw DescentError(.invalidArgument, "load: \(path): such files hold weights alone; make the model and use loadWeights")
    }
    let format = try ModelFormat(path: path, "load") { $0.isModelReadable }
    return try format.model(path, compiled: compiled, trusted: trusted, seed: seed, as: Self.self)
  }
}
