import DescentImages
import Foundation
import KerasFiles

/// What a reader is to do with any bytes at all: give something or throw a ``DescentError``, within bounds.
enum Target: String, CaseIterable {
  case npy, npz, idx, wav, csv, table, jsonl, tablejson, safetensors, json, model, hdf5, keras, image

  /// Reads the bytes; gives how many elements were read.
  func read(_ bytes: [UInt8]) throws -> Int {
    switch self {
    case .npy: return try NPY.read(bytes, name: "input").count
    case .npz:
      let archive = try NPZ(bytes, name: "input")
      return try archive.names.reduce(0) { try $0 + archive.tensor($1).count }
    case .idx: return try IDX.read(bytes, name: "input").count
    case .wav: return try WAV.read(bytes, name: "input").audio.count
    case .csv: return try CSVTable(bytes, name: "input", target: "label").features.count
    case .table, .jsonl:
      let file = try TableFile(bytes, name: self == .table ? "input.csv" : "input.jsonl")
      let data = try TableData(file, target: file.columnNames.last ?? "")
      return [data.training, data.validation].compactMap { $0 }.flatMap { [$0.numbers, $0.categories].compactMap { $0?.count } }.reduce(0, +)
    case .tablejson:
      // What a model's file says of a table's columns is written and read again.
      let table = try TablePreprocessing(json: JSONValue(parsing: bytes, name: "input"))
      let again = try TablePreprocessing(json: table.json)
      precondition(again == table)
      return 0
    case .safetensors:
      let file = try SafeTensors(bytes, name: "input")
      return try file.names.reduce(0) { try $0 + file.tensor($1).count }
    case .json:
      // What was read is written and read again.
      let value = try JSONValue(parsing: bytes, name: "input")
      let again = try JSONValue(parsing: value.text())
      precondition(again == value)
      return 0
    case .model:
      let text = String(decoding: bytes, as: UTF8.self)
      // As a chain, if it is one, and as any model: only that reads graphs with their operations.
      _ = try? Sequential.fromJSON(text, name: "input")
      return try Model.fromJSON(text, name: "input").countParameters()
    case .hdf5: return try HDF5.read(bytes, name: "input").reduce(0) { $0 + $1.tensor.count }
    case .keras: return try Sequential.load(bytes, name: "input").countParameters()
    case .image:
      let image = try loadImage(data: bytes, colorMode: .rgba)
      precondition(image.bytes.count == image.width * image.height * 4)
      return image.bytes.count
    }
  }
}

private let target: Target = {
  let name = ProcessInfo.processInfo.environment["DESCENT_FUZZ"] ?? ""
  guard let target = Target(rawValue: name) else {
    preconditionFailure("DESCENT_FUZZ is '\(name)'; expected one of \(Target.allCases.map(\.rawValue))")
  }
  return target
}()

/// libFuzzer's entry: SwiftPM gives the program a `main` of its own, so libFuzzer's is called from there.
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
  _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ testOneInput: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

@main
enum Fuzz {
  static func main() {
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    exit(runFuzzer(&count, &arguments, testOneInput))
  }
}

/// One input; anything else than a result or a ``DescentError`` ends the process, which libFuzzer reports.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  do {
    let elements = try target.read(Array(UnsafeBufferPointer(start: start, count: count)))
    // A model's weights are its description's affair, and pictures are packed in ways of their own; the others cannot hold more than deflate can expand to.
    if ![.model, .keras, .image].contains(target) { precondition(elements <= 1032 * count + 1024) }
  } catch is DescentError {
  } catch {
    preconditionFailure("not a DescentError: \(error)")
  }
  return 0
}
