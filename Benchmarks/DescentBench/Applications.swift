import Foundation
import KerasFiles

private let networks: [(name: String, application: Application)] = [
  ("ResNet50", .resNet50), ("ResNet50V2", .resNet50V2), ("VGG16", .vgg16), ("VGG19", .vgg19), ("MobileNetV2", .mobileNetV2),
  ("EfficientNetB0", .efficientNetB0), ("EfficientNetB1", .efficientNetB1), ("EfficientNetB2", .efficientNetB2),
  ("EfficientNetB3", .efficientNetB3), ("EfficientNetB4", .efficientNetB4), ("EfficientNetB5", .efficientNetB5),
  ("EfficientNetB6", .efficientNetB6), ("EfficientNetB7", .efficientNetB7), ("DenseNet121", .denseNet121),
]

/// The networks that people know: in a folder that `Tests/Fixtures/scripts/check_applications.py` filled, how far their logits and
/// predictions are from Keras's, how far both are from what float64 gives, and whether the summary is the same.
func checkApplications(folder: String) throws {
  for (name, application) in networks {
    let path = folder + "/" + name
    guard FileManager.default.fileExists(atPath: path + ".y.npy") else { continue }
    let start = now()
    let model = try application(weights: path + ".weights.h5", classifierActivation: nil)
    let loaded = now()
    let x = try NPY.read(path + ".x.npy")
    let y = try model.predict(x, verbose: 0)
    let end = now()
    let summary = model.summaryText(lineLength: 240).split(separator: "\n").map { line in
      String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
    let isSame = try summary == String(contentsOfFile: path + ".summary.txt", encoding: .utf8)
    print(
      "\(name): summary \(isSame ? "the same" : "ANOTHER"), made and loaded in \(String(format: "%.2f", loaded - start)) s,",
      "first prediction \(String(format: "%.2f", end - loaded)) s")
    try compare("logits", y, path + ".y")
    try compare("predictions", ActivationFunction.softmax(y), path + ".p")
    if FileManager.default.fileExists(atPath: path + ".keras") {
      let read = try Model.load(path + ".keras")
      let own = try read.predict(x, verbose: 0)
      print("  read from Keras's .keras file:", own.doubles == y.doubles ? "the same predictions" : "OTHER predictions")
      try read.save(path + ".descent.keras")
      try plotModel(read, toFile: path + ".svg")
    }
  }
}

/// Ours beside Keras's float32 and, if the folder has it, beside what Keras gives in float64.
private func compare(_ what: String, _ ours: Tensor, _ path: String) throws {
  let ours = ours.doubles, keras = try NPY.read(path + ".npy").doubles
  let greatest = keras.map(abs).max() ?? 0
  func distance(_ a: [Double], _ b: [Double]) -> String {
    let far = a.count == b.count ? zip(a, b).map { abs($0 - $1) }.max() ?? 0 : .infinity
    return String(format: "%.2g (%.2g of the greatest)", far, far / greatest)
  }
  print("  \(what) up to \(String(format: "%.3g", greatest)): ours to Keras \(distance(ours, keras))", terminator: "")
  if FileManager.default.fileExists(atPath: path + "64.npy") {
    let exact = try NPY.read(path + "64.npy").doubles
    print("; to float64: ours \(distance(ours, exact)), Keras \(distance(keras, exact))", terminator: "")
  }
  print("")
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
