extension Metric {
  public static let catalog = Catalog<Metric>(
    [
      entry(.accuracy, "acc"),
    ], ignoring: ["dtype"])

  /// The name is a setting of every metric.
  private static func entry(
    _ value: Metric, _ aliases: String..., make: (@Sendable (Settings) throws -> Metric)? = nil
  ) -> Catalog<Metric>.Entry {
    Catalog.Entry(value, aliases) { settings in
      try (make?(settings) ?? value).named(try settings.string("name"))
    }
  }
}
