import Foundation

/// The files of a folder and what classes they are of, as people lay them out: a folder for each class, or one for each part (`train`,
/// `validation`, `test`) with a folder for each class in it.
package struct ClassFolders {
  package private(set) var classNames: [String]
  package private(set) var paths: [String] = []
  package private(set) var classes: [Int] = []
  /// 0 to train on, 1 to validate on, 2 to test on; empty where the folder does not say.
  package private(set) var parts: [UInt8] = []
  /// What was passed over.
  package private(set) var remarks: [String] = []

  /// Classes that go with files.
  /// - Throws: ``DescentError`` of kind `data` if there is not one for each file, or one is no number of 32 bits.
  package static func checked(_ classes: [Int], for paths: [String], things: String) throws -> [Int32] {
    guard classes.count == paths.count else { throw DescentError(.data, "rows: there are \(classes.count) classes for \(paths.count) \(things); expected one for each") }
    return try classes.map { number in
      guard let number = Int32(exactly: number) else { throw DescentError(.data, "rows: a class is \(number); expected a number of 32 bits") }
      return number
    }
  }

  private static let partNames: [String: UInt8] = ["train": 0, "training": 0, "val": 1, "valid": 1, "validation": 1, "test": 2, "testing": 2]

  /// - Parameters:
  ///   - folder: the folder.
  ///   - thing: what a file holds: picture.
  ///   - endings: of the files' names.
  ///   - example: the ending of an example's files.
  ///   - known: the classes' names, where a network has them already.
  /// - Throws: ``DescentError`` of kind `file` unless there are folders of two classes, or of the known ones.
  package init(_ folder: String, of thing: String, endings: [String], example ending: String, known: [String]? = nil) throws {
    let names = try FileDirectory.classNames(in: folder)
    let layout = names.compactMap { ClassFolders.partNames[$0.lowercased()] }
    let hasParts = try layout.count == names.count && layout.contains(0) && Set(layout).count == layout.count
      && names.allSatisfy { try !FileDirectory.classNames(in: FileDirectory.joined(folder, $0)).isEmpty }
    let groups = hasParts ? zip(names, layout).map { (FileDirectory.joined(folder, $0), $1) } : [(folder, UInt8(0))]
    var found: [(name: String, part: UInt8, paths: [String])] = []
    for (group, part) in groups {
      for name in try FileDirectory.classNames(in: group) {
        let files = try FileDirectory(group, classNames: [name], followLinks: true, endings: endings).paths
        if files.isEmpty {
          remarks.append("The folder \(FileDirectory.joined(group, name)) has no \(thing)s and is left out.")
        } else {
          found.append((name, part, files))
        }
      }
    }
    classNames = known ?? Set(found.filter { $0.part == 0 }.map(\.name)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let example = "\(folder)/cats/1\(ending), \(folder)/dogs/2\(ending)"
    guard !found.isEmpty else {
      throw DescentError(.file, "\(folder): has no folders with \(thing)s; expected a folder for each class, named after it: \(example)")
    }
    guard classNames.count > 1 else {
      throw DescentError(.file, "\(folder): all \(thing)s are in the folder '\(found[0].name)'; expected a folder for each of at least two classes: \(example)")
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
    let loose = try FileManager.default.contentsOfDirectory(atPath: folder).count { name in !name.hasPrefix(".") && endings.contains { hasEnding(name, $0) } }
    if loose > 0 { remarks.append("\(loose) \(loose == 1 ? "\(thing) lies beside the folders of the classes and is" : "\(thing)s lie beside the folders of the classes and are") left out.") }
  }

  /// Which file is in which part: as the folder says, and otherwise drawn, of each class alike.
  /// - Parameters:
  ///   - training: the part to train on.
  ///   - validation: the part to validate on; nil for all the rest.
  ///   - seed: decides which files are drawn.
  /// - Throws: ``DescentError`` of kind `invalidArgument` for parts that are none.
  package func split(training: Double, validation: Double?, seed: UInt64, things: String) throws -> [UInt8] {
    let rest = validation ?? 0
    guard training > 0, training <= 1, rest >= 0, training + rest <= 1 + 1e-9 else {
      throw DescentError(
        .invalidArgument, "the parts of the \(things) to train on and to validate on are \(training) and \(rest); the first must be greater than 0, and both at most 1 together")
    }
    if parts.isEmpty { return StratifiedSplit.parts(classes.map(Int32.init), training: training, validation: validation, seed: seed) }
    if parts.contains(1) { return parts }
    // What is kept for testing stays apart.
    let groups = classes.indices.map { parts[$0] == 0 ? Int32(classes[$0]) : nil }
    let drawn = StratifiedSplit.parts(groups, training: training, validation: nil, seed: seed)
    return zip(parts, drawn).map { $0 == 0 ? $1 : $0 }
  }

  /// All files below a folder, or the file itself.
  /// - Throws: ``DescentError`` of kind `file` if there are none.
  package static func files(at path: String, endings: [String], things: String) throws -> [String] {
    guard FileDirectory.isFolder(path) else { return [path] }
    let paths = try FileDirectory(path, classNames: nil, followLinks: true, endings: endings).paths
    if paths.isEmpty { throw DescentError(.file, "\(path): has no \(things)") }
    return paths
  }

  /// What is told of files that cannot be read.
  package static func remark(_ faults: [String]) -> [String] {
    if faults.isEmpty { return [] }
    let shown = faults.prefix(3).joined(separator: "; ") + (faults.count > 3 ? "; …" : "")
    return ["\(faults.count) \(faults.count == 1 ? "file cannot be read and is" : "files cannot be read and are") left out: \(shown)"]
  }
}

/// How much the rows of each class are to count so that all classes count the same: rows / (classes · rows of the class).
package func balancedWeights(_ counts: [Int]) -> [Int: Double] {
  let total = Double(counts.reduce(0, +))
  return Dictionary(uniqueKeysWithValues: counts.enumerated().filter { $0.element > 0 }.map { ($0, total / Double(counts.count * $1)) })
}
