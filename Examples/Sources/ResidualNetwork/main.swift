// A small residual network on Fashion-MNIST (He et al., 2015, "Deep residual learning for image recognition"), with pictures flipped and moved at
// random while it learns.
import ExampleSupport
import Foundation
import KerasFiles

setRandomSeed(42)

let ((trainInput, trainTarget), (testInput, testTarget)) = try loadFashionMNIST()
let trainScaled = trainInput.reshaped([-1, 28, 28, 1]).cast(to: .float32) / 255
let testScaled = testInput.reshaped([-1, 28, 28, 1]).cast(to: .float32) / 255

/// A convolution, whose channels are then brought to mean 0 and variance 1.
func normalized(_ x: some Symbolic, _ filters: Int, _ window: AxisSizes, strides: Int = 1) throws -> Symbol {
  let convolved = try Conv2D(filters, window, strides: [strides, strides], padding: .same, useBias: false)(x)
  return try BatchNormalization()(convolved)
}

/// Two convolutions, to whose result their input is added.
func residualBlock(_ x: Symbol, _ filters: Int, strides: Int) throws -> Symbol {
  let first = try relu(normalized(x, filters, 3, strides: strides))
  let second = try normalized(first, filters, 3)
  return try relu(second + (strides == 1 ? x : normalized(x, filters, 1, strides: strides)))
}

let inputs = Input(shape: [28, 28, 1])
var x = try RandomTranslation(0.07, 0.07, fillMode: .constant)(RandomFlip(.horizontal)(inputs))
x = try relu(normalized(x, 16, 3))
x = try residualBlock(x, 16, strides: 1)
x = try residualBlock(x, 32, strides: 2)
x = try residualBlock(x, 64, strides: 2)
x = try GlobalAveragePooling2D()(x)
let outputs = try Dense(10, activation: .softmax)(x)
let model = try Model(inputs: inputs, outputs: outputs, name: "small-resnet")
model.summary()

let count = epochs(10), batchSize = 128
let steps = count * ((trainTarget.count + batchSize - 1) / batchSize)
let rate = CosineDecay(initialLearningRate: 0.001, decaySteps: steps, warmupTarget: 0.01, warmupSteps: steps / 10)
try model.compile(
  optimizer: AdamW(learningRate: rate, weightDecay: 0.01), loss: .sparseCategoricalCrossentropy, metrics: ["accuracy"])
try model.fit(trainScaled, trainTarget, batchSize: batchSize, epochs: count, verbose: 2, validationData: (testScaled, testTarget))
let result = try model.evaluate(testScaled, testTarget)
expect("test accuracy", result["accuracy"], atLeast: 0.92)
