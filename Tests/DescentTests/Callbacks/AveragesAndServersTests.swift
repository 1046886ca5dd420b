import DescentTestSupport
import Foundation
import Testing

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

@testable import Descent

@Suite struct AveragesAndServersTests {
  private func fit(_ callbacks: [Callback], epochs: Int = 3) throws -> (history: History, weights: [Double]) {
    let model = try SmallData.model(seed: 3, optimizer: Adam(learningRate: 0.05).with { $0.useEMA = true; $0.emaMomentum = 0.8 })
    let history = try model.fit(
      SmallData.x(), SmallData.labels, batchSize: 20, epochs: epochs, verbose: 0, callbacks: callbacks, validationSplit: 0.3)
    return (history, model.numbers)
  }

  @Test(arguments: [false, true])
  func `averages are judged and training goes on with the weights`(swapsOnEpoch: Bool) throws {
    let plain = try fit([])
    var atEnd: [[Double]] = []
    let swap = SwapEMAWeights(swapsOnEpoch: swapsOnEpoch)
    let after = LambdaCallback(onEpochEnd: { [unowned swap] _, _ in atEnd.append(swap.model?.numbers ?? []) })
    let swapped = try fit([swap, after])
    // The steps are the same, and so are the averages that fit leaves.
    #expect(swapped.history["loss"] == plain.history["loss"])
    #expect(swapped.weights == plain.weights)
    #expect(swapped.history["val_loss"] != plain.history["val_loss"])
    // What was judged after the last epoch is what fit leaves.
    #expect((atEnd.last == swapped.weights) == swapsOnEpoch)
  }

  @Test(arguments: [false, true])
  func `a run that shows averages goes on where it was cut off`(swapsOnEpoch: Bool) throws {
    let folder = TemporaryFolder()
    func run(_ epochs: Int, backsUp: Bool) throws -> (history: History, weights: [Double]) {
      let swap = SwapEMAWeights(swapsOnEpoch: swapsOnEpoch)
      return try fit(backsUp ? [swap, BackupAndRestore(folder.file("b"), deletesAtEnd: false)] : [swap], epochs: epochs)
    }
    let whole = try run(4, backsUp: false)
    _ = try run(2, backsUp: true)
    for _ in 0..<2 {
      // The second time there is no epoch left.
      let resumed = try run(4, backsUp: true)
      #expect(resumed.weights == whole.weights)
      #expect(resumed.history["loss"] == whole.history["loss"] && resumed.history["val_loss"] == whole.history["val_loss"])
    }
  }

  /// A callback that fails while averages are shown.
  @Test func `a run that failed while averages were shown goes on with the weights`() throws {
    struct Full: Error {}
    func run(fails: Bool) throws -> [Double] {
      let model = try SmallData.model(seed: 3, optimizer: Adam(learningRate: 0.05).with { $0.useEMA = true; $0.emaMomentum = 0.8 })
      let folder = TemporaryFolder(), (x, y) = (SmallData.x(), SmallData.labels)
      var fails = fails
      func fit() throws {
        let failing = LambdaCallback(onEpochEnd: { epoch, _ in if fails && epoch == 1 { throw Full() } })
        try model.fit(
          x, y, batchSize: 20, epochs: 3, verbose: 0,
          callbacks: [SwapEMAWeights(swapsOnEpoch: true), failing, BackupAndRestore(folder.file("b"), saveFrequency: .batches(1))])
      }
      if fails {
        #expect(throws: Full.self) { try fit() }
        #expect(model.optimizerState?.isExchanged == false)
        fails = false
      }
      try fit()
      return model.numbers
    }
    #expect(try run(fails: true) == run(fails: false))
  }

  /// What judges and predicts, and fails in between.
  @Test func `weights are put back where judging or predicting fails, and averages are shown the next time`() throws {
    struct Full: Error {}
    final class Failing: Callback {
      var fails = true
      func meet() throws { if fails { throw Full() } }
      override func onTestBatchEnd(_ batch: Int, _ logs: Logs) throws { try meet() }
      override func onPredictBatchEnd(_ batch: Int) throws { try meet() }
    }
    let model = try SmallData.model(seed: 3, optimizer: Adam(learningRate: 0.05).with { $0.useEMA = true; $0.emaMomentum = 0.8 })
    let (x, y) = (SmallData.x(), SmallData.labels), batches = try Dataset(x, y).batch(20)
    for _ in 0..<5 { try model.trainOnBatch(x, y) }
    let (weights, plain) = (model.numbers, try model.evaluate(x, y, verbose: 0))
    let (swap, failing) = (SwapEMAWeights(), Failing())
    let calls: [(String, () throws -> Double)] = [
      ("evaluate", { try model.evaluate(x, y, verbose: 0, callbacks: [swap, failing]).loss }),
      ("evaluate a stream", { try model.evaluate(batches, verbose: 0, callbacks: [swap, failing]).loss }),
      ("predict", { try model.predict(x, verbose: 0, callbacks: [swap, failing]).sum().item() }),
      ("predict a stream", { try model.predict(batches, verbose: 0, callbacks: [swap, failing]).doubles.reduce(0, +) }),
    ]
    for (name, call) in calls {
      failing.fails = true
      #expect(throws: Full.self, "\(name)") { _ = try call() }
      #expect(model.numbers == weights && model.optimizerState?.isExchanged == false, "\(name)")
      failing.fails = false
      let first = try call()
      #expect(try call() == first && model.numbers == weights, "\(name)")
      if name.hasPrefix("evaluate") { #expect(first != plain.loss, "\(name)") }
    }
    // What shows averages on purpose goes on doing so.
    model.optimizerState?.exchangeAveragedValues()
    failing.fails = true
    #expect(throws: Full.self) { try model.evaluate(x, y, verbose: 0, callbacks: [failing]) }
    #expect(model.optimizerState?.isExchanged == true && model.numbers != weights)
  }

  @Test func `an optimizer without averages is refused`() throws {
    let model = try SmallData.model()
    #expect(
      failure(.invalidArgument) { try model.fit(SmallData.x(), SmallData.labels, verbose: 0, callbacks: [SwapEMAWeights()]) }.contains("useEMA"))
  }

  @Test func `numbers are sent as a form or as JSON`() throws {
    for sendsJSON in [false, true] {
      var sent: [URLRequest] = []
      let monitor = try RemoteMonitor(root: "http://example.test:9000", path: "/a/b", headers: ["X-Key": "k"], sendsJSON: sendsJSON) { sent.append($0) }
      let model = try SmallData.model()
      try model.fit(SmallData.x(), SmallData.labels, epochs: 2, verbose: 0, callbacks: [monitor])
      #expect(sent.count == 2 && sent[0].url?.absoluteString == "http://example.test:9000/a/b" && sent[0].httpMethod == "POST")
      #expect(sent[0].value(forHTTPHeaderField: "X-Key") == "k")
      var body = String(decoding: sent[1].httpBody ?? Data(), as: UTF8.self)
      if !sendsJSON {
        #expect(body.hasPrefix("data="))
        body = String(body.dropFirst(5)).removingPercentEncoding ?? ""
      }
      let json = try JSONValue(parsing: body, name: "body")
      #expect(json["epoch"]?.int == 1 && json["loss"]?.double != nil)
    }
    #expect(failure(.invalidArgument) { try RemoteMonitor(root: "nowhere") }.contains("no address"))
  }

  @Test func `a server that is away ends nothing`() throws {
    let monitor = try RemoteMonitor(root: "http://example.test", path: "/", sendsJSON: true) { _ in throw URLError(.cannotConnectToHost) }
    let model = try SmallData.model()
    let history = try model.fit(SmallData.x(), SmallData.labels, epochs: 2, verbose: 0, callbacks: [monitor])
    #expect(history.epochs == [0, 1])
  }
}
