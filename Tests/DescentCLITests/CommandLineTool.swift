import DescentTestSupport
import Foundation
import Synchronization
import Testing

/// The built command line tool.
struct CommandLineTool {
  let status: Int32
  let output: String
  let errors: String

  /// Runs `descent` with arguments and waits for it to end.
  /// - Parameters:
  ///   - environment: variables besides those that this process has.
  ///   - destination: what standard output is, if not a pipe to here.
  init(
    _ arguments: [String], in folder: String? = nil, environment: [String: String] = [:], writingTo destination: FileHandle? = nil
  ) throws {
    let process = try CommandLineTool.process(arguments, in: folder)
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let (outputPipe, errorPipe) = (Pipe(), Pipe())
    if let destination { process.standardOutput = destination } else { process.standardOutput = outputPipe }
    process.standardError = errorPipe
    try process.run()
    // Nothing here prints more than a pipe holds, but for the standard output.
    output = destination == nil ? String(decoding: outputPipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) : ""
    errors = String(decoding: errorPipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    status = process.terminationStatus
  }

  static func process(_ arguments: [String], in folder: String?) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try builtProgram("descent"))
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    process.standardInput = FileHandle.nullDevice
    return process
  }
}

/// A command that goes on while the test does something to it.
final class RunningTool {
  let process: Process
  private let output = Pipe()
  private let errorOutput = Pipe()
  private var seen = ""

  init(_ arguments: [String], in folder: String, environment: [String: String] = [:]) throws {
    process = try CommandLineTool.process(arguments, in: folder)
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = output
    process.standardError = errorOutput
    // Where the tests run as a job in the background, Ctrl-C is ignored, and so it would be by what they start.
    try RunningTool.starting.withLock { _ in
      var ignored = sigaction()
      sigaction(SIGINT, nil, &ignored)
      signal(SIGINT, SIG_DFL)
      defer { sigaction(SIGINT, &ignored, nil) }
      try process.run()
    }
  }

  private static let starting = Mutex(())

  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  /// Waits until it has printed a text, or has ended.
  func wait(for text: String) {
    while !seen.contains(text) {
      let data = output.fileHandleForReading.availableData
      if data.isEmpty { return }
      seen += String(decoding: data, as: UTF8.self)
    }
  }

  /// Sends a signal and waits for the end, which is made to come if the signal does not bring it; what it printed to standard error.
  func end(by signal: Int32) -> String {
    let child = process.processIdentifier
    kill(child, signal)
    let deadline = DispatchWorkItem {
      Issue.record("signal \(signal) does not end the command")
      kill(child, SIGKILL)
    }
    DispatchQueue.global().asyncAfter(deadline: .now() + 60, execute: deadline)
    defer { deadline.cancel() }
    _ = try? output.fileHandleForReading.readToEnd()
    let errors = String(decoding: errorOutput.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return errors
  }
}
