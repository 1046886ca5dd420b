// Notebook 08-2: classifying images with a convolutional network.
import ExampleSupport
import KerasFiles

setRandomSeed(42)

let ((trainInput, allTrainTarget), (testInput, testTarget)) = try loadFashionMNIST()
let allTrainScaled = trainInput.reshaped([-1, 28, 28, 1]).cast(to: .float32) / 255
let (trainScaled, valScaled, trainTarget, valTarget) = try trainTestSplit(allTrainScaled, allTrainTarget)

let model = Sequential()
model.add(Input(shape: [28, 28, 1]))
model.add(Conv2D(32, 3, padding: .same, activation: .relu))
model.add(MaxPooling2D(2))
model.add(Conv2D(64, [3, 3], padding: .same, activation: .relu))
model.add(MaxPooling2D(2))
model.add(Flatten())
model.add(Dense(100, activation: .relu))
model.add(Dropout(0.4))
model.add(Dense(10, activation: .softmax))
model.summary()
expect("the number of parameters", model.variables.reduce(0) { $0 + $1.shape.reduce(1, *) }, is: 333_526)

try plotModel(model)
try plotModel(model, toFile: "cnn-architecture.svg", showShapes: true)

try model.compile(optimizer: "adam", loss: .sparseCategoricalCrossentropy, metrics: ["accuracy"])
let checkpoint = ModelCheckpoint("best-cnn-model.keras", saveBestOnly: true)
let earlyStopping = EarlyStopping(patience: 2, restoreBestWeights: true)
let history = try model.fit(
  trainScaled, trainTarget, epochs: epochs(20), callbacks: [checkpoint, earlyStopping], validationData: (valScaled, valTarget))
print(history["loss"])
print(history["val_loss"])
try model.evaluate(valScaled, valTarget)

let preds = try model.predict(valScaled[0..<1])
print(preds)

let classes = ["티셔츠", "바지", "스웨터", "드레스", "코트", "샌달", "셔츠", "스니커즈", "가방", "앵클 부츠"]
print(classes[Int(preds.argmax().item())])

let testScaled = testInput.reshaped([-1, 28, 28, 1]).cast(to: .float32) / 255
let result = try model.evaluate(testScaled, testTarget)
expect("test accuracy", result["accuracy"], atLeast: 0.89)
