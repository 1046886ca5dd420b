import TensorCore

/// What a model gives its layers to build with: the dtype of their variables and streams of random numbers.
final class ModelBuilder {
  let dtype: DType
  /// For random numbers in forward passes.
  let random: RandomGenerator
  private var seed: UInt64
  private var streamCount: UInt64 = 0
  private var owned: Set<ObjectIdentifier> = []
  /// How many elements the variables may still have; a description from a file may ask for any number.
  var elementsLeft = Int.max

  init(dtype: DType, seed: UInt64) {
    self.dtype = dtype
    self.seed = seed
    random = RandomGenerator(seed: mixed(seed, 0), name: "random")
    // It belongs to the model, not to the layer that draws first.
    _ = claim(random.state)
  }

  func reseed(_ newSeed: UInt64) {
    seed = newSeed
    streamCount = 0
    random.state.assign(RandomGenerator(seed: mixed(newSeed, 0)).state.value)
  }

  /// The stream of random numbers of the next variable. It depends on the seed and on how many were asked for before.
  func nextGenerator() -> RandomGenerator {
    streamCount += 1
    return RandomGenerator(seed: mixed(seed, streamCount))
  }

  /// Counts a variable's elements before memory is taken for them.
  /// - Throws: ``DescentError`` if there are more than can be, or than there may be.
  func reserve(_ shape: [Int], for owner: String) throws {
    let count = try ModelBuilder.elementCount(shape, of: owner)
    guard count <= elementsLeft else {
      throw DescentError(
        .invalidArgument, "\(owner): a variable of shape \(shape) has more elements than the \(elementsLeft) that the model may still have")
    }
    elementsLeft -= count
  }

  /// The number of elements of a variable or of a row.
  /// - Throws: ``DescentError`` if no machine could hold so many.
  static func elementCount(_ shape: [Int], of owner: String) throws -> Int {
    var count = 1
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow, product <= greatestElementCount else {
        throw DescentError(.invalidArgument, "\(owner): \(shape) is too large, or not a shape")
      }
      count = product
    }
    return count
  }

  private static let greatestElementCount = 1 << 40

  /// True for the first layer that asks for the variable.
  func claim(_ variable: Variable) -> Bool { owned.insert(ObjectIdentifier(variable)).inserted }

  /// Gives variables up, for whichever layer asks next.
  func release(_ variables: [Variable]) { owned.subtract(variables.map(ObjectIdentifier.init)) }
}
