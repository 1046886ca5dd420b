import ArgumentParser
import DescentImages
import Foundation
import KerasFiles

extension TrainCommand {
  /// Trains on a folder of texts, and leaves a model that knows the words and what its classes are called.
  func runTexts(_ given: Model?, _ results: Results) throws {
    try refuseSeveralProcesses("texts")
    if let report = tableOptions.report { try checkWritable(report) }
    try modelOptions.refuseDenseLayers("texts")
    let seed = taskOptions.seed ?? TaskOptions.defaultSeed
    let options = TextOptions(try tableOptions.options(seed: seed, validationSplit: validationSplit))
    if verbose != .silent { Output.line("Reading the texts in \(dataOptions.data) …") }
    let data: TextData
    if let given {
      guard let known = given.texts else {
        throw DescentError(.data, "the model takes rows of shape \(given.inputShape ?? []) and knows no words; --data is '\(dataOptions.data)', a folder of texts")
      }
      data = try TextData(dataOptions.data, preparedBy: known, options: options)
    } else {
      data = try TextData(dataOptions.data, options: options)
    }
    let names = data.preprocessing.classNames ?? []
    let model = try given ?? data.preprocessing.network(seed: seed)
    model.texts = data.preprocessing
    try model.compile(forClasses: names.count, of: "texts", taskOptions, optimizerOptions.spelling)
    let set = try DataSet(data, name: dataOptions.data, asPlaces: model.takesPlaces)
    let rows = taskOptions.rows(of: data.training.count)
    let plan = FolderPlan(epochs: epochs, steps: taskOptions.steps(over: data.training.count), hasValidation: data.validation != nil)
    try blamingData(set.name) { try model.check(set.train.x, set.train.y, "fit") }
    try set.check(model)
    let settings = try RunSettings(
      model, set, initialWeights: modelOptions.model, seed: taskOptions.seed, batchSize: rows, validationSplit: 1 - options.trainingPart, shuffle: shuffle)
    if try !begins(results, settings) { return }
    for remark in data.remarks { Output.remark(remark) }
    let description = TextDescription(folder: dataOptions.data, data: data)
    if verbose != .silent { Output.line(description.text + plan.description(of: model)) }
    let weights = tableOptions.classWeight == .balanced ? balancedWeights(data.classCounts) : nil
    let history = try fit(model, set, plan, rows: rows, classWeights: weights, results, settings)
    let written = try results.write(model, history, withModel: true)
    try finish(results, history, written.text)
    let (part, judged) = data.judged
    let scores = try model.scores(judged)
    if let report = tableOptions.report {
      let title = "Texts in \(dataOptions.data)"
      let page = HTMLPage.text(
        title: title,
        body: """
          <h1>\(HTMLPage.escaped(title))</h1>
          <p>\(HTMLPage.escaped(description.sizes))<br>\(HTMLPage.escaped(description.words))</p>
          <h2>How good it is: \(HTMLPage.escaped("\(part), \(grouped(judged.count)) texts"))</h2>
          \(scores.classesHTML("texts"))
          <h2>Training</h2>
          \(HTMLPage.charts(HistoryPicture([RunCurves(history)]).charts))
          """)
      try writeFile(report, text: page)
    }
    tell(history, scores, part, things: "texts", written) { "Other texts are told apart by: descent predict --model \($0) --data FOLDER --out predictions.csv" }
  }
}

/// What is told of a folder of texts before training.
struct TextDescription {
  let folder: String
  let data: TextData

  var text: String {
    var lines = ["\(folder): \(sizes)"]
    lines += classLines(data.preprocessing.classNames ?? [], data.classCounts, "texts")
    lines += wrapped(words, to: TextTable.width)
    return lines.joined(separator: "\n") + "\n"
  }

  var sizes: String { partSizes(data.training.count, data.validation?.count, data.test?.count, "texts") }

  /// What becomes of the texts.
  var words: String {
    let length = data.training.x.shape.last ?? 0
    let own = data.lengths
    return "The texts have up to \(grouped(own.greatest)) words, half of them at most \(grouped(own.median)); the first \(grouped(length)) of each count. "
      + "\(grouped(data.preprocessing.vectorize.vocabulary(includingSpecialTokens: false).count)) words are told apart."
  }
}

extension TextOptions {
  /// - Parameter table: the options that tables and folders share.
  init(_ table: TableOptions) {
    self.init()
    trainingPart = table.trainingPart
    validationPart = table.validationPart
    seed = table.seed
  }
}

extension DataSet {
  /// Texts that were read.
  /// - Parameter asPlaces: whether a class is a place of one for each, instead of its number.
  init(_ texts: TextData, name: String, asPlaces: Bool = false) throws {
    func part(_ rows: TextRows) throws -> Part {
      let y = rows.y ?? Tensor.zeros([0])
      return Part(x: rows.x, y: asPlaces ? try toCategorical(y, numClasses: texts.preprocessing.classNames?.count ?? 2) : y)
    }
    self.init(
      name: name, train: try part(texts.training), validation: try texts.validation.map(part), test: try texts.test.map(part),
      classNames: texts.preprocessing.classNames, texts: texts.preprocessing)
  }
}
