extension Loss {
  /// With e = prediction − target the mean over the last axis of e² / 2 where |e| ≤ `delta`, `delta` · |e| − `delta`² / 2
  /// elsewhere (Huber, 1964).
  public static func huber(delta: Double = 1) -> Loss {
    Loss(
      "Huber", name: "huber_loss", config: ["delta": JSONValue(delta)],
      problem: problem("Huber", NumberRange.positive.problem("delta", delta)), isFoundByName: false
    ) { input in
      let error = input.prediction - input.target
      let size = abs(error)
      return select(size .<= Tensor(number: delta), square(error) * 0.5, size * delta - delta * delta / 2).mean(axis: -1)
    }
  }
  /// With default settings.
  public static let huber = huber()
}
