extension Loss {
  /// The cross-entropy that the shapes suggest, as Keras's "crossentropy": binary for one output, sparse categorical for class
  /// numbers, categorical for one-hot targets.
  public static let crossentropy = Loss(unwritable: "crossentropy", form: .byShape, forClasses: true, isKnownByNameOnly: true) { input in
    crossentropy(forTarget: input.target.shape, prediction: input.prediction.shape)
      .values(target: input.target, prediction: input.prediction, logits: input.logits)
  }

  static func crossentropy(forTarget target: [Int], prediction: [Int]) -> Loss {
    switch OutputKind(target: target, prediction: prediction) {
    case .binary: .binaryCrossentropy
    case .sparse: .sparseCategoricalCrossentropy
    case .categorical: .categoricalCrossentropy
    }
  }
}

/// What a classifier's output is, by Keras's rule for "accuracy" and "crossentropy".
enum OutputKind {
  case binary, sparse, categorical

  /// One output is binary; targets of lower rank or with a last axis of size 1 are class numbers; others are one-hot.
  init(target: [Int], prediction: [Int]) {
    if prediction.last == 1 || prediction.isEmpty {
      self = .binary
    } else if target.count < prediction.count || target.last == 1 {
      self = .sparse
    } else {
      self = .categorical
    }
  }
}
