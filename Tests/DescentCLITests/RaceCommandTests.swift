import Descent
import DescentTestSupport
import Foundation
import Testing

@Suite(.timeLimit(.minutes(20))) struct RaceCommandTests {
  private func race(_ arguments: String..., in folder: String? = nil) throws -> CommandLineTool {
    try CommandLineTool(["race"] + arguments, in: folder)
  }

  @Test func `Help has examples`() throws {
    let tool = try race("--help")
    #expect(tool.status == 0)
    #expect(tool.output.contains("descent race --svg race.svg"))
    for function in TestFunction.all { #expect(tool.output.contains(function.name)) }
  }

  @Test func `Standard race`() throws {
    let tool = try race()
    #expect(tool.status == 0)
    #expect(tool.errors == "")
    let lines = tool.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines[0].hasPrefix("ravine: f(x, y) = x²/20 + y²"))
    #expect(lines[1] == "from (-7, 2), 30 steps")
    #expect(lines[3] == "optimizer  f after 0  f after 7  f after 15  f after 22  f after 30  end point")
    // (−7)²/20 + 2² = 6.45; −7 · 0.905³⁰ and 2 · 0.9³⁰ after 30 steps.
    #expect(lines[4].hasPrefix("SGD             6.45"))
    #expect(lines[4].hasSuffix("(-0.35039, 0.084782)"))
    #expect(lines[5] == "  learning_rate 0.95")
    #expect(lines[7] == "  learning_rate 0.1, momentum 0.9")
    #expect(lines[8].hasPrefix("RMSprop"))
    #expect(lines[10].hasPrefix("Adam"))
  }

  @Test func files() throws {
    try withTemporaryFolder { folder in
      let tool = try race(
        "--function", "sphere", "--start=4,-2", "--steps", "2", "--optimizer", "sgd:learning_rate=0.25", "--optimizer",
        #"{"class_name": "Adam", "config": {"learning_rate": 0.5}}"#, "--svg", "r.svg", "--json", "r.json", in: folder)
      #expect(tool.status == 0)
      #expect(tool.output.contains("Wrote r.svg"))
      #expect(tool.output.contains("Wrote r.json"))
      let json = try JSONValue(parsing: String(contentsOfFile: folder + "/r.json", encoding: .utf8))
      #expect(json["function"] == "sphere")
      #expect(json["runs"]?.array?.map { $0["optimizer"]?["class_name"]?.string } == ["SGD", "Adam"])
      let points = json["runs"]?[0]?["points"]?.array?.map { $0.array?.map(\.double) }
      #expect(points == [[4, -2], [2, -1], [1, -0.5]])
      #expect(json["runs"]?[0]?["values"]?.array?.map(\.double) == [20, 5, 1.25])
      let svg = try String(contentsOfFile: folder + "/r.svg", encoding: .utf8)
      #expect(svg.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\""))
      #expect(svg.hasSuffix("</svg>\n"))
    }
  }

  @Test func `Single precision`() throws {
    try withTemporaryFolder { folder in
      func points(_ dtype: String) throws -> [Double] {
        let tool = try race("--dtype", dtype, "--optimizer", "adam:learning_rate=0.3", "--json", "r.json", in: folder)
        #expect(tool.status == 0)
        let json = try JSONValue(parsing: String(contentsOfFile: folder + "/r.json", encoding: .utf8))
        return json["runs"]?[0]?["points"]?.array?.flatMap { $0.array?.compactMap(\.double) ?? [] } ?? []
      }
      let (single, double) = (try points("float32"), try points("float64"))
      #expect(single.count == 62)
      #expect(single.allSatisfy { Double(Float($0)) == $0 })
      #expect(!double.allSatisfy { Double(Float($0)) == $0 })
    }
  }

  @Test func `A path that is lost`() throws {
    let tool = try race("--function", "rosenbrock", "--optimizer", "sgd:learning_rate=100")
    #expect(tool.status == 0)
    #expect(tool.output.contains("(nan, nan)"))
    #expect(!tool.output.contains("-nan"))
  }

  @Test(arguments: [
    (["--function", "rosenbrok"], 64, "did you mean 'rosenbrock'?"), (["--optimizer", "adma"], 64, "did you mean 'adam'?"),
    (["--optimizer", "sgd:learning_rate=-1"], 64, "'learning_rate' is -1; expected a number at least 0"),
    (["--optimizer", "sgd:momentun=0.9"], 64, "momentun"), (["--start=1"], 64, "--start is 1; expected two numbers as in --start=-7,2"),
    (["--start=1,b"], 64, "expected two numbers"), (["--start=1,2,3"], 64, "expected two numbers"),
    (["--start=1,inf"], 64, "expected two finite numbers"), (["--steps=-1"], 64, "steps is -1"),
    (["--dtype", "int32"], 64, "--dtype is int32; expected float32 or float64"),
    (["--dtype", "float16"], 64, "--dtype is float16; expected float32 or float64"),
    (["--svg", "/dev/null"], 1, "/dev/null: cannot be written: expected a file"),
    (["--json", "/dev/null/r.json"], 1, "/dev/null is a file; expected a folder"),
  ] as [([String], Int32, String)])
  func refusals(_ arguments: [String], _ status: Int32, _ message: String) throws {
    try withTemporaryFolder { folder in
      let tool = try CommandLineTool(["race"] + arguments, in: folder)
      #expect(tool.status == status)
      #expect(tool.errors.contains(message), "\(tool.errors)")
      #expect(tool.output.isEmpty && tool.errors.contains("Usage: descent race") == (status == 64))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }
}
