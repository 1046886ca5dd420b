import Synchronization
import TensorCore

/// What of one kind can be named: Descent's own, and what programs have registered. The last one of a name counts, a program's before
/// Descent's.
package final class Registry<Entry: Sendable>: Sendable {
  /// What errors call an entry: `optimizer`.
  package let what: String
  /// Descent's own.
  package let builtIn: [Entry]
  private let names: @Sendable (Entry) -> [String]
  private let ignoresCase: Bool
  /// Descent's own by their names, and by these in small letters.
  private let byName: [String: Entry], bySmallName: [String: Entry]
  private let added = Mutex<[Entry]>([])

  /// - Parameters:
  ///   - what: what errors call an entry: `optimizer`.
  ///   - builtIn: Descent's own.
  ///   - ignoresCase: whether a name may be written in any case.
  ///   - names: what an entry is called.
  package init(of what: String, _ builtIn: [Entry], ignoresCase: Bool = false, names: @escaping @Sendable (Entry) -> [String]) {
    self.what = what
    self.builtIn = builtIn
    self.names = names
    self.ignoresCase = ignoresCase
    let named = builtIn.flatMap { entry in names(entry).map { ($0, entry) } }
    byName = Dictionary(named) { $1 }
    bySmallName = Dictionary(named.map { ($0.0.lowercased(), $0.1) }) { $1 }
  }

  /// Makes an entry known by its names.
  package func register(_ entry: Entry) { added.withLock { $0.append(entry) } }

  /// What programs have registered, in that order.
  package var registered: [Entry] { added.withLock { $0 } }

  /// All entries.
  package var all: [Entry] { builtIn + registered }

  /// The entry of a name, if there is one.
  package func find(_ name: String) -> Entry? { find(name, ignoringCase: ignoresCase) }

  /// The same in this case or in any.
  package func find(_ name: String, ignoringCase ignoresCase: Bool) -> Entry? {
    let sought = ignoresCase ? name.lowercased() : name
    return registered.last { names($0).contains { (ignoresCase ? $0.lowercased() : $0) == sought } }
      ?? (ignoresCase ? bySmallName : byName)[sought]
  }

  /// The entry of a name.
  /// - Throws: ``DescentError`` naming the nearest that there is, or all.
  package func entry(named name: String) throws -> Entry {
    guard let entry = find(name) else { throw unknownName(name) }
    return entry
  }

  /// The error for a name that no entry has, with the nearest that there is, or all.
  package func unknownName(_ name: String) -> DescentError { TensorCore.unknownName(name, what: what, known: all.flatMap(names)) }
}
