import Foundation
import KerasFiles

/// Series of one or more numbers a step, and the class of each.
public typealias TimeSeries = (sequences: [[[Float]]], labels: Tensor)

/// Series to train with and to test: those of the folder that is the program's argument, `NAME_TRAIN.ts` and `NAME_TEST.ts` in it, as the Python
/// packages aeon and sktime have them; made up where there is none, which is said.
public func loadTimeSeries(
  _ name: String, of things: String, madeUp: (_ count: Int, _ seed: UInt64) -> TimeSeries, counts: (train: Int, test: Int)
) throws -> (train: TimeSeries, test: TimeSeries) {
  let result: (train: TimeSeries, test: TimeSeries)
  if CommandLine.arguments.count > 1 {
    let folder = CommandLine.arguments[1]
    result = (try readTimeSeries("\(folder)/\(name)_TRAIN.ts"), try readTimeSeries("\(folder)/\(name)_TEST.ts"))
  } else {
    print("No folder was given: \(things) are made up. The real ones: pip download aeon, aeon/datasets/data/\(name) in its file.")
    result = (madeUp(counts.train, 1), madeUp(counts.test, 2))
  }
  print("\(result.train.sequences.count) \(things) to train with, \(result.test.sequences.count) to test")
  return result
}

/// A file of the UCR and UEA archives' `.ts` format: a row has dimensions between colons, its class, counted from 1, last.
public func readTimeSeries(_ path: String) throws -> TimeSeries {
  var sequences: [[[Float]]] = [], labels: [Int32] = []
  for line in try String(contentsOfFile: path, encoding: .utf8).split(whereSeparator: \.isNewline) where !"#@".contains(line.first!) {
    let parts = line.split(separator: ":")
    let dimensions = try parts.dropLast().map { part in
      try part.split(separator: ",").map { number in
        guard let value = Float(number) else { throw DescentError(.data, "\(path): '\(number)' is not a number") }
        return value
      }
    }
    guard let label = parts.last.flatMap({ Int32($0) }), let steps = dimensions.first?.count, dimensions.allSatisfy({ $0.count == steps }) else {
      throw DescentError(.data, "\(path): a line that is not series of one length and a class")
    }
    sequences.append((0..<steps).map { step in dimensions.map { $0[step] } })
    labels.append(label - 1)
  }
  return (sequences, Tensor(labels))
}

/// Rows of [length, numbers a step], zeros behind the end of each series.
public func padded(_ sequences: [[[Float]]], to length: Int) -> Tensor {
  let width = sequences[0][0].count
  let all = sequences.flatMap { sequence in
    sequence.flatMap { $0 } + [Float](repeating: 0, count: (length - sequence.count) * width)
  }
  return Tensor(shape: [sequences.count, length, width], scalars: all)
}
