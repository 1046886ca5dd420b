/// Keras's short names, which it has as strings.
extension Loss {
  /// ``meanSquaredError``, Keras's `"mse"`.
  public static var mse: Loss { .meanSquaredError }
  /// ``meanAbsoluteError``, Keras's `"mae"`.
  public static var mae: Loss { .meanAbsoluteError }
  /// ``meanAbsolutePercentageError``, Keras's `"mape"`.
  public static var mape: Loss { .meanAbsolutePercentageError }
  /// ``meanSquaredLogarithmicError``, Keras's `"msle"`.
  public static var msle: Loss { .meanSquaredLogarithmicError }
  /// ``klDivergence``, Keras's `"kld"`.
  public static var kld: Loss { .klDivergence }
  /// ``binaryCrossentropy``, Keras's `"bce"`.
  public static var bce: Loss { .binaryCrossentropy }
}
