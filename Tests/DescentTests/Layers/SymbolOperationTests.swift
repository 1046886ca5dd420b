import DescentTestSupport
import Testing

@testable import Descent

/// Operations as nodes of graphs: those of Keras's files, and the functions that take symbols as they take tensors.
@Suite struct SymbolOperationTests {
  private static let fixture = try! Fixture("symbol-operations")

  private func rows(_ input: Symbol) -> Tensor {
    let shape = [3] + input.shape.known!
    return input.dtype.isFloatingPoint
      ? Fixture.pattern(shape, salt: 1, dtype: input.dtype) : Fixture.pattern(shape, salt: 1, from: 0, to: 4, over: 1, dtype: .int32)
  }

  @Test func `operations of Keras compute what they compute there`() throws {
    for entry in SymbolOperationTests.fixture.cases {
      let name = try needed(entry["name"]?.string)
      let model = try Model.fromJSON(SymbolOperationTests.fixture.resolved(entry["model"]).text())
      let results = try model.predictAll(rows(model.inputs[0]), verbose: 0).tensors
      let expected = try needed(entry["results"]?.array)
      #expect(results.count == expected.count, "\(name)")
      for (result, expected) in zip(results, expected) {
        #expect(try result.shape == Fixture.integers(expected["shape"]), "\(name)")
        // JAX has the softmax of attention in float32.
        expectClose(result, try Fixture.numbers(expected["values"]), tolerance: name.hasPrefix("dot_product_attention") ? 1e-6 : 1e-10, name)
      }
      let text = try model.toJSON(), again = try Model.fromJSON(text)
      #expect(try again.toJSON() == text, "\(name)")
      // The same bits, also of what is no number.
      func bits(_ tensors: [Tensor]) -> [[UInt64]] { tensors.map { $0.doubles.map(\.bitPattern) } }
      #expect(try bits(again.predictAll(rows(model.inputs[0]), verbose: 0).tensors) == bits(results), "\(name)")
    }
    #expect(SymbolOperationTests.fixture.cases.count == 186)
  }

  /// Python's slices, forwards and backwards, against a plain walk.
  @Test func `slices of every step have Python's elements`() throws {
    let ends: [Int?] = [nil, 0, 1, 4, 5, 9, -1, -3, -5, -6, -9]
    let definition = try needed(OperationTable.definition("GetItem"))
    for size in [0, 1, 5] {
      let x = Tensor((0..<(2 * size * 3)).map { Float($0) }).reshaped([2, size, 3])
      for step in [1, 2, 7, -1, -2, -3, -7, Int.min] {
        for start in ends {
          for stop in ends {
            let config = JSONObject(byName: [
              "start": start.map { JSONValue($0) } ?? .null, "stop": stop.map { JSONValue($0) } ?? .null, "step": JSONValue(step),
            ])
            let whole: JSONValue = ["class_name": "__slice__", "config": ["start": nil, "stop": nil, "step": nil]]
            let key: JSONValue = [whole, ["class_name": "__slice__", "config": .object(config)]]
            let layer = OperationLayer(definition, name: "it")
            let found = try layer.apply(CallArguments(positional: [.tensor(x), .json(key)]))[0]
            var places: [Int] = []
            func end(_ given: Int?, _ standard: Int, _ least: Int, _ most: Int) -> Int {
              given.map { min(max($0 < 0 ? $0 + size : $0, least), most) } ?? standard
            }
            if step > 0 {
              places = Array(Swift.stride(from: end(start, 0, 0, size), to: end(stop, size, 0, size), by: step))
            } else {
              places = Array(Swift.stride(from: end(start, size - 1, -1, size - 1), to: end(stop, -1, -1, size - 1), by: max(step, -100)))
            }
            let expected = (0..<2).flatMap { row in places.flatMap { place in (0..<3).map { Double((row * size + place) * 3 + $0) } } }
            #expect(found.shape == [2, places.count, 3] && found.doubles == expected, "\(size): \(start as Any):\(stop as Any):\(step)")
          }
        }
      }
    }
  }

  private typealias Function = (name: String, shape: [Int], symbols: (Symbol) throws -> [Symbol], tensors: (Tensor) -> [Tensor])

  private static func kernel(_ shape: Int...) -> Tensor { Fixture.pattern(shape, salt: 9, dtype: .float32) }

  /// Each function once, of symbols and of tensors.
  private static func functions() -> [Function] {
    var all: [Function] = []
    func one(
      _ name: String, _ shape: [Int], _ symbol: @escaping (Symbol) throws -> Symbol, _ tensor: @escaping (Tensor) -> Tensor
    ) { all.append((name, shape, { [try symbol($0)] }, { [tensor($0)] })) }
    one("tan", [4], { try tan($0) }, { tan($0) })
    one("sinh", [4], { try sinh($0) }, { sinh($0) })
    one("cosh", [4], { try cosh($0) }, { cosh($0) })
    one("arcsinh", [4], { try arcsinh($0) }, { arcsinh($0) })
    one("arctan", [4], { try arctan($0) }, { arctan($0) })
    one("arcsin", [4], { try arcsin($0 / 3) }, { arcsin($0 / 3) })
    one("arccos", [4], { try arccos($0 / 3) }, { arccos($0 / 3) })
    one("arctanh", [4], { try arctanh($0 / 3) }, { arctanh($0 / 3) })
    one("erfinv", [4], { try erfinv($0 / 3) }, { erfinv($0 / 3) })
    one("arccosh", [4], { try arccosh(abs($0) + 1.5) }, { arccosh(abs($0) + 1.5) })
    one("log2", [4], { try log2(abs($0) + 1) }, { log2(abs($0) + 1) })
    one("log10", [4], { try log10(abs($0) + 1) }, { log10(abs($0) + 1) })
    one("exp2", [4], { try exp2($0) }, { exp2($0) })
    one("trunc", [4], { try trunc($0) }, { trunc($0) })
    one("isNaN", [4], { try isNaN(log($0)) }, { isNaN(log($0)) })
    one("isInf", [4], { try isInf(1 / relu($0)) }, { isInf(1 / relu($0)) })
    one("isFinite", [4], { try isFinite(log($0)) }, { isFinite(log($0)) })
    one("floorDivide", [4], { try floorDivide($0, 0.75) }, { floorDivide($0, 0.75) })
    one("mod", [4], { try mod($0, 0.75) }, { mod($0, 0.75) })
    one("mod of both", [4], { try mod($0, square($0) + 1) }, { mod($0, square($0) + 1) })
    one("floorDivide of both", [4], { try floorDivide($0, square($0) + 1) }, { floorDivide($0, square($0) + 1) })
    one("arctan2", [4], { try arctan2($0, square($0)) }, { arctan2($0, square($0)) })
    one("hypot", [4], { try hypot($0, square($0)) }, { hypot($0, square($0)) })
    one("logaddexp", [4], { try logaddexp($0, square($0)) }, { logaddexp($0, square($0)) })
    one("nanToNum", [4], { try nanToNum(log($0), nan: 7) }, { nanToNum(log($0), nan: 7) })
    one("cumsum", [4], { try $0.cumsum(axis: 1) }, { $0.cumsum(axis: 1) })
    one("cumprod", [4], { try $0.cumprod(axis: -1) }, { $0.cumprod(axis: -1) })
    one("argmin", [4], { try $0.argmin() }, { $0.argmin() })
    one("prod", [4], { try $0.prod(axis: 1) }, { $0.prod(axis: 1) })
    one("all", [4], { try ($0 .> 0).all(axis: 1) }, { ($0 .> 0).all(axis: 1) })
    one("any", [4], { try ($0 .> 1).any(axis: 1) }, { ($0 .> 1).any(axis: 1) })
    one("countNonzero", [4], { try relu($0).countNonzero(axis: 1) }, { relu($0).countNonzero(axes: [1]) })
    one("logSumExp", [4], { try $0.logSumExp() }, { $0.logSumExp() })
    one("norm", [4], { try $0.norm(axis: 1) }, { $0.norm(axes: [1]) })
    one("sort", [4], { try sort($0) }, { sort($0) })
    one("argsort", [4], { try argsort($0) }, { argsort($0) })
    one("diff", [4], { try diff($0, n: 2) }, { diff($0, n: 2) })
    one("roll", [4], { try roll($0, shift: 3, axis: 1) }, { roll($0, shift: 3, axis: 1) })
    one("flip", [4], { try flip($0, axis: 1) }, { flip($0, axis: 1) })
    one("median", [4], { try median($0, axis: 1) }, { median($0, axis: 1) })
    one("quantile", [4], { try quantile($0, 0.3, axis: 1) }, { quantile($0, 0.3, axis: 1) })
    all.append(("topK", [4], { let (a, b) = try topK($0, k: 2); return [a, b] }, { let (a, b) = topK($0, k: 2); return [a, b] }))
    one("inTopK", [4], { try inTopK($0.argmin(), $0, k: 3) }, { inTopK($0.argmin(), $0, k: 3) })
    one("digitize", [4], { try digitize($0, bins: [-1, 0, 0.5]) }, { digitize($0, bins: [-1, 0, 0.5]) })
    one("takeAlongAxis", [4], { try takeAlongAxis($0, argsort($0)) }, { takeAlongAxis($0, argsort($0)) })
    one("take", [4], { try take($0, Tensor([Int32(3), 0, 0]), axis: 1) }, { take($0, Tensor([Int32(3), 0, 0]), axis: 1) })
    one("multiHot", [4], { try multiHot(argsort($0), classes: 5) }, { multiHot(argsort($0), classes: 5) })
    all.append(("unstack", [3, 2], { try unstack($0, axis: 1) }, { unstack($0, axis: 1) }))
    all.append(("moments", [3, 2], { let (a, b) = try moments($0, axes: [1]); return [a, b] }, { let (a, b) = moments($0, axes: [1]); return [a, b] }))
    one("normalize", [4], { try normalize($0) }, { normalize($0) })
    one("average", [4], { try average($0, axis: 1, weights: Tensor([0.5 as Float, 1, 2, 0.25])) }, { average($0, axis: 1, weights: Tensor([0.5 as Float, 1, 2, 0.25])) })
    one("tile", [4], { try tile($0, [1, 2]) }, { tile($0, [1, 2]) })
    one("repeatElements", [4], { try repeatElements($0, 2, axis: 1) }, { repeatElements($0, 2, axis: 1) })
    one("tril", [3, 3], { try tril($0, k: -1) }, { tril($0, k: -1) })
    one("triu", [3, 3], { try triu($0) }, { triu($0) })
    one("diagonal", [3, 3], { try diagonal($0, offset: 1) }, { $0.diagonal(offset: 1, axis1: 1, axis2: 2) })
    one("trace", [3, 3], { try trace($0) }, { trace($0, axis1: 1, axis2: 2) })
    one("matmul", [4], { try matmul($0, kernel(4, 2)) }, { matmul($0, kernel(4, 2)) })
    one("inner", [4], { try inner($0, kernel(2, 4)) }, { inner($0, kernel(2, 4)) })
    one("dot", [4], { try dot($0, kernel(4, 3)) }, { dot($0, kernel(4, 3)) })
    one("tensordot", [3, 3], { try tensordot($0, kernel(3, 3, 2)) }, { tensordot($0, kernel(3, 3, 2)) })
    one("cross", [3], { try cross($0, square($0)) }, { cross($0, square($0)) })
    one("det", [3, 3], { try det($0) }, { det($0) })
    one("inv", [3, 3], { try inv($0) }, { inv($0) })
    one("cholesky", [3, 3], { try cholesky(matmul($0, $0.transposed([0, 2, 1])) + 1) }, { cholesky(matmul($0, $0.transposed([0, 2, 1])) + 1) })
    one("solve", [3, 3], { try solve($0, square($0)) }, { solve($0, square($0)) })
    all.append(("eigh", [3, 3], { let (a, b) = try eigh($0); return [a, b] }, { let (a, b) = eigh($0); return [a, b] }))
    all.append(("qr", [3, 2], { let (a, b) = try qr($0); return [a, b] }, { let (a, b) = qr($0); return [a, b] }))
    all.append(("svd", [3, 2], { let (a, b, c) = try svd($0); return [a, b, c] }, { let (a, b, c) = svd($0); return [a, b, c] }))
    one("conv", [5, 4, 2], { try conv($0, kernel(2, 3, 2, 4), strides: [2, 1], padding: .same) }, { conv($0, kernel(2, 3, 2, 4), strides: [2, 1], padding: .same) })
    one("depthwiseConv", [5, 4, 2], { try depthwiseConv($0, kernel(2, 2, 2, 2)) }, { depthwiseConv($0, kernel(2, 2, 2, 2)) })
    one("separableConv", [5, 4, 2], { try separableConv($0, depthwise: kernel(2, 2, 2, 2), pointwise: kernel(1, 1, 4, 3)) }, { separableConv($0, depthwise: kernel(2, 2, 2, 2), pointwise: kernel(1, 1, 4, 3)) })
    one("convTranspose", [5, 4, 2], { try convTranspose($0, kernel(2, 2, 3, 2), strides: [2, 2]) }, { convTranspose($0, kernel(2, 2, 3, 2), strides: [2, 2]) })
    one("maxPool", [5, 4, 2], { try maxPool($0, [2, 2], padding: .same) }, { maxPool($0, [2, 2], padding: .same) })
    one("averagePool", [5, 4, 2], { try averagePool($0, [3, 2], strides: [1, 1]) }, { averagePool($0, [3, 2], strides: [1, 1]) })
    one("resize", [5, 4, 2], { try resize($0, [3, 6]) }, { resize($0, [3, 6]) })
    all.append(("fft", [6], { let (a, b) = try fft(($0, square($0))); return [a, b] }, { let (a, b) = fft(($0, square($0))); return [a, b] }))
    all.append(("fft2", [3, 4], { let (a, b) = try fft2(($0, square($0))); return [a, b] }, { let (a, b) = fft2(($0, square($0))); return [a, b] }))
    all.append(("ifft2", [3, 4], { let (a, b) = try ifft2(($0, square($0))); return [a, b] }, { let (a, b) = ifft2(($0, square($0))); return [a, b] }))
    all.append(("rfft", [6], { let (a, b) = try rfft($0, fftLength: 5); return [a, b] }, { let (a, b) = rfft($0, fftLength: 5); return [a, b] }))
    one("irfft", [6], { try irfft(rfft(square($0))) }, { irfft(rfft(square($0))) })
    one("extractSequences", [9], { try extractSequences($0, sequenceLength: 4, sequenceStride: 2) }, { extractSequences($0, sequenceLength: 4, sequenceStride: 2) })
    all.append((
      "stft", [9], { let (a, b) = try stft($0, sequenceLength: 4, sequenceStride: 2, fftLength: 4); return [a, b] },
      { let (a, b) = stft($0, sequenceLength: 4, sequenceStride: 2, fftLength: 4); return [a, b] }
    ))
    one(
      "istft", [8], { try istft(stft($0, sequenceLength: 4, sequenceStride: 2, fftLength: 4), sequenceLength: 4, sequenceStride: 2, fftLength: 4) },
      { istft(stft($0, sequenceLength: 4, sequenceStride: 2, fftLength: 4), sequenceLength: 4, sequenceStride: 2, fftLength: 4) })
    return all
  }

  /// With constants on either side, shapes, and the names of `keras.ops`.
  private static func furtherFunctions() -> [Function] {
    var all: [Function] = []
    func one(
      _ name: String, _ shape: [Int], _ symbol: @escaping (Symbol) throws -> Symbol, _ tensor: @escaping (Tensor) -> Tensor
    ) { all.append((name, shape, { [try symbol($0)] }, { [tensor($0)] })) }
    one("tensor + symbol", [4], { try kernel(4) + $0 }, { kernel(4) + $0 })
    one("tensor - symbol", [4], { try kernel(4) - $0 }, { kernel(4) - $0 })
    one("tensor * symbol", [4], { try kernel(4) * $0 }, { kernel(4) * $0 })
    one("tensor / symbol", [4], { try kernel(4) / (abs($0) + 1) }, { kernel(4) / (abs($0) + 1) })
    one("number .< symbol", [4], { try 0.5 .< $0 }, { 0.5 .< $0 })
    one("number .>= symbol", [4], { try 0.5 .>= $0 }, { 0.5 .>= $0 })
    one("number .> symbol", [4], { try 0.5 .> $0 }, { 0.5 .> $0 })
    one("number .<= symbol", [4], { try 0.5 .<= $0 }, { 0.5 .<= $0 })
    one("number .== symbol", [4], { try 0 .== relu($0) }, { 0 .== relu($0) })
    one("number .!= symbol", [4], { try 0 .!= relu($0) }, { 0 .!= relu($0) })
    one(".!", [4], { try .!($0 .> 0) }, { .!($0 .> 0) })
    one("maximum of number", [4], { try maximum(0.25, $0) }, { maximum(0.25, $0) })
    one("minimum of number", [4], { try minimum(0.25, $0) }, { minimum(0.25, $0) })
    one("pow of number", [4], { try pow(2, $0) }, { pow(2.0, $0) })
    one("select with number", [4], { try select($0 .> 0, $0, -1) }, { select($0 .> 0, $0, -1) })
    one("select with number first", [4], { try select($0 .> 0, 3, $0) }, { select($0 .> 0, 3, $0) })
    one("select of numbers", [4], { try select($0 .> 0, 3, -1) }, { select($0 .> 0, Tensor.ones([]) * 3, -1) })
    one("matmul of constant", [3, 2], { try matmul(kernel(4, 3), $0) }, { matmul(kernel(4, 3), $0) })
    one("take of constant", [4], { try take(kernel(5, 2), argsort($0)) }, { take(kernel(5, 2), argsort($0), axis: 0) })
    one("take of a symbol", [4], { try take($0, argmax($0) - argmax($0), axis: 0) }, { take($0, argmax($0) - argmax($0), axis: 0) })
    one("stack", [4], { try mean(stack([$0, square($0)]), axis: 0) }, { mean(stack([$0, square($0)]), axis: 0) })
    all.append(("split at", [5], { try split($0, at: [2], axis: 1) }, { split($0, at: [2], axis: 1) }))
    all.append(("split", [6], { try split($0, 3, axis: 1) }, { split($0, 3, axis: 1) }))
    one("max", [3, 3], { try $0.max(axes: [1, 2]) }, { $0.max(axes: [1, 2]) })
    one("min", [3, 3], { try $0.min(axes: [1, -1], keepDims: true) }, { $0.min(axes: [1, -1], keepDims: true) })
    one("variance", [3, 3], { try $0.variance(axes: [1, 2]) }, { $0.variance(axes: [1, 2]) })
    one("std", [3, 3], { try $0.std(axes: [1, 2]) }, { $0.std(axes: [1, 2]) })
    one("broadcast", [1, 3], { try $0.broadcast(to: [-1, 4, 3]) }, { $0.broadcast(to: [3, 4, 3]) })
    one("pad", [3, 2], { try pad($0, [(0, 0), (1, 0), (0, 2)]) }, { pad($0, [(0, 0), (1, 0), (0, 2)]) })
    one("pad with number", [3], { try pad($0, [(0, 0), (1, 2)], constantValue: 3) }, { pad($0, [(0, 0), (1, 2)], constantValue: 3) })
    one("pad mirrored", [3], { try pad($0, [(0, 0), (1, 2)], mode: .symmetric) }, { pad($0, [(0, 0), (1, 2)], mode: .symmetric) })
    one("every second", [5], { try $0[.all, .strided(from: 1, by: 2)] }, { $0.sliced(starts: [0, 1], sizes: [3, 2], strides: [1, 2]) })
    one("the last", [5], { try $0[.all, .strided(from: -2)] }, { $0[0..<3, 3..<5] })
    one("all but the last", [5], { try $0[.all, .strided(to: -1)] }, { $0[0..<3, 0..<4] })
    one("add", [4], { try add([$0, square($0), exp($0)]) }, { add([$0, square($0), exp($0)]) })
    one("subtract", [4], { try subtract([$0, square($0)]) }, { subtract([$0, square($0)]) })
    one("multiply", [4], { try multiply([$0, square($0)]) }, { multiply([$0, square($0)]) })
    one("average of several", [4], { try average([$0, square($0)]) }, { average([$0, square($0)]) })
    one("maximum of several", [4], { try maximum([$0, square($0)]) }, { maximum([$0, square($0)]) })
    one("minimum of several", [4], { try minimum([$0, square($0)]) }, { minimum([$0, square($0)]) })
    one("dot of rows", [3, 2], { try dot([$0, square($0)], axes: [1]) }, { dot([$0, square($0)], axes: 1) })
    // As the layers do, with axis 0 counting rows: NumPy would stretch it otherwise.
    one("add of other ranks", [3, 2], { try add([$0, $0.sum(axis: 1)]) }, { add([$0, $0.sum(axis: 1)]) })
    one("sum", [3, 2], { try sum($0, axis: 1) + sum($0, axes: [1]) }, { sum($0, axis: 1) + sum($0, axes: [1]) })
    one("mean", [3, 2], { try mean($0, axis: 1, keepDims: true) }, { mean($0, axis: 1, keepDims: true) })
    one("argmax", [4], { try argmax($0) }, { argmax($0) })
    one("softmax", [4], { try softmax($0) }, { softmax($0) })
    one("cumsum by name", [4], { try cumsum($0, axis: 1) }, { cumsum($0, axis: 1) })
    one("oneHot", [4], { try oneHot(argmax($0), 4) }, { oneHot(argmax($0), 4) })
    one("cast", [4], { try cast($0, .int32) }, { cast($0, .int32) })
    one("reshape", [4], { try reshape($0, [-1, 2, 2]) }, { reshape($0, [3, 2, 2]) })
    one("expandDims", [4], { try expandDims($0, axis: 1) }, { expandDims($0, axis: 1) })
    one("transpose", [3, 2], { try transpose($0, [0, 2, 1]) }, { transpose($0, [0, 2, 1]) })
    return all
  }

  @Test func `parts along the rows, the default, are told where their number is not known`() {
    #expect(message { _ = try split(Input(shape: [4]), 2) }.contains("axis 0 of rows of shape [4] does not split into 2 equal parts"))
  }

  @Test func `what is a name alone is what it names`() {
    #expect(shape(Tensor.ones([2, 3])) == [2, 3] && shape(Input(shape: [4])) == [4])
    #expect(zeros([2]).doubles == [0, 0] && ones([2], dtype: .int32).dtype == .int32 && convertToNumpy(ones([2])) == [1, 1])
    #expect(sum(ones([2, 3])).item() == 6 && mean(ones([2, 3])).item() == 1)
    #expect(SeedGenerator(seed: 3).normal([4]).doubles == RandomGenerator(seed: 3).normal([4]).doubles)
  }

  @Test func `functions take symbols as they take tensors`() throws {
    for function in SymbolOperationTests.functions() + SymbolOperationTests.furtherFunctions() {
      let x = Input(shape: function.shape), symbols = try function.symbols(x.symbol)
      let model = try Model(inputs: x, outputs: symbols)
      let value = rows(x.symbol), results = try model.predictAll(value, verbose: 0).tensors
      let expected = function.tensors(value)
      #expect(results.count == expected.count, "\(function.name)")
      for (result, expected) in zip(results, expected) {
        #expect(result.shape == expected.shape && result.dtype == expected.dtype, "\(function.name)")
        expectClose(result, expected.doubles, tolerance: 1e-6, function.name)
      }
      #expect(symbols.map(\.shape) == expected.map { Array($0.shape.dropFirst()) }, "\(function.name)")
      let text = try model.toJSON()
      #expect(try Model.fromJSON(text).predictAll(value, verbose: 0).tensors.map(\.doubles) == results.map(\.doubles), "\(function.name)")
    }
  }

  @Test func `settings are those of Keras`() throws {
    var settings: [String: Set<String>] = [:]
    for entry in SymbolOperationTests.fixture.cases {
      for layer in try SymbolOperationTests.fixture.resolved(entry["model"])["config"]?["layers"]?.array ?? [] {
        guard let name = layer["class_name"]?.string, let config = layer["config"]?.object else { continue }
        settings[name] = Set(config.keys)
      }
    }
    var compared = 0
    for function in SymbolOperationTests.functions() {
      guard let operation = try function.symbols(Input(shape: function.shape).symbol)[0].layer as? OperationLayer,
        let expected = settings[operation.definition.className]
      else { continue }
      compared += 1
      // Names are told of every layer.
      #expect(Set(operation.settings.keys).subtracting(["name"]).isSubset(of: expected), "\(operation.definition.className): \(operation.settings.keys) \(expected)")
    }
    #expect(compared > 60)
  }

  @Test func `what does not fit is told when the graph is made`() throws {
    let x = Input(shape: [4]), plane = Input(shape: [3, 2]), image = Input(shape: [5, 4, 2])
    func message(_ body: () throws -> Void) -> String { failure(.invalidArgument, body) }
    #expect(message { _ = try conv(image, Tensor.ones([2, 2, 3, 4])) }.hasPrefix("operation conv: 2 channels and a kernel for 3 channels"))
    #expect(message { _ = try conv(x, Tensor.ones([2, 3, 4])) } == "operation conv: rows of shape [4]; expected one to three spatial axes and the channels")
    #expect(message { _ = try depthwiseConv(image, Tensor.ones([2, 2, 3, 1])) }.hasPrefix("operation depthwise_conv: a kernel of shape [2, 2, 3, 1]"))
    #expect(message { _ = try maxPool(image, [2, 2, 2]) } == "operation max_pool: 'pool_size' is [2, 2, 2] for 2 spatial axes")
    #expect(message { _ = try maxPool(image, [9, 9]) }.hasPrefix("operation max_pool: "))
    #expect(message { _ = try stft(x, sequenceLength: 4, sequenceStride: 1, fftLength: 4, window: SignalWindow(.tukey)) }.hasPrefix("operation stft: 'window' is \"tukey\""))
    #expect(message { _ = try stft(x, sequenceLength: 9, sequenceStride: 1, fftLength: 9, center: false) }.hasPrefix("operation stft: rows of shape [4] are shorter than the 9"))
    #expect(message { _ = try fft((x, plane)) }.hasPrefix("operation fft: argument 1 is to be two tensors of one shape"))
    #expect(message { _ = try det(plane) } == "operation det: rows of shape [3, 2] are no square matrices")
    #expect(message { _ = try tril(x) } == "operation tril: rows of shape [4] are no matrices")
    #expect(message { _ = try diff(x, n: 4) } == "operation diff: 'n' is 4 along axis 1 of rows of shape [4]")
    #expect(message { _ = try topK(x, k: 5) } == "operation top_k: 'k' is 5 for rows of shape [4]")
    #expect(message { _ = try x.symbol.cumsum(axis: 2) }.hasPrefix("operation cumsum: 'axis' is 2"))
    #expect(message { _ = try matmul(x, Tensor.ones([3, 2])) }.hasPrefix("operation matmul: rows of shapes [4]"))
    #expect(message { _ = try plane.symbol.broadcast(to: [-1, 3, 4]) }.hasPrefix("broadcast: rows of shape [3, 2] do not stretch to the shape [-1, 3, 4]"))
    #expect(message { _ = try pad(x, [(1, 0), (0, 0)]) }.hasPrefix("operation pad: 'pad_width' is [[1, 0], [0, 0]]"))
    #expect(message { _ = try unstack(x, axis: 0) } == "operation unstack: axis 0 counts the rows, whose number is not known")
  }
}
