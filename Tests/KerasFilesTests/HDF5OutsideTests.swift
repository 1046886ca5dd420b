import Foundation
import KerasFiles
import TestSupport
import Testing

/// What leads outside of a file is refused by both readers; `Fixtures/scripts/hdf5_outside.py` made the files.
@Suite(.timeLimit(.minutes(20))) struct HDF5OutsideTests {
  private static let kinds = [
    ("external-storage", "external storage"), ("virtual-dataset", "a virtual dataset"),
    ("virtual-dataset-of-itself", "a virtual dataset"), ("external-link", "an external link"), ("soft-link", "a soft link"),
    ("parent-name", "the name '..', which is not possible"),
  ]

  @Test(arguments: HDF5OutsideTests.kinds, ["plain", "latest", "compressed", "dense"])
  func `Whatever leads outside is refused by name, by each reader and of trusted files too`(
    _ kind: (file: String, words: String), _ form: String
  ) throws {
    let name = "outside/\(kind.file).\(form).h5"
    let bytes = try Fixture.bytes(name)
    for (reader, read) in [
      ("either", { _ = try HDF5Contents(ByteSource(bytes, name: name)) }),
      ("trusted", { _ = try HDF5Contents(ByteSource(bytes, name: name), trusted: true) }),
      ("libhdf5", { _ = try HDF5Contents(trusting: bytes, name: name) }),
      ("public", { _ = try HDF5.read(Fixture.path(name)) }),
    ] {
      let said = message { try read() }
      #expect(said.hasPrefix(reader == "public" ? Fixture.path(name) : name), "\(reader): \(said)")
      #expect(said.contains(kind.words), "\(reader): \(said)")
      #expect(said.contains("layers/dense/vars"), "\(reader): \(said)")
    }
  }

  @Test func `What the built-in reader refuses as dangerous does not go on to libhdf5`() throws {
    // The array before is compressed, and so a reason to ask libhdf5; the danger comes after it.
    for (kind, words) in HDF5OutsideTests.kinds {
      let bytes = try Fixture.bytes("outside/\(kind).compressed.h5")
      let said = message { _ = try HDF5Contents(parsing: ByteSource(bytes, name: "file")) }
      #expect(said.contains(words), "\(kind): \(said)")
    }
  }

  @Test func `A model's weights are not taken from another file`() throws {
    let folder = TemporaryFolder()
    let secret = Tensor((0..<32).map { Float($0) })
    try secret.withBytes { try Data($0).write(to: URL(fileURLWithPath: folder.file("secret.bin"))) }
    for ending in ["weights.h5", "h5"] {
      let path = folder.file("m.\(ending)")
      try Data(Fixture.bytes("outside/external-storage.plain.h5")).write(to: URL(fileURLWithPath: path))
      let model = Sequential([Dense(8, inputShape: [4], name: "dense")], seed: 1)
      let before = model.variables.map(\.value.doubles)
      #expect(message { try model.loadWeights(path) }.contains("external storage"))
      #expect(model.variables.map(\.value.doubles) == before)
    }
  }
}

/// Damage of kinds that a reader could pass over.
@Suite(.timeLimit(.minutes(20))) struct HDF5DamageTests {
  /// The places in a file where eight bytes hold a number.
  private func places(of number: Int, in bytes: [UInt8]) -> [Int] {
    (0...(bytes.count - 8)).filter { place in (0..<8).allSatisfy { bytes[place + $0] == UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
  }

  @Test func `An array whose stored size is not that of its shape is refused`() throws {
    // 7 × 11 numbers of eight bytes; nothing else in the file is 616.
    var contents = HDF5Contents()
    contents.add("a", Tensor(shape: [7, 11], scalars: (0..<77).map { Double($0) }))
    let bytes = try contents.encoded(name: "sizes")
    let places = places(of: 616, in: bytes)
    #expect(places.count == 1)
    for other in [0, 8, 608, 615, 617, 624, 1 << 20] {
      var changed = bytes
      for byte in 0..<8 { changed[places[0] + byte] = UInt8(truncatingIfNeeded: other >> (8 * byte)) }
      let said = message { _ = try HDF5Contents(parsing: ByteSource(changed, name: "sizes")) }
      #expect(said.contains("shape [7, 11] of float64 takes 616 bytes, but \(other) are stored"), "\(other): \(said)")
    }
  }

  @Test func `A small file whose parts refer to one another thousands of times is refused soon`() throws {
    // A tree of groups whose 60,000 children are one and the same node.
    var contents = HDF5Contents()
    for index in 0..<8 { contents.addGroup("group \(index)") }
    var bytes = try contents.encoded(name: "circle")
    let tree = try #require(bytes.firstPlace(of: Array("TREE".utf8)))
    let node = try #require(bytes.firstPlace(of: Array("SNOD".utf8)))
    func put(_ value: Int, _ count: Int, at place: Int) {
      for byte in 0..<count { bytes[place + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
    }
    // The new tree lies at the end: 24 bytes, then a key and a child each; the superblock's end of file moves.
    let old = bytes.count
    let children = 60_000
    var new = Array(bytes[tree..<(tree + 24)])
    new[6] = UInt8(children & 0xFF)
    new[7] = UInt8(children >> 8)
    for _ in 0..<children {
      new += [UInt8](repeating: 0, count: 8) + (0..<8).map { UInt8(truncatingIfNeeded: node >> (8 * $0)) }
    }
    for place in places(of: tree, in: bytes) { put(old, 8, at: place) }
    for place in places(of: old, in: bytes) where place < 96 { put(old + new.count, 8, at: place) }
    bytes += new
    let said = message { _ = try HDF5Contents(parsing: ByteSource(bytes, name: "circle")) }
    #expect(said.contains("refer to one another so often"), "\(said)")
  }
}

extension [UInt8] {
  fileprivate func firstPlace(of other: [UInt8]) -> Int? {
    indices.first { $0 + other.count <= count && Array(self[$0..<($0 + other.count)]) == other }
  }
}
