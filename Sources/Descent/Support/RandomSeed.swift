import Synchronization

/// Sets the seed that models without a seed of their own take theirs from: the n-th such model made after this call always gets
/// the same one. Without a call it is 0, so a program that makes the same models in the same order repeats itself exactly.
public func setRandomSeed(_ seed: UInt64) {
  defaultSeeds.withLock { $0 = (seed, 0) }
}

private let defaultSeeds = Mutex<(seed: UInt64, count: UInt64)>((0, 0))

/// Seeds of a description that is being read, in place of the program's.
private final class SeedStream: Sendable {
  @TaskLocal static var current: SeedStream?
  private let state: Mutex<(seed: UInt64, count: UInt64)>

  init(_ seed: UInt64) { state = Mutex((seed, 0)) }

  /// The seed itself for the outermost model, which is made first, and others for the models in it.
  func next() -> UInt64 {
    state.withLock { state in
      defer { state.count += 1 }
      return state.count == 0 ? state.seed : mixed(state.seed, state.count)
    }
  }
}

/// Runs `body`, whose models without a seed take theirs from this one, the first exactly it; those of the program's other parts go on
/// as if nothing had been.
package func withDefaultSeeds<Result>(from seed: UInt64, _ body: () throws -> Result) rethrows -> Result {
  try SeedStream.$current.withValue(SeedStream(seed), operation: body)
}

package func nextDefaultSeed() -> UInt64 {
  if let stream = SeedStream.current { return stream.next() }
  return defaultSeeds.withLock {
    $0.count += 1
    return mixed($0.seed, $0.count)
  }
}

/// A 64-bit hash of two numbers: the finalizer of SplitMix64 (Steele, Lea & Flood, 2014) over a seed and a stream's number.
package func mixed(_ seed: UInt64, _ stream: UInt64) -> UInt64 {
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
