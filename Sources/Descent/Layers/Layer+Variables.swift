import TensorCore

extension Layer {
  /// All variables: the layer's own, those that were made to be trained first, then those of its sublayers, in order.
  public var variables: [Variable] {
    prepareToBeInspected()
    var seen: Set<ObjectIdentifier> = []
    return allLayers.flatMap(\.orderedVariables).filter { seen.insert(ObjectIdentifier($0)).inserted }
  }

  /// The layer's own variables, those that were made to be trained first, as Keras lists and keeps them: that one of them is left alone for
  /// a while does not change its place in a file.
  package var orderedVariables: [Variable] { ownVariables.filter(\.isMadeToBeTrained) + ownVariables.filter { !$0.isMadeToBeTrained } }

  /// All variables, first those that training would change if none were marked on its own, in the order of Keras's older files. (Keras goes
  /// by such marks when it writes, and does not read the file then.)
  package var trainedAndOtherVariables: [Variable] {
    prepareToBeInspected()
    var seen: Set<ObjectIdentifier> = []
    let trained = trainableLayers.flatMap(\.orderedVariables).filter(\.isMadeToBeTrained)
    return (trained + variables).filter { seen.insert(ObjectIdentifier($0)).inserted }
  }

  /// The variables that training changes as things stand.
  public var trainableVariables: [Variable] {
    prepareToBeInspected()
    var seen: Set<ObjectIdentifier> = []
    return trainableLayers.flatMap(\.orderedVariables).filter { $0.isTrainable && $0.dtype.isFloatingPoint && seen.insert(ObjectIdentifier($0)).inserted }
  }

  /// The variables that training leaves alone or changes in another way than by the optimizer.
  public var nonTrainableVariables: [Variable] {
    let trainable = Set(trainableVariables.map(ObjectIdentifier.init))
    return variables.filter { !trainable.contains(ObjectIdentifier($0)) }
  }

  /// The states of the generators of random numbers of the layer and its sublayers, but for the model's own. They are saved in
  /// checkpoints, so that training goes on with the same numbers.
  public var randomStates: [Variable] {
    prepareToBeInspected()
    var seen: Set<ObjectIdentifier> = []
    return allLayers.flatMap(\.ownRandomStates).filter { seen.insert(ObjectIdentifier($0)).inserted }
  }

  /// The number of elements of all variables.
  public func countParameters() -> Int { variables.reduce(0) { $0 + $1.count } }

  /// This layer and all below it.
  package var allLayers: [Layer] { [self] + sublayers.flatMap(\.allLayers) }

  /// The penalties on weights of this layer and those below it, each once however often its layer is called. As in Keras, weights that are
  /// not trained have none.
  func penalties(trained: Set<ObjectIdentifier>) throws -> [Tensor] {
    var seen: Set<ObjectIdentifier> = []
    return try allLayers.filter { seen.insert(ObjectIdentifier($0)).inserted }.flatMap(\.regularizers)
      .filter { trained.contains(ObjectIdentifier($0.variable)) }.map { try $0.regularizer.penalty(of: $0.variable) }
  }

  private var trainableLayers: [Layer] { isTrainable ? [self] + sublayers.flatMap(\.trainableLayers) : [] }
}
