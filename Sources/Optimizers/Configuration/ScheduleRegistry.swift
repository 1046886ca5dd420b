/// The schedules that JSON can name.
public enum ScheduleRegistry {
  private static let registry = Registry<any ConfigurableSchedule.Type>(
    of: "schedule",
    [
      ExponentialDecay.self, InverseTimeDecay.self, PolynomialDecay.self, PiecewiseConstantDecay.self, CosineDecay.self,
      CosineDecayRestarts.self, ConstantSchedule.self, LinearWarmup.self, OneCycle.self, NoamDecay.self, WarmupStableDecay.self,
      StepDecay.self, MultiStepDecay.self, CyclicLearningRate.self, SequentialSchedule.self,
    ], ignoresCase: true, names: { [$0.className] })

  package static var builtIn: [any ConfigurableSchedule.Type] { registry.builtIn }

  /// Makes a schedule known by its ``ConfigurableSchedule/className``; the last one of a name counts.
  public static func register(_ type: any ConfigurableSchedule.Type) { registry.register(type) }

  /// All known schedules.
  public static var all: [any ConfigurableSchedule.Type] { registry.all }

  /// Reads a schedule from Keras's JSON; the class's name in any case. A number is a schedule that stays there.
  /// - Throws: ``DescentError`` naming what is not understood or out of range.
  public static func schedule(from value: JSONValue) throws -> any LearningRateSchedule {
    if let rate = value.double {
      return try make(ConstantSchedule.self, JSONObject([("learning_rate", JSONValue(rate))]))
    }
    let (name, config) = try nameAndSettings(value, "schedule")
    return try make(registry.entry(named: name), config)
  }

  private static func make<Schedule: ConfigurableSchedule>(
    _ type: Schedule.Type, _ config: JSONObject
  ) throws -> Schedule {
    var schedule = Schedule.template
    // Keras writes the name of a graph's scope, which means nothing here.
    var config = config
    config["name"] = nil
    try configure(&schedule, Schedule.className, from: config, by: Schedule.hyperparameters)
    try schedule.validate()
    return schedule
  }

  /// The schedule as Keras prints it.
  /// - Throws: ``DescentError`` if the schedule is no ``ConfigurableSchedule``.
  public static func configuration(of schedule: any LearningRateSchedule) throws -> JSONValue {
    guard let schedule = schedule as? any ConfigurableSchedule else {
      throw DescentError(
        .invalidArgument, "the schedule \(type(of: schedule)) cannot be written as JSON; make it a ConfigurableSchedule")
    }
    return try write(schedule)
  }

  private static func write<Schedule: ConfigurableSchedule>(_ schedule: Schedule) throws -> JSONValue {
    let config = try Schedule.hyperparameters.map { (key: $0.key, value: try $0.value(in: schedule)) }
    return KerasObject(Schedule.className, module: "keras.optimizers.schedules", config: JSONObject(config)).json
  }
}
