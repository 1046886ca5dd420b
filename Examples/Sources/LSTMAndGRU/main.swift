// Notebook 09-3: LSTM, dropout, two layers, GRU; the best of them on the test rows.
import ExampleSupport
import Foundation
import KerasFiles

setRandomSeed(42)

let ((allTrainInput, allTrainTarget), (testInput, testTarget), _) = try loadReviews(numWords: 500)
let (trainPart, valPart) = try splitDataset(
  [try padSequences(allTrainInput, maxlen: 100), allTrainTarget], leftSize: 0.8, shuffle: true, seed: 42)

@MainActor func train(_ name: String, _ layers: [Layer]) throws -> (model: Sequential, loss: Double) {
  let model = Sequential()
  model.add(Input(shape: [100]))
  model.add(Embedding(500, 16))
  for layer in layers { model.add(layer) }
  model.add(Dense(1, activation: .sigmoid))
  model.summary()
  try model.compile(optimizer: "adam", loss: .binaryCrossentropy, metrics: ["accuracy"])
  let history = try model.fit(
    trainPart[0], trainPart[1], batchSize: 64, epochs: epochs(15), verbose: 0,
    callbacks: [ModelCheckpoint("best-\(name)-model.keras", saveBestOnly: true), EarlyStopping(patience: 4, restoreBestWeights: true)],
    validationData: (valPart[0], valPart[1]))
  print(history)
  let loss = history["val_loss"].min() ?? .infinity
  print("\(name): least validation loss \(loss)")
  return (model, loss)
}

var trained: [(name: String, loss: Double)] = []
for (name, layers) in [
  ("lstm", [LSTM(8)]),
  ("dropout", [LSTM(8, dropout: 0.2)]),
  ("2lstm", [LSTM(8, dropout: 0.2, returnSequences: true), LSTM(8, dropout: 0.2)]),
  ("gru", [GRU(8)]),
] as [(String, [Layer])] {
  trained.append((name, try train(name, layers).loss))
}

let best = trained.min { $0.loss < $1.loss }!
let model = try Sequential.load("best-\(best.name)-model.keras")
let result = try model.evaluate(padSequences(testInput, maxlen: 100), testTarget)
expect("test accuracy of \(best.name)", result["accuracy"], atLeast: 0.75)
