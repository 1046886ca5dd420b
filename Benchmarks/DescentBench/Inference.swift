import Descent
import Foundation
import KerasFiles

/// A network that people know and how many pictures it sees at once, as `Benchmarks/networks.py` knows it.
private struct Prediction {
  let title: String
  let application: Application
  let batch: Int
  var name: String { "\(title.lowercased())-\(batch)" }

  static let all = [("ResNet50", Application.resNet50), ("MobileNetV2", .mobileNetV2)].flatMap { title, application in
    [1, 16].map { Prediction(title: title, application: application, batch: $0) }
  }

  func ready() throws -> (Model, Tensor) {
    (try application(weights: nil), RandomGenerator(seed: 1).uniform([batch, 224, 224, 3]).evaluated())
  }
}

/// Predictions of networks that people know, beside other libraries in turn.
func benchInference(names: [String]?, rounds: Int) throws {
  let chosen = Prediction.all.filter { names?.contains($0.name) ?? true }
  if chosen.isEmpty { return }
  print("## Predictions\n")
  for prediction in chosen {
    let (model, x) = try prediction.ready()
    func predict() throws { _ = try model.predictOnBatch(x) }
    for _ in 0..<3 { try predict() }
    let peers = PeerNetworks(prediction.name)
    print(
      "\(prediction.title), batches of \(prediction.batch) pictures of 224×224×3. Median (least) of \(rounds) rounds of a second, in turn.\n")
    var ours: [Double] = []
    for _ in 0..<rounds {
      let end = now() + 1
      repeat {
        let start = now()
        try predict()
        ours.append(now() - start)
      } while now() < end
      peers.round(seconds: 1)
    }
    peers.printTable("a prediction", ours: ours)
  }
}

/// The kernels of a prediction, and what each takes.
func profileInference(names: [String]?) throws {
  for prediction in Prediction.all where names?.contains(prediction.name) ?? true {
    let (model, x) = try prediction.ready()
    let function = ThrowingCompiledFunction { try [model($0[0])] }
    print("## \(prediction.name)\n\n\(try function.profile(x, runs: 20))\n")
  }
}
