// swift-tools-version: 6.0
import PackageDescription

let package = Package(
  name: "Descent",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Descent", targets: ["Descent"]),
    .library(name: "DescentImages", targets: ["DescentImages"]),
    .library(name: "DescentMPI", targets: ["DescentMPI"]),
    .library(name: "DescentTuner", targets: ["DescentTuner"]),
    .library(name: "KerasFiles", targets: ["KerasFiles"]),
    .library(name: "Optimizers", targets: ["Optimizers"]),
    .library(name: "TensorCore", targets: ["TensorCore"]),
    .executable(name: "descent", targets: ["DescentCLI"]),
    .executable(name: "descent-hdf5", targets: ["HDF5Helper"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
  ],
  targets: [
    .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CDeflate", providers: [.apt(["libdeflate-dev"])]),
    .systemLibrary(name: "CHDF5", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "CTurboJPEG", providers: [.apt(["libturbojpeg0-dev"])]),
    .systemLibrary(name: "CSPNG", providers: [.apt(["libspng-dev"])]),
    .systemLibrary(name: "CGIF", providers: [.apt(["libgif-dev"])]),
    .target(name: "CKernels", dependencies: ["COneDNN"], linkerSettings: [.linkedLibrary("m"), .linkedLibrary("dnnl")]),
    .target(name: "TensorCore", dependencies: ["CKernels"]),
    .target(name: "Optimizers", dependencies: ["TensorCore"]),
    .target(name: "Descent", dependencies: ["TensorCore", "Optimizers", "CZlib", "CDeflate"]),
    // Calls KerasFiles when a program starts.
    .target(name: "CKerasStart"),
    .target(name: "KerasFiles", dependencies: ["Descent", "CHDF5", "CKerasStart"]),
    .target(name: "DescentImages", dependencies: ["Descent", "CTurboJPEG", "CSPNG", "CGIF"]),
    // Loads MPI when a program starts; nothing of it is needed to build.
    .target(name: "CMPI", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
    .target(name: "DescentMPI", dependencies: ["Descent", "CMPI"]),
    .target(name: "DescentTuner", dependencies: ["Descent"]),
    .executableTarget(name: "HDF5Helper", dependencies: ["KerasFiles"]),
    .executableTarget(
      name: "DescentCLI",
      dependencies: ["Descent", "DescentImages", "DescentMPI", "KerasFiles", .product(name: "ArgumentParser", package: "swift-argument-parser")]),
    .target(name: "CLimits", dependencies: ["COneDNN"], path: "Benchmarks/CLimits"),
    .executableTarget(name: "DescentBench", dependencies: ["Descent", "KerasFiles", "DescentImages", "CLimits"], path: "Benchmarks/DescentBench"),
    // Counts calls of malloc in the process it is linked into: tests only.
    .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
    // Trains on streams in a process whose memory tests limit.
    .executableTarget(name: "StreamingHelper", dependencies: ["Descent"], path: "Tests/StreamingHelper"),
    // Trains under mpirun.
    .executableTarget(name: "MPIHelper", dependencies: ["DescentMPI"], path: "Tests/MPIHelper"),
    // What test targets share: fixtures, comparison with tolerance, derivatives by differences.
    .target(name: "TestSupport", dependencies: ["TensorCore"], path: "Tests/TestSupport"),
    .testTarget(name: "TensorCoreTests", dependencies: ["TensorCore", "CKernels", "CAllocationCounter", "TestSupport"]),
    .testTarget(name: "OptimizersTests", dependencies: ["Optimizers"]),
    // The same with models and files of small data.
    .target(name: "DescentTestSupport", dependencies: ["Descent", "TestSupport"], path: "Tests/DescentTestSupport"),
    // Four, so that a change of a test has a quarter of them compiled anew.
    .testTarget(name: "DescentTests", dependencies: ["Descent", "DescentTestSupport"]),
    .testTarget(name: "DescentModelTests", dependencies: ["Descent", "CAllocationCounter", "DescentTestSupport"]),
    .testTarget(name: "DescentDataTests", dependencies: ["Descent", "CDeflate", "StreamingHelper", "DescentTestSupport"]),
    .testTarget(name: "DescentCLITests", dependencies: ["Descent", "DescentCLI", "DescentTestSupport"]),
    .testTarget(name: "DescentImagesTests", dependencies: ["DescentImages", "TestSupport"]),
    .testTarget(name: "DescentMPITests", dependencies: ["DescentMPI", "MPIHelper", "TestSupport"]),
    .testTarget(name: "DescentTunerTests", dependencies: ["DescentTuner", "DescentTestSupport"]),
    .testTarget(name: "KerasFilesTests", dependencies: ["KerasFiles", "HDF5Helper", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)
