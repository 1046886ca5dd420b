extension Loss {
  public static let catalog = Catalog<Loss>(
    [
      .init(.crossentropy, ["ce"]),
      entry(.meanSquaredError, "mse", "MSE"),
      entry(.binaryCrossentropy, "bce", "BCE") { s in
        .binaryCrossentropy(
          fromLogits: try s.bool("from_logits"), labelSmoothing: try s.double("label_smoothing"), axis: try s.int("axis"))
      },
      entry(.categoricalCrossentropy) { s in
        .categoricalCrossentropy(
          fromLogits: try s.bool("from_logits"), labelSmoothing: try s.double("label_smoothing"), axis: try s.int("axis"))
      },
      entry(.sparseCategoricalCrossentropy) { s in
        .sparseCategoricalCrossentropy(
          fromLogits: try s.bool("from_logits"), ignoreClass: try s.optionalInt("ignore_class"), axis: try s.int("axis"))
      },
    ], refused: ["ctc": "not available"], ignoring: ["dtype"])

  /// Name and reduction are settings of every loss.
  private static func entry(
    _ value: Loss, _ aliases: String..., make: (@Sendable (Settings) throws -> Loss)? = nil
  ) -> Catalog<Loss>.Entry {
    Catalog.Entry(value, aliases) { settings in
      let reduction = settings.values["reduction"]
      // Keras knows "mean" as another name for the same, and null for none.
      let kind: Reduction =
        reduction == .null ? .none : reduction == "mean" ? .sumOverBatchSize : try settings.choice("reduction", Reduction.self)
      return try (make?(settings) ?? value).named(try settings.string("name")).reducing(by: kind)
    }
  }
}
