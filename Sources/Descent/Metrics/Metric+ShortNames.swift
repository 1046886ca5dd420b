/// Keras's short names, which it has as strings; the logs have them, too.
extension Metric {
  /// ``meanSquaredError`` as `mse` in the logs.
  public static var mse: Metric { "mse" }
  /// ``meanAbsoluteError`` as `mae` in the logs.
  public static var mae: Metric { "mae" }
  /// ``meanAbsolutePercentageError`` as `mape` in the logs.
  public static var mape: Metric { "mape" }
  /// ``meanSquaredLogarithmicError`` as `msle` in the logs.
  public static var msle: Metric { "msle" }
  /// ``klDivergence`` as `kld` in the logs.
  public static var kld: Metric { "kld" }
  /// ``binaryCrossentropy`` as `bce` in the logs.
  public static var bce: Metric { "bce" }
  /// ``accuracy`` as `acc` in the logs.
  public static var acc: Metric { "acc" }
}
