import Descent
import DescentTestSupport
import Foundation
import Synchronization
import Testing

/// What happens between a program, a file and the disk.
@Suite(.timeLimit(.minutes(20))) struct FileSafetyTests {
  private let folder = TemporaryFolder()

  /// The calls of a block that writes, in order.
  private func calls(
    sync: @escaping @Sendable (_ number: Int) -> Int32 = { _ in 0 }, link: @escaping @Sendable () -> Int32 = { 0 },
    _ body: () throws -> Void
  ) rethrows -> [String] {
    let log = Mutex<[String]>([])
    var system = SystemCalls()
    let (rename, realLink) = (system.rename, system.link)
    system.sync = { descriptor in
      var status = stat()
      fstat(descriptor, &status)
      let count = log.withLock { log in
        log.append(status.st_mode & S_IFMT == S_IFDIR ? "sync folder" : "sync \(status.st_size) bytes")
        return log.count
      }
      return sync(count)
    }
    system.rename = { old, new in
      log.withLock { $0.append("rename") }
      return rename(old, new)
    }
    system.link = { old, new in
      log.withLock { $0.append("link") }
      let result = link()
      return result == 0 ? realLink(old, new) : result
    }
    try SystemCalls.$current.withValue(system) { try body() }
    return log.withLock { $0 }
  }

  @Test func `A file is on the disk before it has its name, and the name after`() throws {
    let done = try calls { try writeFile(folder.file("a"), text: "hello") }
    #expect(done == ["sync 5 bytes", "rename", "sync folder"])
  }

  @Test func `A checkpoint is on the disk before it takes the place of the one before`() throws {
    let (x, y) = (Tensor.ones([8, 2]), Tensor.zeros([8, 1]))
    let model = Sequential([Dense(1, inputShape: [2])], seed: 1)
    try model.compile(optimizer: "sgd", loss: "mse")
    let done = try calls {
      try model.fit(x, y, epochs: 2, verbose: 0, callbacks: [BackupAndRestore(folder.file("backup"))])
    }
    let kinds = done.map { $0.hasSuffix("bytes") ? "sync file" : $0 }
    #expect(kinds == ["sync file", "rename", "sync folder", "link", "sync file", "rename", "sync folder"])
  }

  @Test func `File systems that cannot be asked to sync, or give no second names, are put up with`() throws {
    let (x, y) = (Tensor.ones([8, 2]), Tensor.zeros([8, 1]))
    for (name, code) in [("EINVAL", EINVAL), ("ENOSYS", ENOSYS), ("ENOTSUP", ENOTSUP), ("EROFS", EROFS)] {
      _ = try calls(sync: { _ in errno = code; return -1 }) { try writeFile(folder.file(name), text: name) }
      #expect(try String(contentsOfFile: folder.file(name), encoding: .utf8) == name)
    }
    for code in [EPERM, ENOTSUP, ENOSYS, EMLINK, EINVAL, EXDEV] {
      let model = Sequential([Dense(1, inputShape: [2])], seed: 1)
      try model.compile(optimizer: "sgd", loss: "mse")
      let backup = BackupAndRestore(folder.file("backup\(code)"), deletesAtEnd: false)
      _ = try calls(link: { errno = code; return -1 }) { try model.fit(x, y, epochs: 3, verbose: 0, callbacks: [backup]) }
      #expect(BackupAndRestore.hasCheckpoint(in: backup.folder))
    }
  }

  @Test func `A disk that fails is an error, and the file stays as it was`() throws {
    try writeFile(folder.file("a"), text: "old")
    for code in [EIO, ENOSPC, EDQUOT] {
      let said = failure {
        _ = try calls(sync: { _ in errno = code; return -1 }) { try writeFile(folder.file("a"), text: "new") }
      }
      #expect(said == "\(folder.file("a")): cannot be written: \(String(cString: strerror(code)))")
      #expect(try String(contentsOfFile: folder.file("a"), encoding: .utf8) == "old")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a"])
  }

  @Test func `Whether a file can be written is known without writing it`() throws {
    try writeFile(folder.file("file"), text: "x")
    try makeFolder(folder.file("folder"))
    for path in ["new", "file", "folder/new", "no/such/folder/new"] { try checkWritable(folder.file(path)) }
    #expect(failure { try checkWritable(folder.file("folder")) }.contains("cannot be written: expected a file, but it is a folder"))
    #expect(failure { try checkWritable(folder.file("file/a")) }.contains("is a file; expected a folder"))
    #expect(failure { try checkWritable("/dev/null") }.contains("it is a device or a pipe"))
    #expect(failure { try checkWritable("/proc/none") }.contains("/proc/none: cannot be written"))
    #expect(failure { try checkWritable(folder.file(String(repeating: "n", count: 300))) }.contains("File name too long"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["file", "folder"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("folder")).isEmpty)
  }

  @Test func `A folder has one owner at a time`() throws {
    var first: FolderLock? = try FolderLock(folder.path)
    #expect(failure(.state) { try FolderLock(folder.path) }.contains("another run, process \(getpid()), is writing to it"))
    #expect(first != nil)
    first = nil
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    // What a killed process left has no owner.
    try writeFile(folder.file("run.lock"), text: "1\n")
    let second = try FolderLock(folder.path)
    second.release()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test func `A claim that is refused closes no file of another thread`() throws {
    let path = folder.path, owner = try FolderLock(path)
    let lost = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: 2) { thread in
      for _ in 0..<20_000 {
        if thread == 0 {
          #expect(throws: DescentError.self) { try FolderLock(path) }
        } else {
          let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
          var status = stat()
          if fstat(descriptor, &status) != 0 { lost.withLock { $0 += 1 } }
          close(descriptor)
        }
      }
    }
    #expect(lost.withLock { $0 } == 0)
    owner.release()
  }

  @Test func `Two runs do not share a folder of checkpoints`() throws {
    let (x, y) = (Tensor.ones([8, 2]), Tensor.zeros([8, 1]))
    func model() throws -> Sequential {
      let model = Sequential([Dense(1, inputShape: [2])], seed: 1)
      try model.compile(optimizer: "sgd", loss: "mse")
      return model
    }
    let path = folder.file("backup")
    let other = LambdaCallback(onEpochEnd: { _, _ in
      let said = failure(.state) { try model().fit(x, y, verbose: 0, callbacks: [BackupAndRestore(path)]) }
      #expect(said.contains("another run"))
    })
    try model().fit(x, y, epochs: 2, verbose: 0, callbacks: [BackupAndRestore(path), other])
    #expect(!FileManager.default.fileExists(atPath: path))
    try model().fit(x, y, verbose: 0, callbacks: [BackupAndRestore(path)])
  }

  @Test func `Weights of a file that gets shorter while it is read are an error, not the end of the program`() throws {
    let path = folder.file("w.safetensors")
    try SafeTensors.write([("a", Tensor.ones([100_000])), ("b", Tensor.ones([100_000]))], to: path)
    let file = try SafeTensors(reading: path)
    #expect(try file.tensor("a").count == 100_000)
    try FileHandle(forWritingTo: URL(fileURLWithPath: path)).truncate(atOffset: 500_000)
    #expect(failure { try file.tensor("b") }.contains("w.safetensors: b: became shorter while it was read")
      || failure { try file.tensor("b") }.contains("w.safetensors: became shorter while it was read"))
  }
}
