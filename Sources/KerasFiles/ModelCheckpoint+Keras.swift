extension ModelFormat {
  /// Keras 3's `.keras`: all of the model.
  public static let keras = ModelFormat { try $0.save($1) }
  /// Keras 3's `.weights.h5`: weights and the optimizer's state.
  public static let kerasWeights = ModelFormat { try $0.saveWeights($1) }
}

extension ModelCheckpoint {
  /// The same with Keras's kinds of files: `.keras` and `.weights.h5` beside `.safetensors` and `.npz`, as the path ends.
  public convenience init(
    _ path: String, monitor: String = "val_loss", saveBestOnly: Bool = false, mode: MonitorMode = .auto,
    saveFrequency: SaveFrequency = .epoch, initialValueThreshold: Double? = nil
  ) {
    let format: ModelFormat? = hasEnding(path, ".keras") ? .keras : hasEnding(path, ".weights.h5") ? .kerasWeights : nil
    self.init(
      path, monitor: monitor, saveBestOnly: saveBestOnly, mode: mode, saveFrequency: saveFrequency,
      initialValueThreshold: initialValueThreshold, format: format)
  }
}
