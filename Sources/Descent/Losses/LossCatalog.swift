extension Loss {
  /// All that have a name.
  public static let catalog = Catalog<Loss>(
    \.keras,
    [
      .init(.meanSquaredError, ["mse", "MSE"]),
      .init(.meanAbsoluteError, ["mae", "MAE"]),
      .init(.meanAbsolutePercentageError, ["mape", "MAPE"]),
      .init(.meanSquaredLogarithmicError, ["msle", "MSLE"]),
      .init(.huber, ["huber"]) { s in .huber(delta: try s.double("delta")) },
      .init(.logCosh, ["logcosh"]),
      .init(.cosineSimilarity) { s in .cosineSimilarity(axis: try s.int("axis")) },
      .init(.hinge),
      .init(.squaredHinge),
      .init(.categoricalHinge),
      .init(.klDivergence, ["kld", "KLD"]),
      .init(.poisson),
      .init(.binaryCrossentropy, ["bce", "BCE"]) { s in
        .binaryCrossentropy(
          fromLogits: try s.bool("from_logits"), labelSmoothing: try s.double("label_smoothing"), axis: try s.int("axis"))
      },
      .init(.binaryFocalCrossentropy) { s in
        .binaryFocalCrossentropy(
          applyClassBalancing: try s.bool("apply_class_balancing"), alpha: try s.double("alpha"),
          gamma: try s.double("gamma"), fromLogits: try s.bool("from_logits"),
          labelSmoothing: try s.double("label_smoothing"), axis: try s.int("axis"))
      },
      .init(.categoricalCrossentropy) { s in
        .categoricalCrossentropy(
          fromLogits: try s.bool("from_logits"), labelSmoothing: try s.double("label_smoothing"), axis: try s.int("axis"))
      },
      .init(.categoricalFocalCrossentropy) { s in
        .categoricalFocalCrossentropy(
          alpha: try s.double("alpha"), gamma: try s.double("gamma"), fromLogits: try s.bool("from_logits"),
          labelSmoothing: try s.double("label_smoothing"), axis: try s.int("axis"))
      },
      .init(.categoricalGeneralizedCrossEntropy) { s in .categoricalGeneralizedCrossEntropy(q: try s.double("q")) },
      .init(.sparseCategoricalCrossentropy) { s in
        .sparseCategoricalCrossentropy(
          fromLogits: try s.bool("from_logits"), ignoreClass: try s.optionalInt("ignore_class"), axis: try s.int("axis"))
      },
      .init(.ctc),
      .init(.circle) { s in
        .circle(gamma: try s.double("gamma"), margin: try s.double("margin"), removeDiagonal: try s.bool("remove_diagonal"))
      },
      .init(.dice) { s in .dice(axes: try s.optionalInts("axis")) },
      .init(.tversky) { s in
        .tversky(alpha: try s.double("beta"), beta: try s.double("alpha"), axes: try s.optionalInts("axis"))
      },
      .init(.crossentropy, ["ce"]),
    ], common: commonSettings, ignoring: ["dtype"])

  /// Name and reduction are settings of every loss.
  private static let commonSettings = Catalog<Loss>.Common {
    ["name": .string($0.name), "reduction": .string($0.reduction.rawValue)]
  } set: { loss, settings in
    let reduction = settings["reduction"]
    // Keras knows "mean" as another name for the same, and null for none.
    let kind: Reduction =
      reduction == .null ? .none : reduction == "mean" ? .sumOverBatchSize : try settings.choice("reduction", Reduction.self)
    return loss.named(try settings.string("name")).reducing(by: kind)
  }
}
