/// Which row is in which part, so that of each group about the same part of the rows is in each.
package enum StratifiedSplit {
  /// 0 for rows to train on, 1 to validate on, 2 to test on, 3 for those of no group. At least one row of each group is in the first.
  /// - Parameters:
  ///   - groups: of each row: the number of its class.
  ///   - trainingPart: the part of the rows to train on.
  ///   - validationPart: the part to validate on; nil for all the rest.
  ///   - seed: decides which rows are drawn.
  package static func parts(_ groups: [Int32?], training trainingPart: Double, validation given: Double?, seed: UInt64) -> [UInt8] {
    var parts = [UInt8](repeating: 3, count: groups.count)
    var totals: [Int32: Int] = [:]
    for group in groups { if let group { totals[group, default: 0] += 1 } }
    let validationPart = given ?? 1 - trainingPart
    // What is rounded off of small groups is made up for by later ones.
    var limits: [Int32: (training: Int, validation: Int)] = [:]
    var carried = (training: 0.0, validation: 0.0)
    for (group, total) in totals.sorted(by: { $0.key < $1.key }) {
      let wanted = Double(total) * trainingPart + carried.training
      let training = min(max(Int(wanted.rounded()), 1), total)
      let wantedNext = Double(total) * validationPart + carried.validation
      let validation = min(max(Int(wantedNext.rounded()), 0), total - training)
      carried = (wanted - Double(training), wantedNext - Double(validation))
      limits[group] = (training, given == nil ? total - training : validation)
    }
    // Rows are many, groups are few: their limits are looked up once.
    let order = limits.keys.sorted()
    let placeOf = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($0.element, $0.offset) })
    let ends = order.map { group in limits[group] ?? (0, 0) }
    var taken = [Int](repeating: 0, count: order.count)
    var last: (group: Int32, place: Int)?
    for row in MersenneTwister.pythonOrder(groups.count, seed: seed) {
      guard let group = groups[row] else { continue }
      let own = last.flatMap { $0.group == group ? $0.place : nil } ?? placeOf[group] ?? 0
      last = (group, own)
      let place = taken[own]
      taken[own] = place + 1
      parts[row] = place < ends[own].training ? 0 : place < ends[own].training + ends[own].validation ? 1 : 2
    }
    return parts
  }
}
