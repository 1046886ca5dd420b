import Testing

@testable import Optimizers

/// Regular expressions against Python's, and that none takes long.
@Suite struct NamePatternTests {
  @Test func `They say what Python's say`() throws {
    let json = try Fixture.load("name-patterns")
    let names = try #require(json["names"]?.array).map { try #require($0.string) }
    for item in try #require(json["cases"]?.array) {
      let text = try #require(item["pattern"]?.string), pattern = try NamePattern(text)
      func told(_ body: (String) -> Bool) -> String { names.map { body($0) ? "1" : "0" }.joined() }
      #expect(told(pattern.occurs) == item["occurs"]?.string, "\(text)")
      #expect(told(pattern.matchesWhole) == item["matches_whole"]?.string, "\(text)")
    }
    for item in try #require(json["refused"]?.array) {
      let text = try #require(item.string)
      #expect(throws: DescentError.self, "\(text)") { try NamePattern(text) }
    }
  }

  @Test(arguments: [
    ("(", "there is no ) for a ("), ("a)", "there is no ( for a )"), ("[a", "there is no ] for a ["), ("*a", "there is nothing before * that it could repeat"),
    ("a{3,2}", "{3,2} ends before it begins"), ("(?=a)b", "of groups that begin with (? only (?:…) and (?P<name>…) are understood, and (?i) at the beginning"),
    ("(a)\\1", "\\1 is not understood"), ("a\\", "it ends in a backslash"),
    ("(a{100}){100}", "it has more than 2000 parts, repeated ones counted as often"),
    (String(repeating: "(", count: 51), "it has more than 50 groups in one another"),
    ("(){999999999}", "it has more than 2000 parts, repeated ones counted as often"),
    ("((((){99999}){99999}){99999}){99999}", "it has more than 2000 parts, repeated ones counted as often"),
    ("[" + String(repeating: "a", count: 2001) + "]", "it has more than 2000 parts, repeated ones counted as often"),
    (String(repeating: "{", count: 10_001), "it is longer than 10000 characters"), ("a(?i)b", "of groups that begin with (? only (?:…) and (?P<name>…) are understood, and (?i) at the beginning"),
    ("a{99999999999999999999}", "it has more than 2000 parts, repeated ones counted as often"),
  ])
  func `What is not understood is told`(text: String, problem: String) {
    #expect(throws: DescentError(.invalidArgument, "\"\(text)\" is not a regular expression that names can be compared with: \(problem)")) {
      try NamePattern(text)
    }
  }

  /// Each would take longer than the age of the universe where one way after another is tried.
  @Test(arguments: ["(a+)+$", "(a|a)*b$", "(a*)*b$", "(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)b$", "(a?){60}a{60}$", String(repeating: "{", count: 1500),
    String(repeating: "{1", count: 500), "([b-zb-zb-zb-z]?){300}b",
  ])
  func `No pattern takes long`(text: String) throws {
    let pattern = try NamePattern(text)
    #expect(!pattern.occurs(in: String(repeating: "a", count: 200) + "!"))
  }
}
