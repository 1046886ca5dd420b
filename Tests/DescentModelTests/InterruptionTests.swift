import Descent
import DescentTestSupport
import Foundation
import Testing

/// Ctrl-C while a model is trained. Each test runs in a process of its own, because the signal reaches all of one.
@Suite(.timeLimit(.minutes(20))) struct InterruptionTests {
  /// Makes signals raised by this thread reach it at once, as they do in a program of one's own: tests run on threads that block
  /// signals, and a job in the background of a shell ignores Ctrl-C.
  private static func listen() {
    signal(SIGINT, SIG_DFL)
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  @Test func `The first ends training after the batch`() async {
    await #expect(processExitsWith: .exitCode(42)) {
      InterruptionTests.listen()
      let model = try SmallData.model()
      let press = LambdaCallback(onTrainBatchEnd: { batch, _ in
        if model.optimizerState?.iterations == 8 && batch == 1 { raise(SIGINT) }
      })
      let history = try model.fit(
        SmallData.x(), SmallData.labels, batchSize: 10, epochs: 5, verbose: 0, callbacks: [press])
      guard history.isInterrupted, history.epochs == [0], history["loss"].count == 1,
        model.optimizerState?.iterations == 8
      else { return }
      // Training can go on, and the next Ctrl-C outside of it does what it always does.
      guard try model.fit(SmallData.x(), SmallData.labels, epochs: 2, verbose: 0).epochs == [0, 1] else { return }
      var action = sigaction()
      sigaction(SIGINT, nil, &action)
      #if os(Linux)
        if action.__sigaction_handler.sa_handler == nil { exit(42) }
      #else
        if action.__sigaction_u.__sa_handler == nil { exit(42) }
      #endif
    }
  }

  @Test func `The second ends the program`() async {
    await #expect(processExitsWith: .signal(SIGINT)) {
      InterruptionTests.listen()
      let press = LambdaCallback(onTrainBatchEnd: { _, _ in
        raise(SIGINT)
        raise(SIGINT)
      })
      try SmallData.model().fit(SmallData.x(), SmallData.labels, verbose: 0, callbacks: [press])
    }
  }

  @Test func `After one during validation there is a checkpoint, however seldom they are written`() async {
    await #expect(processExitsWith: .exitCode(42)) {
      InterruptionTests.listen()
      final class Press: Callback {
        override func onTestBatchEnd(_ batch: Int, _ logs: Logs) { if batch == 0 && model?.optimizerState?.iterations == 12 { raise(SIGINT) } }
      }
      let folder = TemporaryFolder()
      func fit(_ callbacks: [Callback]) throws -> (History, [Double]) {
        let model = try SmallData.model()
        let history = try model.fit(
          SmallData.x(), SmallData.labels, batchSize: 10, epochs: 4, verbose: 0, callbacks: callbacks, validationData: (SmallData.x(), SmallData.labels))
        return (history, model.numbers)
      }
      func backup() -> Callback { BackupAndRestore(folder.file("b"), saveFrequency: .batches(100)) }
      guard try fit([backup(), Press()]).0.isInterrupted, BackupAndRestore.hasCheckpoint(in: folder.file("b")) else { return }
      var begun: [Int] = []
      let (rest, weights) = try fit([backup(), LambdaCallback(onEpochBegin: { epoch in begun.append(epoch) })])
      let whole = try fit([])
      if begun == [2, 3] && rest["val_loss"] == whole.0["val_loss"] && weights == whole.1 { exit(42) }
    }
  }

  @Test func `One that ended a training does not end the next, whoever handles the signal then`() async {
    await #expect(processExitsWith: .exitCode(42)) {
      InterruptionTests.listen()
      let press = LambdaCallback(onTrainBatchEnd: { _, _ in raise(SIGINT) })
      guard try SmallData.model().fit(SmallData.x(), SmallData.labels, batchSize: 10, verbose: 0, callbacks: [press]).isInterrupted else { return }
      signal(SIGINT, SIG_IGN)
      let history = try SmallData.model().fit(SmallData.x(), SmallData.labels, batchSize: 10, epochs: 2, verbose: 0)
      if !history.isInterrupted && history.epochs == [0, 1] { exit(42) }
    }
  }

  @Test func `A programs own handler stays`() async {
    await #expect(processExitsWith: .exitCode(42)) {
      InterruptionTests.listen()
      signal(SIGINT, SIG_IGN)
      let press = LambdaCallback(onTrainBatchEnd: { _, _ in raise(SIGINT) })
      let history = try SmallData.model().fit(
        SmallData.x(), SmallData.labels, batchSize: 10, epochs: 2, verbose: 0, callbacks: [press])
      if !history.isInterrupted && history.epochs == [0, 1] { exit(42) }
    }
  }
}
