import Descent
import Testing

@Suite(.timeLimit(.minutes(20))) struct OptimizersCommandTests {
  @Test func list() throws {
    let tool = try CommandLineTool(["optimizers"])
    #expect(tool.status == 0)
    // A long line goes on below itself.
    let names = tool.output.split(separator: "\n").filter { !$0.hasPrefix(" ") }.map { String($0.prefix { $0 != " " }) }
    #expect(names.dropLast() == OptimizerRegistry.builtIn.map { $0.className.lowercased() }[...])
    #expect(Set(["sgd", "rmsprop", "adagrad", "adadelta", "adam", "adamax", "nadam"]).isSubset(of: names))
  }

  @Test func page() throws {
    let tool = try CommandLineTool(["optimizers", "Adam"])
    #expect(tool.status == 0)
    let headings = tool.output.split(separator: "\n").filter { !$0.hasPrefix(" ") }
    #expect(
      headings == [
        "Adam: averages of the gradient and its square, corrected for their start at zero", "Formula",
        "Settings and their defaults", "Defaults by convention", "Common settings", "When to use it", "Source",
      ])
    let sections = tool.output.split(separator: "\n\n").map { $0.split(separator: "\n").map { $0.split(separator: " ").map(String.init) } }
    #expect(sections[2].contains { $0.starts(with: ["beta_1", "0.9", "share"]) })
    #expect(sections[2][1].starts(with: ["learning_rate", "0.001"]))
    #expect(!sections[2].joined().contains("clipnorm"))
    #expect(sections[3].contains(["epsilon", "1e-07", "1e-07", "1e-08", "1e-08", "1e-07"]))
    #expect(sections[4].contains { $0.starts(with: ["clipnorm", "none"]) })
    #expect(tool.output.contains("Kingma & Ba, 2015"))
  }

  /// Every page is there and fits a terminal.
  @Test func pages() throws {
    for type in OptimizerRegistry.builtIn {
      let tool = try CommandLineTool(["optimizers", type.className.lowercased()])
      #expect(tool.status == 0)
      #expect(tool.output.hasPrefix(type.className + ": "))
      for line in tool.output.split(separator: "\n") {
        #expect(line.count <= 100 && line.last != " ", "\(type.className): \(line)")
      }
    }
  }

  @Test func `Unknown name`() throws {
    let tool = try CommandLineTool(["optimizers", "adma"])
    #expect(tool.status == 64)
    #expect(tool.output == "")
    #expect(tool.errors.contains("did you mean 'adam'?"))
  }
}
