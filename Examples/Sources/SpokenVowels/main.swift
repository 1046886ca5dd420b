// Which of nine men says "ae"? Utterances of 7 to 29 steps of 12 numbers, padded and masked (the UCI archive's "Japanese Vowels").
// The argument is the folder with JapaneseVowels_TRAIN.ts and JapaneseVowels_TEST.ts, as the Python packages aeon and sktime have them.
import ExampleSupport
import Foundation
import KerasFiles

setRandomSeed(1)

/// Utterances of nine made-up men, each of whom has tones of his own.
func madeUp(_ count: Int, _ seed: UInt64) -> TimeSeries {
  var generator = SeededGenerator(seed: seed)
  let labels = (0..<count).map { Int32($0 % 9) }
  let sequences = labels.map { label -> [[Float]] in
    let length = Int.random(in: 7...29, using: &generator)
    return (0..<length).map { step in
      (0..<12).map { part -> Float in
        let tone = sin(Double(step) * (0.1 + 0.05 * Double(label)) + Double(part))
        return Float(tone) + Float.random(in: -0.3...0.3, using: &generator)
      }
    }
  }
  return (sequences, Tensor(labels))
}

let (train, test) = try loadTimeSeries("JapaneseVowels", of: "utterances", madeUp: madeUp, counts: (270, 370))
let length = 29

let model = Sequential {
  Input(shape: [length, 12])
  Masking()
  Bidirectional(LSTM(32))
  Dropout(0.3)
  Dense(9, activation: .softmax)
}
model.summary()
try model.compile(optimizer: Adam(learningRate: 0.003), loss: .sparseCategoricalCrossentropy, metrics: ["accuracy"])
let history = try model.fit(padded(train.sequences, to: length), train.labels, batchSize: 16, epochs: epochs(40), verbose: 0)
print(history)
let result = try model.evaluate(padded(test.sequences, to: length), test.labels)
expect("test accuracy", result["accuracy"], atLeast: 0.93)
