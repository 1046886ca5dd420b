import Foundation
import KerasFiles

private let networks: [(name: String, application: Application, size: Int)] = [
  ("ResNet50", .resNet50, 224), ("ResNet50V2", .resNet50V2, 224), ("VGG16", .vgg16, 224), ("VGG19", .vgg19, 224),
  ("MobileNetV2", .mobileNetV2, 224), ("EfficientNetB0", .efficientNetB0, 224), ("EfficientNetB1", .efficientNetB1, 240),
  ("EfficientNetB2", .efficientNetB2, 260), ("EfficientNetB3", .efficientNetB3, 300), ("EfficientNetB4", .efficientNetB4, 380),
  ("EfficientNetB5", .efficientNetB5, 456), ("EfficientNetB6", .efficientNetB6, 528), ("EfficientNetB7", .efficientNetB7, 600),
  ("DenseNet121", .denseNet121, 224),
]

/// The networks that people know: with a folder that `Tests/Fixtures/scripts/check_applications.py` filled, how far their logits are from
/// Keras's and whether the summary is the same; without one, the time of a prediction.
func checkApplications(folder: String?) throws {
  guard let folder else { return try timeApplications() }
  for (name, application, _) in networks {
    let path = folder + "/" + name
    guard FileManager.default.fileExists(atPath: path + ".y.npy") else { continue }
    let start = now()
    let model = try application(weights: path + ".weights.h5", classifierActivation: nil)
    let loaded = now()
    let y = try model.predict(try NPY.read(path + ".x.npy"), verbose: 0).doubles
    let end = now()
    let expected = try NPY.read(path + ".y.npy").doubles
    let greatest = expected.map(abs).max() ?? 0
    let difference = zip(y, expected).map { abs($0 - $1) }.max() ?? .infinity
    let summary = model.summaryText(lineLength: 240).split(separator: "\n").map { line in
      String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
    let isSame = try summary == String(contentsOfFile: path + ".summary.txt", encoding: .utf8)
    print(
      name.padding(toLength: 16, withPad: " ", startingAt: 0),
      "logits up to \(String(format: "%.3g", greatest)), difference \(String(format: "%.2g", difference)),",
      "relative \(String(format: "%.2g", difference / greatest)); summary \(isSame ? "the same" : "ANOTHER");",
      "made and loaded \(String(format: "%.2f", loaded - start)) s, first prediction \(String(format: "%.2f", end - loaded)) s")
    if FileManager.default.fileExists(atPath: path + ".keras") {
      let read = try Model.load(path + ".keras")
      let own = try read.predict(try NPY.read(path + ".x.npy"), verbose: 0).doubles
      print("  read from Keras's .keras file:", own == y ? "the same predictions" : "OTHER predictions")
      try read.save(path + ".descent.keras")
      try plotModel(read, toFile: path + ".svg")
    }
  }
}

private func timeApplications() throws {
  for (name, application, size) in [networks[0], networks[4]] {
    let start = now()
    let model = try application(weights: nil)
    let made = now() - start
    for batch in [1, 16] {
      let x = Tensor(repeating: 0.5, shape: [batch, size, size, 3]).evaluated()
      let begin = now()
      _ = try model.predict(x, batchSize: batch, verbose: 0)
      let first = now() - begin
      var times: [Double] = []
      let end = now() + 6
      while times.count < 5 || (now() < end && times.count < 200) {
        let begin = now()
        _ = try model.predict(x, batchSize: batch, verbose: 0)
        times.append(now() - begin)
      }
      print(
        "\(name) batch \(batch): \(String(format: "%.1f", 1000 * median(times))) ms (least \(String(format: "%.1f", 1000 * times.min()!)));",
        "first \(String(format: "%.2f", first)) s, made in \(String(format: "%.2f", made)) s")
    }
  }
}

/// ResNet50's first prediction in a process, in parts.
func predictFirst() throws {
  let start = now()
  let model = try Application.resNet50(weights: nil)
  let made = now()
  let y = try model.predict(Tensor(repeating: 0.5, shape: [1, 224, 224, 3]), verbose: 0)
  let sum = y.doubles.reduce(0, +)
  print(String(format: "made %.2f s, first prediction %.2f s (sum of classes %.4f)", made - start, now() - made, sum))
}
