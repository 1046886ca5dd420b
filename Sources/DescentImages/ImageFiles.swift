import Foundation

/// The pictures of a folder and what classes they are of, as people lay them out: a folder for each class, or one for each part (`train`,
/// `validation`, `test`) with a folder for each class in it.
struct ImageFiles {
  private(set) var classNames: [String]
  private(set) var paths: [String] = []
  private(set) var classes: [Int] = []
  /// 0 to train on, 1 to validate on, 2 to test on; empty where the folder does not say.
  private(set) var parts: [UInt8] = []
  /// What was passed over.
  private(set) var remarks: [String] = []

  private static let partNames: [String: UInt8] = ["train": 0, "training": 0, "val": 1, "valid": 1, "validation": 1, "test": 2, "testing": 2]

  /// - Parameter known: the classes' names, where a network has them already.
  init(_ folder: String, known: [String]? = nil) throws {
    let names = try FileDirectory.classNames(in: folder)
    let layout = names.compactMap { ImageFiles.partNames[$0.lowercased()] }
    let hasParts = try layout.count == names.count && layout.contains(0) && Set(layout).count == layout.count
      && names.allSatisfy { try !FileDirectory.classNames(in: FileDirectory.joined(folder, $0)).isEmpty }
    let groups = hasParts ? zip(names, layout).map { (FileDirectory.joined(folder, $0), $1) } : [(folder, UInt8(0))]
    var found: [(name: String, part: UInt8, paths: [String])] = []
    for (group, part) in groups {
      for name in try FileDirectory.classNames(in: group) {
        let files = try ImageDirectory.files(in: group, classNames: [name], followLinks: true, endings: ImageDirectory.allEndings, refusesOthers: false).paths
        if files.isEmpty {
          remarks.append("The folder \(FileDirectory.joined(group, name)) has no pictures and is left out.")
        } else {
          found.append((name, part, files))
        }
      }
    }
    classNames = known ?? Set(found.filter { $0.part == 0 }.map(\.name)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let example = "\(folder)/cats/1.jpg, \(folder)/dogs/2.jpg"
    guard !found.isEmpty else {
      throw DescentError(.file, "\(folder): has no folders with pictures; expected a folder for each class, named after it: \(example)")
    }
    guard classNames.count > 1 else {
      throw DescentError(.file, "\(folder): all pictures are in the folder '\(found[0].name)'; expected a folder for each of at least two classes: \(example)")
    }
    for (name, part, files) in found {
      guard let place = classNames.firstIndex(of: name) else {
        let reason = known == nil ? "and there is no such folder to train on" : "which is none of the model's classes"
        throw DescentError(.file, "\(folder): the folder '\(name)' is of a class of its own, \(reason): \(classNames.joined(separator: ", "))")
      }
      paths += files
      classes += [Int](repeating: place, count: files.count)
      if hasParts { parts += [UInt8](repeating: part, count: files.count) }
    }
    let loose = try ImageDirectory.looseFiles(in: folder)
    if loose > 0 { remarks.append("\(loose) \(loose == 1 ? "picture lies beside the folders of the classes and is" : "pictures lie beside the folders of the classes and are") left out.") }
  }

  /// How large pictures are, and whether all of them are without colors, as some of them spread over all say.
  func sample() -> (heights: [Int], widths: [Int], areGray: Bool) {
    let step = max(1, paths.count / 200)
    var heights: [Int] = [], widths: [Int] = [], areGray = true
    for place in stride(from: 0, to: paths.count, by: step) {
      guard let measure = try? ImageFile.measure(paths[place]) else { continue }
      heights.append(measure.height)
      widths.append(measure.width)
      areGray = areGray && measure.isGray
    }
    return (heights, widths, areGray && !heights.isEmpty)
  }
}

extension ImageDirectory {
  /// How many pictures lie in the folder itself.
  static func looseFiles(in folder: String) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: folder).count { name in !name.hasPrefix(".") && allEndings.contains { hasEnding(name, $0) } }
  }

  /// All pictures below a folder, or the file itself.
  static func pictures(at path: String) throws -> [String] {
    guard FileDirectory.isFolder(path) else { return [path] }
    let paths = try ImageDirectory.files(in: path, classNames: nil, followLinks: true, endings: allEndings, refusesOthers: false).paths
    if paths.isEmpty { throw DescentError(.file, "\(path): has no pictures") }
    return paths
  }
}

extension ImageFile {
  /// A picture's size, and whether it is without colors, without its pixels.
  static func measure(_ path: String) throws -> (height: Int, width: Int, isGray: Bool) {
    let source = try ByteSource(path: path)
    let start = try source.bytes(at: 0, count: min(26, source.count))
    if start.starts(with: PNG.signature), start.count == 26 {
      func number(_ place: Int) -> Int { start[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) } }
      return (number(20), number(16), start[25] == 0 || start[25] == 4)
    }
    guard start.starts(with: [0xFF, 0xD8]) else { throw DescentError(.file, "\(path): is no picture that is known") }
    let header = try JPEGHeader(source.allBytes(), name: path)
    return (header.height, header.width, header.components == 1)
  }
}
