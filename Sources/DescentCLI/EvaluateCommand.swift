import ArgumentParser
import DescentImages
import KerasFiles

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Judge a saved model on data.",
    discussion: """
      Prints the loss and the metrics that the model was compiled with, on the test rows if the data hold any, else on x and y. Of a model that \
      was trained on a table, it prints what was taken for what (classes), or the errors in the target's units beside those of always predicting the \
      mean (a number); the table's columns are found by their names. Of a folder of pictures or texts, with a folder for each class, it prints which class was \
      taken for which.

      EXAMPLES:
        descent evaluate --model classifier.keras
        descent evaluate --model classifier.keras --data d.npz --json
        descent evaluate --model flowers.keras --data more-flowers.csv
        descent evaluate --model pets.keras --data more-pets
      """)

  @Option(help: ArgumentHelp("A .keras file, or an .h5 file with a whole model.", valueName: "file"))
  var model: ModelFile

  @OptionGroup(title: "Data") var dataOptions: DataOptions

  @Option(help: ArgumentHelp("Rows a step: a number, or all.", valueName: "n|all"))
  var batchSize = BatchSize.rows(32)

  @Option(help: ArgumentHelp("A loss by name or as Keras's JSON, in place of the model's.", valueName: "loss"))
  var loss: String?

  @Option(help: ArgumentHelp("Metrics with commas between them, or none, in place of the model's.", valueName: "names"))
  var metrics: WordList?

  @Flag(help: "Print one line of JSON.")
  var json = false

  func validate() throws {
    try model.validate()
    try checkingOptions {
      _ = try loss.map(chosenLoss)
      _ = try metrics?.words.map { try Metric(named: $0) }
    }
  }

  func run() throws {
    let model = try self.model.load()
    if dataOptions.isTable, let table = model.table { return try evaluate(model, table) }
    if dataOptions.isTexts { return try evaluateTexts(model) }
    if dataOptions.isPictures { return try evaluateImages(model) }
    try dataOptions.requireTarget()
    if model.loss == nil && loss == nil {
      throw DescentError(.state, "\(self.model.path): says nothing of a loss to judge by; give --loss")
    }
    if loss != nil || metrics != nil {
      let metrics = try metrics?.words.map { try Metric(named: $0) }
      if model.outputNames.count > 1 && metrics?.isEmpty == false {
        throw ValidationError("--metrics is for models of one output; compile the model with its metrics before it is saved.")
      }
      let loss = try loss.map(chosenLoss)
      if let loss, model.optimizer == nil {
        try model.compile(optimizer: .sgd, loss: loss, metrics: metrics ?? [])
      } else {
        try model.recompile(loss: loss, metrics: metrics)
      }
    }
    let data = try dataOptions.load(for: model)
    let part = data.test ?? data.train
    let scores = try blamingData(data.name) {
      try model.evaluate(part.x, part.y, batchSize: batchSize.count(of: part.count), verbose: 0, group: CommandGroup.shared)
    }
    try show(scores)
  }

  private func show(_ scores: Scores) throws {
    if json {
      Output.line(JSONValue.object(JSONObject(scores.names.map { (key: $0, value: JSONValue(scores.values[$0]!)) })).text())
    } else {
      Output.line(scores.description)
    }
  }
}

extension EvaluateCommand {
  /// Judges a model on all files of a folder; or on those of its folder `test`, if it has one.
  private func evaluate<Files: SplitData>(_ model: Model, on things: String, _ read: () throws -> (files: Files, remarks: [String])) throws {
    try CommandGroup.refuseForFolders("evaluate", things)
    if loss != nil || metrics != nil {
      throw ValidationError("A model for \(things) is judged by which class it takes for which; leave --loss and --metrics out.")
    }
    let (files, remarks) = try read()
    for remark in remarks { Output.remark(remark) }
    let rows = files.test ?? files.training
    let scores = try rows.scores(of: model, batchSize: batchSize.count(of: rows.count))
    Output.line(json ? scores.json.text() : TableScoresDescription(scores: scores, things: things).text)
  }

  private func evaluateImages(_ model: Model) throws {
    try evaluate(model, on: "pictures") {
      var options = ImageOptions()
      options.trainingPart = 1
      let data = try dataOptions.images(for: model, options)
      model.images = data.preprocessing
      return (data, data.remarks)
    }
  }

  private func evaluateTexts(_ model: Model) throws {
    try evaluate(model, on: "texts") {
      var options = TextOptions()
      options.trainingPart = 1
      let data = try dataOptions.texts(for: model, options)
      model.texts = data.preprocessing
      return (data, data.remarks)
    }
  }

  /// Judges a model that knows the table's columns.
  private func evaluate(_ model: Model, _ table: TablePreprocessing) throws {
    if loss != nil || metrics != nil {
      throw ValidationError("A model for a table is judged by what there is to say of its target; leave --loss and --metrics out.")
    }
    if try CommandGroup.shared != nil {
      throw DescentError(.state, "\(self.model.path): a model for a table is judged by one process; start descent evaluate without mpirun")
    }
    try dataOptions.checkTarget(of: table)
    let rows = try table.rows(of: dataOptions.table(), withTarget: true)
    for remark in rows.remarks { Output.remark(remark) }
    let scores = try model.scores(rows, batchSize: batchSize.count(of: rows.count))
    Output.line(json ? scores.json.text() : TableScoresDescription(scores: scores).text)
  }
}

/// A loss by name or as Keras's JSON.
func chosenLoss(_ text: String) throws -> Loss {
  text.hasPrefix("{") ? try Loss(json: JSONValue(parsing: text, name: "--loss")) : try Loss(named: text)
}
