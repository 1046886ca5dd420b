import DescentTestSupport
import Testing

@testable import Descent

@Suite struct SampleFromDatasetsTests {
  private let a = Dataset([0, 1, 2]), b = Dataset([10, 11]), c = Dataset([20, 21, 22, 23, 24])

  /// As `tf.data.Dataset.choose_from_datasets` of TensorFlow 2.21 does with these streams and choices.
  @Test func `choices decide which stream the next element is of`() throws {
    let choices = Dataset([0, 1, 2, 2, 0, 1, 1, 0, 2])
    #expect(try Dataset.chooseFromDatasets([a, b, c], choiceDataset: choices).elements() == [0, 10, 20, 21, 1, 11])
    #expect(try Dataset.chooseFromDatasets([a, b, c], choiceDataset: choices, stopOnEmptyDataset: false).elements() == [0, 10, 20, 21, 1, 11, 2, 22])
    #expect(try Dataset.chooseFromDatasets([a, b, c], choiceDataset: Dataset([1, 1])).elements() == [10, 11])
    let none = Dataset<Int>([])
    #expect(try Dataset.chooseFromDatasets([none, b], choiceDataset: Dataset([0, 1, 1])).elements() == [])
    #expect(try Dataset.chooseFromDatasets([none, b], choiceDataset: Dataset([0, 1, 1]), stopOnEmptyDataset: false).elements() == [10, 11])
    let endless = Dataset.chooseFromDatasets([a.repeat(), b.repeat()], choiceDataset: Dataset([0, 1]).repeat())
    #expect(try endless.take(7).elements() == [0, 10, 1, 11, 2, 10, 0])
    // When nothing is left, endless choices are not asked for ever.
    #expect(try Dataset.chooseFromDatasets([a, b], choiceDataset: Dataset([0, 1]).repeat(), stopOnEmptyDataset: false).elements() == [0, 10, 1, 11, 2])
  }

  @Test func `streams are drawn in the relation of their weights, and each comes in its order`() throws {
    let streams = [Dataset(count: 100_000) { $0 * 3 }, Dataset(count: 100_000) { $0 * 3 + 1 }, Dataset(count: 100_000) { $0 * 3 + 2 }]
    for weights in [[1.0, 2, 5], [0.2, 0.3, 0.5], [1, 0, 3]] {
      let drawn = try Dataset.sampleFromDatasets(streams, weights: weights, seed: 3).take(40_000).elements()
      for number in 0..<3 {
        let own = drawn.filter { $0 % 3 == number }
        #expect(own == (0..<own.count).map { $0 * 3 + number })
        // Six standard deviations of the number drawn.
        let part = weights[number] / weights.reduce(0, +), deviation = (40_000 * part * (1 - part)).squareRoot()
        #expect(abs(Double(own.count) - 40_000 * part) <= 6 * deviation, "\(weights): \(own.count)")
      }
    }
  }

  @Test func `streams that end are passed over, or end it all`() throws {
    let all = try Dataset.sampleFromDatasets([a, b, c], seed: 1).elements()
    #expect(all.sorted() == [0, 1, 2, 10, 11, 20, 21, 22, 23, 24])
    #expect(try Dataset.sampleFromDatasets([a, b, c], seed: 1).elements(pass: 1) != all)
    #expect(try Dataset.sampleFromDatasets([a, b, c], seed: 2).elements() != all)
    #expect(try Dataset.sampleFromDatasets([a, b], weights: [1, 0]).elements() == [0, 1, 2])
    // However seldom a stream is drawn, it is what is left.
    #expect(try Dataset.sampleFromDatasets([a, b], weights: [1, 1e-300], seed: 1).elements() == [0, 1, 2, 10, 11])
    for seed in 0..<20 {
      let stopped = try Dataset.sampleFromDatasets([a.repeat(), b], seed: UInt64(seed), stopOnEmptyDataset: true).elements()
      #expect(stopped.filter { $0 >= 10 } == [10, 11] && stopped.last != nil)
    }
  }

  @Test func `what makes no sense is refused where elements are asked for`() {
    let cases: [(Dataset<Int>, String)] = [
      (.sampleFromDatasets([]), "Dataset.sampleFromDatasets: there are no data sets to draw from"),
      (.sampleFromDatasets([a, b], weights: [1]), "Dataset.sampleFromDatasets: there are 1 weights for 2 data sets; expected one for each"),
      (.sampleFromDatasets([a, b], weights: [2, -1]), "Dataset.sampleFromDatasets: a weight is -1.0; it must be at least 0"),
      (.sampleFromDatasets([a, b], weights: [.nan, 1]), "Dataset.sampleFromDatasets: a weight is nan; it must be a finite number at least 0"),
      (.sampleFromDatasets([a, b], weights: [0, 0]), "Dataset.sampleFromDatasets: the sum of the weights is 0.0; it must be greater than 0"),
      (.sampleFromDatasets([a, b], weights: [1e308, 1e308]), "the sum of the weights is inf; it must be a finite number greater than 0"),
      (.chooseFromDatasets([], choiceDataset: b), "Dataset.chooseFromDatasets: there are no data sets to choose from"),
    ]
    for (dataset, message) in cases {
      let error = #expect(throws: DescentError.self) { try dataset.elements() }
      #expect(error?.kind == .invalidArgument && error?.message.hasSuffix(message) == true, "\(error?.message ?? "")")
    }
    for choice in [2, -1] {
      let error = #expect(throws: DescentError.self) { try Dataset.chooseFromDatasets([a, b], choiceDataset: Dataset([choice])).elements() }
      #expect(error?.kind == .data && error?.message == "Dataset.chooseFromDatasets: the choice is \(choice); there are 2 data sets, counted from 0")
    }
  }
}
