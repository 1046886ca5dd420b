import Descent
import DescentTestSupport
import Foundation
import Testing

/// Descriptions in which parts are absent, null or empty, as other versions of Keras and other programs write them.
@Suite struct DescriptionKeysTests {
  private static let dense =
    #"{"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "trainable": true, "dtype": "float32", "units": 3, "activation": "relu", "use_bias": true, "kernel_initializer": "zeros", "bias_initializer": "zeros", "kernel_regularizer": null, "bias_regularizer": null, "kernel_constraint": null, "bias_constraint": null}, "registered_name": null, "build_config": {"input_shape": [null, 4]}}"#

  private func description() throws -> JSONValue {
    try JSONValue(
      parsing: #"""
        {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "trainable": true, "dtype": "float32", "layers": [
        {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4], "dtype": "float32", "sparse": false, "ragged": false, "name": "i", "optional": false}, "registered_name": null},
        \#(DescriptionKeysTests.dense)], "build_input_shape": [null, 4]}, "registered_name": null, "build_config": {"input_shape": [null, 4]},
        "compile_config": {"optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.5}}, "loss": "mse", "loss_weights": null, "metrics": ["mae"], "weighted_metrics": null, "run_eagerly": false, "steps_per_execution": 1, "jit_compile": "auto"}}
        """#)
  }

  /// The places of all members of objects in a document.
  private func paths(_ json: JSONValue) -> [[String]] {
    switch json {
    case .object(let object): object.members.flatMap { key, value in [[key]] + paths(value).map { [key] + $0 } }
    case .array(let list): list.enumerated().flatMap { index, value in paths(value).map { [String(index)] + $0 } }
    default: []
    }
  }

  /// The document with a member replaced, or taken out.
  private func replacing(_ path: ArraySlice<String>, in json: JSONValue, with value: JSONValue?) -> JSONValue {
    guard let first = path.first else { return json }
    switch json {
    case .object(var object):
      object[first] = path.count == 1 ? value : object[first].map { replacing(path.dropFirst(), in: $0, with: value) }
      return .object(object)
    case .array(var list):
      list[Int(first)!] = replacing(path.dropFirst(), in: list[Int(first)!], with: value)
      return .array(list)
    default: return json
    }
  }

  @Test func `Each key may be absent, null or empty: what Keras leaves out is read, the rest is an error that names the file`() throws {
    let whole = try description()
    // What Keras never writes as null.
    let neverNull = ["use_bias", "learning_rate"]
    let needed = ["class_name", "config", "layers", "units", "batch_shape", "input_shape"]
    var read = 0
    for path in paths(whole) {
      for (what, value) in [("absent", nil), ("null", .null), ("a list", []), ("an object", [:]), ("text", "")] as [(String, JSONValue?)] {
        let changed = replacing(path[...], in: whole, with: value)
        do {
          let model = try Sequential.fromJSON(changed, name: "m.json")
          #expect(model.layers.count <= 1)
          read += 1
        } catch let error as DescentError {
          #expect(error.message.hasPrefix("m.json"), "\(path) \(what): \(error.message)")
          let isOptional = !needed.contains(path.last!)
          #expect(!isOptional || (what != "absent" && (what != "null" || neverNull.contains(path.last!))), "\(path) \(what): \(error.message)")
        }
      }
    }
    #expect(read > 60)
  }

  @Test func `What compile was given is kept where parts of it are missing`() throws {
    let whole = try description()
    let model = try Sequential.fromJSON(replacing(["compile_config", "optimizer"][...], in: whole, with: nil))
    #expect(model.optimizer is RMSprop && model.loss?.name == "mean_squared_error" && model.metrics.count == 1)
    #expect(try Sequential.fromJSON(replacing(["compile_config", "loss"][...], in: whole, with: .null)).loss == nil)
    #expect(try Sequential.fromJSON(replacing(["compile_config"][...], in: whole, with: .null)).loss == nil)
    let nested = replacing(["compile_config", "metrics"][...], in: whole, with: [["mae", "mse"]])
    #expect(try Sequential.fromJSON(nested).metrics.count == 2)
  }

  @Test func `Layers without names get them, as in code`() throws {
    let layer = #"{"class_name": "Dense", "config": {"units": 2, "batch_input_shape": [null, 2]}}"#
    let named = #"{"class_name": "Dense", "config": {"units": 2, "name": "dense_1"}}"#
    let model = try Sequential.fromJSON(#"{"class_name": "Sequential", "config": {"layers": [\#(layer), \#(layer), \#(named), \#(layer)]}}"#)
    #expect(model.layers.map(\.name) == ["dense", "dense_2", "dense_1", "dense_3"])
    #expect(failure { try Sequential.fromJSON(#"{"class_name": "Sequential", "config": {"layers": [\#(named), \#(named)]}}"#, name: "m.json") }
      == "m.json: layer 'Sequential': there are two layers named 'dense_1'")
  }

  @Test func `The list that Keras before 2.2.3 wrote is read`() throws {
    let layers = #"[{"class_name": "Dense", "config": {"name": "a", "units": 3, "batch_input_shape": [null, 4]}}, {"class_name": "Dense", "config": {"name": "b", "units": 1}}]"#
    let model = try Sequential.fromJSON(#"{"class_name": "Sequential", "keras_version": "2.0.5", "backend": "tensorflow", "config": \#(layers)}"#)
    #expect(model.layers.map(\.name) == ["a", "b"] && model.countParameters() == 19)
    let said = failure { try Sequential.fromJSON(#"{"class_name": "Dense", "config": [1, 2]}"#, name: "m.json") }
    #expect(said == "m.json: the \"config\" of Dense is [1, 2]; expected an object with its options")
    #expect(failure { try Sequential.fromJSON("[1]", name: "m.json") } == "m.json: expected an object with a \"class_name\", found [1]")
  }

  @Test(arguments: ["\"%\"", #"{"module": "keras", "class_name": "DTypePolicy", "config": {"name": "%"}, "registered_name": null}"#, #"{"class_name": "Policy", "config": {"name": "%"}}"#])
  func `A dtype may be a name or a policy, and is named where it cannot be`(_ form: String) throws {
    func read(_ name: String) throws -> Sequential {
      let policy = try JSONValue(parsing: form.replacing("%", with: name))
      let json = replacing(["config", "layers", "1", "config", "dtype"][...], in: try description(), with: policy)
      return try Sequential.fromJSON(json, name: "m.json")
    }
    for name in ["float32", "mixed_bfloat16", "mixed_float16"] {
      #expect(try read(name).layers[0].variables.allSatisfy { $0.dtype == .float32 })
    }
    for name in ["float16", "bfloat16", "int8_from_float32"] {
      #expect(failure { try read(name) } == "m.json: layer 's': layer 'd': its dtype is \(name); Descent computes in float32 and float64")
    }
  }

  @Test(arguments: ["../x", "/etc/x", "a/../b", "a//b", "C:", "a\\\\b", ".."])
  func `Names of layers that lead somewhere are refused`(_ name: String) throws {
    let json = #"{"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": {"name": "\#(name)", "units": 2}}]}}"#
    #expect(failure { try Sequential.fromJSON(json, name: "m.json") }.contains("its name is a path that leads somewhere else"))
  }

  @Test func `Faults from deep inside begin with the file`() throws {
    let whole = try description()
    for (path, value) in [
      (["config", "layers", "1", "config", "units"], -1), (["config", "layers", "1", "config", "units"], .number("1e15")),
      (["config", "layers", "1", "config", "activation"], "rellu"), (["config", "layers", "1", "config", "kernel_initializer"], ["class_name": "Nix", "config": [:]]),
      (["config", "layers", "1", "class_name"], "Denze"), (["config", "layers", "0", "config", "batch_shape"], [nil, -3]),
      (["compile_config", "loss"], "mze"), (["compile_config", "metrics"], ["mea"]), (["compile_config", "optimizer"], "adma"),
    ] as [([String], JSONValue)] {
      let said = message { try Sequential.fromJSON(replacing(path[...], in: whole, with: value), name: "deep/m.json") }
      #expect(said.hasPrefix("deep/m.json: "), "\(path): \(said)")
    }
  }

  private func message<Result>(_ body: () throws -> Result) -> String {
    do {
      _ = try body()
      return "nothing was thrown"
    } catch {
      return "\(error)"
    }
  }
}
