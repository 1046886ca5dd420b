/// Which rows of a batch are computed in one go: part k of n begins at the row ⌊k · rows / n⌋. The parts of a group's ranks follow each other,
/// and so do the shards of a rank, of which there are as many on each.
package struct RowShare: Hashable, Sendable {
  package let total: Int
  package let rows: Range<Int>

  /// All.
  package init(_ total: Int) { self.init(total, part: 0, of: 1) }

  package init(_ total: Int, part: Int, of count: Int) {
    self.total = total
    rows = total * part / count..<total * (part + 1) / count
  }

  package init(_ total: Int, of group: any ProcessGroup) { self.init(total, part: group.rank, of: group.size) }

  /// There is no row; one is computed with that counts for nothing.
  package var isIdle: Bool { rows.isEmpty }
  /// How many rows are computed with.
  package var computedRows: Int { max(rows.count, 1) }
  /// Where they begin in the batch.
  package var offset: Int { isIdle ? 0 : rows.lowerBound }
}
