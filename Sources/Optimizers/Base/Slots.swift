/// Something an optimizer remembers of a parameter.
public struct Slot: Sendable, Equatable, ExpressibleByStringLiteral {
  /// How large a slot is.
  public enum Shape: Sendable, Equatable {
    /// The parameter's shape.
    case likeParameter
    /// One number.
    case scalar
    /// That shape, whatever the parameter's.
    case fixed([Int])
  }

  /// The value before the first step.
  public enum Start: Sendable, Equatable {
    /// That number everywhere.
    case number(Double)
    /// The parameter's own value.
    case parameter
    /// The identity matrix in the last two axes, times a number.
    case identity(Double)
  }

  /// The name the formula uses.
  public let name: String
  /// How large it is.
  public let shape: Shape
  /// What it holds at first.
  public let start: Start
  /// The parameter's dtype if nil.
  public let dtype: DType?
  /// Keras's files hold all slots of the first group before those of the next; within a group they go parameter by parameter.
  public let fileGroup: Int
  /// Whether it starts again when the model is given other weights, as what starts from the parameter does.
  let restartsWithWeights: Bool
  /// Not remembered but worked out when a Keras file is written, because Keras keeps it.
  let fileValue: (@Sendable (Slots) -> Tensor)?

  /// - Parameters:
  ///   - name: in Swift's spelling: `velocityHat`.
  ///   - shape: how large it is; as the parameter by default.
  ///   - start: what it holds at first; 0 by default.
  ///   - dtype: nil for the parameter's.
  ///   - fileGroup: where it stands among the others in Keras's files: those of group 0 of all parameters come first.
  public init(
    _ name: String, shape: Shape = .likeParameter, start: Start = .number(0), dtype: DType? = nil, fileGroup: Int = 0
  ) {
    self.name = name
    self.shape = shape
    self.start = start
    self.dtype = dtype
    self.fileGroup = fileGroup
    fileValue = nil
    restartsWithWeights = false
  }

  /// What belongs to where the weights started: the way from there, or to an average of them.
  init(restartingWithWeights name: String, shape: Shape) {
    self.name = name
    self.shape = shape
    start = .number(0)
    dtype = nil
    fileGroup = 0
    fileValue = nil
    restartsWithWeights = true
  }

  /// Something Keras's files hold and this optimizer does not need to remember. It is worked out where such a file is
  /// written, and passed over where one is read.
  /// - Parameters:
  ///   - name: in Swift's spelling: `velocityHat`.
  ///   - shape: how large it is.
  ///   - dtype: nil for the parameter's.
  ///   - value: works it out from what is remembered of the parameter: of that shape, and in any dtype.
  public init(
    inFilesOnly name: String, shape: Shape, dtype: DType? = nil, value: @escaping @Sendable (Slots) -> Tensor
  ) {
    self.name = name
    self.shape = shape
    start = .number(0)
    self.dtype = dtype
    fileGroup = 0
    fileValue = value
    restartsWithWeights = false
  }

  public init(stringLiteral name: String) { self.init(name) }

  public static func == (a: Slot, b: Slot) -> Bool {
    a.name == b.name && a.shape == b.shape && a.start == b.start && a.dtype == b.dtype && a.fileGroup == b.fileGroup
      && (a.fileValue == nil) == (b.fileValue == nil)
  }

  func shape(for parameter: [Int]) -> [Int] {
    switch shape {
    case .likeParameter: parameter
    case .scalar: []
    case .fixed(let sizes): sizes
    }
  }
}

/// What is remembered of one parameter, by name: `slots.momentum = lerp(slots.momentum, g, 0.1)`.
@dynamicMemberLookup
public struct Slots {
  private let owner: String
  private(set) var values: [String: Tensor]

  package init(owner: String, values: [String: Tensor]) {
    self.owner = owner
    self.values = values
  }

  /// All, in no order.
  var tensors: [Tensor] { Array(values.values) }

  /// The slot of that name.
  public subscript(dynamicMember name: String) -> Tensor {
    get { self[name] }
    set { self[name] = newValue }
  }

  /// - Precondition: the optimizer declares a slot of that name.
  public subscript(name: String) -> Tensor {
    get {
      guard let value = values[name] else { undeclared(name) }
      return value
    }
    set {
      guard let old = values[name] else { undeclared(name) }
      // A value made of numbers alone has no shape yet.
      let value = newValue.rank == 0 && !old.shape.isEmpty ? newValue.cast(to: old.dtype).broadcast(to: old.shape) : newValue
      values[name] = value
    }
  }

  /// Whether this parameter has such a slot.
  public func contains(_ name: String) -> Bool { values[name] != nil }

  private func undeclared(_ name: String) -> Never {
    programmingError("\(owner) has no slot \(name); it declares \(values.keys.sorted().joined(separator: ", "))")
  }
}

/// One parameter in a step of an optimizer that updates all parameters at once.
public struct ParameterUpdate {
  /// Which parameter it is.
  public let parameter: ParameterDescription
  /// The parameter; the optimizer changes it.
  public var value: Tensor
  /// The parameter's gradient.
  public let gradient: Tensor
  /// The parameter's slots.
  public var slots: Slots
  /// What this parameter's settings multiply the learning rate by.
  public let rateMultiplier: Double
  /// The strength of the weight decay of this parameter.
  public let weightDecay: Double
  /// Where the gradient came from, before it was accumulated and clipped.
  let origin: GradientOrigin
}
