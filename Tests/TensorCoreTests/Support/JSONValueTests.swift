import TensorCore
import Testing

struct JSONValueTests {
  private func message(_ text: String) -> String {
    do {
      _ = try JSONValue(parsing: text, name: "f")
      Issue.record("nothing was thrown for \(text)")
      return ""
    } catch let error as DescentError {
      #expect(error.kind == .file)
      return error.message
    } catch {
      Issue.record("not a DescentError: \(error)")
      return ""
    }
  }

  @Test(arguments: [
    "null", "[true, false]", "{}", "[]", #"{"b": 1, "a": [{}, 2.50, -0, 1e-07, 1E+5]}"#, #""é \"\\ \n\t\u0001 😀""#, "NaN",
    "[Infinity, -Infinity]", "12345678901234567890123456789",
  ])
  func textComesBackAsItWas(_ text: String) throws {
    #expect(try JSONValue(parsing: text).text() == text)
  }

  @Test func values() throws {
    let value = try JSONValue(parsing: " {\"a\" : [1, 2.0, 2.5, \"x\", null, true, 1e400],\r\n\t\"b\":{\"c\":-7}}\n")
    #expect(value["a"]?[0]?.int == 1)
    #expect(value["a"]?[1]?.int == 2)
    #expect(value["a"]?[2]?.int == nil)
    #expect(value["a"]?[2]?.double == 2.5)
    #expect(value["a"]?[3]?.string == "x")
    #expect(value["a"]?[4]?.isNull == true)
    #expect(value["a"]?[5]?.bool == true)
    #expect(value["a"]?[6]?.double == .infinity)
    #expect(value["a"]?[7] == nil)
    #expect(value["b"]?["c"]?.int == -7)
    #expect(value["z"] == nil)
    #expect(value.object?.keys == ["a", "b"])
  }

  @Test func `Numbers are short`() {
    #expect(JSONValue(0.1).text() == "0.1")
    #expect(JSONValue(1e-7).text() == "1e-07")
    #expect(JSONValue(3).text() == "3")
    #expect(JSONValue(-Double.infinity).text() == "-Infinity")
    #expect(JSONValue(Double.nan).text() == "NaN")
  }

  @Test func escapes() throws {
    #expect(try JSONValue(parsing: #""\u0041\ud83d\ude00\/\b\f""#).string == "A😀/\u{08}\u{0C}")
    #expect(message(#""\ud83d""#).contains("surrogate"))
    #expect(message(#""\ud83d\u0041""#).contains("surrogate"))
    #expect(message(#""\ude00""#).contains("surrogate"))
    #expect(message(#""\u12g4""#).contains("hexadecimal"))
    #expect(message(#""\x""#).contains("must be followed by"))
  }

  @Test func `Faults have a place`() {
    #expect(message("{\"a\": 1,\n \"b\" 2}") == "f: line 2, column 6: expected ':' after the key \"b\", found '2'")
    #expect(message("") == "f: line 1, column 1: expected a value, found the end of the text")
    #expect(message("[1, 2") == "f: line 1, column 6: expected ',' or ']', found the end of the text")
    #expect(message("[1,]").contains("expected a value, found ']'"))
    #expect(message("{,}").contains("expected a key"))
    #expect(message("01").contains("expected the end of the document, found '1'"))
    #expect(message("1.").contains("expected a digit"))
    #expect(message("-").contains("expected a digit"))
    #expect(message("\"a").contains("does not end"))
    #expect(message("\"a\nb\"").contains("control character"))
    #expect(message("tru").contains("expected a value, found 't'"))
    #expect(message("1 x").contains("expected the end of the document"))
    #expect(message(#"{"a": 1, "a": 2}"#).hasSuffix("the key \"a\" comes twice in one object"))
    #expect(message("{\"\u{e9}\": 1, \"e\u{301}\": 2}").hasSuffix("comes twice in one object, in two Unicode forms (NFC and NFD)"))
  }

  @Test func `Depth is bounded`() throws {
    let limit = JSONValue.greatestDepth
    let nested = { (depth: Int) in String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
    #expect(try JSONValue(parsing: nested(limit)).text() == nested(limit))
    #expect(message(nested(limit + 1)).contains("nested deeper than \(limit) levels"))
    #expect(message(String(repeating: "{\"a\":", count: 100_000)).contains("nested deeper"))
  }

  @Test func `Not UTF8`() {
    #expect(throws: DescentError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
    #expect(throws: DescentError.self) { try JSONValue(parsing: [0x22, 0x5C, 0x6E, 0xC0, 0x80, 0x22]) }
  }

  @Test func `Indented text`() {
    let value: JSONValue = ["a": [1, 2], "b": [:], "c": "x"]
    #expect(
      value.text(indent: 2) == """
        {
          "a": [
            1,
            2
          ],
          "b": {},
          "c": "x"
        }
        """)
  }

  @Test func objects() throws {
    var object = JSONObject([("a", 1), ("b", 2), ("a", 3)])
    #expect(object.keys == ["a", "b"])
    #expect(object["a"] == 3)
    object["b"] = nil
    object["c"] = 4
    #expect(object.keys == ["a", "c"])
    #expect(try JSONValue(parsing: #"{"x": 1, "y": [2]}"#) == JSONValue(parsing: #"{"y": [2], "x": 1}"#))
    #expect(try JSONValue(parsing: #"{"x": 1, "y": 2}"#) != JSONValue(parsing: #"{"x": 1, "z": 2}"#))
  }

  @Test func `Broken documents`() throws {
    let original = Array(#"{"class_name": "Adam", "config": {"learning_rate": 1e-3, "é": [null, true, "\u00e9\n", -1.5E+2]}}"#.utf8)
    var state: UInt64 = 1
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    for _ in 0..<2000 {
      var bytes = original
      for _ in 0...random(3) {
        let place = random(bytes.count)
        switch random(4) {
        case 0: bytes[place] ^= 1 << UInt8(random(8))
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(bytes[random(bytes.count)], at: place)
        default: bytes.removeLast(random(min(10, bytes.count - 1)))
        }
      }
      do {
        // What is read can be written and read again.
        let value = try JSONValue(parsing: bytes)
        #expect(try JSONValue(parsing: value.text()).text() == value.text())
      } catch let error as DescentError {
        #expect(error.message.hasPrefix("JSON: line "))
      }
    }
  }
}

struct NameMatchingTests {
  @Test func nearest() {
    let names = ["adam", "adamax", "sgd", "rmsprop", "binary_crossentropy"]
    #expect(nearestName(to: "adma", in: names) == "adam")
    #expect(nearestName(to: "RMSProp", in: names) == "rmsprop")
    #expect(nearestName(to: "BinaryCrosentropy", in: names) == "binary_crossentropy")
    #expect(nearestName(to: "lamb", in: names) == nil)
    #expect(nearestName(to: "x", in: []) == nil)
  }

  @Test func error() {
    #expect(
      unknownName("adma", what: "optimizer", known: ["sgd", "adam"]).message
        == "unknown optimizer 'adma'; did you mean 'adam'?")
    #expect(unknownName("zzz", what: "loss", known: ["mse"]).message == "unknown loss 'zzz'. Known: mse")
  }
}
