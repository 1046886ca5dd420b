// A transformer that learns a text character by character and goes on writing (nanoGPT's size for a CPU: 4 blocks, 4 heads, width 128,
// 64 characters at a time). The text is a file given as the argument, or the licences that each Debian machine has.
import ExampleSupport
import Foundation
import KerasFiles

setRandomSeed(1337)

/// Attention to what came before and a small network for each place, each on what is normalized, added to what was there.
final class TransformerBlock: Layer {
  let attention: MultiHeadAttention, beforeAttention = LayerNormalization(), beforeNetwork = LayerNormalization()
  let wide: Dense, narrow: Dense

  init(width: Int, heads: Int) {
    attention = MultiHeadAttention(numHeads: heads, keyDim: width / heads)
    wide = Dense(4 * width, activation: .gelu)
    narrow = Dense(width)
    super.init(name: nil)
  }

  override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor {
    let seen = try beforeAttention(x, context)
    let attended = x + (try attention(seen, seen, useCausalMask: true, context))
    return attended + (try narrow(try wide(try beforeNetwork(attended, context), context), context))
  }
}

/// Adds a learned row for each place.
final class PositionEmbedding: Layer {
  private var rows: Variable?

  override func build(inputShape: [Int]) throws {
    rows = try addVariable("positions", shape: inputShape, initializer: .randomNormal(standardDeviation: 0.02))
  }

  override func forward(_ x: Tensor, _ context: ForwardContext) throws -> Tensor { x + rows!.value }
}

let licences = ["GPL-3", "GPL-2", "LGPL-2.1", "LGPL-3", "GFDL-1.3", "Apache-2.0", "MPL-2.0", "Artistic"].map { "/usr/share/common-licenses/\($0)" }
let files = CommandLine.arguments.count > 1 ? [CommandLine.arguments[1]] : licences.filter { FileManager.default.isReadableFile(atPath: $0) }
let text = try files.map { try String(contentsOfFile: $0, encoding: .utf8) }.joined(separator: "\n")
guard text.count > 10_000 else {
  print("A text of at least 10,000 characters is needed: swift run -c release CharacterTransformer FILE")
  exit(1)
}
let characters = Set(text).sorted()
let numbers = Dictionary(uniqueKeysWithValues: characters.enumerated().map { ($1, Int32($0)) })
let encoded = text.map { numbers[$0]! }
let context = 64
print("\(encoded.count) characters, \(characters.count) of them different")

// The last tenth is kept to judge by.
let split = encoded.count * 9 / 10
@MainActor func windows(_ range: Range<Int>, every stride: Int) -> (x: Tensor, y: Tensor) {
  let starts = Array(Swift.stride(from: range.lowerBound, to: range.upperBound - context - 1, by: stride))
  let shape = [starts.count, context]
  return (
    Tensor(shape: shape, scalars: starts.flatMap { encoded[$0..<($0 + context)] }),
    Tensor(shape: shape, scalars: starts.flatMap { encoded[($0 + 1)...($0 + context)] })
  )
}
let train = windows(0..<(isSmall ? 2_000 : split), every: isSmall ? 64 : 8)
let validation = windows(split..<(isSmall ? split + 1_000 : encoded.count), every: 64)

let model = Sequential {
  Input(shape: [context], dtype: .int32)
  Embedding(characters.count, 128)
  PositionEmbedding()
  TransformerBlock(width: 128, heads: 4)
  TransformerBlock(width: 128, heads: 4)
  TransformerBlock(width: 128, heads: 4)
  TransformerBlock(width: 128, heads: 4)
  LayerNormalization()
  Dense(characters.count)
}
model.summary()
try model.compile(
  optimizer: AdamW(learningRate: 1e-3), loss: .sparseCategoricalCrossentropy(fromLogits: true), metrics: ["accuracy"])
// A byte each would cost 8 bits; what the loss says is in nats.
let history = try model.fit(
  train.x, train.y, batchSize: 12, epochs: 1, validationData: (validation.x, validation.y))
let loss = history["val_loss"].last ?? .infinity
print("validation: \(loss) nats a character, \(loss / log(2)) bits")

/// The logarithms of how likely each character is to come after a text.
@MainActor func logProbabilities(after text: [Int32]) throws -> [Double] {
  // Places before the text's beginning are filled with its first character.
  let tail = Array(text.suffix(context))
  let padded = Array(repeating: tail[0], count: context - tail.count) + tail
  let logits = try model.predict(Tensor(shape: [1, context], scalars: padded), verbose: 0)
  return logits[0..<1, (context - 1)..<context].logSoftmax().doubles
}

@MainActor func decoded(_ numbers: [Int32]) -> String { String(numbers.map { characters[Int($0)] }) }

/// Always the likeliest.
@MainActor func greedy(_ start: [Int32], length: Int) throws -> [Int32] {
  var text = start
  for _ in 0..<length {
    let next = try logProbabilities(after: text)
    text.append(Int32(next.indices.max { next[$0] < next[$1] }!))
  }
  return text
}

/// Drawn by their probabilities.
@MainActor func drawn(_ start: [Int32], length: Int, temperature: Double) throws -> [Int32] {
  var text = start, generator = SeededGenerator(seed: 1)
  for _ in 0..<length {
    let shares = try logProbabilities(after: text).map { exp($0 / temperature) }
    var left = Double.random(in: 0..<shares.reduce(0, +), using: &generator)
    var next = 0
    while next < shares.count - 1, left >= shares[next] {
      left -= shares[next]
      next += 1
    }
    text.append(Int32(next))
  }
  return text
}

/// The likeliest of the texts that `width` at a time were followed.
@MainActor func beam(_ start: [Int32], length: Int, width: Int) throws -> (text: [Int32], logProbability: Double) {
  var beams = [(text: start, logProbability: 0.0)]
  for _ in 0..<length {
    var longer: [(text: [Int32], logProbability: Double)] = []
    for one in beams {
      for (character, more) in try logProbabilities(after: one.text).enumerated() {
        longer.append((one.text + [Int32(character)], one.logProbability + more))
      }
    }
    beams = Array(longer.sorted { $0.logProbability > $1.logProbability }.prefix(width))
  }
  return beams[0]
}

let start = Array(encoded[0..<context]), length = isSmall ? 5 : 200
print("greedy: \(decoded(try greedy(start, length: length)))\n")
print("drawn: \(decoded(try drawn(start, length: length, temperature: 0.8)))\n")
let best = try beam(start, length: isSmall ? 3 : 40, width: 4)
print("beam: \(decoded(best.text))\n")
// Following four texts cannot end with a less likely one than following the likeliest character.
expect("a character's share guessed right", history["val_accuracy"].last, atLeast: 0.3)
