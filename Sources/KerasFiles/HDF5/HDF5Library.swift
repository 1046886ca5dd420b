import Descent
import Foundation

@preconcurrency import CHDF5

/// The system's libhdf5, which is not made for threads: one caller at a time.
enum HDF5Library {
  private static let lock = NSLock()

  /// Runs `body` with the library to itself, its own printing of errors turned off.
  static func use<Result>(_ body: () throws -> Result) throws -> Result {
    lock.lock()
    defer { lock.unlock() }
    guard H5open() >= 0 else { throw DescentError(.file, "libhdf5 cannot be started") }
    H5Eset_auto2(0, nil, nil)
    // A file that names an unknown filter would have a library of that name looked for and run.
    H5PLset_loading_state(0)
    return try body()
  }

  /// What files in memory are called. libhdf5 looks for a file of the name all the same; there can be none of this one.
  static let imageName = "/dev/null/image.h5"

  /// `H5P_DEFAULT` and `H5S_ALL`, which Swift does not see.
  static let standard: hid_t = 0
}

/// Something of the library's that is given back in the end.
final class HDF5Handle {
  let id: hid_t
  private let release: (hid_t) -> herr_t

  /// - Throws: ``DescentError`` of kind `file` if the library gave no identifier.
  init(_ id: hid_t, _ name: String, _ failure: String, release: @escaping (hid_t) -> herr_t) throws {
    guard id >= 0 else { throw DescentError(.file, "\(name): \(failure)") }
    self.id = id
    self.release = release
  }

  deinit { _ = release(id) }
}
