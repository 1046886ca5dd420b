import DescentTestSupport
import Foundation
import Testing

@testable import Descent

@Suite struct ModelCheckpointTests {
  /// Loss goes down, then up: the rate is far too great after the third epoch.
  private func fit(_ callbacks: Callback..., epochs: Int = 6) throws -> (Sequential, History) {
    let model = Sequential(seed: 1) { Dense(1, inputShape: [1]) }
    try model.compile(optimizer: SGD(learningRate: 0.1), loss: "mse")
    let x = Tensor(shape: [4, 1], scalars: [1, 2, 3, 4] as [Float])
    let schedule = LearningRateScheduler { epoch, _ in epoch < 3 ? 0.02 : 0.5 }
    return (model, try model.fit(x, x * 2, batchSize: 2, epochs: epochs, verbose: 0, callbacks: [schedule] + callbacks))
  }

  @Test func `Every epoch gets a file of the name that the template makes`() throws {
    let folder = TemporaryFolder()
    let (_, history) = try fit(ModelCheckpoint(folder.path + "/w-{epoch:03d}-{loss:.2f}.safetensors"), epochs: 3)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(names == (0..<3).map { String(format: "w-%03d-%.2f.safetensors", $0 + 1, history["loss"][$0]) })
  }

  @Test func `With saveBestOnly the file is that of the best epoch`() throws {
    let folder = TemporaryFolder()
    let (_, history) = try fit(
      ModelCheckpoint(folder.path + "/best.npz", monitor: "loss", saveBestOnly: true), ModelCheckpoint(folder.path + "/{epoch}.npz"))
    let losses = history["loss"]
    let best = try #require(losses.indices.min { losses[$0] < losses[$1] })
    #expect((1..<losses.count - 1).contains(best), "neither the first nor the last")
    func weights(_ name: String) throws -> [[Double]] { try NPZ.read("\(folder.path)/\(name).npz").map(\.tensor.doubles) }
    #expect(try weights("best") == weights("\(best + 1)"))
    #expect(try weights("best") != weights("\(losses.count)"))
  }

  @Test func `An epoch without the numbers of the name is not the best either`() throws {
    let folder = TemporaryFolder()
    let losses = [0.9, 0.95, 0.8, 0.85, 0.7, 0.6]
    let model = try SmallData.model(optimizer: SGD(learningRate: 0.01))
    let history = try model.fit(
      SmallData.x(), SmallData.labels, epochs: 6, verbose: 0,
      callbacks: [
        LambdaCallback(onEpochEnd: { epoch, logs in logs["loss"] = losses[epoch] }),
        ModelCheckpoint(folder.file("m-{epoch}-{val_loss:.2f}.npz"), monitor: "loss", saveBestOnly: true),
      ], validationSplit: 0.2, validationFrequency: 2)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(names == [2, 4, 6].map { String(format: "m-%d-%.2f.npz", $0, history["val_loss"][$0 - 1]) })
  }

  @Test func `After batches, with a threshold, and with what cannot be`() throws {
    let folder = TemporaryFolder()
    _ = try fit(ModelCheckpoint(folder.path + "/b{batch}.npz", saveFrequency: .batches(2)), epochs: 2)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["b2.npz"])
    let unreachable = ModelCheckpoint(folder.path + "/t.npz", monitor: "loss", saveBestOnly: true, initialValueThreshold: -1)
    _ = try fit(unreachable)
    #expect(unreachable.lastPath == nil)
    for (callback, expected) in [
      (ModelCheckpoint(folder.path + "/m.onnx"), "the name must end in .safetensors, .npz"),
      (ModelCheckpoint(folder.path + "/m.npz", saveBestOnly: true), "there is no 'val_loss' to monitor"),
      (ModelCheckpoint(folder.path + "/{depth}.npz"), "there is no 'depth'"),
      (ModelCheckpoint(folder.path + "/{epoch:xyz}.npz"), "is not a format"),
      (ModelCheckpoint(folder.path + "/{loss:.2n}.npz"), "is not a format"),
      (ModelCheckpoint(folder.path + "/m.npz", saveFrequency: .batches(0)), "must be at least 1"),
    ] {
      #expect { try fit(callback) } throws: { ($0 as? DescentError)?.message.contains(expected) == true }
    }
  }

  @Test func `names of numbers are found wherever they stand in a path`() throws {
    #expect(PathTemplate("{val_loss:.2f}.keras").names == ["val_loss"])
    #expect(PathTemplate("{epoch}{loss}-{val_mae:.1f}/x").names == ["epoch", "loss", "val_mae"])
    #expect(PathTemplate("plain").names == [] && PathTemplate("open{").names == [])
  }
}
