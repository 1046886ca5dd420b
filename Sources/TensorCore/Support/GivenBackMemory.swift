import Foundation

extension Variable {
  /// Gives the memory of a variable back to the system until it is written again, for one whose value is of no use here. What it holds then is
  /// not defined; nothing can be read beyond its bounds. Pages that it shares with other variables stay.
  package func giveBackMemory() {
    withMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      let page = UInt(getpagesize()), begin = UInt(bitPattern: base)
      let first = (begin + page - 1) / page * page, end = (begin + UInt(bytes.count)) / page * page
      guard first < end, let start = UnsafeMutableRawPointer(bitPattern: first) else { return }
      // Private memory without a file: what is dropped reads as zeros. If the system does not want it, it stays.
      _ = madvise(start, Int(end - first), MADV_DONTNEED)
    }
  }
}
