import Descent
import Foundation
import Synchronization

/// Reads HDF5 files with libhdf5 in a process of its own, so that a file that crashes the library costs an error and nothing else.
///
/// Descent's own reader, which is memory-safe, reads everything that Keras writes. This process is for what it does not know:
/// compressed arrays, files made with the newest format. It is the program `descent-hdf5` of this package, which is looked for
/// beside the running program, in the folders of `PATH` and where the environment variable `DESCENT_HDF5_READER` says; or the
/// running program itself, if it calls ``serveIfAsked()``.
///
/// The process reads the file from its standard input and writes it, plain, to its standard output. It limits its own memory and
/// time before it looks at the file.
public enum HDF5ReaderProcess {
  private static let request = "--read-hdf5-from-standard-input"
  private static let canServe = Atomic<Bool>(false)

  /// To be called at the very start of a program that wants to be its own reader process: in that process it does not return.
  ///
  ///     HDF5ReaderProcess.serveIfAsked()
  public static func serveIfAsked() {
    if CommandLine.arguments.dropFirst().first == request { serve() }
    canServe.store(true, ordering: .relaxed)
  }

  /// Seconds of computing, and by the clock, that a file may take.
  private static let longestTime = 120

  /// Reads standard input, writes standard output, and ends the process.
  public static func serve() -> Never {
    let name = CommandLine.arguments.count > 2 ? CommandLine.arguments[2] : "standard input"
    do {
      try limitResources(name)
      let file = try FileHandle.standardInput.readToEnd() ?? Data()
      // From here on the process can open nothing, whatever the file asks for.
      limit(RLIMIT_NOFILE, to: 3)
      let plain = try HDF5Contents(trusting: [UInt8](file), name: name).encoded(name: name)
      try FileHandle.standardOutput.write(contentsOf: plain)
      exit(0)
    } catch {
      FileHandle.standardError.write(Data("\(error)".utf8))
      exit(1)
    }
  }

  private static func limitResources(_ name: String) throws {
    var status = stat()
    guard fstat(0, &status) == 0 else { throw DescentError(.file, "\(name): standard input cannot be read") }
    let memory = rlim_t(greatestByteCount(of: Int(status.st_size)))
    for (resource, most) in [(RLIMIT_AS, memory), (RLIMIT_CPU, rlim_t(longestTime)), (RLIMIT_CORE, 0), (RLIMIT_FSIZE, 0)] {
      limit(resource, to: most)
    }
    alarm(UInt32(longestTime))
  }

  #if canImport(Glibc)
    private static func limit(_ resource: __rlimit_resource, to most: rlim_t) {
      var limit = rlimit(rlim_cur: most, rlim_max: most)
      setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
    }
  #else
    private static func limit(_ resource: Int32, to most: rlim_t) {
      var limit = rlimit(rlim_cur: most, rlim_max: most)
      setrlimit(resource, &limit)
    }
  #endif

  /// How much memory a file of that size may take once expanded.
  private static func greatestByteCount(of fileSize: Int) -> Int {
    let memory = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    return min(memory, 1 << 30 + 64 * min(fileSize, memory))
  }

  /// Has the file read by another process and gives it in the plain form.
  /// - Parameter reason: what the file has that needs libhdf5.
  static func convert(_ source: ByteSource, reason: String) throws -> [UInt8] {
    let name = source.name
    guard let program = program else {
      throw DescentError(
        .file,
        "\(name): has \(reason), which only libhdf5 can read, in a process of its own, and the program descent-hdf5 that does so was found neither beside this program nor in PATH; put it there, call HDF5ReaderProcess.serveIfAsked() at the start of the program, or read the file with trusted: true if you know where it comes from"
      )
    }
    let input = try temporaryCopy(of: source)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = [request, name]
    process.standardInput = input
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    do {
      try process.run()
    } catch {
      throw DescentError(.file, "\(name): \(program) cannot be started: \(error.localizedDescription)")
    }
    try? input.close()
    var bytes: [UInt8] = []
    let limit = greatestByteCount(of: source.count)
    while let piece = try? output.fileHandleForReading.read(upToCount: 1 << 20), !piece.isEmpty {
      bytes += piece
      if bytes.count > limit {
        process.terminate()
        throw DescentError(.file, "\(name): expands to more than \(limit) bytes")
      }
    }
    let message = (try? errors.fileHandleForReading.read(upToCount: 1 << 12)).flatMap { $0 } ?? Data()
    process.waitUntilExit()
    if process.terminationReason == .exit && process.terminationStatus == 0 { return bytes }
    if process.terminationReason == .exit && process.terminationStatus == 1 {
      throw DescentError(.file, String(decoding: message, as: UTF8.self))
    }
    throw DescentError(
      .file, "\(name): libhdf5 stopped while reading it (\(process.terminationReason == .exit ? "status" : "signal") \(process.terminationStatus)); the file is corrupt"
    )
  }

  private static var program: String? {
    let environment = ProcessInfo.processInfo.environment
    if let given = environment["DESCENT_HDF5_READER"] { return given }
    let running = Bundle.main.executablePath
    if canServe.load(ordering: .relaxed), let running { return running }
    var folders = running.map { [URL(fileURLWithPath: $0).resolvingSymlinksInPath().deletingLastPathComponent().path] } ?? []
    folders += (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    return folders.map { $0 + "/descent-hdf5" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// A file without a name that holds what the source does: the file itself may be a part of another.
  private static func temporaryCopy(of source: ByteSource) throws -> FileHandle {
    var template = Array((FileManager.default.temporaryDirectory.path + "/descent-XXXXXX").utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw fileError(source.name, "no temporary file can be made to read it") }
    unlink(template)
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    let piece = 1 << 20
    do {
      for start in stride(from: 0, to: source.count, by: piece) {
        try file.write(contentsOf: source.bytes(at: start, count: min(piece, source.count - start)))
      }
      try file.seek(toOffset: 0)
    } catch let error as DescentError {
      throw error
    } catch {
      throw DescentError(.file, "\(source.name): cannot be copied to read it: \(error.localizedDescription)")
    }
    return file
  }
}

extension HDF5Contents {
  /// Reads a file, whoever made it.
  /// - Parameter trusted: lets libhdf5 read it in this process where Descent's own reader cannot.
  package init(_ source: ByteSource, trusted: Bool = false) throws {
    do {
      self = try HDF5Contents(parsing: source)
    } catch let unsupported as HDF5Unsupported {
      if trusted {
        self = try HDF5Contents(trusting: source.allBytes(), name: source.name)
      } else {
        let plain = try HDF5ReaderProcess.convert(source, reason: unsupported.what)
        do {
          self = try HDF5Contents(parsing: ByteSource(plain, name: source.name))
        } catch let unsupported as HDF5Unsupported {
          throw DescentError(.file, "\(source.name): has \(unsupported.what), which cannot be read")
        }
      }
    }
  }
}
