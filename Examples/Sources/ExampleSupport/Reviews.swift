import Foundation
import KerasFiles

/// Reviews as lists of words' numbers, and whether each is kind.
public typealias Reviews = (sequences: [[Int32]], labels: Tensor)

/// `keras.datasets.imdb.load_data(num_words=…)` where Keras's file is in its cache (`~/.keras/datasets/imdb.npz`), and made up where
/// it is not, which is said. `isReal` is true for the file.
public func loadReviews(numWords: Int) throws -> (train: Reviews, test: Reviews, isReal: Bool) {
  do {
    let (train, test) = try IMDB.loadData(numWords: numWords)
    let rows = isSmall ? 320 : train.0.count
    return ((Array(train.0.prefix(rows)), train.1[0..<rows]), (Array(test.0.prefix(rows)), test.1[0..<min(rows, test.0.count)]), true)
  } catch let error as DescentError {
    print("\(error.message)\nReviews are made up instead: 5,000 to train with and 1,000 to test.")
    var generator = MadeUpReviews(numWords: numWords)
    return (generator.reviews(isSmall ? 320 : 5_000), generator.reviews(isSmall ? 64 : 1_000), false)
  }
}

/// Texts of unequal length of words drawn by Zipf's law, three of ten of which praise (numbers 10 to 29) or blame (30 to 49), the other way
/// round after a "not" (9). A text is kind if it praises more than it blames, and one of twenty is labelled wrongly.
private struct MadeUpReviews {
  let numWords: Int
  private var generator = SeededGenerator(seed: 42)

  init(numWords: Int) { self.numWords = numWords }

  private mutating func uniform() -> Double { Double.random(in: 0..<1, using: &generator) }

  private mutating func review() -> (words: [Int32], isKind: Bool) {
    let leaning = uniform() < 0.5 ? 0.8 : 0.2
    var words: [Int32] = [1], score = 0
    for _ in 0..<(20 + Int(uniform() * 200)) {
      guard uniform() < 0.3 else {
        // The share of word n is about 1 / n.
        words.append(Int32(50 * pow(Double(numWords - 1) / 50, uniform())))
        continue
      }
      let isNegated = uniform() < 0.1, isKind = uniform() < leaning
      if isNegated { words.append(9) }
      words.append(Int32((isKind != isNegated ? 10 : 30) + Int(uniform() * 20)))
      score += isKind ? 1 : -1
    }
    return (words, uniform() < 0.95 ? score > 0 : score <= 0)
  }

  mutating func reviews(_ count: Int) -> Reviews {
    let all = (0..<count).map { _ in review() }
    return (all.map(\.words), Tensor(all.map { Int32($0.isKind ? 1 : 0) }))
  }
}
