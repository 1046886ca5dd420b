// The temperature a day from now, from the last two days, hour by hour: an LSTM beside the naive forecast ("as now").
// The argument is a CSV file with a column `temp` of one value an hour, as vega-datasets' seattle-temps.csv.
import ExampleSupport
import Foundation
import KerasFiles

setRandomSeed(1)

/// A year whose days and seasons are waves, with weather that lasts for some days.
func madeUpYear() -> [Float] {
  var generator = SeededGenerator(seed: 7), weather = 0.0
  return (0..<8_758).map { hour in
    weather = 0.98 * weather + Double.random(in: -1...1, using: &generator)
    let day = 2 * Double.pi * Double(hour) / 24
    return Float(52 - 12 * cos(day / 365) - 6 * cos(day - 1) + weather)
  }
}

let temperatures: [Float]
if CommandLine.arguments.count > 1 {
  let path = CommandLine.arguments[1]
  let lines = try String(contentsOfFile: path, encoding: .utf8).split(whereSeparator: \.isNewline).map { $0.split(separator: ",") }
  guard let column = lines.first?.firstIndex(of: "temp") else { throw DescentError(.data, "\(path): there is no column 'temp'") }
  temperatures = try lines.dropFirst().map { line in
    guard column < line.count, let value = Float(line[column]) else { throw DescentError(.data, "\(path): '\(line)' has no temperature") }
    return value
  }
} else {
  print("No file was given: a year is made up. A real one: pip download vega-datasets, vega_datasets/_data/seattle-temps.csv in its file.")
  temperatures = madeUpYear()
}

// The first 70 % to train with, then 15 % to choose by and 15 % to test; scaled by the training hours alone.
let count = temperatures.count, trainEnd = count * 7 / 10, validationEnd = count * 85 / 100
let training = Tensor(Array(temperatures[0..<trainEnd]))
let mean = training.mean().item(), deviation = training.std().item()
let scaled = ((Tensor(temperatures) - mean) / deviation).reshaped([count, 1])
let past = 48, ahead = 24

@MainActor func windows(_ range: Range<Int>, shuffle: Bool = false) throws -> Dataset<(Tensor, Tensor)> {
  // A window that begins at hour i is to give hour i + past - 1 + ahead.
  try timeseriesDatasetFromArray(
    scaled[range.lowerBound..<(range.upperBound - ahead)], targets: scaled[(range.lowerBound + past - 1 + ahead)..<range.upperBound],
    sequenceLength: past, batchSize: 64, shuffle: shuffle, seed: 1)
}

let test = try windows(validationEnd..<count)
var (naive, hours) = (0.0, 0)
try test.forEach { x, y in
  naive += abs(x[0..<x.shape[0], (past - 1)..<past].reshaped(y.shape) - y).sum().item()
  hours += y.shape[0]
}
naive *= deviation / Double(hours)
print("As now: wrong by \(naive) degrees on average")

let model = Sequential {
  Input(shape: [past, 1])
  LSTM(32)
  Dense(1)
}
try model.compile(optimizer: "adam", loss: .meanSquaredError, metrics: [.meanAbsoluteError])
try model.fit(
  windows(0..<trainEnd, shuffle: true), epochs: epochs(20), verbose: 0,
  callbacks: [EarlyStopping(patience: 4, restoreBestWeights: true)], validationData: windows(trainEnd..<validationEnd))
let error = try model.evaluate(test, verbose: 0)["mean_absolute_error"].map { $0 * deviation }
print("LSTM: wrong by \(error ?? .nan) degrees on average")
// Of a year of averages, as Seattle's is, the hour before a day tells nearly all: there the naive forecast is hard to beat.
if CommandLine.arguments.count == 1 { expect("how much less wrong than the naive forecast", error.map { 1 - $0 / naive }, atLeast: 0.05) }
