import CKernels
import Foundation

/// How many processors a process may use.
package enum ProcessorCount {
  /// Those that the process may run on (`taskset`, a container's set), or fewer where a control group grants less time (`docker run
  /// --cpus`): threads beyond that would wait for one another.
  package static let available: Int = {
    let count = Int(ck_processor_count())
    return max(1, count > 0 ? min(count, granted() ?? count) : ProcessInfo.processInfo.activeProcessorCount)
  }()

  /// As many threads as there are processors for this process, or as the environment variable `DESCENT_THREADS` says.
  package static let threads: Int = {
    let chosen = ProcessInfo.processInfo.environment["DESCENT_THREADS"].flatMap { Int($0) } ?? 0
    return min(chosen > 0 ? chosen : available, greatestThreadCount)
  }()
  private static let greatestThreadCount = 256

  /// How many processors' time the control groups of this process are granted; nil where there is no limit.
  /// - Parameter root: of the file system.
  static func granted(root: String = "") -> Int? {
    func text(_ path: String) -> String? { try? String(contentsOfFile: root + path, encoding: .utf8) }
    func processors(_ quota: Substring?, _ period: Substring?) -> Int? {
      guard let quota = quota.flatMap({ Double($0) }), let period = period.flatMap({ Double($0) }), quota > 0, period > 0 else { return nil }
      return max(1, Int((quota / period).rounded(.up)))
    }
    var least: Int?
    func take(_ count: Int?) { least = [least, count].compactMap { $0 }.min() }
    for line in (text("/proc/self/cgroup") ?? "").split(separator: "\n") {
      // number:controllers:path; each group above it limits too.
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      var path = String(parts[2])
      while true {
        let group = path == "/" ? "" : path
        if parts[1].isEmpty {
          let numbers = (text("/sys/fs/cgroup\(group)/cpu.max") ?? "").split { $0.isWhitespace }
          take(processors(numbers.first, numbers.dropFirst().first))
        } else if parts[1].split(separator: ",").contains("cpu") {
          let folder = "/sys/fs/cgroup/cpu\(group)"
          func number(_ name: String) -> Substring? { text("\(folder)/\(name)")?.split { $0.isWhitespace }.first }
          take(processors(number("cpu.cfs_quota_us"), number("cpu.cfs_period_us")))
        }
        guard let slash = path.lastIndex(of: "/"), path.count > 1 else { break }
        path = slash == path.startIndex ? "/" : String(path[..<slash])
      }
    }
    return least
  }
}
