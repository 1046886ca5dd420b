import DescentTuner
import Foundation
import Testing

/// What the page's lines on tuning have on their right.
private func tuning(_ buildModel: @escaping (HyperParameters) throws -> Model, _ hp: HyperParameters, _ x: Tensor, _ y: Tensor, _ batches: Dataset<(Tensor, Tensor)>) throws {
  let stopEarly = EarlyStopping(patience: 5), validation = batches
  _ = try RandomSearch(buildModel, objective: "val_accuracy", maxTrials: 20, executionsPerTrial: 2)
  _ = try GridSearch(buildModel, objective: "val_loss")
  _ = try BayesianOptimization(buildModel, objective: "val_accuracy", maxTrials: 10, alpha: 1e-4, beta: 2.6)
  let tuner = try Hyperband(buildModel, objective: "val_accuracy", maxEpochs: 10, factor: 3, hyperbandIterations: 2, seed: 42, overwrite: true, directory: "my_dir", projectName: "hyperband")
  _ = Objective("val_f1", direction: .max)
  _ = try hp.int("units", minValue: 32, maxValue: 512, step: 32)
  _ = try hp.float("lr", minValue: 1e-4, maxValue: 1e-2, sampling: .log)
  _ = try hp.choice("optimizer", ["sgd", "adam"])
  _ = try hp.boolean("normalize", default: true)
  _ = try hp.fixed("lr", 1e-3)
  var filters = 0, units = 0
  try hp.conditionalScope("kind", ["cnn"]) { filters = try hp.int("filters", minValue: 8, maxValue: 64) }
  try hp.nameScope("head") { units = try hp.int("units", minValue: 8, maxValue: 64) }
  _ = (filters, units)
  _ = try hp.get("units").int
  tuner.searchSpaceSummary()
  try tuner.search(x, y, epochs: 50, callbacks: [stopEarly], validationSplit: 0.2)
  try tuner.search(batches, epochs: 50, validationData: validation)
  tuner.resultsSummary(3)
  let bestHps = tuner.bestHyperparameters(3)[0]
  _ = try tuner.bestModels(2)[0]
  _ = try tuner.hypermodel?.build(bestHps)
  tuner.bestTrials(1)[0].summary()
  let bestTrial = tuner.bestTrials(1)[0]
  _ = bestTrial.metrics["val_accuracy"]
  _ = tuner.projectDirectory
}

private struct MyHyperModel: HyperModel {
  func build(_ hp: HyperParameters) throws -> Model { Sequential { Dense(1) } }
  func fit(_ hp: HyperParameters, _ model: Model, _ arguments: FitArguments) throws -> TrialResult {
    var arguments = arguments
    arguments.batchSize = try hp.choice("batch_size", [16, 32])
    return .history(try arguments.fit(model))
  }
}

@Suite struct FromKerasTests {
  private let here = URL(fileURLWithPath: #filePath)

  private func text(_ path: String) throws -> String {
    try String(contentsOf: here.deletingLastPathComponent().appendingPathComponent(path), encoding: .utf8)
  }

  @Test func `each line on tuning on the page From Keras to Descent is compiled`() throws {
    let source = try String(contentsOf: here, encoding: .utf8)
    let section = try #require(text("../../Documentation/FromKeras.md").components(separatedBy: "\n## ").first { $0.hasPrefix("Tuning ") })
    let lines = section.split(separator: "\n").filter { $0.hasPrefix("| `") }
    #expect(lines.count >= 20)
    for line in lines {
      let cells = line.components(separatedBy: "` | `")
      #expect(cells.count == 2, "\(line)")
      let code = cells[1].replacingOccurrences(of: "` |", with: "")
      #expect(source.contains(code), "\(code) is on the page but is not compiled here")
    }
  }

  @Test func `the module's page names every public type`() throws {
    let page = try text("../../Sources/DescentTuner/DescentTuner.docc/DescentTuner.md")
    let root = here.deletingLastPathComponent().appendingPathComponent("../../Sources/DescentTuner").standardizedFileURL
    let files = try #require(FileManager.default.subpaths(atPath: root.path)).filter { $0.hasSuffix(".swift") }
    var count = 0
    for file in files {
      let source = try String(contentsOf: root.appendingPathComponent(file), encoding: .utf8)
      for line in source.split(separator: "\n") {
        guard let match = line.firstMatch(of: /^(public|open)( final)? (class|struct|enum|protocol) (\w+)/) else { continue }
        count += 1
        #expect(page.contains("- ``\(match.4)``\n"), "\(file): \(match.4)")
      }
    }
    #expect(count >= 16)
  }
}
