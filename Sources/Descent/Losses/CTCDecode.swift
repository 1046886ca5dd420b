import Foundation
import TensorCore

/// How ``ctcDecode(_:sequenceLengths:strategy:maskIndex:)`` finds labels.
public enum CTCDecoding: Sendable, Hashable {
  /// The likeliest class of each step; with `mergeRepeated`, the same class in steps that follow one another is one label.
  case greedy(mergeRepeated: Bool = true)
  /// The likeliest sequences of labels, of which `beamWidth` are followed from step to step, and `topPaths` are given in the end.
  case beamSearch(beamWidth: Int = 100, topPaths: Int = 1)
}

/// Labels from what a model trained with ``Loss/ctc`` computes. (Keras: `keras.ops.ctc_decode`.)
///
///     let (labels, scores) = ctcDecode(try model.predict(x), sequenceLengths: lengths, strategy: .beamSearch(beamWidth: 10))
///
/// A row without steps has no labels. (Keras's beam search takes the first step even then.)
/// - Parameters:
///   - inputs: logits, `[rows, steps, classes]`.
///   - sequenceLengths: how many steps of each row count, `[rows]`.
///   - strategy: ``CTCDecoding/greedy(mergeRepeated:)``, or ``CTCDecoding/beamSearch(beamWidth:topPaths:)``.
///   - maskIndex: the number of the blank.
/// - Returns: the labels, `int32` `[paths, rows, steps]` with −1 behind the last one, the likeliest path first; and their scores: with
///   `greedy` minus the sum of the greatest logits, `[rows, 1]`, with `beamSearch` the logarithms of the probabilities, `[rows, paths]`, −∞
///   where there are fewer paths.
/// - Precondition: the shapes fit, the inputs are floating-point, and widths and numbers of paths are at least 1.
public func ctcDecode(
  _ inputs: Tensor, sequenceLengths: Tensor, strategy: CTCDecoding = .greedy(), maskIndex: Int = 0
) -> (labels: Tensor, scores: Tensor) {
  guard inputs.rank == 3, inputs.dtype.isFloatingPoint, sequenceLengths.shape == [inputs.shape[0]], (0..<inputs.shape[2]).contains(maskIndex)
  else {
    programmingError(
      "ctcDecode: \(inputs.dtype) inputs \(inputs.shape), lengths \(sequenceLengths.shape), blank \(maskIndex); expected "
        + "[rows, steps, classes], [rows] and a class")
  }
  let (rows, steps, classes) = (inputs.shape[0], inputs.shape[1], inputs.shape[2])
  let isGreedy: Bool, search: CTCSearch
  switch strategy {
  case .greedy(let mergeRepeated):
    isGreedy = true
    search = CTCSearch(steps: steps, classes: classes, blank: maskIndex, width: 1, paths: 1, mergesRepeated: mergeRepeated)
  case .beamSearch(let width, let paths):
    if width < 1 || paths < 1 { programmingError("ctcDecode: a beam width of \(width) and \(paths) paths; expected at least 1") }
    isGreedy = false
    search = CTCSearch(steps: steps, classes: classes, blank: maskIndex, width: width, paths: paths, mergesRepeated: true)
  }
  let paths = search.paths
  // For each row its paths, and then their scores.
  let found = hostComputation(
    "ctcDecode", [isGreedy ? inputs : inputs.logSoftmax(), sequenceLengths], shape: [rows, paths * (steps + 1)], dtype: .float64
  ) { arrays in
    (0..<rows).flatMap { row -> [Double] in
      let logits = arrays[0][(row * steps * classes)..<((row + 1) * steps * classes)]
      let length = min(max(Int(arrays[1][row]), 0), steps)
      let results = isGreedy ? [search.greedy(Array(logits), length)] : search.beams(Array(logits), length)
      let labels = results.flatMap { $0.labels.map(Double.init) + [Double](repeating: -1, count: steps - $0.labels.count) }
      return labels + results.map(\.score)
    }
  }
  let labels = found[0..<rows, 0..<(paths * steps)].reshaped([rows, paths, steps]).transposed([1, 0, 2]).cast(to: .int32)
  return (labels, found[0..<rows, (paths * steps)..<(paths * (steps + 1))].cast(to: inputs.dtype))
}

/// The search in one row.
private struct CTCSearch: Sendable {
  let steps: Int, classes: Int, blank: Int, width: Int, paths: Int, mergesRepeated: Bool

  struct Path {
    var labels: [Int]
    var score: Double
  }

  func greedy(_ logits: [Double], _ length: Int) -> Path {
    var path = Path(labels: [], score: 0)
    var last: Int?
    for step in 0..<length {
      let place = step * classes
      var best = 0
      for number in 1..<max(classes, 1) where logits[place + number] > logits[place + best] { best = number }
      path.score -= logits[place + best]
      if best != blank && !(mergesRepeated && best == last) { path.labels.append(best) }
      last = best
    }
    return path
  }

  /// The logarithms of the probabilities of a sequence of labels that ends in its last label, and that ends in a blank.
  private struct Beam {
    var label = -Double.infinity
    var blank = -Double.infinity
    var total: Double { CTCSearch.sum(label, blank) }

    mutating func add(_ p: Double) { label = CTCSearch.sum(label, p) }
  }

  /// log(eᵃ + eᵇ)
  private static func sum(_ a: Double, _ b: Double) -> Double {
    let greater = max(a, b)
    return greater == -.infinity ? greater : greater + log1p(exp(min(a, b) - greater))
  }

  /// Sequences of labels as a tree: each is another with one label more.
  private struct Sequences {
    /// Of which sequence it is, and which label it adds; number 0 is the empty one.
    var parents = [0], lasts = [-1]
    private var children: [Int: Int] = [:]
    let classes: Int

    init(classes: Int) { self.classes = classes }

    mutating func appending(_ label: Int, to sequence: Int) -> Int {
      if let known = children[sequence * classes + label] { return known }
      children[sequence * classes + label] = parents.count
      parents.append(sequence)
      lasts.append(label)
      return parents.count - 1
    }

    func labels(_ sequence: Int) -> [Int] {
      var (labels, place) = ([Int](), sequence)
      while place != 0 {
        labels.append(lasts[place])
        place = parents[place]
      }
      return labels.reversed()
    }
  }

  func beams(_ logP: [Double], _ length: Int) -> [Path] {
    var sequences = Sequences(classes: classes)
    var beams = [0: Beam(blank: 0)]
    for step in 0..<length {
      // A sequence gets at most two terms, so that the order in which they come is of no matter.
      var next: [Int: Beam] = [:]
      for (sequence, beam) in beams {
        for number in 0..<classes {
          let p = logP[step * classes + number]
          if number == blank {
            next[sequence, default: Beam()].blank = beam.total + p
            continue
          }
          let longer = sequences.appending(number, to: sequence)
          var before = beam.total
          if number == sequences.lasts[sequence] {
            // The label goes on, or is said again after a blank.
            next[sequence, default: Beam()].add(beam.label + p)
            before = beam.blank
          }
          next[longer, default: Beam()].add(before + p)
        }
      }
      beams = Dictionary(uniqueKeysWithValues: best(next, width, sequences).map { ($0.key, $0.beam) })
    }
    let found = best(beams, paths, sequences).map { Path(labels: sequences.labels($0.key), score: $0.beam.total) }
    return found + [Path](repeating: Path(labels: [], score: -.infinity), count: paths - found.count)
  }

  /// The likeliest; of equally likely ones those of lower classes, as in Keras.
  private func best(_ beams: [Int: Beam], _ count: Int, _ sequences: Sequences) -> [(key: Int, beam: Beam)] {
    let possible = beams.map { (key: $0.key, beam: $0.value, total: $0.value.total) }.filter { $0.total > -.infinity }
    let ordered = possible.sorted { a, b in
      if a.total != b.total { return a.total > b.total }
      let (x, y) = (sequences.labels(a.key), sequences.labels(b.key))
      return zip(x, y).first { $0 != $1 }.map { $0 < $1 } ?? (x.count > y.count)
    }
    return ordered.prefix(count).map { ($0.key, $0.beam) }
  }
}
