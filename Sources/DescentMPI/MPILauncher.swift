import Descent
import Foundation

/// What started the program, as its environment tells, and the MPI libraries that go with it.
struct MPILauncher {
  /// The names to try, in order; nil if the program was started alone.
  let libraries: [String]?
  /// How many processes it says that it has started; nil if it does not say.
  let processCount: Int?

  private static let openMPI = ["libmpi.so.40", "libmpi.so"]
  private static let mpich = ["libmpich.so.12", "libmpi.so.12", "libmpich.so"]

  /// - Throws: ``DescentError`` if several processes were started that cannot find each other.
  init(_ environment: [String: String]) throws {
    func has(_ names: String...) -> Bool { names.contains { environment[$0] != nil } }
    let isOpenMPI = has("OMPI_COMM_WORLD_SIZE", "PMIX_RANK"), isMPICH = has("PMI_RANK", "PMI_SIZE", "PMI_FD")
    guard isOpenMPI || isMPICH else {
      // Slurm says how many it started, even where it tells them nothing of each other.
      if let count = environment["SLURM_STEP_NUM_TASKS"].flatMap(Int.init), count > 1 {
        throw DescentError(
          .state,
          "MPI: srun started \(count) processes and gave them no means to find each other; use srun --mpi=pmix (Open MPI) or --mpi=pmi2 (MPICH)")
      }
      (libraries, processCount) = (nil, nil)
      return
    }
    // Under Open MPI's launcher the variables of srun may be those of its helpers, one a machine.
    processCount = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"].lazy.compactMap { environment[$0].flatMap(Int.init) }.first
    libraries = environment["DESCENT_MPI"].map { [$0] } ?? (isOpenMPI ? MPILauncher.openMPI : MPILauncher.mpich)
  }

  /// - Throws: ``DescentError`` if the library has found fewer processes than the launcher has started: one that does not understand the launcher takes
  ///   each process for the only one.
  func check(size: Int, library: String) throws {
    guard let processCount, size < processCount else { return }
    throw DescentError(
      .state,
      "MPI: \(processCount) processes were started and \(library) has found \(size); it is not the library of the launcher: DESCENT_MPI names another")
  }

  /// Processes on one machine that may all run on all its processors get a part of them each, unless `DESCENT_THREADS` says how many: threads
  /// of one would spin where those of another want to compute.
  /// - Parameter count: how many processes of the group this machine has.
  static func shareProcessors(_ process: ProcessInfo, among count: Int) {
    guard process.environment["DESCENT_THREADS"] == nil else { return }
    // A launcher that binds processes to processors has shared them out already.
    let mine = ProcessorCount.available
    if mine == process.processorCount { setenv("DESCENT_THREADS", "\(max(1, mine / max(count, 1)))", 0) }
  }
}
