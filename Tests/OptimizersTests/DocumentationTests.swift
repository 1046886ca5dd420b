import Foundation
import Optimizers
import Testing

@Suite struct DocumentationTests {
  /// The page of conventions says what the optimizers' declarations say.
  @Test func conventionsPage() throws {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Sources/Optimizers/Optimizers.docc/Conventions.md")
    let page = try String(contentsOf: url, encoding: .utf8)
    for name in ["SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "AdamW", "Adamax", "Nadam", "Adafactor", "Ftrl", "Lion", "Lamb", "Muon"] {
      let table = try #require(ConventionTable.markdown(of: OptimizerRegistry.type(named: name)))
      #expect(page.contains(table + "\n"), "the page should say:\n\(table)")
    }
  }

  /// Every optimizer says what it is, and every setting what it does.
  @Test func everyOptimizerIsDescribed() {
    func check<Checked: Optimizer>(_ type: Checked.Type) {
      #expect(!type.about.summary.isEmpty && !type.about.formula.isEmpty && !type.about.source.isEmpty, "\(type.className)")
      for hyperparameter in type.allHyperparameters {
        #expect(!hyperparameter.summary.isEmpty && !hyperparameter.range.isEmpty, "\(type.className) \(hyperparameter.key)")
      }
      let keys = type.allHyperparameters.map(\.key)
      #expect(Set(keys).count == keys.count, "\(type.className)")
    }
    for type in OptimizerRegistry.all { check(type) }
  }
}
