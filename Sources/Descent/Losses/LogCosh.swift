import Foundation

extension Loss {
  /// The mean over the last axis of log(cosh(prediction − target)).
  public static let logCosh = Loss("LogCosh", name: "log_cosh") { input in
    let error = input.prediction - input.target
    return (error + softplus(error * -2) - Foundation.log(2.0)).mean(axis: -1)
  }
}
