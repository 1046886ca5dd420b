import KerasFiles
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(20))) struct HDF5Tests {
  private func sample() -> HDF5Contents {
    var contents = HDF5Contents()
    contents.setAttribute("layer_names", of: "", to: .strings(["dense", "dünn", ""]))
    contents.addGroup("layers/empty/vars")
    contents.setAttribute("name", of: "layers/empty/vars", to: .strings(["häufig"]))
    contents.add("layers/a/vars/0", Tensor([[1, 2, 3], [4, 5, 6]] as [[Float]]))
    contents.add("layers/a/vars/1", Tensor(7.5 as Double))
    contents.add("optimizer/vars/0", Tensor(Int32(-3)))
    contents.add("bytes", Tensor([1, 2, 255] as [UInt8]))
    contents.add("nothing", Tensor.zeros([0, 4]))
    // Past one node of a group's tree, and past one block of its names.
    for index in 0..<400 { contents.add("many/a rather long name for number \(index)", Tensor([Float(index)])) }
    return contents
  }

  @Test func `What is written is read again, by the built-in reader and by libhdf5`() throws {
    let contents = sample()
    let bytes = try contents.encoded(name: "sample")
    for read in [try HDF5Contents(ByteSource(bytes, name: "sample")), try HDF5Contents(trusting: bytes, name: "sample")] {
      #expect(Set(read.groups) == Set(contents.groups))
      #expect(Set(read.names) == Set(contents.names))
      for name in contents.names {
        let (ours, theirs) = (try #require(contents[name]), try #require(read[name]))
        #expect(ours.shape == theirs.shape && ours.dtype == theirs.dtype && ours.doubles == theirs.doubles, "\(name)")
      }
      #expect(read.strings("layer_names", of: "") == ["dense", "dünn", ""])
      #expect(read.strings("name", of: "layers/empty/vars") == ["häufig"])
    }
    #expect(try contents.encoded(name: "sample") == bytes, "the same contents make the same bytes")
  }

  @Test func `Files are of the kind that h5py writes`() throws {
    let bytes = try sample().encoded(name: "sample")
    #expect(Array(bytes[..<8]) == [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A])
    #expect(bytes[8] == 0, "superblock 0")
    #expect(bytes[13] == 8 && bytes[14] == 8, "addresses and lengths of 8 bytes")
    #expect(!bytes.containsSequence(Array("OHDR".utf8)), "no headers of the new kind")
    #expect(bytes.containsSequence(Array("SNOD".utf8)) && bytes.containsSequence(Array("GCOL".utf8)))
  }

  @Test func `A truncated file is an error wherever it ends`() throws {
    let bytes = try Fixture.bytes("plain.weights.h5")
    for end in stride(from: 0, to: bytes.count, by: 97) {
      #expect(throws: DescentError.self) { try HDF5Contents(ByteSource(Array(bytes[..<end]), name: "cut")) }
    }
  }

  @Test func `A changed byte gives an error or other contents, never a crash`() throws {
    for name in ["plain.weights.h5", "legacy.h5", "latest.weights.h5", "bfloat16.weights.h5"] {
      let bytes = try Fixture.bytes(name)
      var random = SeededGenerator(seed: 17)
      for _ in 0..<4000 {
        var changed = bytes
        for _ in 0..<(1 + Int(random.next() % 3)) {
          let place = Int(random.next() % UInt64(bytes.count))
          let values: [UInt8] = [0, 1, 0x7F, 0x80, 0xFF, changed[place] ^ (1 << UInt8(random.next() % 8))]
          changed[place] = values[Int(random.next() % 6)]
        }
        do {
          // Without the other process, which is slow and does not matter here.
          _ = try HDF5Contents(parsing: ByteSource(changed, name: "changed"))
        } catch {}
      }
    }
  }

  @Test func `Structures that point in circles are noticed`() throws {
    let bytes = try Fixture.bytes("plain.weights.h5")
    // Every pointer to one of these structures led to another of its kind, the root among them.
    var places: [Int] = []
    for signature in ["TREE", "SNOD", "HEAP"] {
      let word = Array(signature.utf8)
      places += (0..<(bytes.count - 4)).filter { Array(bytes[$0..<($0 + 4)]) == word }
    }
    let known = Set(places)
    var tried = 0
    for place in stride(from: 0, to: bytes.count - 8, by: 8) {
      let value = (0..<8).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
      guard known.contains(value) else { continue }
      for other in places {
        var changed = bytes
        for byte in 0..<8 { changed[place + byte] = UInt8(truncatingIfNeeded: other >> (8 * byte)) }
        _ = try? HDF5Contents(parsing: ByteSource(changed, name: "changed"))
        tried += 1
      }
    }
    #expect(tried > 100)
  }

  @Test func `A reader process that dies costs an error`() throws {
    // Compressed, so that libhdf5 has to read it, and then damaged all over.
    let bytes = try Fixture.bytes("compressed.weights.h5")
    var random = SeededGenerator(seed: 5)
    var failures = 0
    for _ in 0..<12 {
      var changed = bytes
      for _ in 0..<40 { changed[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next()) }
      changed.replaceSubrange(0..<96, with: bytes[0..<96])
      do { _ = try HDF5Contents(ByteSource(changed, name: "changed")) } catch is DescentError { failures += 1 }
    }
    #expect(failures > 0)
  }
}

extension [UInt8] {
  fileprivate func containsSequence(_ other: [UInt8]) -> Bool {
    indices.contains { $0 + other.count <= count && Array(self[$0..<($0 + other.count)]) == other }
  }
}
