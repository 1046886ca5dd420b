import Descent
import DescentTestSupport
import Foundation
import Testing

/// Nothing that a name can make is without numbers that Keras made: what is added to a registry and forgotten in the fixtures fails here.
@Suite struct RegistryTests {
  /// What a fixture's cases are of, by the class or name in `key`.
  private func tested(_ file: String, _ key: String, in lists: [String] = ["cases"]) throws -> Set<String> {
    let json = try Fixture(file).json
    return Set(lists.flatMap { json[$0]?.array ?? [] }.compactMap { $0[key]?.string })
  }

  /// - Parameter elsewhere: what has no case, and the test that holds it.
  private func expectTested<Value: KerasNamed>(
    _ type: Value.Type, _ tested: Set<String>, elsewhere: [String: String] = [:]
  ) {
    for value in Value.catalog.values where !tested.contains(value.className ?? value.name) {
      #expect(elsewhere[value.name] != nil, "\(Value.kindName) \(value.name): there is no fixture of Keras's for it")
    }
    let names = Set(Value.catalog.values.map(\.name))
    for (name, reason) in elsewhere { #expect(names.contains(name), "there is no \(name) (\(reason))") }
  }

  /// What the library's own layers keep in stored properties is not looked for, and so each of their classes has to be known.
  @Test func `every class of a layer is known as the library's`() throws {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../../Sources/Descent").standardizedFileURL
    var parents: [String: String] = [:], final: Set<String> = []
    for file in FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)! {
      guard let file = file as? URL, file.pathExtension == "swift" else { continue }
      for match in try String(contentsOf: file, encoding: .utf8).matches(of: #/(?m)^[a-z ]*class (\w+)(?:<.*>)?: (\w+)/#) {
        parents[String(match.output.1)] = String(match.output.2)
        if match.output.0.contains("final ") { final.insert(String(match.output.1)) }
      }
    }
    let known = Set(LayerRegistry.library.map { String(describing: $0) })
    func isLayer(_ name: String) -> Bool { name == "Layer" || parents[name].map(isLayer) ?? false }
    let layers = final.filter(isLayer)
    #expect(layers.count > 100)
    #expect(layers.subtracting(known) == [])
  }

  @Test func `every loss has Keras's numbers`() throws {
    expectTested(
      Loss.self, try tested("losses", "loss"), elsewhere: ["crossentropy": "LossTests: it is one of three by shape", "ctc": "CTCTests: of sequences", "circle": "CircleTests: of a batch"])
  }

  @Test func `every metric has Keras's numbers`() throws {
    var elsewhere = [
      "accuracy": "MetricTests: it is one of three by shape", "mean": "MetricTests: of values, not of targets", "sum": "MetricTests: as mean",
    ]
    let losses = Set(Loss.catalog.values.map { Metric.loss($0).name })
    for metric in Metric.catalog.values where metric.className == nil && losses.contains(metric.name) {
      elsewhere[metric.name] = "LossFixtureTests: the mean of a loss"
    }
    expectTested(Metric.self, try tested("metrics", "metric"), elsewhere: elsewhere)
  }

  @Test func `every activation has Keras's numbers`() throws {
    expectTested(ActivationFunction.self, try tested("activations", "activation", in: ["cases", "rows"]))
  }

  @Test func `every initializer has Keras's moments`() throws {
    let reason = "InitializerTests: nothing is drawn, or the whole is looked at"
    expectTested(
      Initializer.self, try tested("initializers", "initializer"),
      elsewhere: ["zeros": reason, "ones": reason, "constant": reason, "identity": reason, "orthogonal": reason, "stft": "SpectrogramTests: it is no distribution"])
  }

  @Test func `every regularizer and constraint has Keras's numbers`() throws {
    expectTested(Regularizer.self, try tested("regularizers", "regularizer"))
    expectTested(Constraint.self, try tested("regularizers", "constraint", in: ["constraints"]))
  }

  /// Of layers any case of any fixture will do that has results: some stand within models.
  @Test func `every layer has Keras's numbers`() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Fixtures").standardizedFileURL
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil).filter { $0.pathExtension == "json" }
    var tested: Set<String> = []
    func note(_ json: JSONValue) {
      json["class_name"]?.string.map { _ = tested.insert($0) }
      json.object?.members.forEach { note($0.value) }
      json.array?.forEach(note)
    }
    for file in files {
      for test in try Fixture(file.deletingPathExtension().lastPathComponent).cases {
        guard ["y", "training_y", "calls", "predict", "predictions", "results"].contains(where: { test[$0] != nil }) else { continue }
        for key in ["layer", "model", "layers"] { test[key].map(note) }
      }
    }
    let elsewhere = [
      "Lambda": "LayerTests: Keras's file holds Python's code", "LayerScale": "ApplicationTests: in the logits of ConvNeXt",
      "CustomScaleLayer": "ApplicationTests: in the logits of InceptionResNetV2",
    ]
    for type in LayerRegistry.builtIn where !tested.contains(type.className) {
      #expect(elsewhere[type.className] != nil, "layer \(type.className): there is no fixture of Keras's for it")
    }
  }

  @Test func `the module's page names every layer`() throws {
    let file = "../../../Sources/Descent/Descent.docc/Descent.md"
    let page = try String(contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(file), encoding: .utf8)
    for type in LayerRegistry.builtIn { #expect(page.contains("- ``\(type)``\n"), "\(file) does not list \(type)") }
  }

  /// The names of Keras 3, from Keras itself.
  private func expectKnown<Value: KerasNamed>(_ type: Value.Type, _ kind: String, refused: Set<String> = []) throws {
    let entry = try needed(Fixture("names").cases.first { $0["kind"]?.string == kind })
    for name in try needed(entry["names"]?.array).compactMap(\.string) {
      do {
        let value = try Value(named: name)
        #expect(!refused.contains(name), "\(name)")
        // What has a setting without a default, as the number of classes, is no value yet.
        guard (try? value.validated()) != nil else { continue }
        let json = try value.json()
        #expect(try Value(json: json).json() == json, "\(name)")
      } catch let error as DescentError {
        #expect(refused.contains(name) || error.message.contains("must be given"), "\(kind): \(name): \(error.message)")
      }
    }
  }

  @Test func `every name of Keras's is known, or refused with the reason`() throws {
    // A function of two arguments, which no name can give.
    try expectKnown(ActivationFunction.self, "activations", refused: ["threshold"])
    try expectKnown(Initializer.self, "initializers")
    try expectKnown(Regularizer.self, "regularizers")
    try expectKnown(Constraint.self, "constraints")
    try expectKnown(Loss.self, "losses")
    try expectKnown(Metric.self, "metrics")
  }
}
