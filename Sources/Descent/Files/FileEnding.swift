/// Whether a path's name ends so, in small letters or in capitals.
/// - Parameter ending: in small letters, with its dot.
package func hasEnding(_ path: String, _ ending: String) -> Bool { path.lowercased().hasSuffix(ending) }

/// Runs `body`; an error of its own that does not begin with the file's name gets it in front.
package func naming<Result>(_ file: String, _ body: () throws -> Result) throws -> Result {
  do {
    return try body()
  } catch let error as DescentError where !error.message.hasPrefix(file.printable) {
    throw error.within(file)
  }
}
