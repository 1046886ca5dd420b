extension Loss {
  /// All that have a name.
  public static let catalog = Catalog<Loss>(
    [
      entry(.meanSquaredError, "mse", "MSE"),
      entry(.meanAbsoluteError, "mae", "MAE"),
      entry(.meanAbsolutePercentageError, "mape", "MAPE"),
      entry(.meanSquaredLogarithmicError, "msle", "MSLE"),
      entry(.huber, "huber") { s in .huber(delta: try s.double("delta")) },
      entry(.logCosh, "logcosh"),
      entry(.cosineSimilarity) { s in .cosineSimilarity(axis: try s.int("axis")) },
      entry(.hinge),
      entry(.squaredHinge),
      entry(.categoricalHinge),
      entry(.klDivergence, "kld", "KLD"),
      entry(.poisson),
      entry(.binaryCrossentropy, "bce", "BCE") { s in
        .binaryCrossentropy(
          fromLogits: try s.bool("from_logits"), labelSmoothing: try s.double("label_smoothing"), axis: try s.int("axis"))
      },
      entry(.binaryFocalCrossentropy) { s in
        .binaryFocalCrossentropy(
          applyClassBalancing: try s.bool("apply_class_balancing"), alpha: try s.double("alpha"),
          gamma: try s.double("gamma"), fromLogits: try s.bool("from_logits"),
          labelSmoothing: try s.double("label_smoothing"), axis: try s.int("axis"))
      },
      entry(.categoricalCrossentropy) { s in
        .categoricalCrossentropy(
          fromLogits: try s.bool("from_logits"), labelSmoothing: try s.double("label_smoothing"), axis: try s.int("axis"))
      },
      entry(.categoricalFocalCrossentropy) { s in
        .categoricalFocalCrossentropy(
          alpha: try s.double("alpha"), gamma: try s.double("gamma"), fromLogits: try s.bool("from_logits"),
          labelSmoothing: try s.double("label_smoothing"), axis: try s.int("axis"))
      },
      entry(.categoricalGeneralizedCrossEntropy) { s in .categoricalGeneralizedCrossEntropy(q: try s.double("q")) },
      entry(.sparseCategoricalCrossentropy) { s in
        .sparseCategoricalCrossentropy(
          fromLogits: try s.bool("from_logits"), ignoreClass: try s.optionalInt("ignore_class"), axis: try s.int("axis"))
      },
      entry(.ctc),
      entry(.dice) { s in .dice(axes: try s.optionalInts("axis")) },
      entry(.tversky) { s in
        .tversky(alpha: try s.double("beta"), beta: try s.double("alpha"), axes: try s.optionalInts("axis"))
      },
      .init(.crossentropy, ["ce"]),
    ],
    refused: [
      "circle": "Descent has no circle loss", "Circle": "Descent has no circle loss",
    ], ignoring: ["dtype"])

  /// Name and reduction are settings of every loss.
  private static func entry(
    _ value: Loss, _ aliases: String..., make: (@Sendable (Settings) throws -> Loss)? = nil
  ) -> Catalog<Loss>.Entry {
    Catalog.Entry(value, aliases) { settings in
      let reduction = settings["reduction"]
      // Keras knows "mean" as another name for the same, and null for none.
      let kind: Reduction =
        reduction == .null ? .none : reduction == "mean" ? .sumOverBatchSize : try settings.choice("reduction", Reduction.self)
      return try (make?(settings) ?? value).named(try settings.string("name")).reducing(by: kind)
    }
  }
}
