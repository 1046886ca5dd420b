import TensorCore

/// What `fit` judges a model on after its epochs: rows in memory, or a stream of batches.
enum ValidationSource {
  case rows(x: any ModelData, y: any ModelData, sampleWeight: (any ModelData)?)
  case stream(any DataStream)

  var stream: (any DataStream)? { if case .stream(let stream) = self { stream } else { nil } }

  /// The rows in memory, looked through; nil for a stream.
  /// - Throws: ``DescentError`` if they do not fit the model.
  func evaluation(of model: Model, batchSize: Int, steps: Int?) throws -> Evaluation? {
    guard case .rows(let x, let y, let sampleWeight) = self else { return nil }
    let checked = try CheckedData(x: x, y: y, sampleWeight: sampleWeight, of: model, "fit", label: "validation ")
    try model.prepare(for: checked, "fit")
    var result = Evaluation(data: checked, rows: 0..<checked.count)
    result.batchSize = batchSize
    result.steps = steps
    return result
  }
}
