#if os(Linux)
  import Foundation

  /// Makes the system refuse to this process, for good, to make memory executable, as systemd's `MemoryDenyWriteExecute` does.
  /// False where that cannot be done.
  public func forbidExecutableMemory() -> Bool {
    #if arch(x86_64)
      let (mmap, mprotect, pkeyMprotect): (UInt32, UInt32, UInt32) = (9, 10, 329)
    #else
      let (mmap, mprotect, pkeyMprotect): (UInt32, UInt32, UInt32) = (222, 226, 288)
    #endif
    struct Instruction {
      let code: UInt16
      let whenTrue: UInt8
      let whenFalse: UInt8
      let value: UInt32
    }
    struct Program {
      let length: UInt16
      let instructions: UnsafePointer<Instruction>
    }
    // From linux/filter.h and linux/seccomp.h; the third argument of a call lies at byte 32.
    let load: UInt16 = 0x20, isEqual: UInt16 = 0x15, hasBits: UInt16 = 0x45, answer: UInt16 = 0x06
    let writable: UInt32 = 2, executable: UInt32 = 4, allow: UInt32 = 0x7FFF_0000, refuse: UInt32 = 0x0005_0000 | 1
    let filter = [
      Instruction(code: load, whenTrue: 0, whenFalse: 0, value: 0),
      Instruction(code: isEqual, whenTrue: 4, whenFalse: 0, value: mprotect),
      Instruction(code: isEqual, whenTrue: 3, whenFalse: 0, value: pkeyMprotect),
      Instruction(code: isEqual, whenTrue: 0, whenFalse: 5, value: mmap),
      Instruction(code: load, whenTrue: 0, whenFalse: 0, value: 32),
      Instruction(code: hasBits, whenTrue: 1, whenFalse: 3, value: writable),
      Instruction(code: load, whenTrue: 0, whenFalse: 0, value: 32),
      Instruction(code: hasBits, whenTrue: 0, whenFalse: 1, value: executable),
      Instruction(code: answer, whenTrue: 0, whenFalse: 0, value: refuse),
      Instruction(code: answer, whenTrue: 0, whenFalse: 0, value: allow),
    ]
    typealias Control = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32
    guard let symbol = dlsym(nil, "prctl") else { return false }
    let prctl = unsafeBitCast(symbol, to: Control.self)
    let noNewPrivileges: Int32 = 38, setFilter: Int32 = 22
    guard prctl(noNewPrivileges, 1, 0, 0, 0) == 0 else { return false }
    return filter.withUnsafeBufferPointer { filter in
      var program = Program(length: UInt16(filter.count), instructions: filter.baseAddress!)
      return withUnsafePointer(to: &program) { prctl(setFilter, 2, UInt(bitPattern: $0), 0, 0) } == 0
    }
  }
#endif
