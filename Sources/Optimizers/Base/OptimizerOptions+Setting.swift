// Written by scripts/initializers.py, where the list is.

extension OptimizerOptions {
  /// Sets what is given.
  mutating func set(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil
  ) {
    if let learningRate { self.learningRate = learningRate.learningRate }
    if let weightDecay { self.weightDecay = weightDecay }
    if let clipnorm { self.clipnorm = clipnorm }
    if let clipvalue { self.clipvalue = clipvalue }
    if let globalClipnorm { self.globalClipnorm = globalClipnorm }
    if let useEMA { self.useEMA = useEMA }
    if let emaMomentum { self.emaMomentum = emaMomentum }
    if let emaOverwriteFrequency { self.emaOverwriteFrequency = emaOverwriteFrequency }
    if let lossScaleFactor { self.lossScaleFactor = lossScaleFactor }
    if let gradientAccumulationSteps { self.gradientAccumulationSteps = gradientAccumulationSteps }
    if let name { self.name = name }
    if let decay { self.decay = decay }
  }
}
