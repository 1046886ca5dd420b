import Foundation
import Synchronization
import TensorCore

/// Standard output, written to without a buffer, so that what could not be written is known.
package enum StandardOutput {
  /// What `errno` was when something could not be written for the first time.
  private static let failure = Atomic<Int32>(0)

  package static func write(_ text: String) {
    // What the program has printed by itself comes before. All streams, because the one meant is a mutable global.
    fflush(nil)
    var text = text
    text.withUTF8 { bytes in
      var done = 0
      while done < bytes.count && failure.load(ordering: .relaxed) == 0 {
        let count = systemWrite(STDOUT_FILENO, bytes.baseAddress! + done, bytes.count - done)
        if count >= 0 {
          done += count
        } else if errno == EAGAIN {
          var wait = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
          poll(&wait, 1, -1)
        } else if errno != EINTR {
          failure.store(errno, ordering: .relaxed)
        }
      }
    }
  }

  /// - Throws: ``DescentError`` of kind `file` if anything could not be written since the program began.
  package static func check() throws {
    let number = failure.load(ordering: .relaxed)
    if number != 0 { throw DescentError(.file, "standard output cannot be written: \(String(cString: strerror(number)))") }
  }
}

/// `write`, whose name the type has taken.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int { write(descriptor, bytes, count) }
