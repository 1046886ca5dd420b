import Testing

@testable import DescentMPI

struct MPILauncherTests {
  @Test func `The library is that of the launcher, or the one that is named`() throws {
    #expect(try MPILauncher([:]).libraries == nil)
    #expect(try MPILauncher(["SLURM_STEP_NUM_TASKS": "1"]).libraries == nil)
    #expect(try MPILauncher(["OMPI_COMM_WORLD_SIZE": "2"]).libraries?.first == "libmpi.so.40")
    #expect(try MPILauncher(["PMIX_RANK": "0", "SLURM_STEP_NUM_TASKS": "2"]).libraries?.first == "libmpi.so.40")
    #expect(try MPILauncher(["PMI_RANK": "0"]).libraries?.first == "libmpich.so.12")
    #expect(try MPILauncher(["PMI_RANK": "0", "DESCENT_MPI": "/opt/libmpi.so"]).libraries == ["/opt/libmpi.so"])
  }

  @Test func `A library that has found fewer processes than were started is an error`() throws {
    // The variables that Slurm documents for srun --mpi=pmix and --mpi=pmi2, and those of mpirun within an allocation of Slurm's.
    let slurm = ["SLURM_PROCID": "1", "SLURM_NTASKS": "4", "SLURM_STEP_NUM_TASKS": "4"]
    for environment in [
      slurm.merging(["PMIX_RANK": "1"]) { $1 }, slurm.merging(["PMI_RANK": "1", "PMI_SIZE": "4"]) { $1 },
      slurm.merging(["OMPI_COMM_WORLD_SIZE": "4", "SLURM_STEP_NUM_TASKS": "2"]) { $1 },
    ] {
      let launcher = try MPILauncher(environment)
      #expect(launcher.processCount == 4)
      try launcher.check(size: 4, library: "MPI")
      #expect { try launcher.check(size: 1, library: "MPI") } throws: { "\($0)".contains("4 processes were started and MPI has found 1") }
    }
    try MPILauncher(["PMIX_RANK": "0"]).check(size: 1, library: "MPI")
  }

  @Test func `Processes of srun that cannot find each other are an error`() {
    #expect {
      try MPILauncher(["SLURM_STEP_NUM_TASKS": "4"])
    } throws: { "\($0)".contains("srun started 4 processes") }
  }
}
