import Foundation
import TensorCore

/// Computes a graph the plainest way, one node at a time in `Double`, to hold plans against.
struct ReferenceInterpreter {
  private var known: [Int: [Double]] = [:]
  /// Values of variables before the plan ran.
  var variables: [ObjectIdentifier: [Double]] = [:]

  mutating func evaluate(_ node: Node) -> [Double] {
    if let result = known[node.id] { return result }
    let result: [Double]
    switch node.operation {
    case .constant: result = Tensor(node).doubles
    case .variable(let variable): result = variables[ObjectIdentifier(variable)]!
    case .scan(let scan): result = ReferenceInterpreter.run(scan, node.inputs.map { evaluate($0) })
    default:
      let inputs = node.inputs.map { evaluate($0) }
      result = ReferenceInterpreter.compute(
        node.operation, inputs, node.inputs.map { Form(shape: $0.shape, dtype: $0.dtype) }, shape: node.shape, dtype: node.dtype)
    }
    known[node.id] = result
    return result
  }

  /// The body of a loop, once for each step.
  private static func run(_ scan: Scan, _ inputs: [[Double]]) -> [Double] {
    let arguments = scan.states + scan.parts + scan.captures
    let parts = scan.states.count..<(scan.states.count + scan.parts.count)
    var states = Array(inputs[..<scan.states.count]), results = scan.results.map { _ in [[Double]](repeating: [], count: scan.count) }
    for position in 0..<scan.count {
      let step = scan.isReversed ? scan.count - 1 - position : position
      var body = ReferenceInterpreter()
      for (index, argument) in arguments.enumerated() {
        let size = argument.shape.reduce(1, *)
        body.known[argument.id] = index < states.count
          ? states[index] : parts.contains(index) ? Array(inputs[index][(step * size)..<((step + 1) * size)]) : inputs[index]
      }
      let news = scan.newStates.map { body.evaluate($0) }
      for (index, result) in scan.results.enumerated() { results[index][step] = body.evaluate(result) }
      states = news
    }
    return states.flatMap { $0 } + results.flatMap { $0.flatMap { $0 } }
  }

  /// Philox 2x32 with ten rounds: the two words of element `index`.
  private static func words(_ key: [Double], _ index: Int) -> (UInt32, UInt32) {
    func word(_ value: Double) -> UInt32 { UInt32(bitPattern: Int32(value)) }
    var (a, b) = (UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32) ^ word(key[1])), round = word(key[0])
    for _ in 0..<10 {
      let product = a.multipliedFullWidth(by: 0xD256_D193)
      (a, b) = (product.high ^ b ^ round, product.low)
      round &+= 0x9E37_79B9
    }
    return (a, b)
  }

  /// `count` numbers from a key, by what is written of them in `ck_random.h`.
  static func random(_ distribution: RandomDistribution, _ key: [Double], count: Int, dtype: DType) -> [Double] {
    (0..<count).map { index in
      let (first, second) = words(key, index)
      switch distribution {
      case .uniform where dtype == .float64: return Double(UInt64(first) << 21 | UInt64(second >> 11)) * 0x1p-53
      case .uniform: return Double(first >> 8) * 0x1p-24
      case .normal:
        let u = (Double(first) + (dtype == .float64 ? 1 : 0.5)) * 0x1p-32, v = Double(second) * 0x1p-32
        return (-2 * Foundation.log(u)).squareRoot() * Foundation.cos(2 * .pi * v)
      }
    }
  }

  /// What a Swift function makes of arrays in memory.
  private static func host(_ function: HostFunction, _ inputs: [[Double]], _ forms: [Form], shape: [Int], dtype: DType) -> [Double] {
    let tensors = zip(inputs, forms).map { Tensor(shape: $1.shape, scalars: $0).cast(to: $1.dtype) }
    return Tensor(.host(function), tensors, shape: shape, dtype: dtype).doubles
  }

  struct Form {
    let shape: [Int], dtype: DType
  }

  private static func index(_ flat: Int, _ shape: [Int]) -> [Int] {
    var rest = flat
    return shape.reversed().map { size in
      defer { rest /= max(size, 1) }
      return rest % max(size, 1)
    }.reversed()
  }

  static func flat(_ index: [Int], _ shape: [Int]) -> Int {
    zip(index, shape).reduce(0) { $0 * $1.1 + $1.0 }
  }

  /// Every product of a convolution: the places of its factors and of its sum.
  private static func forEachTerm(of c: Convolution, _ body: (_ input: Int, _ kernel: Int, _ output: Int) -> Void) {
    let inner = c.channels / c.groups, outer = c.filters / c.groups
    for output in 0..<c.outputShape.reduce(1, *) {
      let place = index(output, c.outputShape)
      for element in 0..<c.geometry.window.reduce(1, *) {
        let offset = index(element, c.geometry.window)
        let position = offset.indices.map {
          place[$0 + 1] * c.geometry.strides[$0] - c.geometry.low[$0] + offset[$0] * c.geometry.dilation[$0]
        }
        guard zip(position, c.geometry.inputSize).allSatisfy({ $0 >= 0 && $0 < $1 }) else { continue }
        for channel in 0..<inner {
          let group = place.last! / outer
          body(
            flat([place[0]] + position + [group * inner + channel], c.inputShape), flat(offset + [channel, place.last!], c.kernelShape),
            output)
        }
      }
    }
  }

  /// The places in the input that a window of a pooling sees.
  private static func places(in p: Pooling, _ output: Int) -> [Int] {
    let place = index(output, p.outputShape)
    return (0..<p.geometry.window.reduce(1, *)).compactMap { element in
      let offset = index(element, p.geometry.window)
      let position = offset.indices.map { place[$0 + 1] * p.geometry.strides[$0] - p.geometry.low[$0] + offset[$0] }
      guard zip(position, p.geometry.inputSize).allSatisfy({ $0 >= 0 && $0 < $1 }) else { return nil }
      return flat([place[0]] + position + [place.last!], p.inputShape)
    }
  }

  /// What an operation makes of inputs of the given shapes.
  static func compute(_ operation: TensorCore.Operation, _ inputs: [[Double]], _ forms: [Form], shape: [Int], dtype: DType) -> [Double] {
    let count = shape.reduce(1, *), shapes = forms.map(\.shape)
    func each(_ body: ([Int]) -> Double) -> [Double] { (0..<count).map { body(index($0, shape)) } }
    switch operation {
    case .fill(let value): return [Double](repeating: value, count: count)
    case .random(let distribution): return random(distribution, inputs[0], count: count, dtype: dtype)
    case .host(let function): return host(function, inputs, forms, shape: shape, dtype: dtype)
    case .constant, .variable, .argument, .scan: preconditionFailure("known without computing, or a loop")
    case .stopGradient, .customGradient, .reshape: return inputs[0]
    case .cast:
      return inputs[0].map { value in
        switch dtype {
        case .bool: value == 0 ? 0 : 1
        case .int32, .uint8: value.rounded(.towardZero)
        case .float32: Double(Float(value))
        case .float64: value
        }
      }
    case .fourier(let transform): return fourier(transform, inputs, shapes[0])
    case .unary(let function):
      return inputs[0].map { x in
        switch function {
        case .negate: -x
        case .abs: x.magnitude
        case .sign: x > 0 ? 1 : x < 0 ? -1 : 0
        case .sqrt: x.squareRoot()
        case .reciprocal: 1 / x
        case .exp: Foundation.exp(x)
        case .expm1: Foundation.expm1(x)
        case .log: Foundation.log(x)
        case .log1p: Foundation.log1p(x)
        case .sin: Foundation.sin(x)
        case .cos: Foundation.cos(x)
        case .tanh: Foundation.tanh(x)
        case .erf: Foundation.erf(x)
        case .sigmoid: 1 / (1 + Foundation.exp(-x))
        case .softplus: Foundation.log1p(Foundation.exp(x))
        case .floor: x.rounded(.down)
        case .ceil: x.rounded(.up)
        case .round: x.rounded(.toNearestOrEven)
        case .not: x == 0 ? 1 : 0
        case .isFinite: x.isFinite ? 1 : 0
        }
      }
    case .binary(let function):
      return zip(inputs[0], inputs[1]).map { a, b in
        switch function {
        case .add: a + b
        case .subtract: a - b
        case .multiply: a * b
        case .divide: a / b
        case .maximum: Swift.max(a, b)
        case .minimum: Swift.min(a, b)
        case .power: Foundation.pow(a, b)
        case .equal: a == b ? 1 : 0
        case .notEqual: a != b ? 1 : 0
        case .less: a < b ? 1 : 0
        case .lessOrEqual: a <= b ? 1 : 0
        case .and: a != 0 && b != 0 ? 1 : 0
        case .or: a != 0 || b != 0 ? 1 : 0
        }
      }
    case .select: return (0..<count).map { inputs[0][$0] != 0 ? inputs[1][$0] : inputs[2][$0] }
    case .reduce(let reduction, let axes):
      var result = [Double](repeating: reduction == .sum ? 0 : -.infinity, count: count)
      for (position, value) in inputs[0].enumerated() {
        let place = index(position, shapes[0]).enumerated().filter { !axes.contains($0.offset) }.map(\.element)
        let target = flat(place, shape)
        result[target] = reduction == .sum ? result[target] + value : Swift.max(result[target], value)
      }
      return result
    case .argmax(let axis):
      return each { place in
        var best = 0
        for candidate in 0..<shapes[0][axis] {
          func value(_ i: Int) -> Double {
            var full = place
            full.insert(i, at: axis)
            return inputs[0][flat(full, shapes[0])]
          }
          if value(candidate) > value(best) { best = candidate }
        }
        return Double(best)
      }
    case .matrixProduct(let transposeA, let transposeB):
      let rank = shape.count
      let k = shapes[0][rank - (transposeA ? 2 : 1)]
      return each { place in
        let batch = Array(place.dropLast(2))
        return (0..<k).reduce(0) { sum, i in
          let a = transposeA ? [i, place[rank - 2]] : [place[rank - 2], i]
          let b = transposeB ? [place[rank - 1], i] : [i, place[rank - 1]]
          return sum + inputs[0][flat(batch + a, shapes[0])] * inputs[1][flat(batch + b, shapes[1])]
        }
      }
    case .convolution(let convolution, let part):
      var result = [Double](repeating: 0, count: count)
      forEachTerm(of: convolution) { input, kernel, output in
        switch part {
        case .output: result[output] += inputs[0][input] * inputs[1][kernel]
        case .input: result[input] += inputs[0][output] * inputs[1][kernel]
        case .kernel: result[kernel] += inputs[0][input] * inputs[1][output]
        }
      }
      return result
    case .pooling(let pooling, let part):
      var result = [Double](repeating: 0, count: count)
      for output in 0..<pooling.outputShape.reduce(1, *) {
        let places = self.places(in: pooling, output)
        let greatest = places.first { part == .mean || part == .spread || inputs[0][$0].isNaN }
          ?? places.max { (inputs[0][$0], -$0) < (inputs[0][$1], -$1) }!
        switch part {
        case .chosen: result[output] = inputs[1][greatest]
        case .placed: result[greatest] += inputs[1][output]
        case .mean: result[output] = places.reduce(0.0) { $0 + inputs[0][$1] } / Double(places.count)
        case .spread: for place in places { result[place] += inputs[0][output] / Double(places.count) }
        }
      }
      return result
    case .broadcast:
      let added = shape.count - shapes[0].count
      return each { place in
        inputs[0][flat(shapes[0].indices.map { shapes[0][$0] == 1 ? 0 : place[$0 + added] }, shapes[0])]
      }
    case .transpose(let order):
      return each { place in
        var source = place
        for (axis, from) in order.enumerated() { source[from] = place[axis] }
        return inputs[0][flat(source, shapes[0])]
      }
    case .slice(let starts, let strides):
      return each { place in inputs[0][flat(place.indices.map { starts[$0] + place[$0] * strides[$0] }, shapes[0])] }
    case .pad(let low, _):
      return each { place in
        let source = zip(place, low).map(-)
        let isInside = zip(source, shapes[0]).allSatisfy { $0 >= 0 && $0 < $1 }
        return isInside ? inputs[0][flat(source, shapes[0])] : 0
      }
    case .concatenate(let axis):
      return each { place in
        var place = place
        for (input, inputShape) in zip(inputs, shapes) {
          if place[axis] < inputShape[axis] { return input[flat(place, inputShape)] }
          place[axis] -= inputShape[axis]
        }
        preconditionFailure("outside of all inputs")
      }
    case .gather:
      return each { place in
        let row = Int(inputs[1][place[0]])
        return row < 0 || row >= shapes[0][0] ? .nan : inputs[0][flat([row] + place.dropFirst(), shapes[0])]
      }
    case .scatterAdd:
      var result = [Double](repeating: 0, count: count)
      let width = shape.dropFirst().reduce(1, *)
      for (row, target) in inputs[1].enumerated() {
        for column in 0..<width { result[Int(target) * width + column] += inputs[0][row * width + column] }
      }
      return result
    case .distinctRows(let limit):
      let rows = Set(inputs[0].filter { $0 >= 0 && $0 < Double(limit) }).sorted()
      let places = inputs[0].map { rows.firstIndex(of: $0).map(Double.init) ?? -1 }
      return rows + [Double](repeating: -1, count: places.count - rows.count) + places
    case .replaceRows:
      var result = inputs[0]
      let width = shape.dropFirst().reduce(1, *)
      for (row, target) in inputs[1].enumerated() where target >= 0 && target < Double(shape[0]) {
        for column in 0..<width { result[Int(target) * width + column] = inputs[2][row * width + column] }
      }
      return result
    }
  }
}
