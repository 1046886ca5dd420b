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
        (ModelCheckpoint("\(folder)/a.npz", saveBestOnly: true, saveFrequency: .batches(1)), "ModelCheckpoint: there is no 'val_loss' to monitor after a batch"),
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

  @Test func `callbacks say what they do, if they are asked to`() throws {
    try withTemporaryFolder { folder in
      func lines(_ verbose: Verbosity, isTerminal: Bool = false) throws -> [String] {
        var text = ""
        let stopping = EarlyStopping(patience: 2, restoreBestWeights: true, verbose: verbose)
        let plateau = ReduceLROnPlateau(factor: 0.5, patience: 1, verbose: verbose)
        let schedule = LearningRateScheduler(verbose: verbose) { epoch, _ in epoch == 0 ? 0.25 : 0 }
        let best = ModelCheckpoint("\(folder)/best.npz", saveBestOnly: true, verbose: verbose)
        let each = ModelCheckpoint("\(folder)/{epoch}.npz", saveWeightsOnly: true, verbose: verbose)
        let callbacks = [schedule, plateau, best, each, stopping]
        for callback in callbacks { callback.announcements = ProgressOutput(isTerminal: isTerminal) { text += $0 } }
        let model = Sequential([Dense(1, useBias: false, kernelInitializer: .constant(1), inputShape: [1])], seed: 1)
        try model.compile(optimizer: SGD(learningRate: 0), loss: .meanSquaredError)
        try model.fit(x, y, epochs: 9, verbose: false, callbacks: callbacks, validationData: (x, y))
        return text.replacingOccurrences(of: folder, with: "folder").split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      }
      #expect(try lines(0) == [""])
      #expect(
        try lines(1) == [
          "Epoch 1: LearningRateScheduler setting learning rate to 0.25.",
          "Epoch 1: val_loss improved from none to 0.00000, saving model to folder/best.npz", "Epoch 1: saving model to folder/1.npz",
          "Epoch 2: LearningRateScheduler setting learning rate to 0.0.", "Epoch 2: val_loss did not improve from 0.00000",
          "Epoch 2: saving model to folder/2.npz", "Epoch 3: LearningRateScheduler setting learning rate to 0.0.",
          "Epoch 3: val_loss did not improve from 0.00000", "Epoch 3: saving model to folder/3.npz", "Epoch 3: early stopping",
          "Restoring model weights from the end of the best epoch: 1.", "",
        ])
      // A bar may stand on the line.
      #expect(try lines(true, isTerminal: true)[..<3] == ["", "Epoch 1: LearningRateScheduler setting learning rate to 0.25.", ""])
      var text = ""
      let plateau = ReduceLROnPlateau(factor: 0.5, patience: 1, verbose: 1)
      plateau.announcements = ProgressOutput(isTerminal: false) { text += $0 }
      let model = try linear()
      try model.setLearningRate(0)
      try model.fit(x, y, epochs: 2, verbose: 0, callbacks: [plateau], validationData: (x, y))
      #expect(text.isEmpty)
      try model.compile(optimizer: SGD(learningRate: 1e-30), loss: .meanSquaredError)
      try model.fit(x, y, epochs: 2, verbose: 0, callbacks: [plateau], validationData: (x, y))
      #expect(text == "Epoch 2: ReduceLROnPlateau reducing learning rate to 5e-31.\n")
      for callback in [EarlyStopping(verbose: 3), ReduceLROnPlateau(verbose: 3), ModelCheckpoint("\(folder)/a.npz", verbose: 3)] as [Callback] {
        #expect(failure(.invalidArgument) { try model.fit(x, y, verbose: 0, callbacks: [callback]) }.contains(": verbose is 3; it must be"))
      }
    }
  }

  @Test func `what files are to hold has to agree with their kind`() throws {
    try withTemporaryFolder { folder in
      #expect(failure(.invalidArgument) {
        try linear().fit(x, y, verbose: 0, callbacks: [ModelCheckpoint("\(folder)/a.npz", saveWeightsOnly: false)])
      }.contains("saveWeightsOnly is false, and such files as"))
      try linear().fit(x, y, verbose: 0, callbacks: [ModelCheckpoint("\(folder)/a.npz", saveWeightsOnly: true)])
      #expect(FileManager.default.fileExists(atPath: "\(folder)/a.npz"))
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
      let start = "epoch,loss,mae,weighted_mae"
      let mark = "\u{FEFF}"
      for (text, first) in [
        ("\(start)\r\n0,9.0,8.0\r\n", "\(start)\r\n0,9.0,8.0\r\n"), ("\(start)\n0,9.0,8.0", "\(start)\n0,9.0,8.0\n"),
        ("\(mark)\(start)\r\n0,9.0,8.0", "\(mark)\(start)\r\n0,9.0,8.0\n"), (start, "\(start)\n"), ("\(mark)\(start)\n", "\(mark)\(start)\n"),
        ("\"epoch\",\"loss\", mae,weighted_mae\n", "\"epoch\",\"loss\", mae,weighted_mae\n"),
      ] {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try linear().fit(x, y, epochs: 2, verbose: 0, callbacks: [CSVLogger(path, append: true)])
        let found = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
        #expect(found == first + "0,1.875,1.25,1.25\n1,1.875,1.25,1.25\n")
      }
      // Numbers that have no column would be lost.
      try Data("epoch,loss,mae\n0,9.0,8.0\n".utf8).write(to: URL(fileURLWithPath: path))
      #expect(failure(.file) { try linear().fit(x, y, epochs: 2, verbose: 0, callbacks: [CSVLogger(path, append: true)]) }
        .contains("its header has no 'weighted_mae', which this run logs: loss, mae; it is not appended to"))
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "epoch,loss,mae\n0,9.0,8.0\n")
      try Data("epoch\n".utf8).write(to: URL(fileURLWithPath: path))
      #expect(failure(.file) { try linear().fit(x, y, epochs: 2, verbose: 0, callbacks: [CSVLogger(path, append: true)]) }
        .contains("its header has no 'loss', which this run logs: no columns; it is not appended to"))
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "epoch\n")
      try Data("epoch,loss,mae,weighted_mae\n".utf8).write(to: URL(fileURLWithPath: path))
      #expect(failure(.file) {
        try linear().fit(x, y, epochs: 2, verbose: 0, callbacks: [CSVLogger(path, append: true)], validationData: (x, y), validationFrequency: 2)
      }.contains("its header has no 'val_loss'"))
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
        try other.restore(try #require(history.state()))
        #expect(other.csv == expected)
      }
    }
  }
}
