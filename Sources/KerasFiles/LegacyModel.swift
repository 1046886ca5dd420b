import Descent

/// A whole model in an `.h5` file: what Keras 1 and 2 wrote, and Keras 3 still writes when asked.
package enum LegacyModel {
  /// What becomes of rows of tables and of pictures, and ``VariableMarks``, which Keras does not look at.
  private static let tableAttribute = "descent_table", imagesAttribute = "descent_images", variablesAttribute = "descent_variables"
  private static let weightsGroup = "model_weights"

  /// The model with its weights; compiled as the file says, with what its optimizer remembers.
  static func model(_ contents: HDF5Contents, name: String, compiled: Bool, as type: Model.Type) throws -> Model {
    guard let text = contents.strings("model_config", of: "")?.first else {
      throw DescentError(.file, "\(name): holds no model, only weights; make the model and use loadWeights")
    }
    let config = try JSONValue(parsing: text, name: "\(name): model_config")
    let count = contents.names.reduce(0) { $0 + (contents[$1]?.count ?? 0) }
    let model = try Initializer.$isForReplacedWeights.withValue(true) {
      try type.fromJSON(config, name: "\(name): model_config", compiled: false, elementLimit: max(count, 1 << 24))
    }
    _ = try LegacyWeights(contents, file: name).load(into: model, skipMismatch: false, isFilesOwn: true)
    func own<Value>(_ attribute: String, _ read: (JSONValue) throws -> Value) throws -> Value? {
      let label = "\(name): \(attribute)"
      return try contents.strings(attribute, of: "")?.first.map { text in try naming(label) { try read(JSONValue(parsing: text, name: label)) } }
    }
    model.table = try own(tableAttribute) { try TablePreprocessing(json: $0) }
    model.images = try own(imagesAttribute) { try ImagePreprocessing(json: $0) }
    _ = try own(variablesAttribute) { try VariableMarks.mark(model, $0) }
    if compiled, let text = contents.strings("training_config", of: "")?.first,
      var settings = try JSONValue(parsing: text, name: "\(name): training_config").object
    {
      settings["optimizer"] = LegacyOptimizer.configuration(settings["optimizer_config"] ?? .null)
      settings["optimizer_config"] = nil
      // Keras 2 says so of weights by time step, which are the weights' shape here.
      if settings["sample_weight_mode"] == .null { settings["sample_weight_mode"] = nil }
      guard let compile = try CompileSettings(settings, name: "\(name): training_config") else { return model }
      try compile.compile(model)
      try LegacyOptimizer.restore(contents, into: model, name: name)
    }
    return model
  }

  // MARK: - Writing

  /// Writes the model as Keras 3 does where a name ends so. The file is replaced at once or not at all.
  static func write(_ model: Model, to path: String) throws {
    let bytes = try contents(of: model, path).encoded(name: path)
    try writeFile(path) { try $0.write(bytes) }
  }

  /// Losses as objects: Keras does not find some of its own by their names in such a file, `mse` among them.
  private static func spelledOut(_ losses: JSONValue) throws -> JSONValue {
    if losses.string != nil { return try Loss(json: losses).json() }
    if let list = losses.array { return .array(try list.map(spelledOut)) }
    guard let object = losses.object, object["class_name"] == nil else { return losses }
    return .object(JSONObject(try object.members.map { ($0.key, try spelledOut($0.value)) }))
  }

  /// The layers are described as in `.keras` files, which Keras 3 takes here too: its own older form loses an `axis` of several, and
  /// operations between layers.
  private static func contents(of model: Model, _ path: String) throws -> HDF5Contents {
    let className = model.kerasClassName
    guard model is Sequential || className == "Functional" else {
      throw DescentError(
        .invalidArgument, "\(path): \(model.name) is a \(className); such files hold Sequential models and those of inputs and outputs; save a .keras file")
    }
    if model.texts != nil {
      throw DescentError(.invalidArgument, "\(path): \(model.name) takes texts, for whose words such files have no place; save a .keras file")
    }
    try model.requireWeights("save")
    model.showWeightsToJudge()
    let json = try model.json()
    var contents = HDF5Contents()
    func set(_ name: String, of group: String = "", _ text: String) { contents.setAttribute(name, of: group, to: .strings([text])) }
    for group in ["", weightsGroup] {
      set("keras_version", of: group, KerasArchive.kerasVersion)
      set("backend", of: group, "tensorflow")
    }
    let description: JSONValue = ["class_name": .string(className), "config": json["config"] ?? .null]
    set("model_config", description.text())
    if var settings = json["compile_config"]?.object {
      settings["optimizer_config"] = settings["optimizer"]
      settings["optimizer"] = nil
      settings["loss"] = try spelledOut(settings["loss"] ?? .null)
      set("training_config", JSONValue.object(settings).text())
    }
    if let table = model.table { set(tableAttribute, table.json.text()) }
    if let images = model.images { set(imagesAttribute, images.json.text()) }
    if let marks = VariableMarks.json(of: model) { set(variablesAttribute, marks.text()) }
    try naming(path) { try LegacyWeights.add(model, to: weightsGroup, in: &contents) }
    try LegacyOptimizer.add(model, to: &contents)
    return contents
  }
}
