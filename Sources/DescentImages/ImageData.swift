import Foundation

/// What is asked for of a folder of pictures beyond the defaults.
public struct ImageOptions: Sendable {
  /// The size that pictures are given; nil for one that goes by the pictures: their own where they are small, else about 96 × 96.
  public var imageSize: (height: Int, width: Int)?
  /// Their channels; nil for `grayscale` where no picture has colors, else `rgb`.
  public var colorMode: ColorMode?
  /// What lies between pixels where the size changes; nil for `bilinear`.
  public var interpolation: ImageInterpolation?
  /// Whether the greatest part in the middle of the same aspect ratio is taken; otherwise all of a picture is, stretched.
  public var keepAspectRatio = false
  /// The part of the pictures that is trained on, greater than 0 and at most 1. A folder with the folders `train`, `validation` and `test` says itself.
  public var trainingPart = 0.8
  /// The part that is kept to judge the network on while it is trained; nil for all the rest. What remains then is to test it.
  public var validationPart: Double?
  /// Decides which pictures are in which part.
  public var seed: UInt64 = 0

  /// The defaults.
  public init() {}
}

/// A folder of pictures made ready to train on: a folder in it for each class, named after it, or the folders `train`, `validation` (or `val`)
/// and `test`, with a folder for each class in each.
///
///     let data = try ImageData("flowers")
///     let model = try data.preprocessing.network()
///     try model.compile(optimizer: .adam, loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
///     try model.fit(data.training.x, data.training.y, epochs: 20, validationData: data.validation.map { (try $0.x, $0.y!) })
///     try model.save("flowers.keras")
///     print(try model.predict(imagesAt: ["unknown.jpg"]).classNames)
///
/// Pictures are kept as bytes, in the size that the network takes.
public struct ImageData: Sendable {
  /// What becomes of a picture, and what the classes are called.
  public let preprocessing: ImagePreprocessing
  /// The pictures to train on.
  public let training: ImageRows
  /// The pictures to judge the network on while it is trained; nil if there are none.
  public let validation: ImageRows?
  /// The pictures to test it on at the end; nil if there are none.
  public let test: ImageRows?
  /// The sizes that pictures have in their files: the least, the median and the greatest, of some of them.
  public let heights: (least: Int, median: Int, greatest: Int), widths: (least: Int, median: Int, greatest: Int)
  /// What was passed over.
  public let remarks: [String]

  /// - Parameters:
  ///   - folder: the folder.
  ///   - options: what is asked for beyond the defaults.
  /// - Throws: ``DescentError`` if there are no two folders with pictures, or none to train on or to validate on.
  public init(_ folder: String, options: ImageOptions = ImageOptions()) throws {
    let files = try ClassFolders(pictures: folder)
    let sample = files.sample()
    let preprocessing = try ImagePreprocessing(
      classNames: files.classNames, imageSize: options.imageSize ?? ImageData.standardSize(sample.heights, sample.widths),
      colorMode: options.colorMode ?? (sample.areGray ? .grayscale : .rgb), interpolation: options.interpolation ?? .bilinear,
      keepAspectRatio: options.keepAspectRatio)
    try self.init(folder, files, sample, preprocessing, options)
  }

  /// The pictures of a folder for a network that knows its classes: to train it further, or to judge it.
  /// - Parameters:
  ///   - folder: the folder.
  ///   - preprocessing: the network's.
  ///   - options: how the pictures are split.
  /// - Throws: ``DescentError`` if there is another class, or a size or channels are asked for.
  public init(_ folder: String, preparedBy preprocessing: ImagePreprocessing, options: ImageOptions = ImageOptions()) throws {
    if options.imageSize != nil || options.colorMode != nil || options.interpolation != nil || options.keepAspectRatio {
      throw DescentError(.invalidArgument, "\(folder): the model knows the size and the channels of its pictures; they cannot be chosen anew")
    }
    let files = try ClassFolders(pictures: folder, known: preprocessing.classNames)
    try self.init(folder, files, files.sample(), preprocessing, options)
  }

  private init(
    _ folder: String, _ files: ClassFolders, _ sample: (heights: [Int], widths: [Int], areGray: Bool), _ preprocessing: ImagePreprocessing,
    _ options: ImageOptions
  ) throws {
    self.preprocessing = preprocessing
    let parts = try files.split(training: options.trainingPart, validation: options.validationPart, seed: options.seed, things: "pictures")
    func rows(_ part: UInt8) throws -> ImageRows? {
      let places = parts.indices.filter { parts[$0] == part }
      return places.isEmpty ? nil : try preprocessing.rows(of: places.map { files.paths[$0] }, classes: places.map { files.classes[$0] })
    }
    guard let training = try rows(0) else { throw DescentError(.data, "\(folder): \(parts.count) pictures leave none to train on") }
    self.training = training
    self.validation = try rows(1)
    test = try rows(2)
    if self.validation == nil && options.trainingPart < 1 && options.validationPart ?? 1 > 0 {
      throw DescentError(.data, "\(folder): \(parts.count) pictures leave none to validate on; train on all of them with a part of 1")
    }
    let trained = Set(training.y?.scalars(as: Int32.self) ?? [])
    if let lonely = preprocessing.classNames.indices.first(where: { !trained.contains(Int32($0)) }), files.classes.contains(lonely) {
      throw DescentError(.data, "\(folder): no picture to train on can be read in the folder '\(preprocessing.classNames[lonely])'")
    }
    func range(_ values: [Int]) -> (Int, Int, Int) {
      let sorted = values.sorted()
      return (sorted.first ?? 0, sorted.isEmpty ? 0 : sorted[sorted.count / 2], sorted.last ?? 0)
    }
    (heights, widths) = (range(sample.heights), range(sample.widths))
    let faults = training.faults + (self.validation?.faults ?? []) + (test?.faults ?? [])
    remarks = files.remarks + ClassFolders.remark(faults)
  }

  /// How many pictures to train on are of each class.
  public var classCounts: [Int] {
    let numbers = training.y?.scalars(as: Int32.self) ?? []
    return preprocessing.classNames.indices.map { place in numbers.count { $0 == Int32(place) } }
  }

  /// How much the pictures of each class are to count so that all classes count the same: pictures / (classes · pictures of the class).
  public var balancedClassWeights: [Int: Double] { balancedWeights(classCounts) }

  /// The median sizes where they have no more pixels than `greatestSide` squared; else about as many, of the medians' aspect ratio where it is far from 1.
  package static func standardSize(_ heights: [Int], _ widths: [Int]) -> (height: Int, width: Int) {
    guard !heights.isEmpty else { return (greatestSide, greatestSide) }
    let height = Double(heights.sorted()[heights.count / 2]), width = Double(widths.sorted()[widths.count / 2])
    let side = (height * width).squareRoot()
    if side <= Double(greatestSide) { return (max(8, Int(height)), max(8, Int(width))) }
    let ratio = min(max(width / height, 1 / 4), 4)
    let isSquare = ratio < 1.5 && ratio > 1 / 1.5
    func rounded(_ value: Double) -> Int { max(8, Int(value.rounded())) }
    if isSquare { return (greatestSide, greatestSide) }
    return (rounded(Double(greatestSide) / ratio.squareRoot()), rounded(Double(greatestSide) * ratio.squareRoot()))
  }

  private static let greatestSide = 96
}
