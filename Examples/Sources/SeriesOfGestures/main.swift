// Does a hand draw a gun, or only point? 150 heights of a hand, one behind the other, through convolutions along the time (the UCR archive's
// "GunPoint"; the network of Wang et al., 2016, "Time series classification from scratch with deep neural networks").
// The argument is the folder with GunPoint_TRAIN.ts and GunPoint_TEST.ts, as the Python packages aeon and sktime have them.
import ExampleSupport
import Foundation
import KerasFiles

setRandomSeed(1)

/// Hands of two kinds: one rises and falls, the other reaches to the hip before and after.
func madeUp(_ count: Int, _ seed: UInt64) -> TimeSeries {
  var generator = SeededGenerator(seed: seed)
  let labels = (0..<count).map { Int32($0 % 2) }
  let sequences = labels.map { label -> [[Float]] in
    let start = Double.random(in: 25...45, using: &generator), rise = Double.random(in: 6...12, using: &generator)
    return (0..<150).map { step -> [Float] in
      let time = Double(step)
      let hand = 1 / (1 + exp(-(time - start) / rise * 2)) - 1 / (1 + exp(-(time - 150 + start) / rise * 2))
      let hip = exp(-pow((time - start + 16) / 5, 2)) + exp(-pow((time - 134 + start) / 5, 2))
      let noise = Double.random(in: -0.03...0.03, using: &generator)
      return [Float(3 * hand - (label == 0 ? 0.5 * hip : 0) - 1 + noise)]
    }
  }
  return (sequences, Tensor(labels))
}

let (train, test) = try loadTimeSeries("GunPoint", of: "gestures", madeUp: madeUp, counts: (50, 150))
let length = train.sequences[0].count

let model = Sequential([Input(shape: [length, 1])])
for (filters, window) in [(64, 8), (128, 5), (64, 3)] as [(Int, AxisSizes)] {
  model.add(Conv1D(filters, window, padding: .same))
  model.add(BatchNormalization())
  model.add(ReLU())
}
model.add(GlobalAveragePooling1D())
model.add(Dense(2, activation: .softmax))
model.summary()

try model.compile(optimizer: "adam", loss: .sparseCategoricalCrossentropy, metrics: ["accuracy"])
let best = ModelCheckpoint("best-gestures.keras", monitor: "loss", saveBestOnly: true)
let slower = ReduceLROnPlateau(monitor: "loss", factor: 0.5, patience: 30, minimumLearningRate: 0.0001)
let history = try model.fit(
  padded(train.sequences, to: length), train.labels, batchSize: 16, epochs: epochs(300), verbose: 0, callbacks: [best, slower])
print(history)
let result = try Sequential.load("best-gestures.keras").evaluate(padded(test.sequences, to: length), test.labels)
expect("test accuracy", result["accuracy"], atLeast: 0.95)
