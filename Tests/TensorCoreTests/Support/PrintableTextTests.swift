import TensorCore
import Testing

@Suite struct PrintableTextTests {
  @Test(arguments: [
    ("\u{1B}[2J", "\\u{1B}[2J"), ("\u{07}", "\\u{07}"), ("\0", "\\u{00}"), ("\u{1A}", "\\u{1A}"), ("\u{0B}", "\\u{0B}"),
    ("a\nb\tc\rd", "a\\nb\\tc\\rd"), ("\r\n", "\\r\\n"), ("\u{7F}", "\\u{7F}"), ("\u{9B}2J", "\\u{9B}2J"), ("\u{2028}", "\\u{2028}"),
    ("\u{202E}txt", "\\u{202E}txt"), ("\u{FEFF}x", "\\u{FEFF}x"), ("\u{200B}", "\\u{200B}"), ("고양이 é ß 日本", "고양이 é ß 日本"),
    ("👩\u{200D}👧", "👩\u{200D}👧"), ("", ""), ("C:\\x", "C:\\x"),
  ])
  func `What steers a terminal is spelled out, and nothing else`(_ text: String, _ shown: String) {
    #expect(text.printable == shown)
    #expect(text.printable.printable == shown)
    #expect(DescentError(.file, text).message == shown)
  }

  @Test func `Lines stay where a text has them`() {
    #expect("a\u{1B}\nb\r\n".printableLines == "a\\u{1B}\nb\\r\n")
  }

  @Test func `JSON spells out the same`() throws {
    let text = "a\u{1B}\u{9B}\u{202E}\u{7F}\u{E0001}é"
    let json = JSONValue.string(text).text()
    #expect(json == "\"a\\u001b\\u009b\\u202e\\u007f\\udb40\\udc01é\"")
    #expect(try JSONValue(parsing: json) == .string(text))
  }
}
