import TensorCore

extension ImagePreprocessing {
  /// A small convolutional network for such pictures: bytes become numbers from −1 to 1, training changes pictures at random, blocks of a
  /// convolution, batch normalization and pooling follow until a side is of three or four places, the means over all places go through dropout, and
  /// a softmax gives the probability of each class.
  ///
  /// ``Model/images`` of the network is this, so that its `.keras` file holds all that is needed to predict.
  /// - Parameters:
  ///   - augmentation: how pictures are changed while training.
  ///   - seed: for the initial weights, the order of rows and what is drawn in training; nil for one derived from ``setRandomSeed(_:)``'s.
  public func network(augmentation: [ImageAugmentation] = ImageAugmentation.standard, seed: UInt64? = nil) throws -> Sequential {
    let model = Sequential([Input(shape: rowShape)], seed: seed)
    // Before the scaling, as brightness and contrast count from 0 to 255.
    for change in augmentation { model.add(change.layer) }
    model.add(Rescaling(1 / 127.5, offset: -1, name: "scaling"))
    var side = min(height, width), number = 1
    repeat {
      // Small pictures have few places left for what wide layers could find in them.
      let filters = min(32 << (number - 1), 128)
      model.add(Conv2D(filters, 3, padding: .same, useBias: false, kernelInitializer: .heNormal, name: "convolution_\(number)"))
      model.add(BatchNormalization(momentum: 0.9, name: "normalization_\(number)"))
      model.add(Activation(.relu, name: "relu_\(number)"))
      if side >= 4 { model.add(MaxPooling2D(2, name: "pooling_\(number)")) }
      side /= 2
      number += 1
    } while side > 4
    model.add(Conv2D(128, 3, padding: .same, useBias: false, kernelInitializer: .heNormal, name: "convolution_\(number)"))
    model.add(BatchNormalization(momentum: 0.9, name: "normalization_\(number)"))
    model.add(Activation(.relu, name: "relu_\(number)"))
    model.add(GlobalAveragePooling2D(name: "means"))
    model.add(Dropout(0.2, name: "dropout"))
    model.add(Dense(classNames.count, activation: .softmax, name: "classes"))
    model.images = self
    return model
  }
}
