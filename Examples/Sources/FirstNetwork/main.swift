// Notebook 07-1: a first network.
import ExampleSupport
import KerasFiles

setRandomSeed(42)

let ((trainInput, allTrainTarget), (testInput, testTarget)) = try loadFashionMNIST()
print(trainInput.shape, allTrainTarget.shape)
print(testInput.shape, testTarget.shape)
print(allTrainTarget[0..<10])
print(unique(allTrainTarget), bincount(allTrainTarget.cast(to: .int32), length: 10))

let allTrainScaled = (trainInput.cast(to: .float32) / 255).reshaped([-1, 28 * 28])
print(allTrainScaled.shape)

let (trainScaled, valScaled, trainTarget, valTarget) = try trainTestSplit(allTrainScaled, allTrainTarget)
print(trainScaled.shape, trainTarget.shape)
print(valScaled.shape, valTarget.shape)

let inputs = Input(shape: [784])
let dense = Dense(10, activation: .softmax)
let model = Sequential([inputs, dense])

try model.compile(loss: .sparseCategoricalCrossentropy, metrics: ["accuracy"])
print(trainTarget[0..<10])
try model.fit(trainScaled, trainTarget, epochs: epochs(5))
let result = try model.evaluate(valScaled, valTarget)
expect("validation accuracy", result["accuracy"], atLeast: 0.83)
