import DescentMPI

/// The processes that `mpirun` or the like has started with one command line. Rank 0 speaks and writes for all.
enum CommandGroup {
  private static let started = Result { try MPIGroup.world() }

  /// Nil for a process of its own.
  /// - Throws: ``DescentError`` if there are others and they cannot be found.
  static var shared: (any ProcessGroup)? {
    get throws {
      let group = try started.get()
      return group.size > 1 ? group : nil
    }
  }

  /// The rank; nil for a process of its own.
  static var rank: Int? { (try? shared)?.rank }
  /// Whether this process speaks and writes.
  static var isLeader: Bool { (rank ?? 0) == 0 }

  /// Whether all say so.
  static func allSay(_ answer: Bool) throws -> Bool { try shared.map { try $0.union(answer ? 0 : 1) == 0 } ?? answer }

  /// The commands that processes share; the others would be run by each for itself.
  static let commands = ["train", "evaluate", "predict", "choose"]

  /// Pictures are worked on by one process.
  static func refuseForFolders(_ command: String, _ things: String) throws {
    if let group = try shared {
      throw DescentError(.state, "\(things) are worked on by one process, and there are \(group.size); start descent \(command) without mpirun")
    }
  }

  /// Finds the others before anything is computed.
  /// - Throws: ``DescentError`` for a command that cannot be shared.
  static func join(_ command: String) throws {
    guard let group = try shared else { return }
    if !commands.contains(command) {
      throw DescentError(
        .invalidArgument, "'descent \(command)' cannot be shared by \(group.size) processes; \(commands.joined(separator: ", ")) can. Start it without mpirun.")
    }
  }
}
