import Foundation
import Testing

/// The built command line tool.
struct CommandLineTool {
  let status: Int32
  let output: String
  let errors: String

  /// It is built beside the tests.
  static var path: String {
    get throws {
      let tests = try #require(Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" } ?? Bundle.main.executableURL)
      return tests.deletingLastPathComponent().appendingPathComponent("descent").path
    }
  }

  /// Runs `descent` with arguments and waits for it to end.
  init(_ arguments: [String], in folder: String? = nil) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try CommandLineTool.path)
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
