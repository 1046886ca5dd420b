import Descent
import DescentTestSupport
import Testing

/// What a description says `compile` was given: each key is honoured, or refused with what it may be.
@Suite struct CompileSettingsTests {
  private func read(_ config: String, layer: String = "", top: String = "") throws -> Sequential {
    try Sequential.fromJSON(
      #"""
      {"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": {"units": 1, "batch_input_shape": [null, 2]}\#(layer)}]}\#(top),
       "compile_config": {"optimizer": "sgd", "loss": "mse"\#(config)}}
      """#, name: "m.json")
  }

  @Test(arguments: [
    (#", "jit_compil": true"#, "m.json: compile_config: unknown setting 'jit_compil'; did you mean 'jit_compile'?"),
    (#", "gates": true"#, "m.json: compile_config: unknown setting 'gates'. Known: "),
    (#", "run_eagerly": "yes""#, "m.json: compile_config: 'run_eagerly' is \"yes\"; expected true or false, or null"),
    (#", "jit_compile": "always""#, "m.json: compile_config: 'jit_compile' is \"always\"; expected true, false or \"auto\", or null"),
    (#", "auto_scale_loss": 2"#, "m.json: compile_config: 'auto_scale_loss' is 2; expected true or false, or null"),
    (#", "steps_per_execution": "many""#, "m.json: compile_config: steps_per_execution: \"many\" is no number of steps; expected 1 or more"),
    (#", "steps_per_execution": 0"#, "m.json: compile_config: steps_per_execution: 0 is no number of steps; expected 1 or more"),
    (#", "metrics": [{"class_name": "Precision", "confg": {"thresholds": 0.7}}]"#, "m.json: compile_config: metrics: metric: unknown field 'confg'; did you mean 'config'?"),
  ])
  func `a key that is unknown or of another kind is refused`(_ config: String, _ message: String) {
    let said = failure { try read(config) }
    #expect(said.hasPrefix(message), "\(said)")
  }

  @Test(arguments: [
    #", "run_eagerly": true"#, #", "run_eagerly": null"#, #", "jit_compile": true"#, #", "jit_compile": false"#, #", "jit_compile": "auto""#,
    #", "jit_compile": null"#, #", "auto_scale_loss": true"#, #", "auto_scale_loss": false"#, #", "steps_per_execution": null"#,
  ])
  func `what changes no number is taken whatever it says`(_ config: String) throws {
    #expect(try read(config).loss?.name == "mean_squared_error")
  }

  @Test func `fields that Keras does not write are refused of layers and of models, and those that it writes are taken`() throws {
    #expect(failure { try read("", layer: #", "build_confg": {}"#) }.contains("unknown field 'build_confg'; did you mean 'build_config'?"))
    #expect(failure { try read("", top: #", "compile": {}"#) }.hasPrefix("m.json: unknown field 'compile'"))
    let written = #", "build_config": {"input_shape": [null, 2]}, "registered_name": null, "module": "keras.layers", "name": "d", "inbound_nodes": [], "shared_object_id": 3"#
    #expect(try read("", layer: written, top: #", "keras_version": "2.0.5", "backend": "tensorflow""#).layers.count == 1)
  }
}
