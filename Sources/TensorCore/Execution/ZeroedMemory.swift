import Foundation

/// Zeroed memory from the system, to be given back by who has it.
///
/// From 1 MiB on it lies in huge pages of 2 MiB, where the system has them (Linux's `madvise`): a pass over it then waits less for
/// addresses to be translated, and the first touch of it is cheaper. Its last page is a huge one if at least half of it is used. It
/// stays private memory, of which pages that are not touched cost nothing.
struct ZeroedMemory {
  let start: UnsafeMutableRawPointer
  /// What was mapped; 0 where it is from `calloc`.
  private let mappedBytes: Int

  private static let hugePage = 1 << 21

  /// - Returns: nil if there is not so much memory.
  init?(byteCount: Int) {
    #if os(Linux)
      if byteCount >= ZeroedMemory.hugePage / 2, let mapped = ZeroedMemory.map(byteCount) {
        (start, mappedBytes) = mapped
        return
      }
    #endif
    // calloc knows fresh pages to be zero already, and does not touch what may never be used.
    guard let memory = calloc(1, byteCount) else { return nil }
    (start, mappedBytes) = (memory, 0)
  }

  func giveBack() {
    if mappedBytes == 0 { free(start) } else { munmap(start, mappedBytes) }
  }

  #if os(Linux)
    /// Whole pages from the beginning of a huge one. The system makes a page huge only if all of it is mapped.
    private static func map(_ byteCount: Int) -> (UnsafeMutableRawPointer, Int)? {
      let page = Int(getpagesize())
      let (size, overflows) = byteCount.addingReportingOverflow(2 * hugePage)
      guard !overflows, let all = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), all != MAP_FAILED else {
        return nil
      }
      let before = -Int(bitPattern: all) & (hugePage - 1)
      let unit = byteCount % hugePage >= hugePage / 2 ? hugePage : page
      let length = (byteCount + unit - 1) / unit * unit
      let start = all + before
      if before > 0 { munmap(all, before) }
      munmap(start + length, size - before - length)
      // Without huge pages it is memory all the same.
      _ = madvise(start, length, Int32(MADV_HUGEPAGE))
      return (start, length)
    }
  #endif
}
