import Foundation
import TestSupport
import Testing

@testable import TensorCore

@Suite struct ProcessorCountTests {
  /// Files of a machine's control groups, and how many processors they grant.
  private static let cases: [(files: [String: String], granted: Int?)] = [
    ([:], nil),
    (["/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "max 100000\n"], nil),
    (["/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "200000 100000\n"], 2),
    (["/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "150000 100000\n"], 2),
    (["/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "1000 100000\n"], 1),
    (["/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "what is this"], nil),
    // The group above limits too.
    (
      [
        "/proc/self/cgroup": "0::/user/job\n", "/sys/fs/cgroup/user/job/cpu.max": "800000 100000\n",
        "/sys/fs/cgroup/user/cpu.max": "300000 100000\n",
      ], 3
    ),
    (
      [
        "/proc/self/cgroup": "12:memory:/a\n4:cpu,cpuacct:/a\n", "/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "400000\n",
        "/sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000\n",
      ], 4
    ),
    (
      [
        "/proc/self/cgroup": "4:cpu:/\n", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n", "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
      ], nil
    ),
  ]

  @Test func `no more threads than control groups grant time for`() throws {
    for (files, granted) in Self.cases {
      let root = TemporaryFolder()
      for (path, text) in files {
        let file = URL(fileURLWithPath: root.path + path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: file, atomically: true, encoding: .utf8)
      }
      #expect(ProcessorCount.granted(root: root.path) == granted, "\(files)")
    }
    #expect(ProcessorCount.available >= 1)
  }
}
