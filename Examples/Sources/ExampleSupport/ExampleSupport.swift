import Foundation
import KerasFiles

/// Whether to run all of an example's lines on few rows, to see that they run.
public let isSmall = ProcessInfo.processInfo.environment["EXAMPLES_SMALL"] != nil

/// Fashion-MNIST as `keras.datasets.fashion_mnist.load_data()` gives it.
public func loadFashionMNIST() throws -> (train: (Tensor, Tensor), test: (Tensor, Tensor)) {
  let ((trainInput, trainTarget), (testInput, testTarget)) = try FashionMNIST.loadData()
  if !isSmall { return ((trainInput, trainTarget), (testInput, testTarget)) }
  return ((trainInput[0..<640], trainTarget[0..<640]), (testInput[0..<64], testTarget[0..<64]))
}

/// Keeps a fifth of the rows for validation. (scikit-learn: `train_test_split(x, y, test_size=0.2, random_state=42)`.)
public func trainTestSplit(_ x: Tensor, _ y: Tensor) throws -> (trainX: Tensor, valX: Tensor, trainY: Tensor, valY: Tensor) {
  let (train, val) = try splitDataset([x, y], leftSize: 0.8, shuffle: true, seed: 42)
  return (train[0], val[0], train[1], val[1])
}

/// The book's number of epochs.
public func epochs(_ count: Int) -> Int { isSmall ? 1 : count }

/// Ends the program with status 1 if a result is not what the page of examples says.
public func expect(_ name: String, _ value: Double?, atLeast least: Double) {
  guard let value, isSmall || value >= least else {
    print("\(name) is \(value.map { "\($0)" } ?? "missing"), expected at least \(least)")
    exit(1)
  }
  print("\(name): \(value)")
}

/// The same for anything that is to be equal.
public func expect<Value: Equatable>(_ name: String, _ value: Value, is expected: Value) {
  guard value == expected else {
    print("\(name) is \(value), expected \(expected)")
    exit(1)
  }
}
