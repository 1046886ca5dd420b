extension Loss {
  /// The mean over the last axis of p − t log(p + 10⁻⁷): minus the log-likelihood of counts t with expectations p, up to what
  /// depends on t alone.
  public static let poisson = Loss("Poisson", name: "poisson") { input in
    (input.prediction - input.target * log(input.prediction + fuzz)).mean(axis: -1)
  }
}
