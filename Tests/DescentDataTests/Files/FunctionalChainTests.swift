import Descent
import DescentTestSupport
import Testing

@Suite struct FunctionalChainTests {
  private func layer(_ name: String, _ className: String, _ config: JSONValue, calls: JSONValue) -> JSONValue {
    ["class_name": .string(className), "name": .string(name), "config": config, "inbound_nodes": calls]
  }

  private func call(_ source: String, kwargs: JSONValue = ["training": false], node: JSONValue = 0) -> JSONValue {
    [["args": [["class_name": "__keras_tensor__", "config": ["keras_history": [.string(source), node, 0]]]], "kwargs": kwargs]]
  }

  private func model(_ layers: [JSONValue], from: JSONValue = ["start", 0, 0], to: JSONValue = ["last", 0, 0]) -> JSONValue {
    [
      "class_name": "Functional",
      "config": ["name": "chain", "layers": .array(layers), "input_layers": from, "output_layers": to],
    ]
  }

  private var start: JSONValue { layer("start", "InputLayer", ["name": "start", "batch_shape": [nil, 3]], calls: []) }
  private func dense(_ name: String, _ units: Int, _ calls: JSONValue) -> JSONValue {
    layer(name, "Dense", ["name": .string(name), "units": JSONValue(units)], calls: calls)
  }

  @Test func `Layers come in the order they are called`() throws {
    // Listed in another order than they follow each other; ends as Keras 3 and as lists.
    let layers = [dense("last", 2, call("middle")), start, dense("middle", 4, call("start"))]
    for (from, to) in [(["start", 0, 0], ["last", 0, 0]), ([["start", 0, 0]], [["last", 0, 0]])] as [(JSONValue, JSONValue)] {
      let read = try Sequential.fromJSON(model(layers, from: from, to: to))
      #expect(read.name == "chain")
      #expect(read.layers.map(\.name) == ["middle", "last"])
      #expect(read.inputShape == [3])
    }
  }

  @Test func `Others are refused by name`() {
    let middle = dense("middle", 4, call("start"))
    let cases: [(JSONValue, String)] = [
      (model([start, middle, dense("last", 2, call("start"))]), "'middle' and 'last' both take what 'start' gives"),
      (model([start, middle, dense("last", 2, call("other"))]), "not one after another from 'start' to 'last'"),
      (model([start, middle, dense("last", 2, call("middle"))], to: ["middle", 0, 0]), "not one after another from 'start' to 'middle'"),
      (model([start, middle, dense("last", 2, call("middle"))], to: [["middle", 0, 0], ["last", 0, 0]]), "2 'output_layers'"),
      (model([start, dense("last", 2, call("start", kwargs: ["mask": [1]]))]), "layer 'last' is called with 'mask'"),
      (model([start, dense("last", 2, call("start", node: 1))]), "does not name the only result of a layer"),
      (model([start, dense("last", 2, [])]), "layer 'last' is called 0 times"),
      (model([start, dense("last", 2, [["args": [1], "kwargs": [:]]])]), "expected the result of one layer"),
      (model([start, start, dense("last", 2, call("start"))]), "not a layer with a name of its own"),
      // Round and round.
      (model([start, dense("a", 2, call("last")), dense("last", 2, call("a"))]), "not one after another"),
    ]
    for (json, expected) in cases {
      #expect { _ = try Sequential.fromJSON(json) } throws: { error in
        let isNamed = (error as? DescentError)?.message.contains(expected) == true
        if !isNamed { Issue.record("expected \(expected), found \(error)") }
        return isNamed
      }
    }
  }

  /// A chain has no place for it; a graph has.
  @Test func `what a call says of training counts or is refused`() throws {
    func chain(_ className: String, _ config: JSONValue, _ training: JSONValue) -> JSONValue {
      model([start, layer("middle", className, config, calls: call("start")), dense("last", 2, [["args": call("middle")[0]!["args"]!, "kwargs": [:]]])].map { json in
        guard json["name"] == "middle" else { return json }
        return layer("middle", className, config, calls: call("start", kwargs: ["training": training]))
      })
    }
    let cases: [(String, JSONValue, JSONValue)] = [
      ("BatchNormalization", ["name": "middle"], false), ("BatchNormalization", ["name": "middle"], true), ("Dropout", ["name": "middle", "rate": 0.5], true),
      ("Dropout", ["name": "middle", "rate": 0.5], 1),
    ]
    for (className, config, training) in cases {
      let json = chain(className, config, training)
      let error = try #require(throws: DescentError.self) { try Sequential.fromJSON(json) }
      #expect(error.message.contains("which chains have no place for; Model.load reads it"), "\(error.message)")
      #expect(try Model.fromJSON(json).layers.count == 4 - 1)
    }
    // What Keras notes of each call of a Dropout.
    #expect(try Sequential.fromJSON(chain("Dropout", ["name": "middle", "rate": 0.5], false)).layers.count == 2)
  }
}
