import TensorCore

// Calls: as a part of another layer's forward pass, and outside of any model.

extension Layer {
  /// Calls the layer as a part of another's forward pass, building it if that has not been done.
  public func callAsFunction(_ x: Tensor, _ context: ForwardContext) throws -> Tensor { try self([x], context) }

  /// Calls the layer with several tensors as a part of another's forward pass. (Keras: `layer([a, b])`.)
  /// - Throws: ``DescentError`` also if the layer has several results; ``outputs(_:_:)`` gives them all.
  public func callAsFunction(_ inputs: [Tensor], _ context: ForwardContext) throws -> Tensor {
    try only(outputs(inputs, context))
  }

  /// - Throws: ``DescentError`` for several.
  private func only(_ results: [Tensor]) throws -> Tensor {
    guard results.count == 1 else {
      throw DescentError(.invalidArgument, "layer \(name): it gives \(results.count) tensors; ask for its outputs")
    }
    return results[0]
  }

  /// All that the layer computes, as a part of another's forward pass.
  public func outputs(_ inputs: [Tensor], _ context: ForwardContext) throws -> [Tensor] {
    guard !inputs.isEmpty else { throw DescentError(.invalidArgument, "layer \(name): it was called without a tensor") }
    guard inputs.allSatisfy({ $0.rank > 0 }) else {
      throw DescentError(.invalidArgument, "layer \(name): the input has no axes; axis 0 counts rows")
    }
    if let requestedDType, !requestedDType.isFloatingPoint {
      throw DescentError(.invalidArgument, "layer \(name): its dtype is \(requestedDType); layers compute in float32 or float64")
    }
    context.enter(self)
    defer { context.leave() }
    let inputs = self is Model ? inputs : inputs.map { autocast($0, context) }
    let shapes = inputs.map { Array($0.shape.dropFirst()) }
    if !isBuilt {
      if let givenInputShape, !givenInputShape.fits(shapes[0]) {
        throw DescentError(
          .invalidArgument, "layer \(name): inputShape is \(givenInputShape.text) but a row of the input has shape \(shapes[0])")
      }
      try Trace.suspended { try buildOnce(inputShapes: shapes, with: context.builder, dtype: context.dtype) }
      if context.isStep && !ownVariables.isEmpty {
        forgetVariables()
        throw DescentError(
          .state,
          "layer \(name): it is first called in a step, and so is no part of the model; make it once, in a stored property, and call it in forward or build it before")
      }
    } else if context.isBuilding {
      // Built before, in another model or alone: the variables are the layer's own already.
      for variable in ownVariables + ownRandomStates { _ = context.builder.claim(variable) }
    }
    let masks = inputs.map { context.mask(of: $0) }
    let earlierLosses = context.losses.count
    let results = try TracedPart.$name.withValue("layer \(name)") { try forward(inputs, context) }
    try context.check()
    guard !results.isEmpty, results.allSatisfy({ $0.rank > 0 }) else {
      throw DescentError(.invalidArgument, "layer \(name): the forward pass gave a tensor without axes; axis 0 counts rows")
    }
    if let activityRegularizer {
      for result in results {
        let penalty = try activityRegularizer.validated(for: result.shape, of: "layer \(name): a batch of its results")
        context.addLoss(penalty(result) / Double(max(result.shape[0], 1)))
      }
    }
    if !context.isBuilding { lastCall.keep(losses: Array(context.losses[earlierLosses...])) }
    if supportsMasking { try setMasks(of: results, inputs, masks, context) }
    inputShapes = shapes
    outputShapes = results.map { Array($0.shape.dropFirst()) }
    if context.isBuilding {
      for shape in outputShapes ?? [] { _ = try ModelBuilder.elementCount(shape, of: "layer \(name): a row of the result") }
      orderSublayers()
      adoptVariables(context)
    }
    return results
  }

  /// Floating-point numbers in the layer's dtype, as Keras casts them on the way in; whole numbers too where the layer computes fractions of
  /// them.
  private func autocast(_ x: Tensor, _ context: ForwardContext) -> Tensor {
    (x.dtype.isFloatingPoint || !keepsWholeNumbers) && x.dtype != context.dtype ? context.cast(x, to: context.dtype) : x
  }

  /// Numbers in the layer's dtype, as Keras casts them on the way in in graphs and chains; whole ones that it takes stay.
  func fitted(_ x: Tensor, _ context: ForwardContext) -> Tensor {
    let dtype = requestedDType ?? (isBuilt ? builtDType : context.dtype)
    return x.dtype == dtype || (!x.dtype.isFloatingPoint && acceptsIntegers) ? x : context.cast(x, to: dtype)
  }

  private func setMasks(of results: [Tensor], _ inputs: [Tensor], _ masks: [Tensor?], _ context: ForwardContext) throws {
    if results.allSatisfy({ context.mask(of: $0) != nil }) { return }
    for (result, mask) in zip(results, try computeMask(inputs, masks, context)) {
      if let mask, context.mask(of: result) == nil { context.setMask(mask, of: result) }
    }
  }

  /// Calls the layer on its own, outside of any model.
  /// - Parameters:
  ///   - x: rows on axis 0.
  ///   - mask: which steps of `x` count: of its leading axes, what is not 0 counts; nil for what travels beside `x`, if a layer that was called
  ///     like this gave it, and all otherwise.
  ///   - training: whether layers such as ``Dropout`` do what they do while training.
  public func callAsFunction(_ x: Tensor, mask: Tensor? = nil, training: Bool = false) throws -> Tensor {
    try self([x], masks: [mask], training: training)
  }

  /// Calls the layer with several tensors, outside of any model.
  /// - Parameters: as those of ``outputs(_:masks:training:)``.
  /// - Throws: ``DescentError`` also if the layer has several results.
  public func callAsFunction(_ inputs: [Tensor], masks: [Tensor?] = [], training: Bool = false) throws -> Tensor {
    try only(outputs(inputs, masks: masks, training: training))
  }

  /// All that the layer computes, outside of any model: `LSTM(8, returnState: true).outputs([x])` are the output and two states.
  /// - Parameters:
  ///   - inputs: with rows on axis 0.
  ///   - masks: which steps of each input count; nil for all. Without any those count that travel beside the inputs from calls like this one.
  ///   - training: whether layers such as ``Dropout`` do what they do while training.
  /// - Throws: ``DescentError`` if the layer does not take such tensors, a mask does not fit its tensor, or the layer has no use for masks.
  public func outputs(_ inputs: [Tensor], masks: [Tensor?] = [], training: Bool = false) throws -> [Tensor] {
    let context = try ownContext(for: inputs, isTraining: training)
    if masks.allSatisfy({ $0 == nil }) {
      for input in inputs { if let mask = LooseMasks.mask(of: input) { context.setMask(mask, of: input) } }
    }
    let results = try outputs(inputs, givenMasks: masks, CallDetails(), context)
    for result in results { if let mask = context.mask(of: result) { LooseMasks.note(mask, of: result) } }
    return results
  }

  /// What belongs to the loss beside what a loss function gives, for a loop or a ``Model/computeLoss(_:_:)`` of one's own: what this layer
  /// and those in it added in its last call (``ForwardContext/addLoss(_:)``, penalties on activations), and the penalties on weights that are
  /// trained.
  ///
  ///     let step = compile { x, y in
  ///       let loss = try Loss.mse(y, model(x, training: true))
  ///       let total = try model.losses.reduce(loss, +)
  ///       try stepper.update(gradients: gradients(of: total, withRespectTo: stepper.variables))
  ///       return total
  ///     }
  ///
  /// They are asked for in the function that called the layer, and kept until its next call. `fit` adds them by itself. (Keras:
  /// `Layer.losses`.)
  /// - Throws: ``DescentError`` of kind `state` if the layer was last called in another compiled function, or outside of this one; also if a
  ///   closure of the program's gives no penalty.
  public var losses: [Tensor] {
    get throws {
      guard let added = lastCall.losses else {
        throw DescentError(
          .state, "layer \(name): losses: its last call was in another function; ask for them in the compiled function that calls the layer")
      }
      return try added + penalties(trained: Set(trainableVariables.map(ObjectIdentifier.init)))
    }
  }

  /// What the layer is told when it is called outside of any model, built for such tensors.
  func ownContext(for inputs: [Tensor], isTraining: Bool) throws -> ForwardContext {
    let dtype = inputs.first { $0.dtype.isFloatingPoint }?.dtype ?? .float32
    let builder = self.builder ?? ModelBuilder(dtype: requestedDType ?? dtype, seed: nextDefaultSeed())
    try buildByTracing(inputs.map { (Array($0.shape.dropFirst()), $0.dtype) }, with: builder)
    return ForwardContext(builder: builder, isTraining: isTraining)
  }
}
