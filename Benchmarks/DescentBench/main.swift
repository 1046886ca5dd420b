import Descent
import Foundation

let arguments = Array(CommandLine.arguments.dropFirst())
let quick = arguments.contains("--quick")
let chosen = arguments.filter { !$0.hasPrefix("--") }
let threads = ThreadPool.shared.threadCount
let rounds = quick ? 7 : 31

let profiles = chosen.contains("profile")

/// What stands beside `profile` says what is profiled.
func wants(_ part: String) -> Bool { chosen.isEmpty || !profiles && chosen.contains(part) }

// oneDNN reads it when it is first asked for something, and has no wider vectors then than our kernels.
if instructionSet != "avx512" { setenv("DNNL_MAX_CPU_ISA", instructionSet == "avx2" ? "AVX2" : "SSE41", 0) }

do {
  if ["first-batch", "whole-job", "first-step", "epoch"].contains(chosen.first) { tellPeakAtExit() }
  if chosen == ["first-batch"] {
    try trainFirstBatch()
  } else if chosen == ["first-prediction"] {
    try predictFirst()
  } else if chosen.first == "applications", chosen.count == 2 {
    try checkApplications(folder: chosen[1])
  } else if chosen.first == "pictures", chosen.count == 2 {
    try benchPictures(chosen[1])
  } else if let part = chosen.first, ["first-step", "epoch"].contains(part), chosen.count == 2 {
    try trainNetwork(chosen[1], isFirstStep: part == "first-step")
  } else if chosen == ["whole-job"] {
    _ = try trainWholeJob(epochs: 5)
  } else if let unknown = chosen.first(where: { !["job", "limits", "optimizers", "embedding", "compile", "networks", "inference", "profile"].contains($0) && !$0.contains("=") })
    ?? arguments.first(where: { $0.hasPrefix("--") && $0 != "--quick" })
  {
    print("usage: descent-bench [job] [limits] [optimizers] [embedding] [compile] [networks] [inference] [profile] [only=adam,lion,cnn] [size=79510] [--quick]")
    print("       descent-bench first-batch | whole-job | first-step NETWORK | epoch NETWORK | first-prediction | applications FOLDER | pictures FOLDER")
    if unknown != "--help" {
      print("'\(unknown)' is none of them")
      exit(64)
    }
  } else {
    print("\(threads) threads, \(rounds) rounds, instruction set \(instructionSet)\n")
    let size = chosen.first { $0.hasPrefix("size=") }.map { String($0.dropFirst(5)) }
    let layouts = try Layout.all(size: size)
    if wants("job") { try benchJob(runs: quick ? 1 : 3, quick: quick, threads: threads) }
    if wants("limits") { benchLimits(sizes: [79_510, 1_000_000, 10_000_000], threads: threads, rounds: rounds) }
    let only = chosen.first { $0.hasPrefix("only=") }.map { $0.dropFirst(5).split(separator: ",").map(String.init) }
    if wants("embedding") { try benchEmbeddings(rounds: quick ? 3 : 7) }
    if wants("compile") { try benchCompileTime() }
    if wants("networks") { try benchNetworks(names: only, rounds: quick ? 3 : 11, threads: threads) }
    // Predictions are part of the networks, and can be had alone.
    if wants("networks") || wants("inference") { try benchInference(names: only, rounds: quick ? 3 : 11) }
    if profiles {
      if chosen.contains("job") {
        try profileJob()
      } else if chosen.contains("inference") {
        try profileInference(names: only)
      } else if chosen.contains("networks") { try profileNetworks(names: only) } else { try profileOptimizers(names: only ?? ["adam"], layouts[0]) }
    }
    if wants("optimizers") {
      let variants = ["momentum", "nesterov", "amsgrad"]
      // Those that need more than gradients, or whose time goes into products of matrices, are no passes over memory.
      let others: Set = ["lbfgs", "sophia", "shampoo", "soap", "muon", "multioptimizer"]
      let passes = OptimizerRegistry.all.filter { !($0 is any OptimizerWrapper.Type) }.map { $0.className.lowercased() }
      let names = only ?? variants + passes.filter { !others.contains($0) }
      try benchOptimizers(names: names, layouts, rounds: rounds, threads: threads)
    }
  }
} catch {
  FileHandle.standardError.write(Data("descent-bench: \(error)\n".utf8))
  exit(1)
}
