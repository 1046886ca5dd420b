import Foundation
import TensorCore

/// Saves the model while it is trained: after each epoch, after so many batches, or whenever it is the best so far. (Keras:
/// `keras.callbacks.ModelCheckpoint`.)
///
///     ModelCheckpoint("best.keras", saveBestOnly: true)
///     ModelCheckpoint("weights-{epoch:02d}-{val_loss:.2f}.safetensors")
///
/// The path may name the epoch, counted from 1, the batch, and any number of the logs, with a format as Python has it. Files are
/// replaced at once or not at all. An epoch that is not validated is passed over where a number of validation is monitored or part of the
/// path. With ``BackupAndRestore`` the best number outlives a killed run, so that a worse model does not
/// replace the best one.
public final class ModelCheckpoint: Callback {
  /// The file; see the initializer.
  public let path: String
  /// The number that is watched, as it is called in the logs.
  public let monitor: String
  /// Whether it is written only when the number that is watched has improved.
  public let saveBestOnly: Bool
  /// Whether less is better or more.
  public let mode: MonitorMode
  /// When it is written.
  public let saveFrequency: SaveFrequency
  /// Only a number better than this one is saved.
  public let initialValueThreshold: Double?
  /// Whether files hold weights alone; nil where the path's ending says it.
  public let saveWeightsOnly: Bool?
  /// Whether it says what it writes.
  public let verbose: Verbosity
  /// The file that was written last.
  public private(set) var lastPath: String?

  private let format: ModelFormat?
  private var watch: Monitor?
  private var epoch = 0
  /// The batch that was ended last; the epoch's first is 0.
  private var lastBatch = -1
  private var batches = 0

  /// - Parameters:
  ///   - path: where to write, with `{…}` for what changes.
  ///   - monitor: the number to go by with `saveBestOnly`.
  ///   - saveBestOnly: whether to write only when that number has improved.
  ///   - mode: whether less is better or more; `.auto` asks the loss or metric itself.
  ///   - saveFrequency: after each epoch, or after so many batches.
  ///   - initialValueThreshold: the number to beat at first.
  ///   - saveWeightsOnly: whether files are to hold weights alone, which the path's ending (or `format`) says: one that says otherwise is an
  ///     error. Nil for what the ending says.
  ///   - format: nil for the one that the path's ending tells. `import KerasFiles` for `.keras` and `.weights.h5`.
  ///   - verbose: 1 to print a line when it writes, or finds no improvement; 0 for nothing.
  public init(
    _ path: String, monitor: String = "val_loss", saveBestOnly: Bool = false, mode: MonitorMode = .auto,
    saveFrequency: SaveFrequency = .epoch, initialValueThreshold: Double? = nil, saveWeightsOnly: Bool? = nil,
    format: ModelFormat? = nil, verbose: Verbosity = 0
  ) {
    self.path = path
    self.monitor = monitor
    self.saveBestOnly = saveBestOnly
    self.mode = mode
    self.saveFrequency = saveFrequency
    self.initialValueThreshold = initialValueThreshold
    self.saveWeightsOnly = saveWeightsOnly
    self.format = format
    self.verbose = verbose
  }

  public override var runsOnEveryRank: Bool { false }

  public override func onTrainBegin() throws {
    let format = try format ?? ModelFormat(path: path, "ModelCheckpoint") { $0.isWritable }
    if let saveWeightsOnly, saveWeightsOnly == format.isWholeModel {
      let suitable = ModelFormat.known { $0.isWritable && $0.isWholeModel != saveWeightsOnly }
      throw DescentError(
        .invalidArgument,
        """
        ModelCheckpoint: saveWeightsOnly is \(saveWeightsOnly), and such files as \(path.debugDescription) hold \
        \(saveWeightsOnly ? "whole models" : "weights alone"); expected one of \(suitable)
        """)
    }
    try verbose.validate("ModelCheckpoint")
    try saveFrequency.validate("ModelCheckpoint")
    if saveBestOnly, case .batches = saveFrequency, monitor.hasPrefix("val_") {
      throw DescentError(
        .invalidArgument,
        "ModelCheckpoint: there is no '\(monitor)' to monitor after a batch: numbers of validation belong to epochs; expected a number of training, or saveFrequency .epoch")
    }
    // What changes in the name is known later; that something can be written there is not left to the end of an epoch.
    try checkWritable(path)
    watch = nil
    batches = 0
  }

  public override func onEpochBegin(_ epoch: Int) {
    self.epoch = epoch
    lastBatch = -1
  }

  public override func onEpochEnd(_ epoch: Int, _ logs: Logs) throws {
    if saveFrequency == .epoch { try save(epoch: epoch, batch: nil, logs) }
  }

  public override func onTrainBatchEnd(_ batch: Int, _ logs: Logs) throws {
    guard case .batches(let count) = saveFrequency else { return }
    // Several at once where `compile` was given stepsPerExecution.
    batches += batch > lastBatch ? batch - lastBatch : batch + 1
    lastBatch = batch
    if batches >= count {
      batches = 0
      try save(epoch: epoch, batch: batch, logs)
    }
  }

  private func save(epoch: Int, batch: Int?, _ logs: Logs) throws {
    guard let model else { return }
    let run = batch == nil ? parameters : nil
    let template = PathTemplate(path)
    // An epoch without validation has no file where the numbers of validation are in its name, and so is not the best of those that have.
    if template.names.contains(where: { logs.areDue($0, run) }) { return }
    var improvement = ""
    if saveBestOnly {
      var watch = self.watch ?? newMonitor(in: model, state: nil)
      defer { self.watch = watch }
      guard let value = try watch.value(in: logs, isEpoch: run, for: "ModelCheckpoint") else { return }
      let best = watch.best.map { String(format: "%.5f", $0) } ?? "none"
      guard watch.isImprovement(value) else {
        say("Epoch \(epoch + 1): \(monitor) did not improve from \(best)", if: verbose)
        return
      }
      improvement = "\(monitor) improved from \(best) to \(String(format: "%.5f", value)), "
      watch.accept(value)
    }
    let path = try template.filled(epoch: epoch + 1, batch: batch.map { $0 + 1 }, logs)
    say("Epoch \(epoch + 1): \(improvement)saving model to \(path)", if: verbose)
    try (format ?? ModelFormat(path: path, "ModelCheckpoint") { $0.isWritable }).save(model, path)
    lastPath = path
  }

  private func newMonitor(in model: Model, state: JSONValue?) -> Monitor {
    var monitor = Monitor(monitor, mode: mode, minDelta: 0, in: model, state: state)
    if monitor.best == nil, let initialValueThreshold { monitor.accept(initialValueThreshold) }
    return monitor
  }

  public override func state() -> CallbackState? {
    CallbackState(JSONObject([("best", watch?.state ?? .null), ("batches", JSONValue(batches)), ("last_batch", JSONValue(lastBatch)), ("epoch", JSONValue(epoch))]))
  }

  public override func restore(_ state: CallbackState) throws {
    guard let model else { return }
    batches = try state.integer("batches", of: self) ?? 0
    lastBatch = try state.integer("last_batch", in: -1...ElementCount.limit, of: self) ?? -1
    epoch = try state.integer("epoch", of: self) ?? 0
    if saveBestOnly { watch = newMonitor(in: model, state: state["best"]) }
  }
}

/// A path with `{epoch:02d}`, `{val_loss:.2f}` in it.
struct PathTemplate {
  private let text: String

  init(_ text: String) { self.text = text }

  /// What stands between the braces.
  var names: [String] {
    text.split(separator: "{", omittingEmptySubsequences: false).dropFirst().compactMap { part in
      part.contains("}") ? part.prefix { $0 != "}" && $0 != ":" }.description : nil
    }
  }

  func filled(epoch: Int, batch: Int?, _ logs: Logs) throws -> String {
    var result = ""
    var rest = text[...]
    while let open = rest.firstIndex(of: "{") {
      guard let close = rest[open...].firstIndex(of: "}") else { break }
      result += rest[..<open]
      let parts = rest[rest.index(after: open)..<close].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      result += try value(String(parts[0]), format: parts.count > 1 ? String(parts[1]) : "", epoch, batch, logs)
      rest = rest[rest.index(after: close)...]
    }
    return result + rest
  }

  private func value(_ name: String, format: String, _ epoch: Int, _ batch: Int?, _ logs: Logs) throws -> String {
    let letters = format.drop { $0.isNumber || $0 == "." }
    guard letters.count <= 1, format.count <= 8 else { throw fault("'\(format)' is not a format") }
    let specification = String(format.dropLast(letters.count))
    switch (name, letters) {
    case ("epoch", "d"), ("epoch", ""): return String(format: "%\(specification)d", epoch)
    case ("batch", "d"), ("batch", ""):
      guard let batch else { throw fault("there is no batch after an epoch") }
      return String(format: "%\(specification)d", batch)
    default:
      guard let value = logs[name] else { throw fault("there is no '\(name)'; there are epoch, \(logs.names.joined(separator: ", "))") }
      guard ["f", "e", "g", ""].contains(letters) else { throw fault("'\(format)' is not a format for a number") }
      return letters.isEmpty ? "\(value)" : String(format: "%\(specification)\(letters)", value)
    }
  }

  private func fault(_ message: String) -> DescentError { DescentError(.invalidArgument, "ModelCheckpoint: \(text): \(message)") }
}
