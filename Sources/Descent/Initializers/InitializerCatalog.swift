extension Initializer {
  /// All that have a name.
  public static let catalog = Catalog<Initializer>(
    \.keras,
    [
      .init(.zeros, ["zero"]),
      .init(.ones, ["one"]),
      .init(.constant) { s in try s.value("value", Initializer.constantKind) },
      .init(.identity, classes: ["IdentityInitializer"]) { s in .identity(gain: try s.double("gain")) },
      .init(.randomUniform, ["uniform"]) { s in
        .randomUniform(low: try s.double("minval"), high: try s.double("maxval"), seed: try s.optionalInt("seed"))
      },
      .init(.randomNormal, ["normal"]) { s in
        .randomNormal(
          mean: try s.double("mean"), standardDeviation: try s.double("stddev"), seed: try s.optionalInt("seed"))
      },
      .init(.truncatedNormal) { s in
        .truncatedNormal(
          mean: try s.double("mean"), standardDeviation: try s.double("stddev"), seed: try s.optionalInt("seed"))
      },
      .init(.orthogonal, classes: ["OrthogonalInitializer"]) { s in
        .orthogonal(gain: try s.double("gain"), seed: try s.optionalInt("seed"))
      },
      .init(.varianceScaling) { s in
        .varianceScaling(
          scale: try s.double("scale"), mode: try s.choice("mode", FanMode.self),
          distribution: try s.choice("distribution", Distribution.self), seed: try s.optionalInt("seed"),
          axes: try fanAxes(s))
      },
      .init(.glorotUniform) { s in .glorotUniform(seed: try s.optionalInt("seed"), axes: try fanAxes(s)) },
      .init(.glorotNormal) { s in .glorotNormal(seed: try s.optionalInt("seed"), axes: try fanAxes(s)) },
      .init(.heUniform) { s in .heUniform(seed: try s.optionalInt("seed"), axes: try fanAxes(s)) },
      .init(.heNormal) { s in .heNormal(seed: try s.optionalInt("seed"), axes: try fanAxes(s)) },
      .init(.lecunUniform) { s in .lecunUniform(seed: try s.optionalInt("seed"), axes: try fanAxes(s)) },
      .init(.lecunNormal) { s in .lecunNormal(seed: try s.optionalInt("seed"), axes: try fanAxes(s)) },
      .init(.stft, classes: ["STFTInitializer"]) { s in
        .stft(
          try s.choice("side", FourierSide.self), window: try s.optional("window", .signalWindow),
          scaling: try s.optionalChoice("scaling", WindowScaling.self), periodic: try s.bool("periodic"))
      },
    ])

  private static func fanAxes(_ settings: Settings) throws -> FanAxes? {
    let inputs = try settings.optionalInts("input_axes")
    let outputs = try settings.optionalInts("output_axes")
    switch (inputs, outputs) {
    case (nil, nil): return nil
    case (let inputs?, let outputs?): return FanAxes(inputs: inputs, outputs: outputs)
    default:
      throw DescentError(.invalidArgument, "\(settings.owner): 'input_axes' and 'output_axes' must be given together")
    }
  }
}
