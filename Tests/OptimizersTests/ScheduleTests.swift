import Foundation
import Optimizers
import Testing

@Suite struct ScheduleTests {
  private func cases(_ reference: String, _ names: [String]? = nil) throws -> [JSONValue] {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/schedules.json")
    let all = try #require(JSONValue(parsing: [UInt8](Data(contentsOf: url)))["cases"]?.array)
    return all.filter { $0["reference"]?.string == reference && (names?.contains($0["schedule"]!.string!) ?? true) }
  }

  private func check(_ json: JSONValue, _ schedule: any LearningRateSchedule, from first: Int = 0) {
    let numbers = json["steps"]?.array?.map { $0.int! } ?? json["step_numbers"]!.array!.map { $0.int! - 1 }
    for (step, wanted) in zip(numbers, json["values"]!.numbers) where step >= first {
      let found = schedule(step: step)
      #expect(abs(found - wanted) <= 1e-12 * abs(wanted) + 1e-17, "\(json["schedule"]!) \(json["config"]!) at \(step): \(found), \(wanted)")
    }
  }

  @Test func `A schedule whose settings no optimizer takes gives no rate`() {
    let schedules: [any LearningRateSchedule] = [
      StepDecay(initialLearningRate: 1, stepSize: 0), CyclicLearningRate(baseLearningRate: 0, maximumLearningRate: 1, stepSizeUp: 0),
      CyclicLearningRate(baseLearningRate: 0, maximumLearningRate: 1, stepSizeUp: 1, stepSizeDown: -1), PiecewiseConstantDecay(boundaries: [1], values: []),
      PiecewiseConstantDecay(boundaries: [1], values: [1]), SequentialSchedule([ConstantSchedule(1)], boundaries: [0]), SequentialSchedule([], boundaries: []),
    ]
    for schedule in schedules { #expect([0, 1, 5].allSatisfy { schedule(step: $0).isNaN }, "\(schedule)") }
  }

  @Test func `A cycle may be longer than any run`() throws {
    let schedule = try ScheduleRegistry.schedule(from: JSONValue(parsing:
      #"{"class_name": "CyclicLearningRate", "config": {"base_learning_rate": 1, "max_learning_rate": 2, "step_size_up": 9223372036854775807, "step_size_down": 9223372036854775807}}"#))
    #expect(schedule(step: 0) == 1 && schedule(step: 1000) == 1 && schedule(step: 1 << 62) == 1.5)
  }

  @Test func keras() throws {
    for json in try cases("keras") {
      let schedule = try ScheduleRegistry.schedule(from: json["serialized"]!)
      check(json, schedule)
      let written = try ScheduleRegistry.configuration(of: schedule)
      check(json, try ScheduleRegistry.schedule(from: JSONValue(parsing: written.text())))
    }
  }

  @Test func torch() throws {
    let known = ["StepLR": "StepDecay", "MultiStepLR": "MultiStepDecay", "CyclicLR": "CyclicLearningRate", "OneCycleLR": "OneCycle"]
    let keys = [
      "max_lr": "max_learning_rate", "base_lr": "base_learning_rate", "anneal_strategy": "annealing", "epochs": "", "steps_per_epoch": "",
      "cycle_momentum": "",
    ]
    let found = try cases("torch", Array(known.keys))
    #expect(found.count == 14)
    for json in found {
      let name = json["schedule"]!.string!
      var config = JSONObject()
      for (key, value) in json["config"]!.object!.members {
        let key = keys[key] ?? key
        if !key.isEmpty { config[key] = value == "cos" ? "cosine" : value }
      }
      if let epochs = json["config"]!["epochs"]?.int {
        config["total_steps"] = JSONValue(epochs * json["config"]!["steps_per_epoch"]!.int!)
      }
      if name.hasSuffix("StepLR") { config["initial_learning_rate"] = json["initial_learning_rate"]! }
      check(json, try ScheduleRegistry.schedule(from: ["class_name": .string(known[name]!), "config": .object(config)]))
    }
  }

  @Test func optax() throws {
    for json in try cases("optax", ["linear_schedule", "warmup_cosine_decay_schedule", "cosine_decay_schedule", "join_schedules"]) {
      let config = json["config"]!
      func value(_ key: String) -> Double { config[key]?.double ?? 0 }
      if config["exponent"] != nil { continue }
      switch json["schedule"]!.string! {
      case "linear_schedule":
        let line = PolynomialDecay(
          initialLearningRate: value("init_value"), decaySteps: Int(value("transition_steps")),
          endLearningRate: value("end_value"))
        let begin = Int(value("transition_begin"))
        check(json, begin == 0 ? line : SequentialSchedule([ConstantSchedule(value("init_value")), line], boundaries: [begin]))
      case "cosine_decay_schedule":
        check(json, CosineDecay(initialLearningRate: 0.1, decaySteps: 20, alpha: value("alpha")))
      case "warmup_cosine_decay_schedule":
        check(
          json,
          CosineDecay(
            initialLearningRate: value("init_value"), decaySteps: Int(value("decay_steps") - value("warmup_steps")),
            alpha: value("end_value") / value("peak_value"), warmupTarget: value("peak_value"), warmupSteps: Int(value("warmup_steps"))))
      default:
        let parts: [any LearningRateSchedule] = [
          PolynomialDecay(initialLearningRate: 0, decaySteps: 5, endLearningRate: 0.1), ConstantSchedule(0.1),
          CosineDecay(initialLearningRate: 0.1, decaySteps: 20, alpha: 0.1),
        ]
        check(json, SequentialSchedule(parts, boundaries: [5, 15]))
      }
    }
  }

  @Test func noam() throws {
    let found = try cases("formula", ["Noam"])
    #expect(found.count == 3)
    for json in found {
      let config = json["config"]!
      check(
        json,
        NoamDecay(modelSize: config["d_model"]!.int!, warmupSteps: config["warmup_steps"]!.int!, scale: config["factor"]?.double))
    }
  }

  @Test func `Warmup stable decay`() throws {
    let found = try cases("pytorch_optimizer", ["get_wsd_schedule"])
    #expect(found.count == 4)
    for json in found {
      let config = json["config"]!
      let shape: WarmupStableDecay.DecayShape =
        switch config["cooldown_type"]?.string {
        case "cosine": .cosine
        case "linear": .linear
        default: .squareRoot
        }
      let warmup = config["num_warmup_steps"]!.int!
      let schedule = WarmupStableDecay(
        peakLearningRate: 0.1, warmupSteps: warmup, stableSteps: config["num_stable_steps"]!.int!,
        decaySteps: config["num_decay_steps"]!.int!, endFraction: config["min_lr_ratio"]?.double, decayShape: shape)
      if config["min_lr_ratio"] != nil && shape != .cosine {
        // pytorch_optimizer falls to 0 there and then jumps up to the end; here the fall ends where it should.
        #expect(abs(schedule(step: 10_000) - json["values"]!.numbers.last!) < 1e-15)
        continue
      }
      check(json, schedule, from: warmup)
      // The warm-up here is a step ahead, so that the first update has a rate.
      for step in 0..<warmup { #expect(abs(schedule(step: step) - json["values"]!.numbers[step + 1]) < 1e-15) }
    }
  }

  @Test func `Linear warmup`() {
    let schedule = ExponentialDecay(initialLearningRate: 0.8, decaySteps: 1, decayRate: 0.5).warmedUp(steps: 4)
    #expect((0..<7).map { schedule(step: $0) } == [0.2, 0.4, 0.6000000000000001, 0.8, 0.8, 0.4, 0.2])
  }

  @Test func `Nested schedules in JSON`() throws {
    let text = #"""
      {"class_name": "SequentialSchedule", "config": {"boundaries": [3], "schedules": [0.5,
        {"class_name": "LinearWarmup", "config": {"warmup_steps": 2, "schedule":
          {"class_name": "cosinedecay", "config": {"initial_learning_rate": 0.1, "decay_steps": 10}}}}]}}
      """#
    let schedule = try ScheduleRegistry.schedule(from: JSONValue(parsing: text))
    #expect((0..<6).map { schedule(step: $0) } == [0.5, 0.5, 0.5, 0.05, 0.1, 0.1])
    let again = try ScheduleRegistry.schedule(from: ScheduleRegistry.configuration(of: schedule))
    #expect((0..<20).allSatisfy { again(step: $0) == schedule(step: $0) })
  }

  @Test(arguments: [
    (#"{"class_name": "CosineDecay", "config": {"initial_learning_rate": 0.1, "decay_steps": 0}}"#, "CosineDecay: 'decay_steps' is 0; expected an integer at least 1"),
    (#"{"class_name": "CosineDecay", "config": {"initial_learning_rate": 0.1}}"#, "'decay_steps' is missing; expected an integer at least 1"),
    (#"{"class_name": "CosinDecay", "config": {}}"#, "'CosineDecay'"),
    (
      #"{"class_name": "PiecewiseConstantDecay", "config": {"boundaries": [2, 1], "values": [1, 2, 3]}}"#, "do not increase"
    ),
    (#"{"class_name": "PiecewiseConstantDecay", "config": {"boundaries": [2], "values": [1]}}"#, "expected 2"),
    (#"{"class_name": "NoamDecay", "config": {"model_size": 4, "warmup": 3}}"#, "warmup_steps"),
  ])
  func errors(_ json: String, _ message: String) throws {
    let error = try #require(throws: DescentError.self) { try ScheduleRegistry.schedule(from: JSONValue(parsing: json)) }
    #expect(error.message.contains(message), "\(error.message)")
  }

  /// Steps and periods are whole numbers, and so is the number of periods that are over: computed through logarithms it may come out a
  /// little less.
  @Test func `each period begins at its first step and ends before the next one's`() {
    for (first, tMul) in [(1, 10.0), (100, 3), (100, 1.2), (7, 2), (5, 1), (10, 1.5), (1000, 1.1)] {
      let schedule = CosineDecayRestarts(initialLearningRate: 1, firstDecaySteps: first, tMul: tMul)
      var (start, length) = (0.0, Double(first))
      while start < 20_000 {
        let step = Int(start.rounded(.up))
        if abs(start - start.rounded()) < 1e-6 {
          #expect(abs(schedule(step: Int(start.rounded())) - 1) < 1e-9, "\(first) \(tMul): step \(start)")
        } else {
          #expect(schedule(step: step) > 0.5 || length < 4)
        }
        let last = Int((start + length).rounded(.up)) - 1
        if length > 20 && abs(start + length - (start + length).rounded()) < 1e-6 {
          #expect(schedule(step: last) < 0.02, "\(first) \(tMul): step \(last)")
        }
        start += length
        length *= tMul
      }
    }
  }
}
