// Notebook 09-2: reviews by a recurrent network, words as rows of zeros and a one, then as learned rows.
import ExampleSupport
import Foundation
import KerasFiles

setRandomSeed(42)

let ((allTrainInput, allTrainTarget), (testInput, _), _) = try loadReviews(numWords: 500)
print(allTrainInput.count, testInput.count)
print(allTrainInput[0].count, allTrainInput[1].count)
print(allTrainInput[0].prefix(20), allTrainTarget[0..<20])

let (trainPart, valPart) = try splitDataset(
  [try padSequences(allTrainInput, maxlen: 100), allTrainTarget], leftSize: 0.8, shuffle: true, seed: 42)
let (trainSeq, trainTarget, valSeq, valTarget) = (trainPart[0], trainPart[1], valPart[0], valPart[1])
print(trainSeq.shape, valSeq.shape)
print(trainSeq[5..<6])

let oneHot = Sequential {
  Input(shape: [100, 500])
  SimpleRNN(8)
  Dense(1, activation: .sigmoid)
}
oneHot.summary()
// Rows of 500 numbers for each of 100 words: batches are made one by one, the whole would take a gigabyte.
let trainOneHot = try Dataset(trainSeq, trainTarget).shuffle(seed: 42).batch(64).map { (try toCategorical($0, numClasses: 500), $1) }
let valOneHot = try Dataset(valSeq, valTarget).batch(64).map { (try toCategorical($0, numClasses: 500), $1) }
try oneHot.compile(optimizer: "adam", loss: .binaryCrossentropy, metrics: ["accuracy"])
var history = try oneHot.fit(
  trainOneHot, epochs: epochs(10), verbose: 0, callbacks: [EarlyStopping(patience: 3, restoreBestWeights: true)], validationData: valOneHot)
print(history)

let model = Sequential {
  Input(shape: [100])
  Embedding(500, 16)
  SimpleRNN(8)
  Dense(1, activation: .sigmoid)
}
model.summary()
try model.compile(optimizer: "adam", loss: .binaryCrossentropy, metrics: ["accuracy"])
history = try model.fit(
  trainSeq, trainTarget, batchSize: 64, epochs: epochs(15), verbose: 0,
  callbacks: [ModelCheckpoint("best-simplernn-model.keras", saveBestOnly: true), EarlyStopping(patience: 4, restoreBestWeights: true)],
  validationData: (valSeq, valTarget))
print(history)
let result = try model.evaluate(valSeq, valTarget, verbose: 0)
expect("validation accuracy", result["accuracy"], atLeast: 0.7)
