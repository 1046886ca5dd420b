import Foundation

/// The files under a folder whose names end in some ways, in Keras's order.
package struct FileDirectory: Sendable {
  package private(set) var paths: [String] = []
  /// The number of each file's folder of files of a class.
  package private(set) var classes: [Int] = []

  /// - Parameters:
  ///   - folder: where to look.
  ///   - classNames: the folders of the classes; nil for all files, wherever they are.
  ///   - followLinks: whether links to folders are gone into.
  ///   - endings: of the names that are looked at, in small letters.
  /// - Throws: ``DescentError`` of kind `file` if a folder cannot be read.
  package init(_ folder: String, classNames: [String]?, followLinks: Bool, endings: [String]) throws {
    for (number, name) in (classNames ?? [""]).enumerated() {
      let start = name.isEmpty ? folder : FileDirectory.joined(folder, name)
      var found: [(folder: String, names: [String])] = []
      try FileDirectory.walk(start, "", followLinks: followLinks, above: []) {
        found.append(($0, $1))
        guard found.count <= FileDirectory.greatestFolderCount else {
          throw DescentError(.file, "\(start): has more than \(FileDirectory.greatestFolderCount) folders, or links by which the same ones are reached again and again")
        }
      }
      for (subfolder, names) in found.sorted(by: { comesBefore($0.folder, $1.folder) }) {
        for name in names.sorted(by: comesBefore) where endings.contains(where: { hasEnding(name, $0) }) {
          paths.append(FileDirectory.joined(subfolder.isEmpty ? start : FileDirectory.joined(start, subfolder), name))
          classes.append(number)
        }
      }
    }
  }

  private static let greatestFolderCount = 1 << 20

  /// The folders in a folder, in order; those that begin with a dot are hidden.
  package static func classNames(in folder: String, hidden: Bool = false) throws -> [String] {
    try entries(of: folder).filter { (hidden || !$0.hasPrefix(".")) && isFolder(joined(folder, $0)) }.sorted(by: comesBefore)
  }

  static func entries(of folder: String) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw DescentError(.file, "\(folder): \(isFolder(folder) ? "the folder cannot be read" : "is no folder")")
    }
  }

  package static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  package static func joined(_ folder: String, _ name: String) -> String { folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)" }

  private static func walk(
    _ start: String, _ subfolder: String, followLinks: Bool, above: [String], _ body: (String, [String]) throws -> Void
  ) throws {
    let folder = subfolder.isEmpty ? start : joined(start, subfolder)
    let real = followLinks ? URL(fileURLWithPath: folder).resolvingSymlinksInPath().path : folder
    if above.contains(real) { throw DescentError(.file, "\(folder): is a link to a folder that it lies in") }
    var names: [String] = []
    for name in try entries(of: folder) {
      let path = joined(folder, name)
      guard isFolder(path) else {
        names.append(name)
        continue
      }
      let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil
      if isLink && !followLinks { continue }
      try walk(start, subfolder.isEmpty ? name : joined(subfolder, name), followLinks: followLinks, above: above + [real], body)
    }
    try body(subfolder, names)
  }
}

/// The order of the characters' numbers, as Python sorts.
private func comesBefore(_ first: String, _ second: String) -> Bool { first.utf8.lexicographicallyPrecedes(second.utf8) }
