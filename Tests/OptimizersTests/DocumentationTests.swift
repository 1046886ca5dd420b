import Foundation
import Optimizers
import Testing

/// What is said more than once says the same: comments, `descent optimizers`, the pages, and the code.
@Suite struct DocumentationTests {
  private static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Sources/Optimizers")

  /// The text of an optimizer's file.
  private func source(of type: any Optimizer.Type) throws -> String {
    for folder in ["", "Beyond/"] {
      let url = DocumentationTests.sources.appendingPathComponent("\(folder)\(type).swift")
      if let text = try? String(contentsOf: url, encoding: .utf8) { return text }
    }
    throw DescentError(.invalidArgument, "there is no \(type).swift")
  }

  /// The lines of the comment before the type.
  private func comment(of type: any Optimizer.Type) throws -> [String] {
    let lines = try source(of: type).components(separatedBy: "\n")
    let declaration = try #require(lines.firstIndex { $0.hasPrefix("public struct \(type): ") }, "\(type)")
    let comment = lines[..<declaration].reversed().drop { $0.hasPrefix("@") }.prefix { $0.hasPrefix("///") }
    return comment.reversed().map { String($0.dropFirst(3)) }
  }

  private static var types: [any Optimizer.Type] { OptimizerRegistry.builtIn }

  /// The page of conventions says what the optimizers' declarations say.
  @Test func `the page of conventions has every optimizer of Keras that differs between conventions`() throws {
    let page = try String(contentsOf: DocumentationTests.sources.appendingPathComponent("Optimizers.docc/Conventions.md"), encoding: .utf8)
    for type in DocumentationTests.types {
      guard let table = ConventionTable.markdown(of: type) else { continue }
      // The page is about names that several libraries share: those that Keras has.
      let isInKeras = FileManager.default.fileExists(atPath: DocumentationTests.sources.appendingPathComponent("\(type).swift").path)
      if isInKeras { #expect(page.contains(table + "\n"), "the page should say:\n\(table)") }
    }
  }

  @Test func `every optimizer and every setting is described`() {
    func check<Checked: Optimizer>(_ type: Checked.Type) {
      #expect(!type.about.summary.isEmpty && !type.about.formula.isEmpty && !type.about.source.isEmpty, "\(type.className)")
      for hyperparameter in type.allHyperparameters {
        #expect(!hyperparameter.summary.isEmpty && !hyperparameter.range.isEmpty, "\(type.className) \(hyperparameter.key)")
      }
      let keys = type.allHyperparameters.map(\.key)
      #expect(Set(keys).count == keys.count, "\(type.className)")
    }
    for type in DocumentationTests.types { check(type) }
  }

  /// The comment's formula, with Swift's names, is the description's, with Keras's.
  @Test func `the formula of the comment is that of the description`() throws {
    func plain(_ line: String) -> String {
      let words = line.replacing("`", with: "").split { $0 == " " }.joined(separator: " ")
      return words.replacing(#/[A-Za-z][A-Za-z0-9_]*/#) { swiftName(String($0.output)) }
    }
    for type in DocumentationTests.types where !(type is MultiOptimizer.Type) {
      let block = try comment(of: type).drop { !$0.hasPrefix("     ") }.prefix { $0.hasPrefix("     ") }
      let expected = type.about.formula.components(separatedBy: "\n").map(plain)
      #expect(block.map(plain) == expected, "\(type)")
    }
  }

  /// "Defaults: `beta1` 0.9, …" says what a new value has, and so do the described arguments of the initializer.
  @Test func `the defaults of the comments are those of the code`() throws {
    func value<Made: Optimizer>(_ name: String, _ type: Made.Type) -> JSONValue? {
      Made.allHyperparameters.first { swiftName($0.key) == name }.flatMap { try? $0.value(in: Made()) }
    }
    func check(_ type: any Optimizer.Type, _ name: String, _ text: String) {
      guard let found = value(name, type) else {
        Issue.record("\(type) has no setting \(name)")
        return
      }
      let plain = text.replacing("−", with: "-")
      // Nothing is a factor of 1 and steps of 1.
      if found.isNull && plain == "1" { return }
      if let number = Double(plain) {
        #expect(found.double == number, "\(type): \(name) \(text)")
      } else if let flag = Bool(plain) {
        #expect(found.bool == flag, "\(type): \(name) \(text)")
      } else if plain.hasPrefix("`."), let word = found.string {
        #expect(plain.dropFirst(2).dropLast() == swiftName(word), "\(type): \(name) \(text)")
      }
    }
    for type in DocumentationTests.types where !(type is MultiOptimizer.Type) {
      let comment = try comment(of: type).joined(separator: "\n")
      let paragraph = try #require(comment.components(separatedBy: "\n\n").first { $0.contains("Defaults: ") }, "\(type)")
      let stated = paragraph.replacing("\n", with: " ")
        .matches(of: #/`(\w+)` (`\.\w+`|[−0-9.e-]*[0-9]|true|false)/#)
      #expect(!stated.isEmpty, "\(type)")
      for match in stated { check(type, String(match.output.1), String(match.output.2)) }
      let described = try source(of: type).replacing(#/\n +/// {5,}/#, with: " ")
        .matches(of: #/ - (\w+): [^\n]*; (`\.\w+`|[−0-9.e-]*[0-9]|true|false) by default/#)
      for match in described where !(type is any OptimizerWrapper.Type && match.output.1 == "name") {
        check(type, String(match.output.1), String(match.output.2))
      }
    }
  }

  /// What scripts/initializers.py writes, for every optimizer there is.
  @Test func `every optimizer has Keras's arguments in its initializer and a factory of the same`() throws {
    let common = [
      "weightDecay", "clipnorm", "clipvalue", "globalClipnorm", "useEMA", "emaMomentum", "emaOverwriteFrequency", "lossScaleFactor",
      "gradientAccumulationSteps", "name", "decay",
    ]
    for type in DocumentationTests.types {
      let text = try source(of: type)
      let factory = try #require(text.firstMatch(of: #/public static func (\w+)\(([^{]*)\) -> (\w+) \{/#), "\(type)")
      #expect(factory.output.1.lowercased() == "\(type)".lowercased() && factory.output.3 == "\(type)")
      // Around other optimizers there is only a name; line searches have none of the rest.
      if type is any OptimizerWrapper.Type || type is MultiOptimizer.Type || type is LBFGS.Type {
        #expect(factory.output.2.contains("name: String?"), "\(type)")
        continue
      }
      let initializer = try #require(text.firstMatch(of: #/public init\((\s+learningRate: [^{]*)\) \{/#), "\(type)").output.1
      #expect(initializer == factory.output.2, "\(type)")
      for name in common { #expect(initializer.contains(" \(name): "), "\(type): \(name)") }
      for match in initializer.matches(of: #/(\w+): /#) {
        #expect(text.contains("///   - \(match.output.1): "), "\(type): \(match.output.1) is not described")
      }
    }
  }

  /// A parameter's description that lost its words: "lineSearch: ; `.strongWolfe` by default". In all of Sources.
  @Test func `no parameter is described by nothing`() throws {
    let all = DocumentationTests.sources.deletingLastPathComponent()
    let files = try #require(FileManager.default.enumerator(at: all, includingPropertiesForKeys: nil)).compactMap { $0 as? URL }
      .filter { $0.pathExtension == "swift" }
    #expect(files.count > 100)
    for file in files {
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
        let words = line.drop { $0 == " " }
        guard words.hasPrefix("///"), !words.contains("Parameters:"), words.contains(" - ") else { continue }
        guard words.firstMatch(of: #/^/// +- (Parameter )?[\w`]+: *([;.,]|$)/#) != nil else { continue }
        Issue.record("\(file.lastPathComponent): \(line)")
      }
    }
  }

  /// Documentation lists every optimizer.
  @Test func `the module's page names every optimizer and schedule`() throws {
    let page = try String(contentsOf: DocumentationTests.sources.appendingPathComponent("Optimizers.docc/Optimizers.md"), encoding: .utf8)
    for type in DocumentationTests.types { #expect(page.contains("- ``\(type)``"), "\(type)") }
    for type in ScheduleRegistry.builtIn { #expect(page.contains("- ``\(type)``"), "\(type)") }
  }
}
