import Descent
import Foundation

/// What an optimizer remembers in a whole-model `.h5` file, of which there are three forms: Keras 3's, as in `.weights.h5`; that of
/// Keras 2.11 and later, `Adam/m/dense/kernel:0`; and the one before, `Adam/dense/kernel/m:0`.
enum LegacyOptimizer {
  private static let group = "optimizer_weights"
  /// Where Descent writes it. Keras 3 makes an optimizer that has a state in its own place for no variables at all, so that it reads neither
  /// its own files' nor others', and cannot train on; without one it trains on, its optimizer anew.
  private static let ownGroup = "descent_optimizer_weights"

  /// The slots' names in Keras 2 where they are not Keras 3's.
  private static let names: [String: String] = [
    "m": "momentum", "v": "velocity", "vhat": "velocity_hat", "rms": "velocity", "mg": "average_gradient", "u": "norm",
    "accum_grad": "accumulated_grad", "accum_var": "accumulated_delta_var", "momentum_cache": "u_product",
  ]

  /// Keras 2.11 and later write their own optimizers as if a program had registered them, and how their steps are run, which does not
  /// change what is computed.
  static func configuration(_ json: JSONValue) -> JSONValue {
    guard var settings = json.object, let name = settings["class_name"]?.string else { return json }
    if name.hasPrefix("Custom>") { settings["class_name"] = .string(String(name.dropFirst("Custom>".count))) }
    if var options = settings["config"]?.object {
      for key in ["jit_compile", "is_legacy_optimizer"] { options[key] = nil }
      settings["config"] = .object(options)
    }
    return .object(settings)
  }

  /// Adds what the model's optimizer remembers, in Keras 3's form.
  static func add(_ model: Model, to contents: inout HDF5Contents) throws {
    guard let state = try model.preparedOptimizerState() else { return }
    let name = try OptimizerRegistry.configuration(of: state.optimizer)["config"]?["name"]?.string ?? "optimizer"
    let prefix = name.replacingOccurrences(of: "/", with: "_")
    let arrays = model.namedKerasVariables(of: state).map { (name: "\(prefix)/\($0.name.replacingOccurrences(of: "/", with: "_"))", tensor: $0.tensor) }
    LegacyWeights.add(arrays, to: ownGroup, in: &contents)
  }

  /// Takes up what the file holds, if it holds anything.
  static func restore(_ contents: HDF5Contents, into model: Model, name: String) throws {
    let group = contents.hasGroup(ownGroup) ? ownGroup : group
    guard let paths = LegacyWeights.list("weight_names", of: group, contents), let first = paths.first else { return }
    let tensors = try paths.map { path in
      guard let tensor = contents["\(group)/\(path)"] else {
        throw DescentError(.file, "\(name): \(group) names \(path), which is not there")
      }
      return tensor
    }
    func parts(_ path: String) -> [String] {
      (path.hasSuffix(":0") ? path.dropLast(2) : path[...]).split(separator: "/").map(String.init)
    }
    try naming(name) {
      // Keras 3's begin with the optimizer's name; a rate follows only where it is no schedule.
      if parts(first).count == 2, parts(first)[1] == "iteration" { return try model.restoreOptimizer(kerasVariables: tensors) }
      let isRecent = parts(first) == ["iteration"]
      guard isRecent || parts(first).last == "iter" else {
        throw DescentError(
          .file, "\(group) begins with \(first), which is no form of Keras 2.3 or later; load the file with compiled: false to do without")
      }
      var slots: [String: [Tensor]] = [:]
      for (path, tensor) in zip(paths, tensors).dropFirst() {
        let parts = parts(path)
        guard parts.count >= 2 else { throw DescentError(.file, "\(group)/\(path) is of no known kind") }
        let slot = isRecent ? parts[1] : parts[parts.count - 1]
        slots[slotName(slot, of: model.optimizer), default: []].append(tensor)
      }
      // The plain SGD of Keras 2.11 and later keeps momenta that it does not use.
      if let optimizer = model.optimizer as? SGD, optimizer.momentum == 0 { slots["momentum"] = nil }
      try model.restoreOptimizer(kerasSlots: slots, iterations: tensors[0])
    }
  }

  private static func slotName(_ name: String, of optimizer: (any Optimizer)?) -> String {
    if optimizer is Adamax, name == "v" { return "norm" }
    return names[name] ?? name
  }
}
