extension Metric {
  public static let accuracy = Metric("Accuracy", name: "accuracy", direction: .up, MeanOfValues { $0.prediction })
}
