import Foundation

/// Pictures of files as rows that a network takes.
public struct ImageRows: Sendable {
  /// `uint8` [rows, height, width, channels].
  public let bytes: Tensor
  /// `int32` [rows]: the number of each picture's class; nil if that is not known.
  public let y: Tensor?
  /// The files.
  public let paths: [String]
  /// Files that cannot be read and are left out, and why.
  public let faults: [String]

  /// For the network: `float32` from 0 to 255.
  public var x: Pixels {
    get throws { try Pixels(bytes, divisor: 1) }
  }

  /// How many pictures there are.
  public var count: Int { paths.count }
}

extension ImagePreprocessing {
  /// Reads pictures, several at once. Those that cannot be read are left out, and told in ``ImageRows/faults``; light of 16 bits loses the lower half.
  /// - Parameters:
  ///   - paths: of the files.
  ///   - classes: the number of each one's class; nil if that is not known.
  ///   - workers: how many are read at once; nil for as many as there are processors.
  /// - Throws: ``DescentError`` of kind `file` if none can be read, of kind `data` if more memory would be needed than half of the machine's, or
  ///   there is not a class for each picture.
  public func rows(of paths: [String], classes: [Int]? = nil, workers: Int? = nil) throws -> ImageRows {
    let classes = try classes.map { try ClassFolders.checked($0, for: paths, things: "pictures") }
    let length = rowShape.reduce(1, *)
    let limit = Int(clamping: ProcessInfo.processInfo.physicalMemory / 2)
    guard paths.count <= limit / length else {
      throw DescentError(
        .data, "\(paths.count) pictures of \(height) × \(width) pixels take \(paths.count * length >> 20) MiB, more than half of this machine's memory; make them smaller (--image-size)")
    }
    let places = Dataset(count: paths.count) { $0 }
    let pictures = places.map(workers: workers ?? ProcessorCount.available) { place in read(paths[place]) }
    var kept: [Int] = [], faults: [String] = [], fault: DescentError?
    let all = try Tensor(shape: [paths.count, height, width, colorMode.channelCount], dtype: .uint8) { memory in
      var place = 0
      try pictures.forEach { picture in
        defer { place += 1 }
        switch picture {
        case .success(let bytes):
          let start = kept.count * length
          bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: memory[start..<(start + length)]).copyMemory(from: $0) }
          kept.append(place)
        case .failure(let error):
          fault = fault ?? error
          faults.append(error.message)
        }
      }
    }
    if kept.isEmpty { throw fault ?? DescentError(.file, "there are no pictures to read") }
    let bytes = kept.count == paths.count ? all : all[0..<kept.count].evaluated()
    return ImageRows(bytes: bytes, y: classes.map { given in Tensor(kept.map { given[$0] }) }, paths: kept.map { paths[$0] }, faults: faults)
  }

  /// A picture's bytes.
  private func read(_ path: String) -> Result<[UInt8], DescentError> {
    do {
      let image = try ImageFile.read(path, .accurate).with8Bits
      let sized = resized(colored(image, colorMode), (height, width), interpolation, keepAspectRatio: keepAspectRatio)
      return .success(sized.bytes)
    } catch let error as DescentError {
      return .failure(error)
    } catch {
      return .failure(DescentError(.file, "\(path): \(error)"))
    }
  }
}

extension Image {
  /// The upper halves of 16 bits of light.
  fileprivate var with8Bits: Image {
    guard mode == .grayscale16 else { return self }
    return Image(checked: width, height, .grayscale, (0..<(width * height)).map { bytes[2 * $0 + 1] })
  }
}

extension ImageRows {
  /// A picture as a JPEG file.
  package func jpeg(of row: Int) throws -> [UInt8] {
    let shape = Array(bytes.shape.dropFirst())
    let pixels = bytes[row..<(row + 1)].evaluated().scalars(as: UInt8.self)
    let mode: Image.Mode = shape[2] == 1 ? .grayscale : shape[2] == 3 ? .rgb : .rgba
    return try JPEG.encode(Image(width: shape[1], height: shape[0], mode: mode, bytes: pixels), quality: 85)
  }
}
