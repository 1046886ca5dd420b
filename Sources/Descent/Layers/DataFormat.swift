/// Where the channels of a row of images or sequences are.
public enum DataFormat: String, Sendable, CaseIterable {
  /// `[rows, …, channels]`.
  case channelsLast = "channels_last"
  /// `[rows, channels, …]`.
  case channelsFirst = "channels_first"
}

extension LayerOptions {
  /// The option `data_format`; null and a missing one stand for the default.
  mutating func dataFormat() throws -> DataFormat { try choice("data_format") }
}
