import Foundation
import Testing

/// The built command line tool.
struct CommandLineTool {
  let status: Int32
  let output: String
  let errors: String

  /// Runs `descent` with arguments and waits for it to end.
  init(_ arguments: [String], in folder: String? = nil) throws {
    // It is built beside the tests.
    let tests = try #require(Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" } ?? Bundle.main.executableURL)
    let process = Process()
    process.executableURL = tests.deletingLastPathComponent().appendingPathComponent("descent")
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    let (outputPipe, errorPipe) = (Pipe(), Pipe())
    process.standardOutput = outputPipe
    process.standardError = errorPipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    // Nothing here prints more than a pipe holds, but for the standard output.
    output = String(decoding: outputPipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    errors = String(decoding: errorPipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    status = process.terminationStatus
  }
}
