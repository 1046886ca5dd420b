/// The schedules that JSON can name.
public enum ScheduleRegistry {
  package static let builtIn: [any ConfigurableSchedule.Type] = [
    ExponentialDecay.self, InverseTimeDecay.self, PolynomialDecay.self, PiecewiseConstantDecay.self, CosineDecay.self,
    CosineDecayRestarts.self, ConstantSchedule.self, LinearWarmup.self, OneCycle.self, NoamDecay.self, WarmupStableDecay.self,
    StepDecay.self, MultiStepDecay.self, CyclicLearningRate.self, SequentialSchedule.self,
  ]

  private static let registry = Registry(
    of: "schedule", builtIn.map { RegisteredClass<any ConfigurableSchedule.Type>($0.className, $0) }, ignoresCase: true, names: \.names)

  /// Makes a schedule of the program's own known by its ``ConfigurableSchedule/className``; the last one of a name counts. (Keras:
  /// `register_keras_serializable`.)
  /// - Parameters:
  ///   - type: the schedule's type.
  ///   - package: what stands before the class's name in files: `Custom>Halving`.
  public static func register(_ type: any ConfigurableSchedule.Type, package: String = "Custom") {
    registry.register(RegisteredClass(type.className, package: package, type))
  }

  /// All known schedules.
  public static var all: [any ConfigurableSchedule.Type] { registry.all.map(\.value) }

  /// Reads a schedule from Keras's JSON; the class's name in any case.
  /// - Parameter value: an object with the class and its settings, or a name alone; a number is a schedule that stays there.
  /// - Throws: ``DescentError`` naming what is not understood or out of range.
  public static func schedule(from value: JSONValue) throws -> any LearningRateSchedule {
    if let rate = value.double {
      return try make(ConstantSchedule.self, JSONObject([("learning_rate", JSONValue(rate))]))
    }
    let (object, config) = try objectAndSettings(value, "schedule")
    let type = try registry.entry(object).value
    return try make(type, config)
  }

  private static func make<Schedule: ConfigurableSchedule>(
    _ type: Schedule.Type, _ config: JSONObject
  ) throws -> Schedule {
    var schedule = Schedule.template
    // Keras writes the name of a graph's scope, which means nothing here.
    var config = config
    if !Schedule.hyperparameters.contains(where: { $0.key == "name" }) { config["name"] = nil }
    try configure(&schedule, Schedule.className, from: config, by: Schedule.hyperparameters)
    try schedule.validate()
    return schedule
  }

  /// The schedule as Keras prints it.
  /// - Throws: ``DescentError`` if the schedule is no ``ConfigurableSchedule``, is not registered, or has a property that is not at its
  ///   default and that ``ConfigurableSchedule/hyperparameters`` does not name.
  public static func configuration(of schedule: any LearningRateSchedule) throws -> JSONValue {
    guard let schedule = schedule as? any ConfigurableSchedule else {
      throw DescentError(
        .invalidArgument, "the schedule \(type(of: schedule)) cannot be written as JSON; make it a ConfigurableSchedule")
    }
    return try write(schedule)
  }

  private static func write<Schedule: ConfigurableSchedule>(_ schedule: Schedule) throws -> JSONValue {
    let config = JSONObject(try Schedule.hyperparameters.map { (key: $0.key, value: try $0.value(in: schedule)) })
    let name = try registry.registeredName(of: Schedule.className, register: "ScheduleRegistry.register") { $0.value == Schedule.self }
    if name != nil { try refuseLosses(of: schedule, readAs: make(Schedule.self, config), Schedule.className) }
    return KerasObject(Schedule.className, module: name == nil ? "keras.optimizers.schedules" : nil, config: config, registeredName: name).json
  }
}
