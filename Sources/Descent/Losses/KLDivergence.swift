extension Loss {
  /// Σ t log(t / p) along the last axis, both cut to 10⁻⁷ … 1 (Kullback & Leibler, 1951).
  public static let klDivergence = Loss("KLDivergence", name: "kl_divergence") { input in
    let target = clip(input.target, Tensor(number: fuzz), 1)
    let prediction = clip(input.prediction, Tensor(number: fuzz), 1)
    return (target * log(target / prediction)).sum(axis: -1)
  }
}
