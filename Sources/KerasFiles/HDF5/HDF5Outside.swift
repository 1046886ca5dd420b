import Descent

/// What an HDF5 file can name outside of itself. A file from elsewhere could have any file of its reader's taken for weights, so each
/// is refused by both readers, of files that are trusted too.
enum HDF5Outside: String {
  case externalStorage = "external storage: its elements lie in another file"
  case virtualDataset = "a virtual dataset: its elements lie in other arrays, which may be those of other files"
  case externalLink = "an external link: it leads to another file"
  case softLink = "a soft link: it names another place, which may be anywhere"
  case userDefinedLink = "a link of a kind that a program has defined"
  case severalFiles = "in several files, of which this is one"

  /// - Parameter label: the file and what in it: `model.h5: layers/dense/vars/0`.
  func refusal(_ label: String) -> DescentError {
    DescentError(.file, "\(label) is \(rawValue); what leads outside of a file is refused")
  }

  /// Refuses names that are steps rather than names.
  /// - Parameter group: the path of the group that the member lies in.
  static func checkName(_ name: String, in group: String, of file: String) throws {
    if name.isEmpty || name == "." || name == ".." || name.contains("/") || name.unicodeScalars.contains("\0") {
      throw DescentError(.file, "\(file): '\(group)' has a member with the name '\(name)', which is not possible")
    }
  }
}
