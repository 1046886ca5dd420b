#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the operating system is asked for while a file is written, so that tests can watch the order of the calls and answer in the
/// place of disks and file systems that are not at hand.
package struct SystemCalls: Sendable {
  package var sync: @Sendable (_ descriptor: Int32) -> Int32 = { fsync($0) }
  package var rename: @Sendable (_ old: String, _ new: String) -> Int32 = { systemRename($0, $1) }
  package var link: @Sendable (_ existing: String, _ new: String) -> Int32 = { systemLink($0, $1) }

  package init() {}

  @TaskLocal package static var current = SystemCalls()
}

// The C functions, whose names the closures have taken.
private func systemRename(_ old: String, _ new: String) -> Int32 { rename(old, new) }
private func systemLink(_ existing: String, _ new: String) -> Int32 { link(existing, new) }
