import DescentTestSupport
import TensorCore
import Testing

@testable import Descent

/// Whatever a file says of an operation, it is computed or refused: no operation may end the process, ask for memory without bound, or take
/// an argument or a setting that it does not know.
@Suite struct HostileOperationTests {
  private typealias Value = CallArguments.Value

  private static let open: [JSONValue] = [.null, true, false, "text", "same", [], ["text"], [nil], ["a": 1]]
  private static let numbers: [JSONValue] = [
    0, 1, -1, 2, 7, 99, 65536, 33_554_432, .number("2147483648"), .number("-2147483649"), .number("1099511627776"), .number("1099511627777"),
    .number("\(Int.max)"), .number("\(Int.min)"), .number("1e30"), 0.5, -0.5, .number("NaN"), .number("Infinity"), .number("1e300"),
  ]
  private static let lists: [JSONValue] = [
    [0, 0], [1, -1], [1, 1], [1, 2, 3], [-1, -1], [0.5, 1], [3_000_000_000], [.number("\(Int.max)"), .number("\(Int.max)")],
    [.number("\(Int.min)"), 1], [1_099_511_627_776, 1_099_511_627_776], [1_099_511_627_776, 1_099_511_627_776, 1], [[0, 0], [1, 2]],
    [[0, 0], [.number("\(Int.max)"), .number("\(Int.max)")]], [[0, 0], [1_099_511_627_776, 1_099_511_627_776]], [[[1]]], [[], []], [[0, 0], [1, 1]],
    .array([JSONValue](repeating: 1, count: 300)), .array((0..<300).map { JSONValue($0) }), .array([JSONValue](repeating: .null, count: 300)),
    [slice(["step": .number("\(Int.max)")])], [slice(["start": .number("\(Int.min)"), "stop": .number("\(Int.max)")])], [slice(["step": 0])],
    [slice(["step": "text"])], [["class_name": "__ellipsis__", "config": [:]], ["class_name": "__ellipsis__", "config": [:]]],
  ]
  private static let values = open + numbers + lists

  private static func slice(_ config: JSONValue) -> JSONValue { ["class_name": "__slice__", "config": config] }

  /// What such a key may be where nothing else is said for the class.
  private static let plausible: [String: JSONValue] = [
    "axis": 1, "keepdims": false, "x_min": 0, "x_max": 1, "dtype": "float32", "num_classes": 3, "newshape": [-1, 1], "indices_or_sections": 2,
    "key": [slice(["step": 2])], "repeats": 2, "axis1": 1, "axis2": 2, "subscripts": "...i,...i->...i", "epsilon": 0.001, "threshold": 0.5,
    "default_value": 1, "source": 1, "destination": -1, "shift": 1, "q": 0.5, "k": 1, "axes": [1], "pool_size": 2, "size": 2, "output_size": 2,
    "block_size": 2, "n": 1, "top_cropping": 1, "bottom_cropping": 0, "left_cropping": 0, "right_cropping": 1, "top_padding": 1,
    "bottom_padding": 0, "left_padding": 0, "right_padding": 1, "full_matrices": false, "negative_slope": 0.1, "alpha": 1, "sequence_length": 2, "sequence_stride": 1, "fft_length": 3,
  ]
  private static let further: [String: [String: JSONValue]] = [
    "Tile": ["repeats": [1, 2]], "Pad": ["pad_width": [[0, 0], [1, 1]]], "Transpose": ["axes": [0, 1]], "Rot90": ["axes": [1, 2], "k": 1],
    "Vsplit": ["indices_or_sections": [3]], "Dsplit": ["indices_or_sections": [1]], "Tensordot": ["axes": 1], "Cross": ["axis": -1],
    "Squeeze": ["axis": 2], "OneHot": ["axis": -1], "MultiHot": ["axis": -1], "SparseCategoricalCrossentropy": ["axis": -1],
    "BatchNorm": ["axis": -1], "Sum": ["axis": [1]], "Einsum": ["subscripts": "ij,ij->ij"],
  ]

  private static func tensor(_ row: [Int], _ dtype: DType = .float32, _ index: Int = 0) -> Value {
    .tensor(Tensor.placeholder(index, shape: [1009] + row, dtype: dtype))
  }

  private static func constant(_ shape: [Int]) -> Value { .tensor(Tensor.ones(shape)) }

  /// Arguments that a call may have, of which each operation takes some.
  private static func candidates() -> [[Value]] {
    let rows: [[Int]] = [[4], [4, 4], [4, 1], [3], [4, 4, 3], [4, 4, 8], [4, 4, 4, 2]]
    var all: [[Value]] = []
    for row in rows {
      for dtype in [DType.float32, .int32] {
        let x = tensor(row, dtype)
        all += [[x], [x, x], [.list([x, x])], [.list([x, x]), .list([x, x])], [x, x, x]]
      }
    }
    let image = tensor([4, 4, 3]), labels = tensor([], .int32)
    all += [
      [image, constant([2, 2, 3, 4])], [image, constant([2, 2, 4, 3])], [image, constant([2, 2, 3, 2])],
      [image, constant([2, 2, 3, 2]), constant([1, 1, 6, 2])], [image, constant([3]), constant([3]), constant([3]), constant([3])],
      [labels, tensor([4])], [labels, tensor([4]), .json(2)], [constant([4]), tensor([4])], [tensor([4]), constant([4])], [tensor([4]), .json([0, 0.5])],
      [tensor([4], .int32), tensor([4, 3])],
    ]
    return all
  }

  private struct Attempt {
    let definition: OperationDefinition
    var arguments: [Value]
    var settings: [String: JSONValue]

    var withoutEmptySettings: Attempt {
      var result = self
      result.settings = settings.filter { $0.value != .null }
      return result
    }

    /// The same call with each setting and each argument in turn replaced by each value, and what that is.
    func withHostileValues() -> [(what: String, attempt: Attempt)] {
      let valid = withoutEmptySettings
      let ofSettings = settings.keys.sorted().flatMap { key in
        HostileOperationTests.values.map { value in
          var attempt = valid
          attempt.settings[key] = value
          return ("\(key): \(value.shortText)", attempt)
        }
      }
      let ofArguments = arguments.indices.flatMap { place in
        HostileOperationTests.values.map { value in
          var attempt = valid
          attempt.arguments[place] = .json(value)
          return ("argument \(place): \(value.shortText)", attempt)
        }
      }
      return ofSettings + ofArguments
    }

    /// The results' shapes, of what is no more than a machine could ever hold, or a `DescentError` that names the operation.
    func outcome() throws -> [[Int]] {
      try Trace.discarding {
        let layer = OperationLayer(definition, settings: JSONObject(byName: settings), name: "it_\(definition.className)")
        return try layer.apply(CallArguments(positional: arguments)).map(\.shape)
      }
    }

    /// - Returns: how it ended, for counting; records whatever is neither of both.
    @discardableResult
    func judge(_ what: @autoclosure () -> String) -> Bool {
      let start = ContinuousClock.now
      defer { #expect(ContinuousClock.now - start < .seconds(10), "\(definition.className) \(what())") }
      do {
        for shape in try outcome() {
          let count = shape.reduce(1.0) { $0 * Double($1) }
          #expect(count <= 0x1p50 && shape.allSatisfy { $0 >= 0 }, "\(definition.className) \(what()): \(shape.prefix(9))")
        }
        return true
      } catch let error as DescentError {
        #expect(error.message.contains("it_\(definition.className)"), "\(definition.className) \(what()): \(error.message)")
      } catch {
        Issue.record("\(definition.className) \(what()): \(error)")
      }
      return false
    }
  }

  /// A call of each operation that it computes, with all the keys that it asks for.
  private static func seeds() throws -> [Attempt] {
    let candidates = candidates()
    return try OperationTable.names.map { name in
      let definition = try needed(OperationTable.definition(name))
      let given = plausible.merging(further[name] ?? [:]) { $1 }
      var problems: [String] = []
      for arguments in candidates {
        let input = OperationInput(owner: name, className: name, arguments: CallArguments(positional: arguments), settings: JSONObject(byName: given))
        do {
          _ = try Trace.discarding { try definition.body(input) }
          let attempt = Attempt(definition: definition, arguments: arguments, settings: given.filter { input.askedNames.contains($0.key) })
          _ = try attempt.outcome()
          var whole = attempt
          // Keys without a value here are there to be replaced.
          for key in input.askedNames where key != "name" && whole.settings[key] == nil { whole.settings[key] = .null }
          return whole
        } catch let error as DescentError {
          problems.append(error.message)
        }
      }
      Issue.record("\(name): no call was computed: \(Set(problems))")
      return Attempt(definition: definition, arguments: candidates[0], settings: given)
    }
  }

  @Test func `settings and arguments of any kind are computed or refused`() throws {
    var computed = 0, refused = 0
    for seed in try HostileOperationTests.seeds() {
      for (what, attempt) in seed.withHostileValues() {
        if attempt.judge(what) { computed += 1 } else { refused += 1 }
      }
      var further = seed.withoutEmptySettings
      for value in HostileOperationTests.values {
        further.arguments = seed.arguments + [.json(value)]
        if further.judge("another argument: \(value.shortText)") { computed += 1 } else { refused += 1 }
      }
    }
    #expect(computed > 3000 && refused > 20_000, "\(computed) \(refused)")
  }

  @Test func `tensors of any rank, size and dtype are computed or refused`() throws {
    let rows: [[Int]] = [
      [], [0], [1], [4], [1 << 39], [4, 0], [0, 4], [4, 4], [1 << 20, 1 << 19], [2, 3_000_000_000], [0, 4, 3], [4, 4, 3], [4, 4, 0], [1 << 39, 1, 1],
      [1, 1 << 39, 3], [3, 3, 1 << 33], [2, 2, 2, 2], [0, 0, 0, 0], [1, 1, 1, 1, 1, 1],
    ]
    for seed in try HostileOperationTests.seeds() {
      var attempt = seed.withoutEmptySettings
      for row in rows {
        for dtype in [DType.float32, .float64, .int32, .uint8, .bool] {
          for place in seed.arguments.indices {
            let x = HostileOperationTests.tensor(row, dtype)
            attempt.arguments = seed.arguments
            attempt.arguments[place] = seed.arguments[place].isList ? .list([x, x]) : x
            attempt.judge("\(dtype) \(row) at \(place)")
          }
          let x = HostileOperationTests.tensor(row, dtype)
          attempt.arguments = seed.arguments.map { $0.isList ? .list([x, x]) : x }
          attempt.judge("\(dtype) \(row)")
          // Every size a tensor that is no row has.
          let whole = Value.tensor(Tensor.placeholder(0, shape: row, dtype: dtype))
          attempt.arguments = seed.arguments.map { $0.isList ? .list([whole, x]) : whole }
          attempt.judge("\(dtype) \(row) without rows")
        }
      }
    }
  }

  /// Computes a call on three rows where it is not refused and has few elements. Says whether it did.
  private static func evaluate(_ attempt: Attempt) -> Bool {
    func few(_ value: Value) -> Value {
      switch value {
      case .tensor(let x) where x.node.value == nil && x.shape.first == 1009:
        return .tensor(Tensor.ones([3] + x.shape.dropFirst(), dtype: x.dtype))
      case .list(let values): return .list(values.map(few))
      default: return value
      }
    }
    var small = attempt
    small.arguments = attempt.arguments.map(few)
    let layer = OperationLayer(small.definition, settings: JSONObject(byName: small.settings), name: "it")
    guard let shapes = try? small.outcome(), shapes.allSatisfy({ $0.reduce(1.0) { $0 * Double($1) } < 10_000 }),
      let results = try? layer.apply(CallArguments(positional: small.arguments))
    else { return false }
    for result in results { #expect(result.doubles.count == result.count, "\(small.definition.className)") }
    return true
  }

  @Test func `what is not refused is computed, without elements too`() throws {
    let rows: [[Int]] = [[], [0], [1], [4], [4, 0], [0, 4], [4, 4], [0, 4, 3], [4, 4, 3], [4, 4, 0], [2, 2, 2, 2], [0, 0, 0, 0]]
    var computed = 0
    for seed in try HostileOperationTests.seeds() {
      var attempt = seed.withoutEmptySettings
      for row in rows {
        for dtype in [DType.float32, .float64, .int32, .uint8, .bool] {
          let x = HostileOperationTests.tensor(row, dtype)
          attempt.arguments = seed.arguments.map { $0.isList ? .list([x, x]) : x }
          if HostileOperationTests.evaluate(attempt) { computed += 1 }
          for place in seed.arguments.indices {
            attempt.arguments = seed.arguments
            attempt.arguments[place] = seed.arguments[place].isList ? .list([x, x]) : x
            if HostileOperationTests.evaluate(attempt) { computed += 1 }
          }
        }
      }
      for (_, attempt) in seed.withHostileValues() where HostileOperationTests.evaluate(attempt) { computed += 1 }
    }
    #expect(computed > 3000, "\(computed)")
  }

  @Test func `what an operation does not know is told by name`() throws {
    for seed in try HostileOperationTests.seeds() {
      let name = seed.definition.className
      var attempt = seed.withoutEmptySettings
      attempt.settings["keepdimz"] = true
      let told = failure(.invalidArgument) { _ = try attempt.outcome() }
      #expect(told.contains("operation it_\(name): ") && told.contains("keepdimz"), "\(told)")
      attempt.settings["keepdimz"] = nil
      attempt.arguments += (0..<6).map { _ in .json(3) }
      let further = failure(.invalidArgument) { _ = try attempt.outcome() }
      #expect(further.contains("operation it_\(name): "), "\(further)")
      // What Keras may note of any of them.
      attempt = seed.withoutEmptySettings
      attempt.settings["name"] = "it"
      attempt.settings["dtype"] = ["module": "keras", "class_name": "DTypePolicy", "config": ["name": "float32"], "registered_name": nil]
      #expect(throws: Never.self, "\(name)") { try attempt.outcome() }
    }
  }

  @Test func `a key that is near another is said to be it`() throws {
    let attempt = Attempt(
      definition: try needed(OperationTable.definition("Sum")), arguments: [HostileOperationTests.tensor([4])], settings: ["axis": 1, "keepdimz": true])
    #expect(failure(.invalidArgument) { _ = try attempt.outcome() } == "operation it_Sum: unknown setting 'keepdimz'; did you mean 'keepdims'?")
  }

  /// What a file may say that once ended the process, each as it stood in one.
  @Test func `what once ended the process is refused`() throws {
    func told(_ name: String, _ row: [Int], _ settings: [String: JSONValue], _ more: JSONValue...) throws -> String {
      let arguments = [HostileOperationTests.tensor(row)] + more.map { Value.json($0) }
      let attempt = Attempt(definition: try needed(OperationTable.definition(name)), arguments: arguments, settings: settings)
      return failure(.invalidArgument) { _ = try attempt.outcome() }
    }
    let greatest = JSONValue.number("\(Int.max)")
    #expect(try told("Add", [1], [:], [3_000_000_000]) == "operation it_Add: argument 2 is [3000000000], not all of which is int32; Descent has no wider whole numbers")
    #expect(try told("Sum", [4], ["axis": [1, -1]]) == "operation it_Sum: 'axis' is [1, -1], which names an axis twice")
    #expect(try told("OneHot", [4], ["num_classes": 16_777_217]) == "operation it_OneHot: 'num_classes' is 16777217; expected an integer from 1 to 16777216")
    #expect(try told("Reshape", [4], ["newshape": [1_099_511_627_776, 1_099_511_627_776]]).contains("is too large"))
    #expect(try told("Repeat", [4], ["repeats": greatest, "axis": 1]).hasPrefix("operation it_Repeat: 'repeats' is 9223372036854775807; expected an integer from 1"))
    #expect(try told("Repeat", [4], ["repeats": 1_099_511_627_776, "axis": 1]).contains("is too large"))
    #expect(try told("Tile", [4], ["repeats": [1, 1_000_000_000_000]]).contains("is too large"))
    #expect(try told("Reshape", [0], ["newshape": [1_099_511_627_776, 1_099_511_627_776, 0]]).contains("is too large"))
    #expect(try told("Sort", [2, 3_000_000_000], ["axis": 1]).contains("an axis of 3000000000 places"))
    #expect(try told("DepthToSpace", [4, 4, 8], ["block_size": greatest]).contains("'block_size' is 9223372036854775807"))
    #expect(try told("Sum", [4], ["axis": 1, "keepdims": 1]) == "operation it_Sum: 'keepdims' is 1; expected true or false")
    #expect(try told("Round", [4], ["decimals": "two"]).contains("'decimals' is \"two\""))
    #expect(try told("Average", [4], ["axis": 1], ["a"]).contains("argument 2 is [\"a\"]; expected a tensor or a number"))
    #expect(try told("TakeAlongAxis", [4], ["axis": nil], [0]).contains("'axis' is none"))
  }
}
