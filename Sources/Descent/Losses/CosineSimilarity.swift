extension Loss {
  /// Minus the cosine of the angle between target and prediction along `axis`: −1 where they point the same way. (The metric of
  /// that name has the opposite sign, as in Keras.) A vector of zeros has a cosine of 0 with anything.
  public static func cosineSimilarity(axis: Int = -1) -> Loss {
    Loss("CosineSimilarity", name: "cosine_similarity", config: ["axis": JSONValue(axis)]) { input in
      -(normalize(input.target, axis: axis) * normalize(input.prediction, axis: axis)).sum(axis: axis)
    }
  }
  /// With default settings.
  public static let cosineSimilarity = cosineSimilarity()
}
