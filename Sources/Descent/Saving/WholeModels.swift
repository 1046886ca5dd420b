// What is told to a program that saves or loads whole models without the module that can.

extension Model {
  /// Whole models are written by the module `KerasFiles`.
  @available(*, unavailable, message: "import KerasFiles to save whole models to .keras files; saveWeights is here without it")
  public func save(_ path: String) throws { throw DescentError(.state, "import KerasFiles") }

  /// Whole models are read by the module `KerasFiles`.
  @available(*, unavailable, message: "import KerasFiles to load whole models from .keras files; fromJSON and loadWeights are here without it")
  public static func load(_ path: String) throws -> Self { throw DescentError(.state, "import KerasFiles") }
}
