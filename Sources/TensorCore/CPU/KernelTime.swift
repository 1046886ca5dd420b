import CKernels

/// The cost model: about how long one thread takes for a kernel, in nanoseconds. Into how many shares work is cut, what is worth a second
/// thread and which kernels are chained goes by it, and by nothing that is measured while a program runs: the same program is cut alike each time.
enum KernelTime {
  /// A fused group as it was lowered, by the times of its instructions (`ck_instruction_table.h`).
  static func group(_ code: CPUProgram, count: Int) -> Double {
    Double(count) * code.instructions.reduce(0) { $0 + Double(ck_instruction_time($1.code)) / 1000 }
  }

  /// A group before it is lowered: as if all its instructions were additions.
  static func group(_ program: GroupProgram) -> Double { additionTime * Double(program.instructions.count * program.count) }

  /// The products of a matrix product's terms and their sums.
  static func product(terms: Double, isDouble: Bool) -> Double { terms / 30 * (isDouble ? 3 : 1) }

  /// A small product by itself: what comes before the first term, too.
  static func product(m: Int, n: Int, k: Int, isDouble: Bool) -> Double {
    product(terms: Double(m * n * k), isDouble: isDouble) + 300
  }

  /// A share of a product: its terms, and to bring `k` rows of `n` and columns of `m` elements into the order in which they are read.
  static func share(m: Double, n: Double, k: Double, isDouble: Bool) -> Double {
    product(terms: m * n * k, isDouble: isDouble) + 0.5 * k * (m + n) + 800
  }

  /// To add up so many elements that other threads have written.
  static func sumOfOthers(_ elements: Int) -> Double { 0.6 * Double(elements) }

  /// To add up so many elements that this thread has written.
  static func sum(_ elements: Int) -> Double { additionTime * Double(elements) }

  /// A step of a loop, in additions of one element each.
  static func additions(of body: Schedule) -> Int {
    body.kernels.reduce(0) { sum, kernel in
      switch kernel {
      case .group(let programs): sum + programs.reduce(0) { $0 + additions(of: $1) }
      case .operation(let call):
        // Eight multiplications with additions at a time.
        if case .matrixProduct(let transposeA, _) = call.operation { sum + call.output.count * call.inputs[0].termCount(isTransposed: transposeA) / 8 } else { sum }
      case .loop, .copy: sum
      }
    }
  }

  private static func additions(of program: GroupProgram) -> Int {
    program.instructions.reduce(0) { sum, instruction in
      switch instruction.function {
      case .unary: sum + 4 * program.count
      case .binary, .select, .rowReduce, .reduce, .sumColumns: sum + program.count
      case .copy, .load, .expand, .rowArgmax, .random: sum
      }
    }
  }

  private static let additionTime = 0.1
}

extension Schedule.Place {
  /// How many terms each sum of a matrix product has of which this is the left side.
  func termCount(isTransposed: Bool) -> Int { shape[shape.count - (isTransposed ? 2 : 1)] }
}
