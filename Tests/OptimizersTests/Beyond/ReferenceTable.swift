import Optimizers
import Testing

/// How a reference's constructor is said here.
struct ReferenceOptimizer {
  /// The reference's function as the fixtures name it, without remarks.
  let function: String
  let className: String
  /// What the reference has otherwise than this library when its own arguments are left out.
  let defaults: [String: JSONValue]
  /// Our names of the reference's arguments where they differ; `nil` for arguments that say what is so here anyway.
  let names: [String: String?]
  /// Arguments that take more than another name.
  let adjust: @Sendable (inout JSONObject) -> Void
  /// Why a case is not checked; `nil` to check it.
  let reason: @Sendable (JSONValue) -> String?
  /// Around the optimizer.
  let wrap: (@Sendable (any Optimizer) -> any Optimizer)?

  init(
    _ function: String, _ className: String, _ defaults: [String: JSONValue] = [:], names: [String: String?] = [:],
    adjust: @escaping @Sendable (inout JSONObject) -> Void = { _ in },
    reason: @escaping @Sendable (JSONValue) -> String? = { _ in nil },
    wrap: (@Sendable (any Optimizer) -> any Optimizer)? = nil
  ) {
    self.function = function
    self.className = className
    self.defaults = defaults
    self.names = names
    self.adjust = adjust
    self.reason = reason
    self.wrap = wrap
  }

  private static let common: [String: String] = [
    "lr": "learning_rate", "eps": "epsilon", "b1": "beta_1", "b2": "beta_2", "b3": "beta_3",
  ]

  /// The reference's arguments as an optimizer of this library.
  func make(_ config: JSONValue) throws -> any Optimizer {
    var result = JSONObject(Array(defaults))
    for (key, value) in config.object!.members {
      if key == "betas" {
        for (index, beta) in value.array!.enumerated() { result["beta_\(index + 1)"] = beta }
      } else if let name = names[key] {
        if let name { result[name] = value }
      } else {
        result[ReferenceOptimizer.common[key] ?? key] = value
      }
    }
    adjust(&result)
    let optimizer = try OptimizerRegistry.optimizer(from: ["class_name": .string(className), "config": .object(result)])
    return wrap.map { $0(optimizer) } ?? optimizer
  }

  /// `weight_decouple` of pytorch_optimizer as the mode it means.
  static func decoupling(_ isDefault: Bool) -> @Sendable (inout JSONObject) -> Void {
    { config in
      let isDecoupled = config["weight_decouple"]?.bool ?? isDefault
      config["weight_decouple"] = nil
      config["weight_decay_mode"] = isDecoupled ? "decoupled" : "l2"
    }
  }
}

extension ReferenceOptimizer {
  static let published: [ReferenceOptimizer] = [
    .init(
      "pytorch_optimizer.AdaBelief", "AdaBelief", names: ["ams_bound": "amsgrad", "degenerated_to_sgd": "unrectified_step"],
      adjust: { config in
        if config["fixed_decay"]?.bool == true { config["weight_decay_mode"] = "independent" }
        config["fixed_decay"] = nil
        if let isSGD = config["unrectified_step"]?.bool { config["unrectified_step"] = isSGD ? "momentum" : "none" }
        if config["weight_decouple"]?.bool == false { config["weight_decay_mode"] = "l2" }
        config["weight_decouple"] = nil
      }),
    .init(
      "pytorch_optimizer.Adan", "Adan", names: ["max_grad_norm": "global_clipnorm", "weight_decouple": "proximal_decay"],
      adjust: { config in if let isDecoupled = config["proximal_decay"]?.bool { config["proximal_decay"] = .bool(!isDecoupled) }
      }),
    .init(
      "pytorch_optimizer.AdEMAMix", "AdEMAMix", names: ["t_alpha_beta3": "warmup_steps"], adjust: decoupling(false),
      reason: { $0["cautious"] == nil ? nil : "pytorch_optimizer masks the fast average alone" }),
    .init(
      "pytorch_optimizer.ADOPT", "ADOPT", names: ["clip_lambda": "clip_exponent"], adjust: decoupling(false),
      reason: { config in
        config["clip_lambda"]?.isNull == true ? nil : "pytorch_optimizer's limit of the divided gradient is one step ahead"
      }),
    .init(
      "pytorch_optimizer.Yogi", "Yogi", names: ["initial_accumulator": "initial_accumulator_value"], adjust: decoupling(true)),
    .init(
      "pytorch_optimizer.NovoGrad", "Novograd", names: ["weight_decouple": "decay_inside"],
      adjust: { config in if let isDecoupled = config["decay_inside"]?.bool { config["decay_inside"] = .bool(!isDecoupled) } },
      reason: { $0["adam_debias"] == nil ? nil : "adam_debias is not part of the method" }),
    .init(
      "pytorch_optimizer.LARS", "LARS", ["momentum_form": "rate_outside"],
      reason: { $0["dampening"] == nil ? nil : "dampening is not part of the method" }),
    .init(
      "pytorch_optimizer.RAdam", "RAdam", ["unrectified_step": "none"],
      names: ["n_sma_threshold": "threshold", "degenerated_to_sgd": "unrectified_step"],
      adjust: { config in
        if let isSGD = config["unrectified_step"]?.bool { config["unrectified_step"] = isSGD ? "momentum" : "none" }
      },
      reason: {
        $0["weight_decay"] == nil ? nil : "pytorch_optimizer's RAdam does not decay the weights while it makes no steps"
      }),
    .init("timm.optim.NAdamW", "NAdamW", reason: { $0["caution"] == nil ? nil : "below" }),
    .init(
      "timm.optim.NAdamW", "NAdamW", names: ["caution": nil], reason: { $0["caution"] == nil ? "above" : nil },
      wrap: { Cautious($0, scaling: .leastShare) }),
    .init(
      "timm.optim.Adopt", "ADOPT", ["clip_exponent": 0.333], names: ["caution": nil],
      wrap: { Cautious($0, scaling: .leastShare) }),
    .init(
      "pytorch_optimizer.Shampoo", "Shampoo",
      names: ["preconditioning_compute_steps": "update_period", "matrix_eps": "matrix_epsilon"],
      adjust: decoupling(false)),
    .init(
      "pytorch_optimizer.SOAP", "SOAP",
      names: ["precondition_frequency": "update_period", "max_precondition_dim": "maximum_size"]),
    .init(
      "prodigyopt.Prodigy", "Prodigy", names: ["beta3": "beta_3", "slice_p": "slice_stride", "decouple": "weight_decay_mode"],
      adjust: decouple),
    .init("dadaptation.DAdaptAdam", "DAdaptAdam", names: ["decouple": "weight_decay_mode"], adjust: decouple),
    .init("dadaptation.DAdaptSGD", "DAdaptSGD"),
    .init("schedulefree.SGDScheduleFree", "SGDScheduleFree"),
    .init("schedulefree.AdamWScheduleFree", "AdamWScheduleFree"),
    .init("schedulefree.RAdamScheduleFree", "RAdamScheduleFree"),
    .init(
      "pytorch_optimizer.SophiaH", "Sophia",
      ["learning_rate": 0.06, "gamma": 1.0, "clip_threshold": 0.01, "estimator": "given"], names: ["p": "clip_threshold"]),
    .init("timm.optim.AdamWLegacy", "CautiousAdamW", ["convention": "torch"], names: ["caution": nil]),
    .init("timm.optim.Lion", "CautiousLion", ["convention": "torch"], names: ["caution": nil]),
    .init(
      "pytorch_optimizer.Lion", "CautiousLion", ["learning_rate": 1e-4], names: ["cautious": nil],
      reason: { $0["cautious"] == nil ? "Lion belongs to Keras's family" : nil }),
    .init(
      "timm.optim.Lars", "LARS", ["momentum": 0.0, "adapts_vectors": true, "epsilon": 1e-8, "momentum_form": "rate_outside"],
      names: ["trust_coeff": "trust_coefficient", "trust_clip": "clips_trust", "always_adapt": nil],
      reason: { config in
        if config["dampening"] != nil { return "dampening is not part of the method" }
        // Parameters whose gradient is exactly zero then only decay, at a rate that differs.
        if config["weight_decay"] != nil { return "timm does not adapt where the gradient is zero" }
        return config["always_adapt"] == nil ? "timm's LARS is SGD where no weights decay" : nil
      }),
  ]

  static let torch: [ReferenceOptimizer] = [
    .init(
      "torch.optim.RAdam", "RAdam", ["convention": "torch"], names: ["decoupled_weight_decay": "weight_decay_mode"],
      adjust: { config in
        if let isDecoupled = config["weight_decay_mode"]?.bool {
          config["weight_decay_mode"] = isDecoupled ? "decoupled" : "l2"
        }
      }),
    .init(
      "torch.optim.Rprop", "Rprop", ["convention": "torch"],
      adjust: { config in
        if let etas = config["etas"]?.array { (config["decrease"], config["increase"]) = (etas[0], etas[1]) }
        if let sizes = config["step_sizes"]?.array { (config["minimum_step"], config["maximum_step"]) = (sizes[0], sizes[1]) }
        config["etas"] = nil
        config["step_sizes"] = nil
      }),
  ]

  static let optax: [ReferenceOptimizer] = [
    .init(
      "optax.adabelief", "AdaBelief", names: ["eps_root": "epsilon_root"],
      adjust: { if $0["epsilon_root"] == nil { $0["epsilon_root"] = 1e-16 } },
      reason: { $0["nesterov"] == nil ? nil : "the look ahead is optax's own" }),
    .init("optax.nadamw", "NAdamW", ["weight_decay": 1e-4, "correction": "each"]),
    .init("optax.yogi", "Yogi"),
    .init(
      "optax.novograd", "Novograd", ["beta_1": 0.9, "beta_2": 0.25, "epsilon": 1e-6],
      reason: { $0["eps_root"] == nil ? nil : "an epsilon inside the root is optax's own" }),
    .init(
      "optax.lars", "LARS", ["adapts_vectors": true],
      reason: { $0["weight_decay"] == nil ? nil : "optax measures the sum of gradient and decay, the paper their lengths" }),
    .init(
      "optax.radam", "RAdam", ["epsilon_place": "corrected"],
      reason: { $0["nesterov"] == nil ? nil : "the look ahead is optax's own" }),
    .init(
      "optax.contrib.ademamix", "AdEMAMix",
      reason: { $0["eps_root"] == nil ? nil : "an epsilon inside the root is optax's own" }),
    .init(
      "optax.contrib.adopt", "ADOPT",
      adjust: { config in
        if config["use_clipping"]?.bool == false { config["clip_exponent"] = .null }
        config["use_clipping"] = nil
      }, reason: { $0["nesterov"] == nil ? nil : "the look ahead is optax's own" }),
    .init("optax.contrib.schedule_free_sgd", "SGDScheduleFree", names: ["b1": "momentum"], reason: warmup),
    .init("optax.contrib.schedule_free_adamw", "AdamWScheduleFree", reason: warmup),
    .init("optax.contrib.prodigy", "Prodigy", ["use_bias_correction": true], names: ["estim_lr0": "d0"]),
    .init(
      "optax.contrib.dadapt_adamw", "DAdaptAdam", ["use_bias_correction": true, "weight_decay_mode": "decoupled"],
      names: ["estim_lr0": "d0"]),
  ]

  private static let warmup: @Sendable (JSONValue) -> String? = {
    $0["warmup_steps"] == nil ? nil : "optax's weights and steps see the warm-up an update apart"
  }

  private static let decouple: @Sendable (inout JSONObject) -> Void = { config in
    if let isDecoupled = config["weight_decay_mode"]?.bool { config["weight_decay_mode"] = isDecoupled ? "decoupled" : "l2" }
  }
}
