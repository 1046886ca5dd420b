import Foundation
import Optimizers
import TensorCore

/// Writes files that TensorBoard shows: loss, metrics and learning rate of each epoch, and, if asked for, of batches; histograms and
/// pictures of weights; the model's layers; embeddings.
///
///     try model.fit(x, y, callbacks: [TensorBoard(logDirectory: "logs/adam", histogramFrequency: 1)])
///     // then, in a shell:  tensorboard --logdir logs
///
/// The folders `train` and `validation` in `logDirectory` get a new file each run. (Keras: `keras.callbacks.TensorBoard`, with its
/// tags. Different from Keras: with `updateFrequency` `.batches(n)` the numbers of epochs are written whatever n is, where Keras leaves
/// them out unless n divides the number of batches so far; the layers are written as a graph of operations too, since TensorBoard's page
/// shows that first; vectors lie, and pictures of weights are grey where a weight is 0, white and black where it is as far from it as any of them, where
/// Keras shows all that is not between 0 and 1 as black or white; embeddings are written as the table of numbers that TensorBoard's
/// projector reads, not as a file of weights, which it does not, and in `train`, where it looks whatever folder it is started with; a step
/// cannot be profiled.)
public final class TensorBoard: Callback {
  /// How often the numbers of batches are written.
  public enum UpdateFrequency: Sendable, Equatable {
    /// Not at all: only epochs'. (Keras: `"epoch"`.)
    case epoch
    /// Every batch's. (Keras: `"batch"`.)
    case batch
    /// Those of every so many batches, counted through all epochs.
    case batches(Int)
  }

  /// Files with names of an embedding's rows, one a line; see TensorBoard's projector.
  public enum EmbeddingsMetadata: Sendable, ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral {
    /// One file for all embeddings.
    case all(String)
    /// By the layer's name.
    case byLayer([String: String])

    public init(stringLiteral path: String) { self = .all(path) }
    public init(dictionaryLiteral paths: (String, String)...) { self = .byLayer(Dictionary(paths) { $1 }) }
  }

  /// The folder; see the initializer.
  public let logDirectory: String
  private let histogramFrequency: Int
  private let writesGraph: Bool
  private let writesImages: Bool
  private let writesStepsPerSecond: Bool
  private let updateFrequency: UpdateFrequency
  private let profileBatch: Int
  private let embeddingsFrequency: Int
  private let embeddingsMetadata: EmbeddingsMetadata?

  private var writers: [String: EventFile] = [:]
  private var trainBatches = 0
  private var isTraining = false
  private var batchStart = 0.0
  private var epochStart = 0.0
  private var iterationsBefore = 0

  /// - Parameters:
  ///   - logDirectory: the folder for the files. (Keras: `log_dir`.)
  ///   - histogramFrequency: epochs from one histogram of all weights to the next; 0 for none.
  ///   - writesGraph: whether the model's layers are written, of a ``Sequential`` or a model of inputs and outputs.
  ///   - writesImages: whether weights are shown as pictures too, when there are histograms.
  ///   - writesStepsPerSecond: whether the number of steps a second is written.
  ///   - updateFrequency: how often numbers of batches are written.
  ///   - profileBatch: 0; the kernels of a step and their times are shown by ``Model/explainTrainingStep(_:_:sampleWeight:)``.
  ///   - embeddingsFrequency: epochs from one writing of embeddings to the next; 0 for none.
  ///   - embeddingsMetadata: files with names of the embeddings' rows, in `logDirectory` if their paths are relative. They are copied
  ///     beside the embeddings.
  public init(
    logDirectory: String = "logs", histogramFrequency: Int = 0, writesGraph: Bool = true, writesImages: Bool = false,
    writesStepsPerSecond: Bool = false, updateFrequency: UpdateFrequency = .epoch, profileBatch: Int = 0, embeddingsFrequency: Int = 0,
    embeddingsMetadata: EmbeddingsMetadata? = nil
  ) {
    self.logDirectory = logDirectory
    self.histogramFrequency = histogramFrequency
    self.writesGraph = writesGraph
    self.writesImages = writesImages
    self.writesStepsPerSecond = writesStepsPerSecond
    self.updateFrequency = updateFrequency
    self.profileBatch = profileBatch
    self.embeddingsFrequency = embeddingsFrequency
    self.embeddingsMetadata = embeddingsMetadata
  }

  /// One that writes the same to another folder.
  package func writing(to folder: String) -> TensorBoard {
    TensorBoard(
      logDirectory: folder, histogramFrequency: histogramFrequency, writesGraph: writesGraph, writesImages: writesImages,
      writesStepsPerSecond: writesStepsPerSecond, updateFrequency: updateFrequency, profileBatch: profileBatch,
      embeddingsFrequency: embeddingsFrequency, embeddingsMetadata: embeddingsMetadata)
  }

  public override var runsOnEveryRank: Bool { false }

  public override func onTrainBegin() throws {
    if profileBatch != 0 {
      throw DescentError(
        .invalidArgument,
        "TensorBoard: profileBatch is \(profileBatch); expected 0: TensorBoard's profiler reads traces of TensorFlow and JAX. explainTrainingStep tells what a step does, and descent explain how long")
    }
    try requireCount(histogramFrequency, "histogramFrequency")
    try requireCount(embeddingsFrequency, "embeddingsFrequency")
    if case .batches(let count) = updateFrequency, count < 1 {
      throw DescentError(.invalidArgument, "TensorBoard: updateFrequency is \(count) batches; it must be at least 1")
    }
    isTraining = true
    trainBatches = 0
    writers = [:]
    if embeddingsFrequency > 0 { try writeProjector() }
    if writesGraph, let model, model is Sequential || model.graph != nil {
      try writer("train").add(graph: model.knownGraph().graphDefinition)
      // A model that cannot be written has no description, which is no reason not to train it.
      if let json = try? model.json() { try writer("train").add(kerasModel: json.text()) }
    }
  }

  public override func onTrainEnd(_ logs: Logs) throws {
    isTraining = false
    try close()
  }

  public override func onEpochBegin(_ epoch: Int) { beginCounting() }

  private func beginCounting() {
    epochStart = monotonicSeconds()
    iterationsBefore = model?.optimizerState?.iterations ?? 0
  }

  public override func onTrainBatchBegin(_ batch: Int) {
    trainBatches += 1
    batchStart = monotonicSeconds()
  }

  public override func onTrainBatchEnd(_ batch: Int, _ logs: Logs) throws {
    switch updateFrequency {
    case .epoch: return
    case .batch: break
    case .batches(let count): if trainBatches % count != 0 { return }
    }
    let file = try writer("train")
    if writesStepsPerSecond {
      try file.add(scalar: 1 / max(monotonicSeconds() - batchStart, 1e-9), "batch_steps_per_second", step: trainBatches)
    }
    for name in logs.names { try file.add(scalar: logs[name] ?? .nan, "batch_\(name)", step: trainBatches) }
  }

  public override func onTestEnd(_ logs: Logs) throws {
    if let iterations = model?.optimizerState?.iterations {
      let file = try writer("validation")
      for name in logs.names { try file.add(scalar: logs[name] ?? .nan, "evaluation_\(name)_vs_iterations", step: iterations) }
    }
    if !isTraining { try close() }
  }

  public override func onEpochEnd(_ epoch: Int, _ logs: Logs) throws {
    guard let model else { return }
    let isValidation = { (name: String) in name.hasPrefix("val_") }
    var numbers = logs.names.filter { !isValidation($0) && $0 != "learning_rate" }.map { ($0, logs[$0] ?? .nan) }
    for (name, rate) in try learningRates(of: model) { numbers.append((name, rate)) }
    if writesStepsPerSecond {
      let steps = (model.optimizerState?.iterations ?? 0) - iterationsBefore
      numbers.append(("steps_per_second", Double(steps) / max(monotonicSeconds() - epochStart, 1e-9)))
    }
    let train = try writer("train")
    for (name, value) in numbers { try train.add(scalar: value, "epoch_\(name)", step: epoch) }
    for name in logs.names.filter(isValidation) {
      try writer("validation").add(scalar: logs[name] ?? .nan, "epoch_\(name.dropFirst(4))", step: epoch)
    }
    if histogramFrequency > 0 && epoch % histogramFrequency == 0 { try writeWeights(model, epoch, train) }
    if embeddingsFrequency > 0 && epoch % embeddingsFrequency == 0 { try writeEmbeddings() }
    for file in writers.values { try file.flush() }
  }

  /// How many batches there were, so that a run that goes on counts on.
  public override func state() -> CallbackState? { CallbackState(JSONObject([("batches", JSONValue(trainBatches))])) }

  public override func restore(_ state: CallbackState) throws {
    trainBatches = try state.integer("batches", of: self) ?? 0
    // An epoch that is gone on with has the speed of its rest.
    beginCounting()
  }

  private func learningRates(of model: Model) throws -> [(String, Double)] {
    guard let state = model.optimizerState else { return [] }
    let optimizer = (state.optimizer as? LossScaleOptimizer)?.innerOptimizer ?? state.optimizer
    guard let several = optimizer as? MultiOptimizer else { return [("learning_rate", state.learningRate)] }
    return zip(several.parts, state.learningRates).map { part, rate in
      ("learning_rate_" + (part.options.name ?? type(of: part).className.lowercased()), rate)
    }
  }

  private func writer(_ part: String) throws -> EventFile {
    if let file = writers[part] { return file }
    let file = try EventFile(in: "\(logDirectory)/\(part)")
    writers[part] = file
    return file
  }

  private func close() throws {
    for file in writers.values { try file.close() }
    writers = [:]
  }

  // MARK: - Weights

  private func writeWeights(_ model: Model, _ epoch: Int, _ file: EventFile) throws {
    for variable in model.layers.flatMap(\.variables) {
      let values = variable.value
      let name = variable.path.replacingOccurrences(of: ":", with: "_")
      try file.add(histogramOf: values.doubles, "\(name)/histogram", step: epoch)
      if writesImages { try writeImage(values, "\(name)/image", epoch, file) }
    }
  }

  /// A vector is one row, a matrix lies on its side, a kernel's channels are pictures of their own; other shapes are none.
  private func writeImage(_ weight: Tensor, _ tag: String, _ epoch: Int, _ file: EventFile) throws {
    let sizes = weight.shape.filter { $0 != 1 }
    let flat = weight.reshaped(sizes)
    let images: Tensor
    switch sizes.count {
    case 1: images = flat.reshaped([1, 1, sizes[0], 1])
    case 2: images = (sizes[0] > sizes[1] ? flat.transposed() : flat).expandingFirstAndLast
    case 3: images = flat.transposed([2, 0, 1]).reshaped([sizes[2], sizes[0], sizes[1], 1])
    case 4: images = flat
    default: return
    }
    let shape = images.shape
    guard [1, 3, 4].contains(shape[3]) else { return }
    // 0 is in the middle, on one scale for all that is shown: most weights are small, and half of them are negative.
    let numbers = images.doubles, size = shape[1] * shape[2] * shape[3], count = min(shape[0], TensorBoard.greatestImageCount)
    let greatest = numbers.prefix(count * size).reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
    let bytes = numbers.prefix(count * size).map { number -> UInt8 in
      if number.isNaN { return 0 }
      return UInt8(min(max(127.5 + 127.5 * (greatest > 0 ? number / greatest : 0), 0), 255).rounded())
    }
    let files = (0..<count).map {
      PNGWriter.bytes(Array(bytes[($0 * size)..<(($0 + 1) * size)]), width: shape[2], height: shape[1], channels: shape[3])
    }
    try file.add(images: files, width: shape[2], height: shape[1], tag, step: epoch)
  }

  private static let greatestImageCount = 3

  // MARK: - Embeddings

  private var embeddings: [Embedding] { model?.layers.compactMap { $0 as? Embedding } ?? [] }

  private func table(of layer: Embedding, _ ending: String = "") -> String { "keras_embedding-\(layer.name)\(ending).tsv" }

  private func writeProjector() throws {
    var paths: [String: String] = [:]
    if case .byLayer(let given)? = embeddingsMetadata {
      paths = given
      let unknown = given.keys.filter { name in !embeddings.contains { $0.name == name } }.sorted()
      if !unknown.isEmpty {
        throw DescentError(
          .invalidArgument,
          "TensorBoard: embeddingsMetadata names \(unknown.joined(separator: ", ")); the model's embeddings are \(embeddings.map(\.name).joined(separator: ", "))")
      }
    }
    try makeFolder("\(logDirectory)/train")
    func quoted(_ text: String) -> String { JSONValue.string(text).text() }
    var text = ""
    for layer in embeddings {
      text += "embeddings {\n  tensor_name: \(quoted(layer.name))\n  tensor_path: \(quoted(table(of: layer)))\n"
      var path = paths[layer.name]
      if case .all(let one)? = embeddingsMetadata { path = one }
      if let path {
        // Beside the configuration: the projector reads nothing elsewhere.
        let copy = table(of: layer, "-metadata")
        let names = try ByteSource(path: path.hasPrefix("/") ? path : "\(logDirectory)/\(path)").allBytes()
        try writeFile("\(logDirectory)/train/\(copy)") { try $0.write(names) }
        text += "  metadata_path: \(quoted(copy))\n"
      }
      text += "}\n"
    }
    try writeFile("\(logDirectory)/train/projector_config.pbtxt", text: text)
  }

  private func writeEmbeddings() throws {
    for layer in embeddings {
      guard let weight = layer.variables.first?.value, let width = weight.shape.last, width > 0 else { continue }
      let numbers = weight.doubles
      let rows = stride(from: 0, to: numbers.count, by: width).map { start in
        numbers[start..<(start + width)].map { "\(Float($0))" }.joined(separator: "\t")
      }
      try writeFile("\(logDirectory)/train/\(table(of: layer))", text: rows.joined(separator: "\n") + "\n")
    }
  }
}

extension Tensor {
  /// A matrix as one picture of one channel.
  fileprivate var expandingFirstAndLast: Tensor { reshaped([1] + shape + [1]) }
}
