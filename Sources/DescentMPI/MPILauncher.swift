import Descent
import Foundation

/// What started the program, as its environment tells, and the MPI libraries that go with it.
struct MPILauncher {
  /// The names to try, in order; nil if the program was started alone.
  let libraries: [String]?

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
      libraries = nil
      return
    }
    libraries = environment["DESCENT_MPI"].map { [$0] } ?? (isOpenMPI ? MPILauncher.openMPI : MPILauncher.mpich)
  }

  /// Processes on one machine that may all run on all its processors get a part of them each, unless `DESCENT_THREADS` says how many: threads
  /// of one would spin where those of another want to compute.
  static func shareProcessors(_ process: ProcessInfo) {
    let names = ["OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS", "PMIX_LOCAL_SIZE"]
    guard process.environment["DESCENT_THREADS"] == nil, let count = names.compactMap({ process.environment[$0].flatMap(Int.init) }).first
    else { return }
    // A launcher that binds processes to processors has shared them out already.
    let mine = ProcessorCount.available
    if mine == process.processorCount { setenv("DESCENT_THREADS", "\(max(1, mine / max(count, 1)))", 0) }
  }
}
