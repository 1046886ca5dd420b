import Descent
import DescentTestSupport
import Foundation
import Testing

/// Callbacks that go by a number, crossed with the epochs that have it.
@Suite struct MonitoringTests {
  let x = Tensor(shape: [4, 1], scalars: [1, 2, 3, 4] as [Float]), y = Tensor([1, 2, 3, 4] as [Float])

  private func linear() throws -> Sequential {
    let model = Sequential([Dense(1, kernelInitializer: .constant(0.5), inputShape: [1])], seed: 1)
    try model.compile(optimizer: SGD(learningRate: 0), loss: .meanSquaredError, metrics: ["mae"], weightedMetrics: ["mae"])
    return model
  }

  /// Keras 3.15.1 passes over epochs without validation.
  @Test func `epochs without validation are passed over`() throws {
    try withTemporaryFolder { folder in
      let best = ModelCheckpoint("\(folder)/best.npz", saveBestOnly: true)
      let named = ModelCheckpoint("\(folder)/{epoch}-{val_loss:.3f}.npz")
      let stopping = EarlyStopping(patience: 2), plateau = ReduceLROnPlateau(patience: 9)
      let other = EarlyStopping(monitor: "val_weighted_mae", patience: 9)
      let history = try linear().fit(
        x, y, epochs: 9, verbose: 0, callbacks: [best, named, stopping, plateau, other], validationData: (x, y),
        validationFrequency: 2)
      // Validated are the epochs 1, 3 and 5; the waiting counts these alone.
      #expect(history.epochs == Array(0...5) && stopping.bestEpoch == 1 && stopping.stoppedEpoch == 5)
      #expect(plateau.wait == 2 && other.bestEpoch == 1)
      let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      #expect(files == ["2-1.875.npz", "4-1.875.npz", "6-1.875.npz", "best.npz"])
    }
  }

  @Test func `a number that no epoch can have is an error at once`() throws {
    try withTemporaryFolder { folder in
      let callbacks: [(Callback, String)] = [
        (EarlyStopping(monitor: "val_nonsense", mode: .min), "EarlyStopping: there is no 'val_nonsense'"),
        (ReduceLROnPlateau(monitor: "nonsense", mode: .min), "ReduceLROnPlateau: there is no 'nonsense'"),
        (ModelCheckpoint("\(folder)/a.npz", monitor: "val_nonsense", saveBestOnly: true, mode: .min), "ModelCheckpoint: there is no"),
        // A batch never has a number of validation.
        (ModelCheckpoint("\(folder)/a.npz", saveBestOnly: true, saveFrequency: .batches(1)), "ModelCheckpoint: there is no 'val_loss'"),
        (ModelCheckpoint("\(folder)/{val_nonsense}.npz"), "ModelCheckpoint: "),
      ]
      for (callback, message) in callbacks {
        #expect(failure(.invalidArgument) {
          try linear().fit(x, y, epochs: 3, verbose: 0, callbacks: [callback], validationData: (x, y), validationFrequency: 2)
        }.hasPrefix(message))
      }
      #expect(failure(.invalidArgument) { try linear().fit(x, y, verbose: 0, callbacks: [EarlyStopping()]) }
        == "EarlyStopping: there is no 'val_loss' to monitor; there are loss, mae, weighted_mae")
    }
  }

  @Test func `a number of one's own may be lacking now and then`() throws {
    final class Now: Callback {
      override func onEpochEnd(_ epoch: Int, _ logs: Logs) { if epoch % 3 == 0 { logs["score"] = Double(-epoch) } }
    }
    let stopping = EarlyStopping(monitor: "score", patience: 1, mode: .min)
    #expect(try linear().fit(x, y, epochs: 8, verbose: 0, callbacks: [Now(), stopping]).epochs.count == 8)
    #expect(stopping.bestEpoch == 6)
  }

  @Test func `a log that others have edited is gone on with`() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/log.csv"
      let start = "epoch,loss,mae"
      let mark = "\u{FEFF}"
      for (text, first) in [
        ("\(start)\r\n0,9.0,8.0\r\n", "\(start)\r\n0,9.0,8.0\r\n"), ("\(start)\n0,9.0,8.0", "\(start)\n0,9.0,8.0\n"),
        ("\(mark)\(start)\r\n0,9.0,8.0", "\(mark)\(start)\r\n0,9.0,8.0\n"), (start, "\(start)\n"), ("\(mark)\(start)\n", "\(mark)\(start)\n"),
        ("\"epoch\",\"loss\", mae\n", "\"epoch\",\"loss\", mae\n"),
      ] {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try linear().fit(x, y, epochs: 2, verbose: 0, callbacks: [CSVLogger(path, append: true)])
        let found = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
        #expect(found == first + "0,1.875,1.25\n1,1.875,1.25\n")
      }
      try Data("time,loss\n".utf8).write(to: URL(fileURLWithPath: path))
      #expect(failure { try linear().fit(x, y, verbose: 0, callbacks: [CSVLogger(path, append: true)]) }.contains("does not begin with 'epoch'"))
    }
  }

  @Test func `both logs write nan for NaN and NA for what is missing`() throws {
    try withTemporaryFolder { folder in
      let model = Sequential([Dense(1, inputShape: [1])], seed: 1)
      try model.compile(optimizer: SGD(learningRate: 0), loss: .custom("l") { _, p in log(p - p - 1) })
      for backup in [[], [BackupAndRestore("\(folder)/b")]] {
        let history = try model.fit(
          x, y, epochs: 2, verbose: 0, callbacks: backup + [CSVLogger("\(folder)/log.csv")], validationData: (x, y),
          validationFrequency: 2)
        let expected = "epoch,loss,val_loss\n0,nan,NA\n1,nan,nan\n"
        #expect(history.csv == expected)
        #expect(try String(contentsOfFile: "\(folder)/log.csv", encoding: .utf8) == expected)
        #expect(history["val_loss"].allSatisfy(\.isNaN) && history.values["loss"]!.count == 2)
        // Through a checkpoint.
        let other = History()
        other.restore(try #require(history.state()))
        #expect(other.csv == expected)
      }
    }
  }
}
