// Notebook 07-3: training a network. The curves of the history are printed as a table.
import ExampleSupport
import Foundation
import KerasFiles

setRandomSeed(42)

let ((trainInput, allTrainTarget), _) = try loadFashionMNIST()
let (trainScaled, valScaled, trainTarget, valTarget) = try trainTestSplit(trainInput.cast(to: .float32) / 255, allTrainTarget)

@MainActor func modelFn(_ aLayer: Layer? = nil) -> Sequential {
  let model = Sequential()
  model.add(Input(shape: [28, 28]))
  model.add(Flatten())
  model.add(Dense(100, activation: .relu))
  if let aLayer { model.add(aLayer) }
  model.add(Dense(10, activation: .softmax))
  return model
}

var model = modelFn()
model.summary()

try model.compile(loss: .sparseCategoricalCrossentropy, metrics: ["accuracy"])
var history = try model.fit(trainScaled, trainTarget, epochs: epochs(5), verbose: 0)
print(history.names)
print(history["loss"])
print(history["accuracy"])

model = modelFn()
try model.compile(loss: .sparseCategoricalCrossentropy, metrics: ["accuracy"])
history = try model.fit(trainScaled, trainTarget, epochs: epochs(20), verbose: 0)
print(history["loss"])

model = modelFn()
try model.compile(loss: .sparseCategoricalCrossentropy, metrics: ["accuracy"])
history = try model.fit(trainScaled, trainTarget, epochs: epochs(20), verbose: 0, validationData: (valScaled, valTarget))
print(history.names)
print(history.csv)

model = modelFn()
try model.compile(optimizer: "adam", loss: .sparseCategoricalCrossentropy, metrics: ["accuracy"])
history = try model.fit(trainScaled, trainTarget, epochs: epochs(20), verbose: 0, validationData: (valScaled, valTarget))
print(history.csv)

model = modelFn(Dropout(0.3))
model.summary()
try model.compile(optimizer: "adam", loss: .sparseCategoricalCrossentropy, metrics: ["accuracy"])
history = try model.fit(trainScaled, trainTarget, epochs: epochs(20), verbose: 0, validationData: (valScaled, valTarget))
print(history.csv)

model = modelFn(Dropout(0.3))
try model.compile(optimizer: "adam", loss: .sparseCategoricalCrossentropy, metrics: ["accuracy"])
history = try model.fit(trainScaled, trainTarget, epochs: epochs(11), verbose: 0, validationData: (valScaled, valTarget))

try model.save("model-whole.keras")
try model.saveWeights("model.weights.h5")
for name in ["model-whole.keras", "model.weights.h5"] {
  print(try FileManager.default.attributesOfItem(atPath: name)[.size] ?? 0, name)
}

model = modelFn(Dropout(0.3))
try model.loadWeights("model.weights.h5")
let valLabels = try model.predict(valScaled).argmax(axis: -1)
let share = (valLabels .== valTarget).cast(to: .float32).mean()
print(share)

model = try Sequential.load("model-whole.keras")
let whole = try model.evaluate(valScaled, valTarget)
expect("the accuracy of the saved model", abs((whole["accuracy"] ?? 0) - share.item()) < 1e-6, is: true)

model = modelFn(Dropout(0.3))
try model.compile(optimizer: "adam", loss: .sparseCategoricalCrossentropy, metrics: ["accuracy"])
var checkpoint = ModelCheckpoint("best-model.keras", saveBestOnly: true)
try model.fit(
  trainScaled, trainTarget, epochs: epochs(20), verbose: 0, callbacks: [checkpoint], validationData: (valScaled, valTarget))
model = try Sequential.load("best-model.keras")
try model.evaluate(valScaled, valTarget)

model = modelFn(Dropout(0.3))
try model.compile(optimizer: "adam", loss: .sparseCategoricalCrossentropy, metrics: ["accuracy"])
checkpoint = ModelCheckpoint("best-model.keras", saveBestOnly: true)
let earlyStopping = EarlyStopping(patience: 2, restoreBestWeights: true)
history = try model.fit(
  trainScaled, trainTarget, epochs: epochs(20), verbose: 0, callbacks: [checkpoint, earlyStopping], validationData: (valScaled, valTarget))
print(earlyStopping.stoppedEpoch ?? 0)
print(history.csv)
let result = try model.evaluate(valScaled, valTarget)
expect("validation accuracy", result["accuracy"], atLeast: 0.865)
