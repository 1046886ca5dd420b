import Synchronization
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
}

/// Sets the seed that models without a seed of their own take theirs from: the n-th such model made after this call always gets
/// the same one. Without a call it is 0, so a program that makes the same models in the same order repeats itself exactly.
public func setRandomSeed(_ seed: UInt64) {
  defaultSeeds.withLock { $0 = (seed, 0) }
}

private let defaultSeeds = Mutex<(seed: UInt64, count: UInt64)>((0, 0))

func nextDefaultSeed() -> UInt64 {
  defaultSeeds.withLock {
    $0.count += 1
    return mixed($0.seed, $0.count)
  }
}

/// A 64-bit hash of two numbers: the finalizer of SplitMix64 (Steele, Lea & Flood, 2014) over a seed and a stream's number.
func mixed(_ seed: UInt64, _ stream: UInt64) -> UInt64 {
  var generator = SplitMix64(state: seed)
  generator.state ^= generator.next() &+ stream &* 0xD134_2543_DE82_EF95
  return generator.next()
}

/// SplitMix64 (Steele, Lea & Flood, "Fast splittable pseudorandom number generators", 2014).
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
