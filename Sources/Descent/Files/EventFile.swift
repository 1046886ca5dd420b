import Foundation
import Synchronization
import TensorCore

/// A file of events as TensorBoard reads them: records of a length, its checksum, a protocol-buffers message and its checksum.
///
/// Source: TensorFlow's `record_writer`, `event.proto`, `summary.proto`, `tensor.proto`.
final class EventFile {
  let path: String
  private let file: FileHandle
  private var pending: [UInt8] = []
  private let clock: () -> Double

  private static let count = Atomic<Int>(0)
  private static let greatestPendingByteCount = 1 << 16

  /// Makes a new file in a folder.
  /// - Throws: ``DescentError`` of kind `file`.
  init(in folder: String, clock: @escaping () -> Double = { Date().timeIntervalSince1970 }) throws {
    self.clock = clock
    let number = EventFile.count.add(1, ordering: .relaxed).newValue
    let host = ProcessInfo.processInfo.hostName.replacingOccurrences(of: "/", with: "_")
    path = "\(folder)/events.out.tfevents.\(Int(clock())).\(host).\(getpid()).\(number).v2"
    try makeFolder(folder)
    guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path) else {
      throw fileError(path, "cannot be written")
    }
    self.file = file
    let time = clock()
    append(
      ProtobufMessage {
        $0.add(1, time)
        $0.add(3, "brain.Event:2")
      })
  }

  /// A number of a step.
  func add(scalar value: Double, _ tag: String, step: Int) throws {
    try add(
      tag, step, EventFile.tensor(.float, shape: []) { $0.add(5, [UInt8](unsafeBytesOf: Float(value).bitPattern.littleEndian)) },
      EventFile.metadata("scalars", dataClass: 1))
  }

  /// How often numbers of so many ranges of equal width occur.
  func add(histogramOf values: [Double], _ tag: String, step: Int) throws {
    let rows = EventFile.buckets(values)
    try add(
      tag, step,
      EventFile.tensor(.double, shape: [rows.count, 3]) { tensor in
        tensor.add(4, rows.flatMap { [$0.left, $0.right, $0.count] }.flatMap { [UInt8](unsafeBytesOf: $0.bitPattern.littleEndian) })
      }, EventFile.metadata("histograms", dataClass: 2))
  }

  /// Pictures in the PNG format, all of one size.
  func add(images: [[UInt8]], width: Int, height: Int, _ tag: String, step: Int) throws {
    try add(
      tag, step,
      EventFile.tensor(.string, shape: [2 + images.count]) { tensor in
        for text in ["\(width)", "\(height)"] { tensor.add(8, text) }
        for image in images { tensor.add(8, image) }
      }, EventFile.metadata("images", dataClass: 3))
  }

  /// A model's description as Keras writes it, of which TensorBoard draws the layers.
  func add(kerasModel json: String) throws {
    try add(
      "keras", 0, EventFile.tensor(.string, shape: []) { $0.add(8, json) },
      ProtobufMessage {
        $0.add(
          1,
          ProtobufMessage {
            $0.add(1, "graph_keras_model")
            $0.add(2, "1")
          })
      })
  }

  /// A graph of operations: TensorFlow's `GraphDef`.
  func add(graph: ProtobufMessage) throws {
    let time = clock()
    append(
      ProtobufMessage {
        $0.add(1, time)
        $0.add(4, graph)
      })
    if pending.count > EventFile.greatestPendingByteCount { try flush() }
  }

  /// What a plugin of TensorBoard wants to know, without any data.
  func add(plugin name: String, content: ProtobufMessage, _ tag: String) throws {
    try add(
      tag, 0, EventFile.tensor(.float, shape: []) { $0.add(5, [UInt8](unsafeBytesOf: Float(0).bitPattern.littleEndian)) },
      ProtobufMessage {
        $0.add(
          1,
          ProtobufMessage {
            $0.add(1, name)
            $0.add(2, content)
          })
      })
  }

  private func add(_ tag: String, _ step: Int, _ tensor: ProtobufMessage, _ metadata: ProtobufMessage) throws {
    let time = clock()
    append(
      ProtobufMessage { event in
        event.add(1, time)
        if step != 0 { event.add(2, step) }
        event.add(
          5,
          ProtobufMessage {
            $0.add(
              1,
              ProtobufMessage { value in
                value.add(1, tag)
                value.add(8, tensor)
                value.add(9, metadata)
              })
          })
      })
    if pending.count > EventFile.greatestPendingByteCount { try flush() }
  }

  private func append(_ event: ProtobufMessage) {
    let length = [UInt8](unsafeBytesOf: UInt64(event.bytes.count).littleEndian)
    pending += length + [UInt8](unsafeBytesOf: CRC32C.masked(length).littleEndian)
    pending += event.bytes + [UInt8](unsafeBytesOf: CRC32C.masked(event.bytes).littleEndian)
  }

  /// Hands what was added to the system.
  func flush() throws {
    do { try file.write(contentsOf: pending) } catch {
      throw DescentError(.file, "\(path): cannot be written: \(error.localizedDescription)")
    }
    pending.removeAll(keepingCapacity: true)
  }

  func close() throws {
    defer { try? file.close() }
    try flush()
  }

  private enum ElementType: Int { case float = 1, double = 2, string = 7 }

  private static func tensor(_ type: ElementType, shape: [Int], _ content: (inout ProtobufMessage) -> Void) -> ProtobufMessage {
    ProtobufMessage { tensor in
      tensor.add(1, type.rawValue)
      tensor.add(2, ProtobufMessage { for size in shape { $0.add(2, ProtobufMessage { $0.add(1, size) }) } })
      content(&tensor)
    }
  }

  private static func metadata(_ plugin: String, dataClass: Int) -> ProtobufMessage {
    ProtobufMessage {
      $0.add(1, ProtobufMessage { $0.add(1, plugin) })
      $0.add(4, dataClass)
    }
  }

  /// The ranges of a histogram as TensorBoard's own summary cuts them: 30 of equal width; of equal numbers all but the last are empty.
  /// Numbers that are not finite are left out.
  static func buckets(_ values: [Double], count: Int = 30) -> [(left: Double, right: Double, count: Double)] {
    let values = values.filter(\.isFinite)
    guard let least = values.min(), let greatest = values.max() else { return Array(repeating: (0, 0, 0), count: count) }
    if least == greatest {
      return (0..<count).map { (greatest, greatest, $0 == count - 1 ? Double(values.count) : 0) }
    }
    // The width of all may be infinite where the numbers are not.
    if !(greatest - least).isFinite {
      return buckets(values.map { $0 / 2 }, count: count).map { (2 * $0.left, 2 * $0.right, $0.count) }
    }
    let width = (greatest - least) / Double(count)
    var counts = [Double](repeating: 0, count: count)
    for value in values { counts[min(Int(clamping: (value - least) / width), count - 1)] += 1 }
    return (0..<count).map { place in
      (least + width * Double(place), place == count - 1 ? greatest : least + width * Double(place + 1), counts[place])
    }
  }
}

extension [UInt8] {
  init(unsafeBytesOf value: some FixedWidthInteger) { self = Swift.withUnsafeBytes(of: value) { Array($0) } }
}
