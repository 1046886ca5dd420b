/// What says numbers along spatial axes: a number for all (`3`), or one for each (`[3, 5]`), as literals or in variables.
public protocol AxisSizesConvertible: Sendable {
  /// The numbers.
  var axisSizes: AxisSizes { get }
}

extension Int: AxisSizesConvertible {
  public var axisSizes: AxisSizes { AxisSizes(self) }
}

extension Array: AxisSizesConvertible where Element == Int {
  public var axisSizes: AxisSizes { AxisSizes(self) }
}

/// Numbers along the spatial axes of images, sequences or volumes: one for all axes (`3`), or one for each (`[3, 5]`).
public struct AxisSizes: AxisSizesConvertible, Hashable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  let values: [Int]

  /// `values` are one for each axis, or a single one for all.
  public init(_ values: [Int]) { self.values = values }
  /// `value` is the same for all axes.
  public init(_ value: Int) { values = [value] }
  public init(integerLiteral value: Int) { values = [value] }
  public init(arrayLiteral values: Int...) { self.values = values }

  public var axisSizes: AxisSizes { self }

  /// One number for each axis, whether or not there are as many.
  func spread(over axes: Int) -> [Int] { values.count == 1 ? [Int](repeating: values[0], count: axes) : values }
}

/// What says numbers before and after each spatial axis: a number for all (`1`), one for both ends of each axis (`[1, 2]`), or two for each
/// axis (`[[1, 0], [2, 3]]`), as literals or in variables.
public protocol AxisMarginsConvertible: Sendable {
  /// The numbers.
  var axisMargins: AxisMargins { get }
}

extension Int: AxisMarginsConvertible {
  public var axisMargins: AxisMargins { .number(self) }
}

extension Array: AxisMarginsConvertible where Element: AxisMarginsConvertible {
  public var axisMargins: AxisMargins { .list(map(\.axisMargins)) }
}

/// Numbers before and after each spatial axis: one for all (`1`), one for both ends of each axis (`[1, 2]`), or two for each axis
/// (`[[1, 0], [2, 3]]`). For a single axis two numbers are its two ends.
public indirect enum AxisMargins: AxisMarginsConvertible, Hashable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  /// The same for all.
  case number(Int)
  /// One for each axis, or for both ends of one.
  case list([AxisMargins])

  public var axisMargins: AxisMargins { self }

  public init(integerLiteral value: Int) { self = .number(value) }
  public init(arrayLiteral elements: AxisMargins...) { self = .list(elements) }

  /// The number, if it is one.
  private var single: Int? { if case .number(let value) = self { value } else { nil } }

  /// Two numbers for each axis; nil if they are not that or negative.
  func pairs(axes: Int) -> [(low: Int, high: Int)]? {
    let pairs: [(low: Int, high: Int)?]
    switch self {
    case .number(let value): pairs = [(low: Int, high: Int)?](repeating: (value, value), count: axes)
    case .list(let elements) where axes == 1 && elements.count == 2 && elements.allSatisfy({ $0.single != nil }):
      pairs = [(elements[0].single!, elements[1].single!)]
    case .list(let elements):
      pairs = elements.map { element in
        switch element {
        case .number(let value): return (value, value)
        case .list(let ends):
          guard ends.count == 2, let low = ends[0].single, let high = ends[1].single else { return nil }
          return (low, high)
        }
      }
    }
    let known = pairs.compactMap { $0 }
    return known.count == axes && pairs.count == axes && known.allSatisfy { $0.low >= 0 && $0.high >= 0 } ? known : nil
  }

  init?(json: JSONValue) {
    if let number = json.int {
      self = .number(number)
    } else if let elements = json.array?.map(AxisMargins.init(json:)), !elements.contains(nil) {
      self = .list(elements.compactMap { $0 })
    } else {
      return nil
    }
  }
}

extension LayerOptions {
  /// Numbers along the spatial axes. A default of equal numbers holds for any number of axes.
  mutating func sizes(_ key: String) throws -> AxisSizes {
    let isGiven = has(key)
    let values = try ints(key)
    return AxisSizes(!isGiven && Set(values).count == 1 ? [values[0]] : values)
  }

  /// `"valid"`, `"same"` or `"causal"`.
  mutating func padding() throws -> Padding {
    try value("padding", SettingKind("one of \"valid\", \"same\", \"causal\"") {
      switch $0.string?.lowercased() {
      case "valid": .valid
      case "same": .same
      case "causal": .causal
      default: nil
      }
    })
  }
}

extension Padding {
  /// What Keras calls it; nil for one that it has no word for.
  var kerasName: String? {
    switch self {
    case .valid: "valid"
    case .same: "same"
    case .causal: "causal"
    case .explicit: nil
    }
  }
}

extension Layer {
  /// An error of this layer's settings or input.
  func settingsError(_ what: String) -> DescentError { DescentError(.invalidArgument, "layer \(name): \(what)") }

  /// - Throws: ``DescentError`` naming the layer and the setting if it is given and out of range.
  func checkSetting(_ setting: String, _ value: Int?, _ range: NumberRange) throws { try range.check(setting, value, "layer \(name)") }

  /// The same of a number that need not be whole.
  func checkSetting(_ setting: String, _ value: Double, _ range: NumberRange) throws { try range.check(setting, value, "layer \(name)") }

  /// What `body` gives; its error names this layer.
  func namingLayer<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as DescentError {
      throw error.within("layer \(name)")
    }
  }

  /// One number of at least `least` for each spatial axis.
  func checked(_ sizes: AxisSizes, _ what: String, axes: Int, least: Int = 1) throws -> [Int] {
    let values = sizes.spread(over: axes)
    guard values.count == axes, values.allSatisfy({ $0 >= least && $0 < Int(Int32.max) }) else {
      throw settingsError("\(what) is \(sizes.values); expected \(axes == 1 ? "a number" : "one number or \(axes)") of at least \(least)")
    }
    return values
  }

  /// - Throws: ``DescentError`` naming the first of a convolution's settings that is not possible.
  func checkWindows(kernelSize: AxisSizes, strides: AxisSizes, dilationRate: AxisSizes, axes: Int) throws {
    _ = try checked(kernelSize, "kernelSize", axes: axes)
    let strides = try checked(strides, "strides", axes: axes)
    let dilationRate = try checked(dilationRate, "dilationRate", axes: axes)
    if strides.contains(where: { $0 > 1 }) && dilationRate.contains(where: { $0 > 1 }) {
      throw settingsError("strides \(strides) and dilationRate \(dilationRate) are both more than 1, which is not possible together")
    }
  }

  /// The shape of a row with its channels last.
  /// - Throws: ``DescentError`` if it has another number of axes.
  func channelsLast(_ shape: [Int], axes: Int, _ format: DataFormat) throws -> [Int] {
    guard shape.count == axes + 1 else {
      let spatial = [["steps"], ["height", "width"], ["depth", "height", "width"]][axes - 1]
      let expected = format == .channelsLast ? spatial + ["channels"] : ["channels"] + spatial
      throw settingsError("a row of the input has shape \(shape); expected [\(expected.joined(separator: ", "))]")
    }
    return format == .channelsLast ? shape : Array(shape[1...]) + [shape[0]]
  }

  /// The tensor with its channels last.
  func channelsLast(_ x: Tensor, _ format: DataFormat) -> Tensor {
    format == .channelsLast ? x : x.transposed([0] + Array(2..<x.rank) + [1])
  }

  /// The tensor with its channels where the format has them.
  func restored(_ x: Tensor, _ format: DataFormat) -> Tensor {
    format == .channelsLast ? x : x.transposed([0, x.rank - 1] + Array(1..<(x.rank - 1)))
  }
}
