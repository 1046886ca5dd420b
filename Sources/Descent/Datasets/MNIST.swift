/// MNIST: 60,000 training and 10,000 test images of the ten digits, 28 × 28 pixels.
/// Source: <https://keras.io/api/datasets/mnist/>.
public enum MNIST {
  static let file = DatasetFile(
    name: "mnist.npz", checksum: "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    origin: DatasetFile.keras + "mnist.npz")

  /// Reads the data set, as `keras.datasets.mnist.load_data` does: `uint8` images [n, 28, 28] and labels [n].
  ///
  ///     let ((xTrain, yTrain), (xTest, yTest)) = try MNIST.loadData()
  /// - Parameters:
  ///   - path: the file's name in the folder.
  ///   - folder: where it lies; nil for Keras's cache (`$KERAS_HOME/datasets`, by default `~/.keras/datasets`).
  /// - Throws: ``DescentError`` of kind `file` when it is not there, saying where people get it, or is not what it should be.
  public static func loadData(path: String = "mnist.npz", folder: String? = nil) throws -> TrainAndTest<Tensor> {
    let archive = try NPZ(file.path(in: folder, as: path))
    return (
      (try archive.tensor("x_train"), try archive.tensor("y_train")), (try archive.tensor("x_test"), try archive.tensor("y_test"))
    )
  }
}

extension FashionMNIST {
  /// Reads the data set, as `keras.datasets.fashion_mnist.load_data` does: `uint8` images [n, 28, 28] and labels [n].
  /// - Parameter folder: where the four files lie; nil to look where ``load(from:)`` looks.
  /// - Throws: ``DescentError`` of kind `file` when they are nowhere, with how to get them, or are not what they should be.
  public static func loadData(folder: String? = nil) throws -> TrainAndTest<Tensor> {
    let data = try load(from: folder)
    return ((data.train.images.bytes, data.train.labels), (data.test.images.bytes, data.test.labels))
  }
}
