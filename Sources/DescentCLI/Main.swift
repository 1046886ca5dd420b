import ArgumentParser
import Foundation
import KerasFiles

@main
enum Main {
  static func main() {
    // Files that only libhdf5 can read are read by this program in a process of its own.
    HDF5ReaderProcess.serveIfAsked()
    // A pipe that is closed is told as a full disk is.
    signal(SIGPIPE, SIG_IGN)
    // Programs that start others from a thread of a pool hand on that thread's mask, which bars Ctrl-C.
    var interrupts = sigset_t()
    sigemptyset(&interrupts)
    sigaddset(&interrupts, SIGINT)
    sigprocmask(SIG_UNBLOCK, &interrupts, nil)
    exit(run(Array(CommandLine.arguments.dropFirst())))
  }

  /// Runs a command and gives the status to end with: 0; 64 for a command line that is wrong whatever the files hold, with the
  /// command's usage; 130 after Ctrl-C; 1 for everything else.
  private static func run(_ arguments: [String]) -> Int32 {
    var running: (any ParsableCommand)?
    do {
      try checkName(arguments)
      var command = try DescentCommand.parseAsRoot(arguments)
      running = command
      try CommandGroup.join(type(of: command).configuration.commandName ?? "")
      try command.run()
      try StandardOutput.check()
      return 0
    } catch {
      let (status, message) = outcome(of: error, in: running)
      if status != 0 {
        if !message.isEmpty { Output.error((CommandGroup.rank.map { "rank \($0): " } ?? "") + message) }
        if let group = try? CommandGroup.shared { group.fail("\(error)") }
        return status
      }
      // Help and the version.
      Output.line(message)
      do { try StandardOutput.check() } catch { return fail("Error: \(error)") }
      return 0
    }
  }

  private static func outcome(of error: any Error, in command: (any ParsableCommand)?) -> (Int32, String) {
    if let error = error as? ValidationError {
      let kind: any ParsableCommand.Type = command.map { type(of: $0) } ?? DescentCommand.self
      let name = [DescentCommand.configuration.commandName, kind == DescentCommand.self ? nil : kind.configuration.commandName]
        .compactMap { $0 }.joined(separator: " ")
      let usage = DescentCommand.usageString(for: kind)
      return (ExitCode.validationFailure.rawValue, "Error: \(error.message)\nUsage: \(usage)\n  See '\(name) --help' for more information.")
    }
    if let error = error as? DescentError { return (ExitCode.failure.rawValue, "Error: \(error.message)") }
    return (DescentCommand.exitCode(for: error).rawValue, DescentCommand.fullMessage(for: error))
  }

  private static func fail(_ message: String) -> Int32 {
    Output.error(message)
    return ExitCode.failure.rawValue
  }

  /// Refuses a command that there is none of; the parser would take its name for an argument too many.
  private static func checkName(_ arguments: [String]) throws {
    let known = DescentCommand.configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
    guard let name = arguments.first, !name.hasPrefix("-"), !known.contains(name) else { return }
    let hint = nearestName(to: name, in: known).map { "; did you mean '\($0)'?" } ?? "; there are \(known.joined(separator: ", "))."
    throw ValidationError("There is no command '\(name)'\(hint)")
  }
}

/// Runs `body`, whose errors are mistakes on the command line.
func checkingOptions<Result>(_ body: () throws -> Result) throws -> Result {
  do {
    return try body()
  } catch let error as DescentError {
    throw ValidationError(error.message)
  }
}

extension NumberRange {
  /// - Throws: what is wrong with an option's number, if one is given, as an error of how the command was called.
  func check(option: String, _ value: Double?) throws {
    if let value, let problem = problem(option, value) { throw ValidationError(problem + ".") }
  }

  /// The same of a whole number.
  func check(option: String, _ value: Int?) throws {
    if let problem = problem(option, value) { throw ValidationError(problem + ".") }
  }
}
