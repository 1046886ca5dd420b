import TensorCore

/// The loss of a sequence of labels whose places in time are not known: −log of the sum of the probabilities of all ways to say the labels
/// in the steps that there are, where a label may last for several steps and a blank may stand between labels, and must stand between
/// equal ones. The probabilities of a step are the softmax of its logits. (Graves et al., 2006; Keras: `keras.ops.ctc_loss`.)
///
/// Labels that do not fit into the steps have a loss of about 10⁵ instead of infinity, as in Keras; without labels it is that of blanks
/// alone, and without steps and labels 0.
/// - Parameters:
///   - target: the numbers of the labels, `[rows, labels]`, each in 0 ..< classes.
///   - output: logits, `[rows, steps, classes]`.
///   - targetLength: how many labels of each row count, `[rows]`.
///   - outputLength: how many steps of each row count, `[rows]`.
///   - maskIndex: the number of the blank.
/// - Returns: one value per row, `[rows]`, in the dtype of the output.
/// - Precondition: the shapes fit, and the output is floating-point.
public func ctcLoss(_ target: Tensor, _ output: Tensor, targetLength: Tensor, outputLength: Tensor, maskIndex: Int = 0) -> Tensor {
  guard output.rank == 3, output.dtype.isFloatingPoint, target.rank == 2, target.shape[0] == output.shape[0],
    targetLength.shape == [output.shape[0]], outputLength.shape == [output.shape[0]], (0..<output.shape[2]).contains(maskIndex)
  else {
    programmingError(
      "ctcLoss: targets \(target.shape) with lengths \(targetLength.shape), \(output.dtype) outputs \(output.shape) with lengths "
        + "\(outputLength.shape), blank \(maskIndex); expected [rows, labels], [rows], [rows, steps, classes], [rows] and a class")
  }
  let (rows, steps, classes, dtype) = (output.shape[0], output.shape[1], output.shape[2], output.dtype)
  // A row of no labels has one that does not count.
  let labels = target.shape[1] > 0 ? target.cast(to: .int32) : Tensor.zeros([rows, 1], dtype: .int32)
  let count = labels.shape[1]

  let logP = output.logSoftmax()
  let labelLogP = matmul(logP, labels.oneHot(depth: classes, dtype: dtype).transposed([0, 2, 1])).transposed([1, 0, 2])
  let blankLogP = logP[0..<rows, 0..<steps, maskIndex..<(maskIndex + 1)].transposed([1, 0, 2])
  let isCounted = Tensor.arange(0, Double(steps), dtype: .int32).reshaped([steps, 1, 1]) .< outputLength.cast(to: .int32).reshaped([1, rows, 1])

  // Not infinity, whose differences have no derivative.
  let never = -1e5
  let isRepeated = concatenate(
    [labels[0..<rows, 0..<(count - 1)] .== labels[0..<rows, 1..<count], Tensor.zeros([rows, 1], dtype: .bool)], axis: 1)
  let unlessRepeated = select(isRepeated, Tensor(repeating: never, dtype: dtype), Tensor.zeros([], dtype: dtype))
  let ifRepeated = select(isRepeated, Tensor.zeros([], dtype: dtype), Tensor(repeating: never, dtype: dtype))
  // The logarithms of the probabilities to have said the first n labels, with a blank after them or without.
  let blanks = concatenate([Tensor.zeros([rows, 1], dtype: dtype), Tensor(repeating: never, shape: [rows, count], dtype: dtype)], axis: 1)
  let said = Tensor(repeating: never, shape: [rows, count], dtype: dtype)
  func adding(_ values: Tensor, to states: Tensor) -> Tensor {
    concatenate([states[0..<rows, 0..<1], logaddexp(states[0..<rows, 1..<(count + 1)], values)], axis: 1)
  }

  let (final, _) = scan([blanks, said], over: [labelLogP, blankLogP, isCounted]) { state, step in
    let (blank, label) = (state[0], state[1])
    // A label may follow another without a blank, unless they are equal.
    let before = adding(label + unlessRepeated, to: blank)
    let nextLabel = logaddexp(before[0..<rows, 0..<count], label) + step[0]
    let nextBlank = adding(label + ifRepeated + step[1], to: before + step[1])
    return ([select(step[2], nextBlank, blank), select(step[2], nextLabel, label)], [])
  }
  let whole = adding(final[1], to: final[0])
  let place = clip(targetLength.cast(to: .int32), 0, Tensor(number: Double(count))).oneHot(depth: count + 1, dtype: .bool)
  return -select(place, whole, 0).sum(axis: 1)
}

extension Loss {
  /// ``ctcLoss(_:_:targetLength:outputLength:maskIndex:)`` of logits `[rows, steps, classes]` for labels `[rows, labels]`, where 0 is the
  /// blank and fills up rows of fewer labels. All steps count. (Keras: `keras.losses.CTC`.)
  public static let ctc = Loss("CTC", name: "ctc", form: .labelSequences, fromLogits: true) { input in
    let (labels, logits) = (input.target.cast(to: .int32), input.prediction)
    let counts = (labels .!= 0).cast(to: .int32).sum(axis: 1)
    return ctcLoss(
      labels, logits, targetLength: counts, outputLength: Tensor(repeating: Double(logits.shape[1]), shape: [logits.shape[0]], dtype: .int32))
  }
}
