/// Boston housing: 506 places, 13 numbers each, and the median price of a house in thousands of dollars.
///
/// The data have an ethical problem: a column assumes that segregation by race raises prices. Keras advises against their use but to
/// show that; ``CaliforniaHousing`` replaces them. Source: <https://keras.io/api/datasets/boston_housing/>.
public enum BostonHousing {
  static let file = DatasetFile(
    name: "boston_housing.npz", checksum: "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5",
    origin: DatasetFile.keras + "boston_housing.npz")

  /// Reads the data set, as `keras.datasets.boston_housing.load_data` does, in the same order for the same seed: [n, 13] and [n], of
  /// the file's type (`float64`).
  /// - Parameters:
  ///   - path: the file's name in the folder.
  ///   - testSplit: the part that becomes the test set, at least 0 and less than 1.
  ///   - seed: for the order, that of NumPy's `RandomState`.
  ///   - folder: nil for Keras's cache.
  /// - Throws: ``DescentError`` of kind `file`, or `invalidArgument`.
  public static func loadData(
    path: String = "boston_housing.npz", testSplit: Double = 0.2, seed: UInt32 = 113, folder: String? = nil
  ) throws -> TrainAndTest<Tensor> {
    let archive = try NPZ(file.path(in: folder, as: path))
    return try shuffledSplit(archive.tensor("x"), archive.tensor("y"), testSplit: testSplit, seed: seed, name: path)
  }
}

/// California housing: 20,640 block groups, 8 numbers each, and the median price of a house in dollars.
/// Source: <https://keras.io/api/datasets/california_housing/>.
public enum CaliforniaHousing {
  /// How much of the data is read.
  public enum Version: String, Sendable {
    /// The first 600 rows.
    case small
    /// All rows.
    case large
  }

  /// What the columns are.
  public static let featureNames = [
    "MedInc", "HouseAge", "AveRooms", "AveBedrms", "Population", "AveOccup", "Latitude", "Longitude",
  ]

  static let file = DatasetFile(
    name: "california_housing.npz", checksum: "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f",
    origin: DatasetFile.keras + "california_housing.npz")

  /// Reads the data set, as `keras.datasets.california_housing.load_data` does, in the same order for the same seed: [n, 8] and [n],
  /// of the file's types.
  /// - Parameters:
  ///   - version: all rows or 600.
  ///   - path: as that of ``BostonHousing/loadData(path:testSplit:seed:folder:)``.
  ///   - testSplit: as that of ``BostonHousing/loadData(path:testSplit:seed:folder:)``.
  ///   - seed: as that of ``BostonHousing/loadData(path:testSplit:seed:folder:)``.
  ///   - folder: as that of ``BostonHousing/loadData(path:testSplit:seed:folder:)``.
  /// - Throws: ``DescentError`` of kind `file`, or `invalidArgument`.
  public static func loadData(
    version: Version = .large, path: String = "california_housing.npz", testSplit: Double = 0.2, seed: UInt32 = 113,
    folder: String? = nil
  ) throws -> TrainAndTest<Tensor> {
    let archive = try NPZ(file.path(in: folder, as: path))
    var (x, y) = (try archive.tensor("x"), try archive.tensor("y"))
    if version == .small {
      (x, y) = (pickedRows(of: x, 0..<min(600, x.shape.first ?? 0)), pickedRows(of: y, 0..<min(600, y.shape.first ?? 0)))
    }
    return try shuffledSplit(x, y, testSplit: testSplit, seed: seed, name: path)
  }
}
