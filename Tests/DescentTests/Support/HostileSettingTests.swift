import DescentTestSupport
import Testing

@testable import Descent

/// Settings that a file may have, as large as they like or none at all: errors, before anything is made of them.
@Suite(.timeLimit(.minutes(20))) struct HostileSettingTests {
  private func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: text) }

  private static let metrics: [(String, String)] = [
    (#"{"class_name": "MeanIoU", "config": {"num_classes": 1000000000000}}"#, "metric MeanIoU: num_classes is 1000000000000; it must be from 1 to 65536"),
    (#"{"class_name": "MeanIoU", "config": {"num_classes": -9223372036854775808}}"#, "metric MeanIoU: num_classes is -9223372036854775808; it must be from 1 to 65536"),
    (#"{"class_name": "OneHotIoU", "config": {"num_classes": -9223372036854775808, "target_class_ids": [1]}}"#, "num_classes is -9223372036854775808; it must be from 1 to 65536"),
    (#"{"class_name": "IoU", "config": {"num_classes": 2, "target_class_ids": [2]}}"#, "a class of target_class_ids is 2; it must be from 0 to 1"),
    (#"{"class_name": "AUC", "config": {"num_thresholds": 1000000000000}}"#, "num_thresholds is 1000000000000; it must be from 2 to 1048576"),
    (#"{"class_name": "AUC", "config": {"num_thresholds": -9223372036854775808}}"#, "num_thresholds is -9223372036854775808; it must be from 2 to 1048576"),
    (#"{"class_name": "PrecisionAtRecall", "config": {"recall": 0.5, "num_thresholds": 9223372036854775807}}"#, "num_thresholds is 9223372036854775807; it must be from 1 to 1048576"),
    (#"{"class_name": "RecallAtPrecision", "config": {"precision": 0.5, "num_thresholds": -9223372036854775808}}"#, "num_thresholds is -9223372036854775808; it must be from 1 to 1048576"),
  ]

  @Test(arguments: metrics) func `metrics are not made of sizes that are none`(_ text: String, _ expected: String) {
    #expect(failure(.invalidArgument) { try Metric(json: json(text)) }.contains(expected))
  }

  @Test func `metrics in code are refused where they are used`() {
    for metric in [Metric.meanIoU(numClasses: .min), .meanIoU(numClasses: .max), .auc(numThresholds: .max), .auc(numThresholds: .min), .iou(numClasses: .max, targetClassIDs: [0])] {
      #expect(throws: DescentError.self) { try metric.validated() }
    }
    // Thresholds that are given are as many as they are.
    #expect(throws: Never.self) { try Metric.auc(numThresholds: .max, thresholds: [0.5]).validated() }
  }

  private func layer(_ className: String, _ config: String) throws -> Layer {
    let model = #"{"class_name": "Sequential", "config": {"name": "s", "layers": [{"class_name": "InputLayer", "config": {"batch_shape": [null, 4, 4, 3]}}, "#
      + #"{"module": "keras.layers", "class_name": "\#(className)", "config": {\#(config)}}]}}"#
    return try Sequential.fromJSON(model)
  }

  private static let layers: [(String, String, String)] = [
    ("RandAugment", #""factor": 2e18"#, "factor is 2e+18; expected one number or two from 0.0 to 1.0"),
    ("RandAugment", #""factor": [0.5, 1e308]"#, "factor is [0.5, 1e+308]"), ("RandAugment", #""factor": 0.5, "value_range": [NaN, 255]"#, "'value_range' is [NaN, 255]; expected a list of two numbers"),
    ("RandomBrightness", #""factor": 0.5, "value_range": [255, NaN]"#, "'value_range' is [255, NaN]; expected a list of two numbers"),
    ("RandomContrast", #""factor": 0.5, "value_range": [0, Infinity]"#, "valueRange is 0.0...inf; expected two numbers, the second greater"),
  ]

  @Test(arguments: layers) func `layers are not made of numbers that are none`(_ name: String, _ config: String, _ expected: String) {
    let said = #expect(throws: DescentError.self) { _ = try layer(name, config) }?.message ?? ""
    #expect(said.contains(expected), "\(said)")
  }

  @Test func `numbers become whole ones within what these hold`() {
    let numbers: [(Double, Int)] = [
      (.nan, 0), (.infinity, .max), (-.infinity, .min), (1e300, .max), (-1e19, .min), (2.9, 2), (-2.9, -2), (0, 0), (9_223_372_036_854_774_784, 9_223_372_036_854_774_784),
    ]
    for (number, whole) in numbers { #expect(Int(clamping: number) == whole) }
  }

  @Test func `layers without names are called after their classes, whatever others are called`() throws {
    let names = ["", "dense", "", "dense_2", "", ""].map { $0.isEmpty ? "" : #""name": "\#($0)", "# }
    let layers = names.map { #"{"module": "keras.layers", "class_name": "Dense", "config": {\#($0)"units": 1}}"# }.joined(separator: ", ")
    let model = try Sequential.fromJSON(#"{"class_name": "Sequential", "config": {"name": "s", "layers": [\#(layers)]}}"#)
    #expect(model.layers.map(\.name) == ["dense_1", "dense", "dense_3", "dense_2", "dense_4", "dense_5"])
  }

  @Test func `an upsampling without a size is not written`() {
    #expect(throws: DescentError.self) { _ = try UpSampling1D([Int]()).getConfig() }
  }
}
