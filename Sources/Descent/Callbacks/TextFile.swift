import Foundation
import TensorCore

/// Replaces a file by the given text, or leaves it as it was.
func writeText(_ text: String, to path: String) throws {
  do {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
  } catch {
    throw DescentError(.file, "\(path) cannot be written: \(error.localizedDescription)")
  }
}
