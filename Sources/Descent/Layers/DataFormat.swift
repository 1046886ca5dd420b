/// Where the channels of a row of images or sequences are.
public enum DataFormat: String, Sendable, CaseIterable {
  /// `[rows, …, channels]`.
  case channelsLast = "channels_last"
  /// `[rows, channels, …]`.
  case channelsFirst = "channels_first"

  /// The axis of the channels in a tensor with rows on axis 0.
  var channelAxis: Int { self == .channelsLast ? -1 : 1 }
}

extension LayerOptions {
  /// The option `data_format`; null and a missing one stand for the default.
  mutating func dataFormat(default standard: DataFormat) throws -> DataFormat {
    let value = value("data_format")
    if value == .null { return standard }
    guard let format = value.string.flatMap(DataFormat.init(rawValue:)) else {
      throw DescentError(
        .invalidArgument, "\(owner): 'data_format' is \(value.shortText); expected \"channels_last\" or \"channels_first\"")
    }
    return format
  }
}
