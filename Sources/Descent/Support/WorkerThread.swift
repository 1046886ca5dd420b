import Foundation
import TensorCore

/// Starts a thread that runs `body` and ends with it.
///
/// Foundation's `Thread` does not tell when the system has none to give; then who waits for its work waits for ever.
/// - Parameter stackSize: in bytes.
/// - Throws: ``DescentError`` if the system gives no thread, for want of address space or because the process may have no more.
func startThread(named name: String, stackSize: Int, _ body: @escaping @Sendable () -> Void) throws {
  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  defer { pthread_attr_destroy(&attributes) }
  pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
  pthread_attr_setstacksize(&attributes, stackSize)
  let work = Unmanaged.passRetained(
    Work {
      Thread.current.name = name
      body()
    })
  #if canImport(Darwin)
    var thread: pthread_t?
  #else
    var thread = pthread_t()
  #endif
  let code = pthread_create(
    &thread, &attributes,
    { context in
      let pointer: UnsafeMutableRawPointer? = context
      Unmanaged<Work>.fromOpaque(pointer!).takeRetainedValue().body()
      return nil
    }, work.toOpaque())
  if code == 0 { return }
  work.release()
  throw DescentError(.state, "no thread could be started (\(name), with a stack of \(stackSize >> 20) MiB): \(String(cString: strerror(code)))")
}

private final class Work: Sendable {
  let body: @Sendable () -> Void
  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
