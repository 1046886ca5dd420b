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

  @Test func `Processes of srun that cannot find each other are an error`() {
    #expect {
      try MPILauncher(["SLURM_STEP_NUM_TASKS": "4"])
    } throws: { "\($0)".contains("srun started 4 processes") }
  }
}
