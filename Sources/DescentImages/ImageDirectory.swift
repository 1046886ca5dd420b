import Foundation

/// The pictures under a folder, in Keras's order.
struct ImageDirectory {
  /// The endings of names that are looked at, in small letters.
  static let endings = [".bmp", ".gif", ".jpeg", ".jpg", ".png"]
  /// Those of all pictures that people have, whether they are read or not.
  static let allEndings = endings + [".webp", ".tif", ".tiff", ".heic", ".heif", ".avif"]
  /// Those that Keras 2's `ImageDataGenerator` looks at.
  static let flowEndings = ["png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff"]

  let folder: String
  private(set) var paths: [String] = []
  /// The number of each picture's folder of pictures of a class.
  private(set) var classes: [Int] = []

  /// - Parameters:
  ///   - classNames: the folders of the classes; nil for all pictures, wherever they are.
  ///   - followLinks: whether links to folders are gone into.
  ///   - endings: of the names that are looked at.
  ///   - refusesOthers: whether a picture of a format that is not read is an error.
  init(_ folder: String, classNames: [String]?, followLinks: Bool, endings: [String] = endings, refusesOthers: Bool = true) throws {
    self.folder = folder
    for (number, name) in (classNames ?? [""]).enumerated() {
      let start = name.isEmpty ? folder : ImageDirectory.joined(folder, name)
      var found: [(folder: String, names: [String])] = []
      try ImageDirectory.walk(start, "", followLinks: followLinks, above: []) { found.append(($0, $1)) }
      for (subfolder, names) in found.sorted(by: { comesBefore($0.folder, $1.folder) }) {
        for name in names.sorted(by: comesBefore) where endings.contains(where: { hasEnding(name, $0) }) {
          paths.append(ImageDirectory.joined(subfolder.isEmpty ? start : ImageDirectory.joined(start, subfolder), name))
          classes.append(number)
        }
      }
    }
    if refusesOthers { try paths.forEach(ImageDirectory.refuseOtherFormats) }
  }

  /// The folders in a folder, in order; those that begin with a dot are hidden.
  static func classNames(in folder: String, hidden: Bool = false) throws -> [String] {
    try entries(of: folder).filter { (hidden || !$0.hasPrefix(".")) && isFolder(joined(folder, $0)) }.sorted(by: comesBefore)
  }

  private static func entries(of folder: String) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw DescentError(.file, "\(folder): \(isFolder(folder) ? "the folder cannot be read" : "is no folder")")
    }
  }

  static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  static func joined(_ folder: String, _ name: String) -> String { folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)" }

  private static func walk(
    _ start: String, _ subfolder: String, followLinks: Bool, above: [String], _ body: (String, [String]) -> Void
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
    body(subfolder, names)
  }

  /// Keras reads these; it is better to be told before training than in its middle.
  private static func refuseOtherFormats(_ path: String) throws {
    guard [".png", ".jpg", ".jpeg"].allSatisfy({ !hasEnding(path, $0) }) else { return }
    let source = try ByteSource(path: path)
    if let format = ImageFile.otherFormat(try source.bytes(at: 0, count: min(16, source.count))) {
      throw DescentError(.file, ImageFile.refusal(of: path, format))
    }
  }
}

/// The order of the characters' numbers, as Python sorts.
private func comesBefore(_ first: String, _ second: String) -> Bool { first.utf8.lexicographicallyPrecedes(second.utf8) }
