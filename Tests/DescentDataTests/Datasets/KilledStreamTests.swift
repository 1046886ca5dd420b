import Foundation
import TestSupport
import Testing

/// Training on a stream, in a process that is killed for good.
@Suite(.timeLimit(.minutes(20))) struct KilledStreamTests {
  private func helper(_ folder: String) throws -> (process: Process, output: Pipe) {
    let process = Process(), output = Pipe()
    process.executableURL = URL(fileURLWithPath: try builtProgram("StreamingHelper"))
    process.arguments = ["resume", folder]
    process.standardOutput = output
    try process.run()
    return (process, output)
  }

  private func result(_ run: (process: Process, output: Pipe)) -> String {
    let text = String(decoding: run.output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    run.process.waitUntilExit()
    return text
  }

  @Test func `a run on a stream that is killed goes on with the next row, to the bit`() throws {
    let folder = TemporaryFolder()
    let expected = result(try helper(folder.file("whole")))
    #expect(expected.hasPrefix("weights [["))
    let latest = folder.file("killed/latest.checkpoint")
    func stamp() -> Date? { (try? FileManager.default.attributesOfItem(atPath: latest))?[.modificationDate] as? Date }
    var kills = 0
    while kills < 3 {
      let run = try helper(folder.file("killed"))
      // Each run is killed some batches further than the one before.
      let before = stamp()
      while stamp() == before && run.process.isRunning { usleep(500) }
      usleep(UInt32(kills * 9000))
      guard run.process.isRunning else { break }
      kill(run.process.processIdentifier, SIGKILL)
      run.process.waitUntilExit()
      #expect(run.process.terminationReason == .uncaughtSignal)
      kills += 1
    }
    #expect(kills == 3)
    #expect(result(try helper(folder.file("killed"))) == expected)
  }
}
