// Written by scripts/initializers.py, where the list is.

extension OptimizerOptions {
  /// Sets what is given.
  mutating func set(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil, weightDecayMode: WeightDecayMode? = nil, weightDecayExclusions: [ParameterRule]? = nil,
    clipnormScope: ClipnormScope? = nil, nonFinite: NonFinitePolicy? = nil, countsMicroSteps: Bool? = nil,
    numberPrecision: NumberPrecision? = nil, parameterSettings: [ParameterSetting]? = nil
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
    if let weightDecayMode { self.weightDecayMode = weightDecayMode }
    if let weightDecayExclusions { self.weightDecayExclusions = weightDecayExclusions }
    if let clipnormScope { self.clipnormScope = clipnormScope }
    if let nonFinite { self.nonFinite = nonFinite }
    if let countsMicroSteps { self.countsMicroSteps = countsMicroSteps }
    if let numberPrecision { self.numberPrecision = numberPrecision }
    if let parameterSettings { self.parameterSettings = parameterSettings }
  }
}

extension Optimizer {
  /// The same optimizer with other options; what is not named stays as it is. See ``OptimizerOptions`` for their meaning.
  ///
  ///     Adam(beta1: 0.8).with(weightDecayExclusions: [.vectors])
  ///
  /// With a closure every option can be set to anything, to nil as well: `.with { $0.weightDecay = nil }`.
  public func with(
    learningRate: (any LearningRateConvertible)? = nil, weightDecay: Double? = nil, clipnorm: Double? = nil,
    clipvalue: Double? = nil, globalClipnorm: Double? = nil, useEMA: Bool? = nil, emaMomentum: Double? = nil,
    emaOverwriteFrequency: Int? = nil, lossScaleFactor: Double? = nil, gradientAccumulationSteps: Int? = nil, name: String? = nil,
    decay: Double? = nil, weightDecayMode: WeightDecayMode? = nil, weightDecayExclusions: [ParameterRule]? = nil,
    clipnormScope: ClipnormScope? = nil, nonFinite: NonFinitePolicy? = nil, countsMicroSteps: Bool? = nil,
    numberPrecision: NumberPrecision? = nil, parameterSettings: [ParameterSetting]? = nil
  ) -> Self {
    var result = self
    result.options.set(
      learningRate: learningRate, weightDecay: weightDecay, clipnorm: clipnorm, clipvalue: clipvalue,
      globalClipnorm: globalClipnorm, useEMA: useEMA, emaMomentum: emaMomentum, emaOverwriteFrequency: emaOverwriteFrequency,
      lossScaleFactor: lossScaleFactor, gradientAccumulationSteps: gradientAccumulationSteps, name: name, decay: decay,
      weightDecayMode: weightDecayMode, weightDecayExclusions: weightDecayExclusions, clipnormScope: clipnormScope,
      nonFinite: nonFinite, countsMicroSteps: countsMicroSteps, numberPrecision: numberPrecision,
      parameterSettings: parameterSettings
    )
    return result
  }
}
