// Notebook 07-2: a deep network.
import ExampleSupport
import KerasFiles

setRandomSeed(42)

let ((trainInput, allTrainTarget), _) = try loadFashionMNIST()
let allScaled = trainInput.cast(to: .float32) / 255
let (trainScaled, valScaled, trainTarget, valTarget) = try trainTestSplit(allScaled.reshaped([-1, 28 * 28]), allTrainTarget)

let inputs = Input(shape: [784])
let dense1 = Dense(100, activation: .sigmoid)
let dense2 = Dense(10, activation: .softmax)
var model = Sequential([inputs, dense1, dense2])
model.summary()

model = Sequential(
  [
    Input(shape: [784]),
    Dense(100, activation: .sigmoid, name: "은닉층"),
    Dense(10, activation: .softmax, name: "출력층"),
  ], name: "패션 MNIST 모델")
model.summary()

model = Sequential()
model.add(Input(shape: [784]))
model.add(Dense(100, activation: .sigmoid))
model.add(Dense(10, activation: .softmax))
model.summary()

try model.compile(loss: .sparseCategoricalCrossentropy, metrics: ["accuracy"])
try model.fit(trainScaled, trainTarget, epochs: epochs(5))

model = Sequential()
model.add(Input(shape: [28, 28]))
model.add(Flatten())
model.add(Dense(100, activation: .relu))
model.add(Dense(10, activation: .softmax))
model.summary()

let (trainImages, valImages, _, _) = try trainTestSplit(allScaled, allTrainTarget)
try model.compile(loss: .sparseCategoricalCrossentropy, metrics: ["accuracy"])
try model.fit(trainImages, trainTarget, epochs: epochs(5))
try model.evaluate(valImages, valTarget)

try model.compile(optimizer: "sgd", loss: .sparseCategoricalCrossentropy, metrics: ["accuracy"])

var sgd = SGD()
try model.compile(optimizer: sgd, loss: .sparseCategoricalCrossentropy, metrics: ["accuracy"])
sgd = SGD(learningRate: 0.1)
sgd = SGD(momentum: 0.9, nesterov: true)
let adagrad = Adagrad()
try model.compile(optimizer: adagrad, loss: .sparseCategoricalCrossentropy, metrics: ["accuracy"])
let rmsprop = RMSprop()
try model.compile(optimizer: rmsprop, loss: .sparseCategoricalCrossentropy, metrics: ["accuracy"])

model = Sequential()
model.add(Input(shape: [28, 28]))
model.add(Flatten())
model.add(Dense(100, activation: .relu))
model.add(Dense(10, activation: .softmax))
try model.compile(optimizer: "adam", loss: .sparseCategoricalCrossentropy, metrics: ["accuracy"])
try model.fit(trainImages, trainTarget, epochs: epochs(5))
let result = try model.evaluate(valImages, valTarget)
expect("validation accuracy", result["accuracy"], atLeast: 0.85)
