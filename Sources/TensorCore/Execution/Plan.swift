package final class Plan {
  init(arguments: [Node], outputs: [Node], assignments: [(variable: Variable, value: Tensor)]) {}
  func bind(argument: Int, to buffer: Buffer, offset: Int = 0) {}
  func run() -> [Tensor] { [] }
}
