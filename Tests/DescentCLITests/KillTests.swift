import Descent
import DescentTestSupport
import Foundation
import Testing

/// Training processes that are killed for good, at any moment, and resumed.
///
/// How many there are is `DESCENT_KILLS`; `make soak` sets it to hundreds.
@Suite(.serialized, .timeLimit(.minutes(60))) struct KillTests {
  private let folder = TemporaryFolder()
  private var kills: Int { ProcessInfo.processInfo.environment["DESCENT_KILLS"].flatMap(Int.init) ?? 10 }

  private func writeData() throws {
    let x = Tensor(shape: [90, 5], scalars: (0..<450).map { (place: Int) -> Float in Float((place * 37) % 101) / 50 - 1 })
    try NPZ.write([("x", x), ("y", Tensor((0..<90).map { Int32(($0 * 13) % 4) }))], to: folder.file("d.npz"))
  }

  private func arguments(_ out: String, resume: Bool) -> [String] {
    [
      "train", "--data", folder.file("d.npz"), "--layers", "16,8", "--epochs", "25", "--batch-size", "8", "--seed", "3", "--verbose", "0",
      "--validation-split", "0.1", "--optimizer", "adam:learning_rate=0.01,use_ema=true", "--out", folder.file(out), "--checkpoint-every",
      "3",
    ] + (resume ? ["--resume"] : [])
  }

  private func process(_ arguments: [String], shell: String? = nil) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: shell == nil ? try builtProgram("descent") : "/bin/sh")
    process.arguments = shell.map { ["-c", "\($0); exec \"$0\" \"$@\"", (try? builtProgram("descent")) ?? ""] + arguments } ?? arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    return process
  }

  /// Leaves a run in `run` that was killed after it wrote a checkpoint and before its end. A run that ends between two looks at it is
  /// begun anew.
  private func leaveKilledRun() throws {
    let latest = folder.file("run/checkpoint/latest.checkpoint")
    for _ in 0..<50 {
      try? FileManager.default.removeItem(atPath: folder.file("run"))
      let first = try process(arguments("run", resume: false))
      while !FileManager.default.fileExists(atPath: latest) && first.isRunning { usleep(500) }
      kill(first.processIdentifier, SIGKILL)
      first.waitUntilExit()
      if FileManager.default.fileExists(atPath: latest) { return }
    }
    Issue.record("no run was killed between its first checkpoint and its end")
  }

  private func results(_ out: String) throws -> [Data] {
    try ["history.csv", "weights.npz"].map { try Data(contentsOf: URL(fileURLWithPath: folder.file("\(out)/\($0)"))) }
  }

  @Test func `A run killed again and again ends in the same bits as one that never was`() throws {
    try writeData()
    let start = Date()
    #expect(try CommandLineTool(arguments("whole", resume: false)).status == 0)
    let duration = Date().timeIntervalSince(start)
    let expected = try results("whole")
    var random = SeededGenerator(seed: UInt64(kills))
    var done = 0
    var finished = 0
    var number = 0
    while done < kills {
      let out = "run\(number)"
      number += 1
      var isFirst = true
      while true {
        let process = try process(arguments(out, resume: !isFirst))
        isFirst = false
        if done < kills {
          usleep(UInt32.random(in: 0..<UInt32(duration * 0.7e6), using: &random))
          if process.isRunning {
            kill(process.processIdentifier, SIGKILL)
            done += 1
          }
        }
        process.waitUntilExit()
        if process.terminationReason == .exit {
          #expect(process.terminationStatus == 0)
          #expect(try results(out) == expected, "after \(done) kills")
          finished += 1
          break
        }
      }
      // A process killed while it wrote leaves its temporary file.
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.file(out)).filter { !$0.hasSuffix(".tmp") }
      #expect(left.sorted() == ["history.csv", "run.json", "weights.npz"])
    }
    print("\(done) processes killed, \(finished) runs brought to their end with the same bits")
  }

  @Test func `A full disk is an error and leaves the last checkpoint whole`() throws {
    try writeData()
    #expect(try CommandLineTool(arguments("whole", resume: false)).status == 0)
    let latest = folder.file("run/checkpoint/latest.checkpoint")
    try leaveKilledRun()
    let before = try Data(contentsOf: URL(fileURLWithPath: latest))
    // No file may grow past 2 KiB, and the signal that would tell of it is ignored: writing fails as on a full disk.
    let full = try process(arguments("run", resume: true), shell: "trap '' XFSZ; ulimit -f 4")
    full.waitUntilExit()
    #expect(full.terminationReason == .exit && full.terminationStatus != 0)
    #expect(try Data(contentsOf: URL(fileURLWithPath: latest)) == before)
    #expect(try CommandLineTool(arguments("run", resume: true)).status == 0)
    #expect(try results("run") == results("whole"))
  }

  @Test func `What is there to go on with is never overwritten, and a finished run is not begun again`() throws {
    try writeData()
    try leaveKilledRun()
    let again = try CommandLineTool(arguments("run", resume: false))
    #expect(again.status != 0 && again.errors.contains("--resume"))
    #expect(try CommandLineTool(arguments("run", resume: true)).status == 0)
    let finished = try CommandLineTool(arguments("run", resume: true))
    #expect(finished.status == 0 && finished.output.contains("nothing to resume"))
    let homeless = try CommandLineTool(["train", "--resume"])
    #expect(homeless.status != 0 && homeless.errors.contains("need --out"))
  }
}
