import DescentImages
import Foundation

/// How fast the pictures of a folder become batches, as `imageDatasetFromDirectory` makes them: `DescentBench pictures FOLDER`, beside
/// `Benchmarks/pictures.py`, which does the same with Keras on TensorFlow.
func benchPictures(_ folder: String) throws {
  for size in [64, 180, 256] {
    let pictures = try imageDatasetFromDirectory(folder, imageSize: (size, size), shuffle: false, verbose: false)
    var times: [Double] = [], rows = 0
    for pass in 0..<3 {
      let start = Date()
      rows = 0
      try pictures.dataset.forEach(pass: pass) { x, _ in rows += x.shape[0] }
      times.append(Date().timeIntervalSince(start))
    }
    let best = times.min() ?? .nan
    print("pictures \(rows), \(size) × \(size): \(Int(Double(rows) / best)) a second (\(times.map { String(format: "%.2f", $0) }.joined(separator: ", ")) s)")
  }
}
