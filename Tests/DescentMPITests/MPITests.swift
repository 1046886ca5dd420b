import DescentMPI
import Foundation
import TestSupport
import Testing

/// A launcher of MPI, if there is one: `DESCENT_MPIRUN` names another.
private let mpirun: String? = {
  let environment = ProcessInfo.processInfo.environment
  let folders = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
  return environment["DESCENT_MPIRUN"] ?? folders.map { $0 + "/mpirun" }.first { FileManager.default.isExecutableFile(atPath: $0) }
}()

/// Real processes, started by mpirun on this machine.
@Suite(.enabled(if: mpirun != nil, "there is no mpirun; scripts/setup.sh --mpi installs it"), .serialized, .timeLimit(.minutes(20)))
struct MPITests {
  struct Run {
    let status: Int32
    let output: String
    let errors: String
    let seconds: Double
  }

  private static func executable(_ name: String) throws -> String {
    let tests = try #require(Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" } ?? Bundle.main.executableURL)
    return tests.deletingLastPathComponent().appendingPathComponent(name).path
  }

  /// - Parameter ranks: nil for a process of its own.
  private static func run(_ ranks: Int?, _ name: String, _ arguments: [String], environment: [String: String] = [:], in folder: String? = nil) throws -> Run {
    let process = Process()
    let program = try executable(name)
    if let ranks {
      let isOpenMPI = !(try #require(mpirun)).contains("hydra")
      process.executableURL = URL(fileURLWithPath: try #require(mpirun))
      process.arguments = (isOpenMPI ? ["--oversubscribe"] : []) + ["-n", "\(ranks)", program] + arguments
    } else {
      process.executableURL = URL(fileURLWithPath: program)
      process.arguments = arguments
    }
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    // Containers run as root, whose processes Open MPI starts only if told to.
    let allowances = ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "DESCENT_THREADS": "1"]
    process.environment = ProcessInfo.processInfo.environment.merging(allowances) { $1 }.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    let files = TemporaryFolder()
    for name in ["out", "err"] { try Data().write(to: URL(fileURLWithPath: files.file(name))) }
    process.standardOutput = FileHandle(forWritingAtPath: files.file("out"))
    process.standardError = FileHandle(forWritingAtPath: files.file("err"))
    let begin = Date()
    try process.run()
    let child = process.processIdentifier
    let deadline = DispatchWorkItem {
      Issue.record("\(name) \(arguments) does not end")
      kill(child, SIGKILL)
    }
    DispatchQueue.global().asyncAfter(deadline: .now() + 60, execute: deadline)
    process.waitUntilExit()
    deadline.cancel()
    func text(_ name: String) -> String { (try? String(contentsOfFile: files.file(name), encoding: .utf8)) ?? "" }
    return Run(status: process.terminationStatus, output: text("out"), errors: text("err"), seconds: -begin.timeIntervalSinceNow)
  }

  /// What training has left on each rank.
  private static func train(_ ranks: Int?, inPieces: Bool = false) throws -> [[Double]] {
    let folder = TemporaryFolder()
    let run = try run(ranks, "MPIHelper", ["train", "8", folder.path] + (inPieces ? ["pieces"] : []))
    #expect(run.status == 0, "\(run.errors)")
    return try (0..<(ranks ?? 1)).map { rank in
      try String(contentsOfFile: folder.file("\(rank)"), encoding: .utf8).split(separator: " ").compactMap { Double($0) }
    }
  }

  @Test func `Processes take the steps of one, all in the same bits`() throws {
    let right = try Self.train(nil)[0]
    #expect(right.count > 60)
    for ranks in [2, 3] {
      let all = try Self.train(ranks)
      #expect(Set(all).count == 1)
      #expect(try Self.train(ranks, inPieces: true) == all)
      #expect(all[0].count == right.count && zip(all[0], right).allSatisfy { abs($0 - $1) <= 1e-12 * max(1, abs($1)) })
    }
  }

  @Test func `What differs on a rank is an error that names it`() throws {
    let run = try Self.run(2, "MPIHelper", ["differ"])
    #expect(run.status != 0)
    #expect(run.errors.contains("rank 1 is not about to do what rank 0 does: batch_size is 8 on rank 0 and 9 on rank 1"), "\(run.errors)")
  }

  @Test(arguments: ["kill", "trap", "throw", "leave", "exit"])
  func `A rank that is lost ends all, by name`(way: String) throws {
    let run = try Self.run(3, "MPIHelper", [way])
    #expect(run.status != 0)
    #expect(run.seconds < 30)
    // MPICH's launcher names a killed process by its number and machine.
    let names = ["rank 1"] + (mpirun?.contains("hydra") == true && ["kill", "trap"].contains(way) ? ["PID"] : [])
    #expect(names.contains { run.errors.contains($0) || run.output.contains($0) }, "\(run.errors)\n\(run.output)")
  }

  @Test func `The command line trains, judges and predicts with several processes`() throws {
    let folder = TemporaryFolder()
    let x = Tensor(shape: [90, 4], scalars: (0..<360).map { (index: Int) -> Float in Float(index * 11 % 17) / 17 })
    let y = Tensor((0..<90).map { (index: Int) -> Int32 in Int32(index * 11 * 4 % 17 / 6) })
    try NPZ.write([("x", x), ("y", y)], to: folder.file("d.npz"))
    let train = ["train", "--data", "d.npz", "--epochs", "3", "--layers", "8", "--verbose", "2"]
    let alone = try Self.run(nil, "descent", train + ["--out", "alone", "--save", "alone.keras"], in: folder.path)
    let shared = try Self.run(2, "descent", train + ["--out", "shared", "--save", "shared.keras"], in: folder.path)
    #expect(alone.status == 0 && shared.status == 0, "\(alone.errors) \(shared.errors)")
    #expect(shared.output.components(separatedBy: "Wrote ").count == 2)
    func history(_ name: String) throws -> [Double] {
      try String(contentsOfFile: folder.file("\(name)/history.csv"), encoding: .utf8).split(whereSeparator: { ",\n".contains($0) }).compactMap { Double($0) }
    }
    let (a, b) = (try history("alone"), try history("shared"))
    #expect(a.count > 6 && a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-5 }, "\(a) \(b)")
    // In shards to the bit, wherever what the optimizer remembers is.
    for (ranks, name) in [(nil, "one"), (2, "two")] as [(Int?, String)] {
      let run = try Self.run(
        ranks, "descent", train + ["--out", name, "--save", name + ".keras", "--shards", "2", "--shard-optimizer-state"], in: folder.path)
      #expect(run.status == 0, "\(run.errors)")
      if ranks != nil { #expect(run.output.contains(" rows/s"), "\(run.output)") }
    }
    #expect(try history("one") == history("two"))
    let choose = ["choose", "--data", "d.npz", "--epochs", "3", "--layers", "4", "--trials", "2", "--seeds", "2", "--candidate", "adam", "--candidate", "sgd", "--quiet"]
    let answers = try [nil, 2].map { try Self.run($0, "descent", choose + ["--out", "choice\($0 ?? 1)"], in: folder.path) }
    #expect(answers.allSatisfy { $0.status == 0 } && answers[1].output.components(separatedBy: "Wrote ").count == 2, "\(answers[1].errors)")
    #expect(answers[0].output.split(separator: "\n").first == answers[1].output.split(separator: "\n").first, "\(answers[0].output) \(answers[1].output)")
    for command in [["evaluate", "--json"], ["predict"]] {
      let arguments = command + ["--model", "alone.keras", "--data", "d.npz"]
      let one = try Self.run(nil, "descent", arguments, in: folder.path), two = try Self.run(2, "descent", arguments, in: folder.path)
      #expect(one.status == 0 && two.status == 0, "\(one.errors) \(two.errors)")
      if command[0] == "predict" {
        #expect(one.output == two.output)
      } else {
        #expect(two.output.split(separator: "\n").count == 1)
        #expect(one.output.prefix(20) == two.output.prefix(20))
      }
    }
    let other = try Self.run(2, "descent", ["race"], in: folder.path)
    #expect(other.status != 0 && other.errors.contains("cannot be shared by 2 processes"), "\(other.errors)")
  }
}
