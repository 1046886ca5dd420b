import CMPI
import Foundation
@_exported import Descent

/// The processes of a program that was started several times over: by `mpirun`, by a cluster's `srun`, or by whatever else starts programs
/// of MPI (https://www.mpi-forum.org/docs/mpi-3.1/mpi31-report.pdf).
///
///     let group = try MPIGroup.world()
///     try model.fit(x, y, batchSize: 128, epochs: 10, group: group)
///
/// The MPI library is loaded when ``world()`` is first called in a program that was started so: Open MPI, or MPICH and what keeps to its binary
/// interface, whichever's launcher it was. The environment variable `DESCENT_MPI` names another one: a path, or a name such as
/// `libmpich.so.12`. Nothing of MPI is needed to build.
///
/// A member that throws an error out of `fit` tells the others, whose `fit` throws one that names it. One that ends with a status other than 0
/// ends all; so does the launcher where one is killed.
public final class MPIGroup: ProcessGroup {
  public let rank: Int
  public let size: Int
  /// What the library calls itself: `Open MPI v4.1.4`.
  public let library: String

  private init() {
    rank = Int(cmpi_rank())
    size = Int(cmpi_size())
    library = String(cString: cmpi_library())
  }

  /// All processes that were started together; for a program that was started alone a group of one.
  /// - Throws: ``DescentError`` if there is no MPI library that fits the launcher, or it cannot begin.
  public static func world() throws -> any ProcessGroup {
    switch started {
    case .success(let group): return group
    case .failure(let error): throw error
    }
  }

  private static let started: Result<any ProcessGroup, DescentError> = {
    do {
      let launcher = try MPILauncher(ProcessInfo.processInfo.environment)
      guard let names = launcher.libraries else { return .success(SingleProcess()) }
      var error = [CChar](repeating: 0, count: 512)
      let texts = names.map { strdup($0) }
      defer { texts.forEach { free($0) } }
      let pointers: [UnsafePointer<CChar>?] = texts.map { $0.map { UnsafePointer($0) } } + [nil]
      guard cmpi_start(pointers, &error, error.count) == 0 else {
        let reason = String(decoding: error.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
        throw DescentError(
          .state, "MPI: \(reason); the launcher asks for \(names.joined(separator: " or ")) (scripts/setup.sh --mpi installs Open MPI; DESCENT_MPI names another library)")
      }
      let group = MPIGroup()
      try launcher.check(size: group.size, library: group.library)
      // Whatever the launcher says of it: processes of one machine give it one name.
      let machines = try group.gather(machineName)
      MPILauncher.shareProcessors(ProcessInfo.processInfo, among: machines.count { $0 == machines[group.rank] })
      return .success(group)
    } catch {
      return .failure(error as? DescentError ?? DescentError(.state, "MPI: \(error)"))
    }
  }()

  private static var machineName: String {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  // MARK: - Transfers

  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws {
    for start in stride(from: 0, to: bytes.count, by: MPIGroup.greatestCount) {
      let part = UnsafeMutableRawBufferPointer(rebasing: bytes[start..<min(start + MPIGroup.greatestCount, bytes.count)])
      try check(cmpi_broadcast(part.baseAddress, Int32(part.count), Int32(root)))
    }
  }

  public func allGather(_ bytes: UnsafeMutableRawBufferPointer, counts: [Int]) throws {
    let layout = try layout(counts, of: bytes.count)
    try check(cmpi_all_gather(bytes.baseAddress, layout.counts, layout.places))
  }

  public func allToAll(
    _ sent: UnsafeRawBufferPointer, counts: [Int], into received: UnsafeMutableRawBufferPointer, counts receivedCounts: [Int]
  ) throws {
    let out = try layout(counts, of: sent.count), back = try layout(receivedCounts, of: received.count)
    try check(cmpi_all_to_all(sent.baseAddress, out.counts, out.places, received.baseAddress, back.counts, back.places))
  }

  public func barrier() throws { try check(cmpi_barrier()) }

  public func fail(_ message: String) { cmpi_tell(message) }

  /// MPI counts in 32 bits.
  private static let greatestCount = 1 << 30

  private func layout(_ counts: [Int], of byteCount: Int) throws -> (counts: [Int32], places: [Int32]) {
    guard counts.count == size, counts.allSatisfy({ $0 >= 0 }), counts.reduce(0, +) <= byteCount else {
      throw DescentError(.invalidArgument, "MPI: \(counts.count) parts of \(counts.reduce(0, +)) bytes for \(size) ranks and a buffer of \(byteCount) bytes")
    }
    guard byteCount <= Int(Int32.max) else { throw DescentError(.invalidArgument, "MPI: \(byteCount) bytes are more than one call moves") }
    var place: Int32 = 0
    let places = counts.map { count in
      defer { place += Int32(count) }
      return place
    }
    return (counts.map { Int32($0) }, places)
  }

  private func check(_ outcome: Int32) throws {
    if Int(outcome) == CMPI_DONE { return }
    let text = String(cString: cmpi_told()), teller = cmpi_told_by()
    if teller == rank { throw DescentError(.state, "rank \(rank) failed before: \(text)") }
    throw DescentError(.state, teller >= 0 ? "rank \(teller) failed: \(text)" : "rank \(rank): MPI failed: \(text)")
  }
}
