import Foundation

/// What a file on the net is packed as.
public enum ArchiveFormat: String, Sendable {
  /// tar, plain or with gzip, or zip, whichever it is.
  case auto
  /// tar, plain or compressed with gzip.
  case tar
  /// A zip file.
  case zip
}

/// Gets a file from a URL into a cache, unless it is there already, and unpacks it if asked to: `keras.utils.get_file`.
///
///     let path = try getFile(
///       origin: "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
///       fileHash: "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1")
///
/// `https` and `http` go through the program `curl`; `file` URLs are copied. A file that is there with another checksum is got anew.
/// A file whose checksum is wrong after it was got is removed. Archives may hold files and folders under the folder they are unpacked
/// in: one that points elsewhere is refused, as a whole, before anything is written; links and devices are refused too. What is in that folder
/// already stays, but for files that the archive has too, each of which is replaced at once.
/// - Parameters:
///   - fileName: what it is called in the cache; nil for the last part of the URL.
///   - origin: the URL.
///   - fileHash: its SHA-256 (64 digits) or MD5 (32); nil does not look.
///   - cacheSubdirectory: the folder under the cache, or an absolute one.
///   - extract: unpacks it, as Keras does: into the folder `fileName` if that has no dot (and the archive is called `fileName_archive`),
///     else into `NAME_extracted`; without a `fileName`, into a folder called as the archive.
///   - archiveFormat: what it may be packed as.
///   - cacheFolder: nil for `$KERAS_HOME`, by default `~/.keras`.
///   - forceDownload: gets it even if it is there.
/// - Returns: the path of the file, or of the folder it was unpacked in.
/// - Throws: ``DescentError``.
/// Source: <https://keras.io/api/utils/python_utils/#getfile-function>.
public func getFile(
  _ fileName: String? = nil, origin: String, fileHash: String? = nil, cacheSubdirectory: String = "datasets", extract: Bool = false,
  archiveFormat: ArchiveFormat = .auto, cacheFolder: String? = nil, forceDownload: Bool = false
) throws -> String {
  guard let url = URL(string: origin), let scheme = url.scheme else {
    throw DescentError(.invalidArgument, "getFile: '\(origin)' is not a URL")
  }
  let name = fileName ?? url.lastPathComponent
  guard !name.isEmpty, name != "/", name != ".", name != "..", !name.contains("/") else {
    throw DescentError(.invalidArgument, "getFile: '\(name)' is not the name of a file; give its folder as cacheFolder")
  }
  let base = cacheFolder ?? DatasetFile.kerasHome
  let folder = cacheSubdirectory.hasPrefix("/") ? cacheSubdirectory : base + "/" + cacheSubdirectory
  var (target, unpacked) = (folder + "/" + name, "")
  if extract {
    if fileName != nil, let dot = name.firstIndex(of: ".") {
      unpacked = "\(folder)/\(name[..<dot])_extracted"
    } else {
      unpacked = "\(folder)/\(name)"
      target = "\(folder)/\(name)_archive"
    }
  }
  let isThere = FileManager.default.fileExists(atPath: target)
  if try forceDownload || !isThere || fileHash.map({ try !Checksum.matches(target, $0) }) ?? false {
    try makeFolder(folder)
    // Under its name only once it is whole and what it should be.
    let temporary = "\(target).\(ProcessInfo.processInfo.processIdentifier).part"
    defer { try? FileManager.default.removeItem(atPath: temporary) }
    try download(url, scheme: scheme, to: temporary)
    if let fileHash, try !Checksum.matches(temporary, fileHash) {
      throw DescentError(.file, "getFile: what came from \(origin) is incomplete or not what it should be: its checksum is not \(fileHash)")
    }
    guard rename(temporary, target) == 0 else { throw fileError(target, "cannot be written") }
  }
  if extract { try unpack(target, into: unpacked, archiveFormat) }
  return extract ? unpacked : target
}

private func download(_ url: URL, scheme: String, to path: String) throws {
  switch scheme.lowercased() {
  case "file":
    let source = SourceStream(try ByteSource(path: url.path))
    try writeFile(path) { file in
      try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { scratch in
        while true {
          let got = try source.read(into: scratch)
          if got == 0 { return }
          try file.write(UnsafeRawBufferPointer(rebasing: scratch[..<got]))
        }
      }
    }
  case "https", "http":
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["curl", "--proto", "=http,https", "--fail", "--silent", "--show-error", "--location", "--output", path, "--", url.absoluteString]
    let errors = Pipe()
    process.standardError = errors
    process.standardInput = FileHandle.nullDevice
    do { try process.run() } catch { throw DescentError(.file, "getFile: curl cannot be started: \(error)") }
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let reason = text.trimmingCharacters(in: .whitespacesAndNewlines)
      throw DescentError(.file, "getFile: \(url.absoluteString) cannot be got: \(reason.isEmpty ? "curl failed" : reason)")
    }
  default:
    throw DescentError(.invalidArgument, "getFile: URLs that begin with '\(scheme):' are not read; https, http and file are")
  }
}

// MARK: - Unpacking

/// Unpacks into a folder beside, which takes the name in the end, so that half an archive is never found there. A folder that has the name already
/// gets the files one by one.
private func unpack(_ path: String, into folder: String, _ format: ArchiveFormat) throws {
  let temporary = "\(folder).\(ProcessInfo.processInfo.processIdentifier).part"
  try? FileManager.default.removeItem(atPath: temporary)
  defer { try? FileManager.default.removeItem(atPath: temporary) }
  try makeFolder(temporary)
  let start = try ByteSource(path: path)
  let isZip = start.count > 3 ? try start.bytes(at: 0, count: 2) == Array("PK".utf8) : false
  switch format {
  case .auto: try isZip ? unzip(path, into: temporary) : untar(path, into: temporary)
  case .zip: try unzip(path, into: temporary)
  case .tar: try untar(path, into: temporary)
  }
  guard FileDirectory.isFolder(folder) else {
    // The archive itself, where an earlier call did not unpack it.
    try? FileManager.default.removeItem(atPath: folder)
    guard rename(temporary, folder) == 0 else { throw fileError(folder, "cannot be written") }
    return
  }
  guard let names = FileManager.default.enumerator(atPath: temporary) else { throw DescentError(.file, "\(temporary): the folder cannot be read") }
  for case let name as String in names {
    let place = folder + "/" + name
    if FileDirectory.isFolder(temporary + "/" + name) {
      try makeFolder(place)
    } else {
      guard rename(temporary + "/" + name, place) == 0 else { throw fileError(place, "cannot be written") }
    }
  }
}

private func unzip(_ path: String, into folder: String) throws {
  // Names that point outside are refused as the archive is opened.
  let archive = try ZipArchive(path: path)
  for entry in archive.entries {
    let stream = try archive.stream(entry)
    try writeFile(folder + "/" + checkedPath(entry.name, path)) { file in
      try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { scratch in
        while true {
          let got = try stream.read(into: scratch)
          if got == 0 { return }
          try file.write(UnsafeRawBufferPointer(rebasing: scratch[..<got]))
        }
      }
    }
  }
}

private func untar(_ path: String, into folder: String) throws {
  // Looked through before anything is written.
  let names = try TarArchive(path: path)
  while let entry = try names.next() {
    _ = try checkedPath(entry.name, path)
    if entry.kind == .other {
      throw DescentError(.file, "\(path): the entry '\(entry.name)' is a link or a device; only files and folders are unpacked")
    }
  }
  let archive = try TarArchive(path: path)
  while let entry = try archive.next() {
    let place = folder + "/" + (try checkedPath(entry.name, path))
    if entry.kind == .folder {
      try makeFolder(place)
    } else {
      try writeFile(place) { file in try archive.contents { try file.write($0) } }
    }
  }
}

/// A name of an archive, as a path under the folder it is unpacked in.
private func checkedPath(_ name: String, _ archive: String) throws -> String {
  let parts = name.split(separator: "/").filter { $0 != "." }
  guard !name.hasPrefix("/"), !parts.contains(".."), !name.utf8.contains(0), !name.contains("\\") else {
    throw DescentError(.file, "\(archive): the entry '\(name)' points outside of the archive")
  }
  return parts.joined(separator: "/")
}
