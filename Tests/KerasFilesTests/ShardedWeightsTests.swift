import Foundation
import KerasFiles
import TestSupport
import Testing

/// Weights in several files; `Fixtures/scripts/keras_sharded_weights.py` made them.
@Suite struct ShardedWeightsTests {
  private func model() -> Sequential {
    Sequential { Dense(8, activation: .relu, inputShape: [6]); BatchNormalization(); Dense(2) }
  }

  @Test func `weights in several files are those in one`() throws {
    let sharded = model(), whole = model()
    try sharded.loadWeights(Fixture.path("sharded/s.weights.json"))
    try whole.loadWeights(Fixture.path("sharded/whole.weights.h5"))
    #expect(sharded.weights.map(\.doubles) == whole.weights.map(\.doubles))
    #expect(sharded.weights[0].doubles != model().weights[0].doubles)
  }

  @Test func `a shard that lies elsewhere, twice or nowhere is an error`() throws {
    let folder = TemporaryFolder()
    for name in ["s.weights.json", "s_00000.weights.h5", "s_00001.weights.h5"] {
      try FileManager.default.copyItem(atPath: Fixture.path("sharded/\(name)"), toPath: folder.file(name))
    }
    let text = try String(contentsOfFile: folder.file("s.weights.json"), encoding: .utf8)
    func told(_ old: String, _ new: String) throws -> String {
      try text.replacing(old, with: new).write(toFile: folder.file("s.weights.json"), atomically: true, encoding: .utf8)
      let model = model()
      let before = model.weights.map(\.doubles)
      let told = message { try model.loadWeights(folder.file("s.weights.json")) }
      #expect(model.weights.map(\.doubles) == before)
      return told
    }
    #expect(try told("s_00001", "../s_00001").contains("in the same folder"))
    #expect(try told("s_00001", "s_00007").contains("s_00007.weights.h5"))
    #expect(try told("\"weight_map\"", "\"map\"").contains("weight_map"))
    try FileManager.default.copyItem(atPath: folder.file("s_00000.weights.h5"), toPath: folder.file("t.weights.h5"))
    #expect(try told("s_00001", "t").contains("more than one"))
  }
}
