import Descent
import Foundation

/// Other libraries' runs of a network, if the environment variable PYTHON names an interpreter that has them: processes that wait until a round
/// is theirs.
final class PeerNetworks {
  private let process = Process()
  private let input = Pipe(), output = Pipe()
  private var unread = Data()
  private var isRunning = false
  /// In the order in which they were heard of first.
  private var peers: [Peer] = []

  private struct Peer {
    let name: String
    var seconds: [Double]
    /// What its process took to its first step, and the most memory that it had.
    let first: Double
    var megabytes: Int
  }

  /// - Parameter job: as `Benchmarks/networks.py` knows it.
  init(_ job: String) {
    guard let python = ProcessInfo.processInfo.environment["PYTHON"] else { return }
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python, "Benchmarks/networks.py", job]
    process.standardInput = input
    process.standardOutput = output
    isRunning = (try? process.run()) != nil
    if !isRunning { print("(PYTHON=\(python) cannot be run; other libraries are left out)\n") }
    // Answers once all libraries are ready, so that nothing of theirs is in another's time.
    round(seconds: 0)
    peers = []
  }

  deinit {
    guard isRunning else { return }
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  /// Lets each library work for so many seconds, one after the other.
  func round(seconds: Double) {
    guard isRunning else { return }
    input.fileHandleForWriting.write(Data("\(seconds)\n".utf8))
    while let line = readLine(), !line.isEmpty {
      guard let entry = try? JSONValue(parsing: line, name: "networks.py"), let peer = entry["peer"]?.string,
        let seconds = entry["seconds"]?.array?.compactMap(\.double), let first = entry["first"]?.double, let megabytes = entry["megabytes"]?.int
      else { continue }
      if let known = peers.firstIndex(where: { $0.name == peer }) {
        peers[known].seconds += seconds
        peers[known].megabytes = megabytes
      } else {
        peers.append(Peer(name: peer, seconds: seconds, first: first, megabytes: megabytes))
      }
    }
  }

  /// Nil at the end.
  private func readLine() -> String? {
    while true {
      if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
        defer { unread = Data(unread[(end + 1)...]) }
        return String(decoding: unread[..<end], as: UTF8.self)
      }
      let more = output.fileHandleForReading.availableData
      if more.isEmpty {
        isRunning = false
        return nil
      }
      unread += more
    }
  }

  /// Ours, and beside it others of this process and the libraries.
  func printTable(_ what: String, ours: [Double], _ others: [(String, [Double])] = []) {
    var rows = [["Descent", describe(ours), ""]]
    for (name, seconds) in others + peers.map({ ($0.name, $0.seconds) }) where !seconds.isEmpty {
      rows.append([name, describe(seconds), String(format: "%.2f", median(ours) / median(seconds))])
    }
    DescentBench.printTable([what, "time", "Descent is … times as long"], rows)
  }

  /// Our process and the libraries'.
  func printProcesses(_ what: String, first: [Double], megabytes: Int) {
    var rows = [["Descent", describe(first), "", "\(megabytes) MB", ""]]
    for peer in peers {
      rows.append([
        peer.name, text(peer.first), String(format: "%.3f", median(first) / peer.first), "\(peer.megabytes) MB",
        String(format: "%.2f", Double(megabytes) / Double(peer.megabytes)),
      ])
    }
    DescentBench.printTable([what, "time", "Descent is … times as long", "most memory", "Descent has … times as much"], rows)
  }
}
