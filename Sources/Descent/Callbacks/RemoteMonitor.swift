import Foundation
import TensorCore

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// Sends the numbers of each epoch to a server, as JSON in a form (`data={"epoch": 0, "loss": …}`) or plain.
///
/// A server that cannot be reached ends nothing: it is said once on standard error. (Keras: `keras.callbacks.RemoteMonitor`.)
public final class RemoteMonitor: Callback {
  private let address: URL
  private let field: String
  private let headers: [String: String]
  private let sendsJSON: Bool
  private let send: (URLRequest) throws -> Void
  private var isReachable = true

  /// - Parameters:
  ///   - root: the server: `http://localhost:9000`.
  ///   - path: where at the server.
  ///   - field: what the form calls the numbers; not used with `sendsJSON`.
  ///   - headers: further headers of the request.
  ///   - sendsJSON: whether the request's body is JSON, and not a form that holds it. (Keras: `send_as_json`.)
  /// - Throws: ``DescentError`` if root and path are no address.
  public convenience init(
    root: String = "http://localhost:9000", path: String = "/publish/epoch/end/", field: String = "data", headers: [String: String] = [:],
    sendsJSON: Bool = false
  ) throws {
    try self.init(root: root, path: path, field: field, headers: headers, sendsJSON: sendsJSON, send: RemoteMonitor.post)
  }

  init(
    root: String, path: String, field: String = "data", headers: [String: String] = [:], sendsJSON: Bool,
    send: @escaping (URLRequest) throws -> Void
  ) throws {
    guard let address = URL(string: root + path), ["http", "https"].contains(address.scheme), address.host != nil else {
      throw DescentError(.invalidArgument, "RemoteMonitor: '\(root)\(path)' is no address; expected one like http://localhost:9000/publish")
    }
    (self.address, self.field, self.headers, self.sendsJSON, self.send) = (address, field, headers, sendsJSON, send)
  }

  public override var runsOnEveryRank: Bool { false }

  public override func onEpochEnd(_ epoch: Int, _ logs: Logs) {
    let numbers = [("epoch", JSONValue(epoch))] + logs.names.map { ($0, JSONValue(logs[$0] ?? .nan)) }
    let json = JSONValue.object(JSONObject(numbers.map { (key: $0.0, value: $0.1) })).text()
    var request = URLRequest(url: address, timeoutInterval: 10)
    request.httpMethod = "POST"
    request.setValue(sendsJSON ? "application/json" : "application/x-www-form-urlencoded", forHTTPHeaderField: "Content-Type")
    for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
    request.httpBody = Data((sendsJSON ? json : "\(RemoteMonitor.escaped(field))=\(RemoteMonitor.escaped(json))").utf8)
    do {
      try send(request)
    } catch {
      if isReachable { FileHandle.standardError.write(Data("RemoteMonitor: the server at \(address.absoluteString) could not be reached\n".utf8)) }
      isReachable = false
    }
  }

  private static func escaped(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")) ?? ""
  }

  private static func post(_ request: URLRequest) throws {
    let done = DispatchSemaphore(value: 0)
    let failure = Failure()
    URLSession.shared.dataTask(with: request) { _, _, error in
      failure.error = error
      done.signal()
    }.resume()
    done.wait()
    if let error = failure.error { throw error }
  }

  /// Written before the semaphore is signalled and read after.
  private final class Failure: @unchecked Sendable { var error: (any Error)? }
}
