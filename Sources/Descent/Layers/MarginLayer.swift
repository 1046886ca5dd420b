import TensorCore

/// What the layers that add positions around the input, or cut them off, share.
public class MarginLayer: Layer {
  /// How many spatial axes there are.
  class var axes: Int { 2 }
  private var axes: Int { Self.axes }

  /// Where the channels are.
  public let dataFormat: DataFormat
  private let margins: AxisMargins
  private let word: String

  init(_ margins: AxisMargins, _ word: String, dataFormat: DataFormat, inputShape: [Int?]?, name: String?, trainable: Bool, dtype: DType?) {
    self.margins = margins
    self.word = word
    self.dataFormat = dataFormat
    super.init(inputShape: inputShape, name: name, trainable: trainable, dtype: dtype)
  }

  /// How many positions before and after each spatial axis.
  func pairs() throws -> [(low: Int, high: Int)] {
    guard let pairs = margins.pairs(axes: axes), pairs.allSatisfy({ $0.low < Int(Int32.max) && $0.high < Int(Int32.max) }) else {
      throw settingsError("\(word) is \(margins); expected a number of at least 0, one for each of \(axes) axes, or two for each")
    }
    return pairs
  }

  /// The same for all axes of a tensor.
  func allMargins(rank: Int) throws -> (low: [Int], high: [Int]) {
    let first = dataFormat == .channelsLast ? 1 : 2
    var low = [Int](repeating: 0, count: rank), high = low
    for (axis, pair) in try pairs().enumerated() { (low[first + axis], high[first + axis]) = pair }
    return (low, high)
  }

  /// Checks that a row has as many axes as it should.
  func check(_ inputShape: [Int]) throws { _ = try channelsLast(inputShape, axes: axes, dataFormat) }

  /// What a file says of the margins.
  func marginOption() throws -> (String, JSONValue) {
    let lists = try pairs().map { JSONValue.array([JSONValue($0.low), JSONValue($0.high)]) }
    return (word, axes == 1 ? lists[0] : .array(lists))
  }
}

extension LayerOptions {
  /// Numbers before and after each spatial axis.
  mutating func margins(_ key: String) throws -> AxisMargins {
    if !has(key) { return 1 }
    return try value(key, SettingKind("integers, one or two for each axis", AxisMargins.init(json:)))
  }
}
