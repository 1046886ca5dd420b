extension Dataset {
  /// Elements of several streams, the stream drawn anew for each: to balance classes, or to mix sources. What a stream gives comes in its order.
  /// (tf.data: `sample_from_datasets`.)
  ///
  ///     let balanced = Dataset.sampleFromDatasets([positive.repeat(), negative.repeat()], weights: [0.5, 0.5], seed: 1)
  ///
  /// What is drawn depends on the seed, the pass and the element's place.
  /// - Parameters:
  ///   - datasets: at least one.
  ///   - weights: how often each is drawn in relation to the others, numbers of at least 0; nil for all alike. A stream of weight 0 is never asked.
  ///   - seed: nil for one derived from ``setRandomSeed(_:)``'s.
  ///   - stopOnEmptyDataset: whether the first stream that is drawn and has no more ends it all; otherwise the others go on in the
  ///     relation of their weights.
  public static func sampleFromDatasets(
    _ datasets: [Dataset], weights: [Double]? = nil, seed: UInt64? = nil, stopOnEmptyDataset: Bool = false
  ) -> Dataset {
    let weights = weights ?? [Double](repeating: 1, count: datasets.count)
    let seed = seed ?? nextDefaultSeed()
    let drawn = Swift.zip(datasets, weights).filter { $0.1 > 0 }
    let isEndless = stopOnEmptyDataset ? drawn.allSatisfy(\.0.node.isEndless) : drawn.contains(where: \.0.node.isEndless)
    return Dataset("sampleFromDatasets", unless: sampleProblem(datasets, weights), SequentialNode(isEndless: isEndless) { pass in
      var open = try drawn.map { (elements: try $0.0.node.makeIterator(pass: pass), weight: $0.1) }
      var place = 0
      return ClosureIterator {
        while !open.isEmpty {
          var random = RowRandom(seed: seed, pass: pass, row: place)
          let total = open.reduce(0) { $0 + $1.weight }
          var left = Double.random(in: 0..<1, using: &random) * total
          // What is rounded off falls to the last one.
          let number = open.dropLast().firstIndex { stream in
            left -= stream.weight
            return left < 0
          } ?? open.count - 1
          place += 1
          if let element = try open[number].elements.next() { return element }
          if stopOnEmptyDataset { open = [] } else { open.remove(at: number) }
        }
        return nil
      }
    })
  }

  private static func sampleProblem(_ datasets: [Dataset], _ weights: [Double]) -> String? {
    if datasets.isEmpty { return "there are no data sets to draw from" }
    if weights.count != datasets.count { return "there are \(weights.count) weights for \(datasets.count) data sets; expected one for each" }
    return NumberRange.nonNegative.problem("a weight", in: weights)
      ?? NumberRange.positive.problem("the sum of the weights", weights.reduce(0, +))
  }

  /// Elements of several streams, whose numbers another stream gives one by one. (tf.data: `choose_from_datasets`.)
  /// - Parameters:
  ///   - datasets: what the numbers count, from 0.
  ///   - choiceDataset: from which stream the next element comes. A number that counts none is refused where it comes.
  ///   - stopOnEmptyDataset: whether the first stream that is chosen and has no more ends it all; otherwise such choices are passed over.
  public static func chooseFromDatasets(_ datasets: [Dataset], choiceDataset: Dataset<Int>, stopOnEmptyDataset: Bool = true) -> Dataset {
    let isEndless = choiceDataset.node.isEndless && datasets.allSatisfy(\.node.isEndless)
    let problem = datasets.isEmpty ? "there are no data sets to choose from" : nil
    return Dataset("chooseFromDatasets", unless: problem, SequentialNode(isEndless: isEndless) { pass in
      let choices = try choiceDataset.node.makeIterator(pass: pass)
      var open: [ElementIterator<Element>?] = try datasets.map { try $0.node.makeIterator(pass: pass) }
      return ClosureIterator {
        while open.contains(where: { $0 != nil }), let choice = try choices.next() {
          guard open.indices.contains(choice) else {
            throw DescentError(.data, "Dataset.chooseFromDatasets: the choice is \(choice); there are \(open.count) data sets, counted from 0")
          }
          if let element = try open[choice]?.next() { return element }
          if stopOnEmptyDataset { open = open.map { _ in nil } } else { open[choice] = nil }
        }
        return nil
      }
    })
  }
}
