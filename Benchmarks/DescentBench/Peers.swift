import Descent
import Foundation

/// What other libraries take for the same updates, if the environment variable PYTHON names an interpreter that has them.
struct Peers {
  private var seconds: [String: [String: Double]] = [:]
  private let names: [String]

  init(_ layout: Layout, _ optimizers: [String]) {
    guard let python = ProcessInfo.processInfo.environment["PYTHON"] else {
      names = []
      return
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    let shapes = layout.shapes.map { $0.map(String.init).joined(separator: "x") }.joined(separator: ",")
    process.arguments = [python, "Benchmarks/peers.py", shapes, optimizers.joined(separator: ",")]
    let pipe = Pipe()
    process.standardOutput = pipe
    guard (try? process.run()) != nil else {
      print("(PYTHON=\(python) cannot be run; other libraries are left out)\n")
      names = []
      return
    }
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    for line in output.split(separator: "\n") {
      guard let entry = try? JSONValue(parsing: String(line), name: "peers.py"), let peer = entry["peer"]?.string,
        let optimizer = entry["optimizer"]?.string, let time = entry["seconds"]?.double
      else { continue }
      seconds[peer, default: [:]][optimizer] = time
    }
    names = seconds.keys.sorted()
  }

  var header: [String] { names.flatMap { [$0, "\($0) / Descent"] } }

  func columns(_ optimizer: String, ours: Double) -> [String] {
    names.flatMap { name -> [String] in
      guard let time = seconds[name]?[optimizer] else { return ["", ""] }
      return [text(time), String(format: "%.1f", time / ours)]
    }
  }
}
