import ArgumentParser
import DescentImages
import Foundation
import KerasFiles

extension TrainCommand {
  /// Trains on a folder of pictures, and leaves a model that knows their size and what their classes are called.
  func runImages(_ given: Model?, _ results: Results) throws {
    try refuseSeveralProcesses("pictures")
    if let report = tableOptions.report { try checkWritable(report) }
    try modelOptions.refuseDenseLayers("pictures")
    let seed = taskOptions.seed ?? TaskOptions.defaultSeed
    let options = imageOptions.options(try tableOptions.options(seed: seed, validationSplit: validationSplit))
    if verbose != .silent { Output.line("Reading the pictures in \(dataOptions.data) …") }
    let data: ImageData
    if let known = given?.images {
      if imageOptions.isUsed { throw ValidationError("The model knows its pictures and how they are changed; leave \(ImageTrainingOptions.names) out.") }
      data = try ImageData(dataOptions.data, preparedBy: known, options: options)
    } else if let given {
      if imageOptions.augmentation != nil { throw ValidationError("--augmentation is for a new network; what changes pictures is part of a model.") }
      data = try ImageData(dataOptions.data, options: options.fitting(given))
    } else {
      data = try ImageData(dataOptions.data, options: options)
    }
    let preprocessing = data.preprocessing, changes = given == nil ? try imageOptions.changes : []
    let model = try given ?? preprocessing.network(augmentation: changes, seed: seed)
    try model.compile(forClasses: preprocessing.classNames.count, of: "pictures", taskOptions, optimizerOptions.spelling)
    model.images = preprocessing
    let set = try DataSet(data, name: dataOptions.data, asPlaces: model.takesPlaces)
    let rows = taskOptions.rows(of: data.training.count)
    let plan = FolderPlan(epochs: epochs, steps: taskOptions.steps(over: data.training.count), hasValidation: data.validation != nil)
    try blamingData(set.name) { try model.check(set.train.x, set.train.y, "fit") }
    try set.check(model)
    let settings = try RunSettings(
      model, set, initialWeights: modelOptions.model, seed: taskOptions.seed, batchSize: rows, validationSplit: 1 - options.trainingPart, shuffle: shuffle)
    if try !begins(results, settings) { return }
    for remark in data.remarks { Output.remark(remark) }
    if verbose != .silent { Output.line(ImageDescription(folder: dataOptions.data, data: data, changes: changes).text + plan.description(of: model)) }
    let weights = tableOptions.classWeight == .balanced ? data.balancedClassWeights : nil
    let history = try fit(model, set, plan, rows: rows, classWeights: weights, results, settings)
    let written = try results.write(model, history, withModel: true)
    try finish(results, history, written.text)
    let (part, judged) = data.judged
    let predictions = try model.predictions(judged), scores = try predictions.scores(truths: judged.y, things: "pictures")
    if let report = tableOptions.report {
      let page = ImageReport(
        folder: dataOptions.data, data: data, changes: changes, history: history, part: "\(part), \(grouped(judged.count)) pictures", rows: judged,
        predictions: predictions, scores: scores)
      try writeFile(report, text: page.html)
    }
    tell(history, scores, part, things: "pictures", written) { "Other pictures are told apart by: descent predict --model \($0) --data FOLDER --out predictions.csv" }
  }
}

extension ImageOptions {
  /// The size and the channels that a model takes, where it says so.
  func fitting(_ model: Model) throws -> ImageOptions {
    guard let shape = model.inputShape else { return self }
    guard shape.count == 3, let mode = [1: ColorMode.grayscale, 3: .rgb, 4: .rgba][shape[2]] else {
      throw DescentError(.data, "the model takes rows of shape \(shape); pictures are [height, width, channels] with 1, 3 or 4 channels")
    }
    var result = self
    if let imageSize, [imageSize.height, imageSize.width] != Array(shape[..<2]) {
      throw DescentError(.invalidArgument, "--image-size is \(imageSize.height),\(imageSize.width), and the model takes pictures of \(shape[0]) × \(shape[1])")
    }
    if let colorMode, colorMode != mode { throw DescentError(.invalidArgument, "--color-mode is \(colorMode.rawValue), and the model takes \(mode.rawValue)") }
    result.imageSize = (shape[0], shape[1])
    result.colorMode = mode
    return result
  }
}

extension DataSet {
  /// Pictures that were read.
  /// - Parameter asPlaces: whether a class is a place of one for each, instead of its number.
  init(_ images: ImageData, name: String, asPlaces: Bool = false) throws {
    func part(_ rows: ImageRows) throws -> Part {
      let y = rows.y ?? Tensor.zeros([0])
      return Part(x: try rows.x, y: asPlaces ? try toCategorical(y, numClasses: images.preprocessing.classNames.count) : y)
    }
    self.init(
      name: name, train: try part(images.training), validation: try images.validation.map(part), test: try images.test.map(part),
      classNames: images.preprocessing.classNames, images: images.preprocessing)
  }
}
