import TensorCore

/// The processes that make the runs of a comparison: each makes some of them, and all learn what came out, so that all come to the same decisions.
struct TrialCrew {
  private let group: (any ProcessGroup)?

  /// - Parameter group: nil for this process alone.
  init(_ group: (any ProcessGroup)? = nil) { self.group = group.flatMap { $0.size > 1 ? $0 : nil } }

  var size: Int { group?.size ?? 1 }
  var rank: Int { group?.rank ?? 0 }

  /// What rank 0 says, which knows the time.
  func led(_ answer: () throws -> JSONValue) throws -> JSONValue {
    guard let group else { return try answer() }
    let text = try group.broadcast(text: group.rank == 0 ? answer().text() : "")
    return try JSONValue(parsing: Array(text.utf8), name: "rank 0")
  }

  /// Whether rank 0 says so.
  func agrees(_ answer: () -> Bool) throws -> Bool { try led { .bool(answer()) }.bool == true }

  /// What each rank has found, in their order; null for nothing.
  func gathered(_ own: JSONValue) throws -> [JSONValue] {
    guard let group else { return [own] }
    return try group.gather(own.text()).enumerated().map { try JSONValue(parsing: Array($1.utf8), name: "rank \($0)") }
  }

  /// Who makes which of some runs, at most one each: who has a trial's model goes on with it.
  func shares(of orders: [TrialOrder]) -> [Int: TrialOrder] {
    var result: [Int: TrialOrder] = [:]
    var rest: [TrialOrder] = []
    for order in orders {
      let wanted = order.number % size
      if order.stage == .tune && result[wanted] == nil { result[wanted] = order } else { rest.append(order) }
    }
    for order in rest { if let free = (0..<size).first(where: { result[$0] == nil }) { result[free] = order } }
    return result
  }
}
