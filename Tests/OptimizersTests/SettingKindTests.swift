import Testing

@testable import Optimizers

/// How settings of every kind are read and refused, whoever has them.
@Suite struct SettingKindTests {
  private enum Word: String, CaseIterable { case one, two }

  private func message(_ body: () throws -> some Any) throws -> String {
    try #require(throws: DescentError.self) { _ = try body() }.message
  }

  /// Reads each value, and each wrong one, which must be refused with what was expected.
  private func check<Value: Equatable>(
    _ kind: SettingKind<Value>, _ fine: [(JSONValue, Value)], wrong: [JSONValue], _ expected: String
  ) throws {
    for (json, value) in fine { #expect(try kind.value(of: json, named: "k") == value, "\(json)") }
    for json in wrong {
      #expect(try message { try kind.value(of: json, named: "k") } == "'k' is \(json.shortText); expected \(expected)")
    }
  }

  @Test func `each kind reads its values and refuses all others`() throws {
    try check(
      .anyNumber, [(1, 1), (-2.5, -2.5), (JSONValue(.infinity), .infinity)], wrong: ["1", true, .null, [1]], "a number")
    try check(
      .number(in: .decay), [(0, 0), (0.5, 0.5)], wrong: [1, -0.1, JSONValue(.nan), "0", .null], "a number at least 0 and less than 1")
    try check(.number(in: .any), [(-3, -3)], wrong: [JSONValue(.infinity)], "a number")
    try check(.integer, [(-3, -3), (2.0, 2)], wrong: [1.5, "1", true, .null], "an integer")
    try check(.integer(atLeast: 1), [(1, 1)], wrong: [0, 1.5, .null], "an integer at least 1")
    try check(.flag, [(true, true), (false, false)], wrong: [1, "true", .null], "true or false")
    try check(.text, [("", ""), ("a", "a")], wrong: [1, .null, ["a"]], "a text")
    try check(.choice(Word.self), [("one", .one)], wrong: ["ONE", "three", 1, .null], "one of \"one\", \"two\"")
    try check(.choice(Word.self, ignoresCase: true), [("ONE", .one)], wrong: ["three"], "one of \"one\", \"two\"")
  }

  @Test func `null is a value of its own, and what is of another kind is not null`() throws {
    try check(SettingKind.integer.orNull, [(3, 3), (.null, nil)], wrong: ["3", 1.5, [3]], "an integer, or null")
    try check(
      SettingKind.integer.orNull.list(of: "integers and nulls"), [([1, .null], [1, nil]), ([], [])], wrong: [["a"], [1, 1.5], .null],
      "a list of integers and nulls")
  }

  @Test func `lists, and one that stands for a list`() throws {
    try check(SettingKind.integer.list(of: "integers"), [([1, 2], [1, 2])], wrong: [1, [1, "a"], .null], "a list of integers")
    try check(.integers, [([1, 2], [1, 2]), (3, [3]), ([], [])], wrong: [["a"], 1.5, .null], "an integer or a list of integers")
    try check(.numbers, [(1.5, [1.5]), ([1, 2.5], [1, 2.5])], wrong: ["a", [1, .null]], "a number or a list of numbers")
  }

  @Test func `a further condition, and what Keras has wrapped`() throws {
    let even = SettingKind.integer.map("an even integer") { $0 % 2 == 0 ? "\($0)" : nil }
    try check(even, [(4, "4")], wrong: [3, "4"], "an even integer")
    let wrapped: JSONValue = ["class_name": "__numpy__", "config": ["value": [1, 2], "dtype": "float32"]]
    try check(SettingKind.numbers.unwrapped, [(wrapped, [1, 2]), (3, [3])], wrong: ["a"], "a number or a list of numbers")
  }

  @Test func `settings: defaults, what is missing, unknown or null`() throws {
    let settings = Settings(owner: "layer 'a'", given: ["units": 4, "rate": .null, "x": "y"], defaults: ["rate": 0.5, "bias": true])
    #expect(try settings.int("units") == 4)
    #expect(try settings.bool("bias"))
    #expect(try settings.optionalDouble("rate") == nil)
    #expect(settings.orDefault("rate") == 0.5)
    #expect(try settings.optionalInt("none") == nil)
    #expect(try message { try settings.int("none") } == "layer 'a': 'none' is missing; expected an integer")
    #expect(try message { try settings.int("x") } == "layer 'a': 'x' is \"y\"; expected an integer")
    #expect(try message { try settings.optionalInt("x") } == "layer 'a': 'x' is \"y\"; expected an integer, or null")
    #expect(try message { try settings.refuseOthers(than: ["units", "rates", "x"]) } == "layer 'a': unknown setting 'rate'; did you mean 'rates'?")
    #expect(throws: Never.self) { try settings.refuseOthers(than: ["units", "rate", "x"]) }
  }

  @Test func `names: the last one counts, a program's before Descent's`() throws {
    let registry = Registry<(name: String, value: Int)>(of: "thing", [("one", 1), ("two", 2)], ignoresCase: true) { [$0.name] }
    #expect(try registry.entry(named: "ONE").value == 1)
    registry.register(("One", 3))
    #expect(try registry.entry(named: "one").value == 3)
    registry.register(("one", 4))
    #expect(try registry.entry(named: "one").value == 4)
    #expect(registry.all.map(\.value) == [1, 2, 3, 4] && registry.registered.map(\.value) == [3, 4] && registry.builtIn.count == 2)
    #expect(registry.find("three") == nil)
    #expect(try message { try registry.entry(named: "tow") } == "unknown thing 'tow'; did you mean 'two'?")
    let exact = Registry<String>(of: "thing", ["one"]) { [$0] }
    #expect(exact.find("One") == nil && exact.find("one") == "one")
  }
}
