extension InflateStream {
  private static let longestMatch = 258
  /// The fast loop copies in words and whole repetitions, and may write so many bytes past the end of a match.
  private static let slack = 8

  /// Decodes a block until it ends or the space is full.
  func decode(
    _ out: inout UnsafeMutableRawPointer, from base: UnsafeMutableRawPointer, upTo end: UnsafeMutableRawPointer
  ) throws {
    try copyMatch(&out, from: base, upTo: end)
    while out < end && state == .compressed {
      if end - out > InflateStream.longestMatch + InflateStream.slack && input.end - input.next > 3 * 8 {
        try decodeFast(&out, from: base, upTo: end)
        if state != .compressed || out == end { return }
      }
      let (entry, value) = try input.symbol(literals)
      if entry & HuffmanTable.literal != 0 {
        out.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
        out += 1
      } else if entry & HuffmanTable.exception == 0 {
        let distance = try input.symbol(distances)
        guard distance.entry & HuffmanTable.exception == 0 else { throw corrupt("a distance is not valid") }
        pendingLength = value
        pendingDistance = distance.value
        try copyMatch(&out, from: base, upTo: end)
      } else {
        guard entry & HuffmanTable.endOfBlock != 0 else { throw corrupt("a length is not valid") }
        state = .blockStart
      }
    }
  }

  /// Puts out the pending match, or as much of it as there is space for.
  private func copyMatch(
    _ out: inout UnsafeMutableRawPointer, from base: UnsafeMutableRawPointer, upTo end: UnsafeMutableRawPointer
  ) throws {
    while pendingLength > 0 && out < end {
      let back = out - base
      if pendingDistance <= back {
        out.storeBytes(of: (out - pendingDistance).load(as: UInt8.self), as: UInt8.self)
      } else {
        let place = history.count - (pendingDistance - back)
        guard place >= 0 else { throw corrupt("a distance reaches behind the start") }
        out.storeBytes(of: history[place], as: UInt8.self)
      }
      out += 1
      pendingLength -= 1
    }
  }

  /// Decodes for as long as there is so much input and space that neither needs to be looked at for each symbol.
  ///
  /// Every read lies before the end of the input's buffer: a word is read at first, with more than 24 bytes left, and each turn reads at
  /// most two words, each at most 7 bytes further, and begins with more than 16 bytes left. Every write lies before `end`: each turn writes at most three literals, or two and a match with its
  /// slack, and begins with more space than that. Every entry that is looked up lies in its table, whose indices come from masked bits.
  private func decodeFast(
    _ out: inout UnsafeMutableRawPointer, from base: UnsafeMutableRawPointer, upTo end: UnsafeMutableRawPointer
  ) throws {
    let literals = UnsafePointer(self.literals.entries)
    let literalMask = UInt64(1) << UInt64(self.literals.rootBitCount) - 1
    let distances = UnsafePointer(self.distances.entries)
    let distanceMask = UInt64(1) << UInt64(self.distances.rootBitCount) - 1
    let inputEnd = input.end - 2 * 8
    let outputEnd = end - (InflateStream.longestMatch + InflateStream.slack + 2)
    var next = input.next
    var bits = input.bits
    // An entry is taken from it and shifted by as a whole: only their lowest 6 bits mean something, and shifts look at no others.
    var bitCount = UInt64(input.bitCount)
    var place = out
    // On every way out what was decoded so far counts; bits beyond the count belong to bytes that are read again.
    defer {
      bitCount &= 63
      input.next = next
      input.bits = bits & (1 &<< bitCount &- 1)
      input.bitCount = Int(bitCount)
      out = place
    }

    bits |= UInt64(littleEndian: next.loadUnaligned(as: UInt64.self)) &<< bitCount
    next += Int(7 &- (bitCount &>> 3 & 7))
    bitCount |= 56
    // Each turn ends with looking up the first entry of the next one, so that the copying of a match need not be waited for.
    var following = literals[Int(truncatingIfNeeded: bits & literalMask)]
    while next < inputEnd && place < outputEnd {
      var entry = following
      if entry & HuffmanTable.literal != 0 {
        bits &>>= UInt64(entry)
        bitCount &-= UInt64(entry)
        place.storeBytes(of: UInt8(truncatingIfNeeded: entry &>> 16), as: UInt8.self)
        place += 1
        entry = literals[Int(truncatingIfNeeded: bits & literalMask)]
        if entry & HuffmanTable.literal != 0 {
          bits &>>= UInt64(entry)
          bitCount &-= UInt64(entry)
          place.storeBytes(of: UInt8(truncatingIfNeeded: entry &>> 16), as: UInt8.self)
          place += 1
          entry = literals[Int(truncatingIfNeeded: bits & literalMask)]
          if entry & HuffmanTable.literal != 0 {
            bits &>>= UInt64(entry)
            bitCount &-= UInt64(entry)
            place.storeBytes(of: UInt8(truncatingIfNeeded: entry &>> 16), as: UInt8.self)
            place += 1
            bits |= UInt64(littleEndian: next.loadUnaligned(as: UInt64.self)) &<< bitCount
            next += Int(7 &- (bitCount &>> 3 & 7))
            bitCount |= 56
            following = literals[Int(truncatingIfNeeded: bits & literalMask)]
            continue
          }
        }
      }
      if entry & HuffmanTable.subtable != 0 {
        bits &>>= UInt64(entry)
        bitCount &-= UInt64(entry)
        entry = literals[Int(entry &>> 16 & 0x7FFF) &+ Int(truncatingIfNeeded: bits & (1 &<< UInt64(entry &>> 8 & 15) &- 1))]
        if entry & HuffmanTable.literal != 0 {
          bits &>>= UInt64(entry)
          bitCount &-= UInt64(entry)
          place.storeBytes(of: UInt8(truncatingIfNeeded: entry &>> 16), as: UInt8.self)
          place += 1
          bits |= UInt64(littleEndian: next.loadUnaligned(as: UInt64.self)) &<< bitCount
          next += Int(7 &- (bitCount &>> 3 & 7))
          bitCount |= 56
          following = literals[Int(truncatingIfNeeded: bits & literalMask)]
          continue
        }
      }
      if entry & HuffmanTable.exception != 0 {
        guard entry & HuffmanTable.endOfBlock != 0 else { throw corrupt("a length is not valid") }
        bits &>>= UInt64(entry)
        bitCount &-= UInt64(entry)
        state = .blockStart
        return
      }
      var extra = (bits & (1 &<< UInt64(entry) &- 1)) &>> UInt64(entry &>> 8 & 15)
      let length = Int(entry &>> 16) &+ Int(truncatingIfNeeded: extra)
      bits &>>= UInt64(entry)
      bitCount &-= UInt64(entry)

      bits |= UInt64(littleEndian: next.loadUnaligned(as: UInt64.self)) &<< bitCount
      next += Int(7 &- (bitCount &>> 3 & 7))
      bitCount |= 56
      entry = distances[Int(truncatingIfNeeded: bits & distanceMask)]
      if entry & HuffmanTable.subtable != 0 {
        bits &>>= UInt64(entry)
        bitCount &-= UInt64(entry)
        entry = distances[Int(entry &>> 16 & 0x7FFF) &+ Int(truncatingIfNeeded: bits & (1 &<< UInt64(entry &>> 8 & 15) &- 1))]
      }
      if entry & HuffmanTable.exception != 0 { throw corrupt("a distance is not valid") }
      extra = (bits & (1 &<< UInt64(entry) &- 1)) &>> UInt64(entry &>> 8 & 15)
      let distance = Int(entry &>> 16) &+ Int(truncatingIfNeeded: extra)
      bits &>>= UInt64(entry)
      bitCount &-= UInt64(entry)

      bits |= UInt64(littleEndian: next.loadUnaligned(as: UInt64.self)) &<< bitCount
      next += Int(7 &- (bitCount &>> 3 & 7))
      bitCount |= 56
      following = literals[Int(truncatingIfNeeded: bits & literalMask)]
      if distance > place - base {
        pendingLength = length
        pendingDistance = distance
        try copyMatch(&place, from: base, upTo: end)
        continue
      }
      let matchEnd = place + length
      if distance == 1 {
        let word = UInt64((place - 1).load(as: UInt8.self)) &* 0x0101_0101_0101_0101
        repeat {
          place.storeBytes(of: word, as: UInt64.self)
          place += 8
        } while place < matchEnd
      } else {
        // What repeats every few bytes repeats every multiple of them too: the first of at least a word.
        var period = distance
        while period < 8 {
          for _ in 0..<distance {
            place.storeBytes(of: (place - distance).load(as: UInt8.self), as: UInt8.self)
            place += 1
          }
          period += distance
        }
        while place < matchEnd {
          place.storeBytes(of: (place - period).loadUnaligned(as: UInt64.self), as: UInt64.self)
          place += 8
        }
      }
      place = matchEnd
    }
  }
}
