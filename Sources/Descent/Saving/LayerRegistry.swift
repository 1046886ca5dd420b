import Optimizers
import TensorCore

/// The layers that a model's description can name.
public enum LayerRegistry {
  package static let builtIn: [any ConfigurableLayer.Type] = [
    Activation.self, ActivityRegularization.self, AdaptiveAveragePooling1D.self, AdaptiveAveragePooling2D.self,
    AdaptiveAveragePooling3D.self, AdaptiveMaxPooling1D.self, AdaptiveMaxPooling2D.self, AdaptiveMaxPooling3D.self, Add.self,
    AdditiveAttention.self, AlphaDropout.self, Attention.self, Average.self, AveragePooling1D.self, AveragePooling2D.self,
    AutoContrast.self, AveragePooling3D.self, BatchNormalization.self, Bidirectional.self, CategoryEncoding.self, CenterCrop.self,
    Concatenate.self, Conv1D.self, Conv1DTranspose.self, Conv2D.self, Conv2DTranspose.self, Conv3D.self, Conv3DTranspose.self,
    ConvLSTM1D.self, ConvLSTM2D.self, ConvLSTM3D.self,
    Cropping1D.self, Cropping2D.self, Cropping3D.self, CustomScaleLayer.self, CutMix.self, Dense.self, DepthwiseConv1D.self, DepthwiseConv2D.self,
    Discretization.self, Dot.self, Dropout.self, ELU.self, EinsumDense.self, Embedding.self, Equalization.self, Flatten.self, GRU.self,
    GRUCell.self, GaussianDropout.self, GaussianNoise.self, GlobalAveragePooling1D.self, GlobalAveragePooling2D.self,
    GlobalAveragePooling3D.self, GlobalMaxPooling1D.self, GlobalMaxPooling2D.self, GlobalMaxPooling3D.self,
    GroupNormalization.self, GroupQueryAttention.self, Identity.self, LSTM.self, LSTMCell.self, Lambda.self,
    LayerNormalization.self, LayerScale.self, LeakyReLU.self, Masking.self, MaxPooling1D.self, MaxPooling2D.self, MaxPooling3D.self,
    Maximum.self, MelSpectrogram.self, Minimum.self, MixUp.self, MultiHeadAttention.self, Multiply.self, Normalization.self, PReLU.self, Permute.self,
    RMSNormalization.self, RNN.self, RandAugment.self, RandomBrightness.self, RandomColorDegeneration.self, RandomColorJitter.self, RandomContrast.self,
    RandomCrop.self, RandomErasing.self, RandomFlip.self, RandomGaussianBlur.self, RandomPerspective.self, RandomPosterization.self,
    RandomSharpness.self,
    RandomGrayscale.self, RandomHue.self, RandomInvert.self, RandomRotation.self, RandomSaturation.self, RandomShear.self,
    RandomTranslation.self, RandomZoom.self, ReLU.self, RepeatVector.self, Rescaling.self, Reshape.self, Resizing.self,
    STFTSpectrogram.self,
    SeparableConv1D.self, SeparableConv2D.self, Sequential.self, SimpleRNN.self, SimpleRNNCell.self, Softmax.self,
    Solarization.self, SpatialDropout1D.self, SpatialDropout2D.self, SpatialDropout3D.self, SpectralNormalization.self,
    StackedRNNCells.self, Subtract.self, TimeDistributed.self, UnitNormalization.self, UpSampling1D.self, UpSampling2D.self,
    UpSampling3D.self, ZeroPadding1D.self, ZeroPadding2D.self, ZeroPadding3D.self,
  ]

  /// The library's own classes, without those of programs that descend from them.
  package static let library: [Layer.Type] = builtIn + [Layer.self, Model.self, Input.self, OperationLayer.self, ConvLSTMCell.self]
  private static let libraryIdentities = Set(library.map { ObjectIdentifier($0) })

  static func isLibrary(_ type: Layer.Type) -> Bool { libraryIdentities.contains(ObjectIdentifier(type)) }

  private static let registry = Registry(
    of: "layer", builtIn.map { RegisteredClass<any ConfigurableLayer.Type>($0.className, $0) }, names: \.names)

  /// Lets descriptions name a layer of the program's own, as Keras's `register_keras_serializable` does. The last one of a name
  /// counts. Nothing in a file is ever run: for a ``Lambda``, ``Lambda/register(_:_:)`` says what it does.
  /// - Parameters:
  ///   - type: the layer's class.
  ///   - package: what stands before the class's name in files: `Custom>Scale`.
  public static func register(_ type: any ConfigurableLayer.Type, package: String = "Custom") {
    registry.register(RegisteredClass(type.className, package: package, type))
  }

  /// The type that a description names.
  /// - Throws: ``DescentError`` naming it and the nearest that is known, or all.
  static func type(_ object: KerasObject, owner: String) throws -> any ConfigurableLayer.Type {
    if let found = registry.find(object) { return found.value }
    let hint = nameHint(for: object.className, known: registry.all.map { $0.registeredName ?? $0.className })
    throw DescentError(
      .file,
      "\(owner) is a \(object.registeredName ?? object.className), which Descent does not have\(hint) (LayerRegistry.register adds one)")
  }

  /// The name to write for a layer of the program's own; nil for one of Descent's.
  static func registeredName(of type: any ConfigurableLayer.Type) throws -> String? {
    try registry.registeredName(of: type.className, register: "LayerRegistry.register") { $0.value == type }
  }
}
