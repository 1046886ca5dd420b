import Descent
import Foundation

// Reads files, and trains on rows that are streamed from them, in a process of its own whose memory a test can limit and watch:
//
//     StreamingHelper npy FILE       limits its address space to a third of the file first
//     StreamingHelper csv FILE       limits it to a third of the file more than it has; prints by how many bytes its resident memory grew at most
//     StreamingHelper folder FOLDER  the same
//     StreamingHelper resume FOLDER  trains slowly on a stream with checkpoints in the folder, from the last one there; prints the weights
//     StreamingHelper idx FILE       the same for reading one array, and the error if there is one

/// A line of /proc/self/status, in bytes.
func status(_ name: String) throws -> Int {
  let text = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
  let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") } ?? ""
  return (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
}

func train(_ batches: Dataset<(Tensor, Tensor)>, width: Int) throws -> Double {
  let model = Sequential { Dense(1, kernelInitializer: "zeros", inputShape: [width]) }
  try model.compile(optimizer: "sgd:learning_rate=1e-9", loss: .meanSquaredError)
  return try model.fit(batches, epochs: 1, verbose: 0)["loss"][0]
}

/// No more address space than that from here on.
func limitAddressSpace(to size: Int) {
  var limit = rlimit(rlim_cur: rlim_t(size), rlim_max: rlim_t(size))
  guard setrlimit(__rlimit_resource_t(UInt32(RLIMIT_AS.rawValue)), &limit) == 0 else { fatalError("setrlimit") }
}

/// Bytes of a file, or of the files in a folder.
func byteCount(_ path: String) throws -> Int {
  let files = try? FileManager.default.contentsOfDirectory(atPath: path).map { "\(path)/\($0)" }
  return try (files ?? [path]).reduce(0) { $0 + (try FileManager.default.attributesOfItem(atPath: $1)[.size] as! Int) }
}

let arguments = CommandLine.arguments
guard arguments.count == 3 else { fatalError("StreamingHelper npy|csv|folder|resume|idx PATH") }
let path = arguments[2]
switch arguments[1] {
case "npy":
  let rows = try Dataset.npy(path)
  let width = try rows.take(1).elements()[0].count
  let batches = rows.batch(4).map { x in (x, x[0..<x.shape[0], 0..<1]) }
  // Threads and code are there before the limit is.
  _ = try train(batches.take(2), width: width)
  let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as! Int
  let space = try status("VmSize")
  guard space < size / 3 else {
    print("the process alone takes \(space) bytes")
    exit(2)
  }
  limitAddressSpace(to: size / 3)
  print("loss \(try train(batches, width: width)), resident \(try status("VmHWM"))")
case "csv", "folder":
  let batches =
    arguments[1] == "csv"
    ? try Dataset.csv(path, target: "y", pieceByteCount: 1 << 16).batch(32)
    : try Dataset.files(in: path, extensions: ["npy"]).map { file in
      let x = try NPY.read(file)
      return (x, x[0..<x.shape[0], 0..<1])
    }
  let width = try batches.take(1).elements()[0].0.shape[1]
  _ = try train(batches.take(3), width: width)
  let before = try status("VmRSS")
  // From here on the greatest is counted anew.
  try "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
  try limitAddressSpace(to: status("VmSize") + byteCount(path) / 3)
  let loss = try train(batches, width: width)
  print("loss \(loss), growth \(try status("VmHWM") - before)")
case "resume":
  let x = Tensor(shape: [40, 3], scalars: (0..<120).map { (place: Int) -> Float in Float((place * 37) % 101) / 50 - 1 })
  let batches = try Dataset(x, x[0..<40, 0..<1].evaluated()).shuffle(seed: 5)
    .map(seed: 6, workers: 2) { row, random in ((row.0 + Double.random(in: -0.1...0.1, using: &random)).evaluated(), row.1) }
    .batch(4).prefetch(2)
  let model = Sequential([Dense(4, activation: .tanh, inputShape: [3]), Dense(1)], seed: 1)
  try model.compile(optimizer: .adam, loss: .meanSquaredError)
  // Slow enough to be killed on the way.
  let pause = LambdaCallback(onTrainBatchEnd: { _, _ in usleep(4000) })
  let backup = BackupAndRestore(path, saveFrequency: .batches(1), deletesAtEnd: false)
  try model.fit(batches, epochs: 5, verbose: 0, callbacks: [pause, backup])
  print("weights \(model.weights.map(\.doubles))")
case "idx":
  let before = try status("VmRSS")
  try "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
  var message = "read"
  do { _ = try IDX.read(path) } catch { message = "\(error)" }
  print("growth \(try status("VmHWM") - before), \(message)")
default: fatalError("StreamingHelper npy|csv|folder|resume|idx PATH")
}
