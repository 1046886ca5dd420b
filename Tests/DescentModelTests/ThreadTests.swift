import Descent
import DescentTestSupport
import Dispatch
import Foundation
import Synchronization
import Testing

/// One model in several threads.
@Suite(.timeLimit(.minutes(20))) struct ThreadTests {
  private func numbers(_ count: Int, _ modulus: Int) -> [Float] {
    (0..<count).map { (index: Int) -> Float in Float(index * 7 % modulus) / Float(modulus) }
  }

  private func model(_ optimizer: any Optimizer = Adam()) throws -> (Sequential, Tensor, Tensor) {
    let x = Tensor(shape: [70, 8], scalars: numbers(560, 23))
    let y = Tensor(shape: [70, 1], scalars: numbers(70, 11))
    let model = Sequential([Dense(16, activation: .relu, inputShape: [8]), Dense(1)], seed: 1)
    try model.compile(anyOptimizer: optimizer, loss: .meanSquaredError)
    return (model, x, y)
  }

  @Test func `Many threads predict with one model`() throws {
    let (model, x, y) = try model()
    try model.fit(x, y, epochs: 1, verbose: .silent)
    // For each number of rows: a product's last bits depend on how many there are.
    let inputs: [Tensor] = (1...70).map { x[0..<$0] }
    let right: [[Float]] = try inputs.map { try model.predict($0, verbose: .silent).scalars(as: Float.self) }
    let predictor = try model.predictor()
    let wrong = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: 6) { thread in
      for k in 0..<40 {
        let index = (11 * thread + k) % 70
        let found = try? predictor.predict(inputs[index]).scalars(as: Float.self)
        if found != right[index] { wrong.add(1, ordering: .relaxed) }
      }
    }
    #expect(wrong.load(ordering: .relaxed) == 0)
  }

  @Test func `A model that is asked for the first time by many threads is built once`() throws {
    let (model, x, _) = try model()
    let predictor = try model.predictor()
    let found = Mutex<Set<[Float]>>([])
    DispatchQueue.concurrentPerform(iterations: 6) { _ in
      guard let values = try? predictor.predict(x).scalars(as: Float.self) else { return }
      found.withLock { _ = $0.insert(values) }
    }
    #expect(found.withLock { $0.count } == 1)
  }

  @Test(arguments: [false, true])
  func `Who predicts while a model is trained sees weights before or after a step`(isScheduleFree: Bool) throws {
    let (model, x, y) = try model(isScheduleFree ? ScheduleFreeAdamW() : SGD())
    let predictor = try model.predictor()
    // Equal rows must be predicted equally, in whatever batch they are, but for the last bits.
    let equal = Tensor(shape: [70, 8], scalars: (0..<560).map { (index: Int) -> Float in Float(index % 8) / 8 })
    let isDone = Atomic<Bool>(false), torn = Atomic<Int>(0), calls = Atomic<Int>(0)
    let group = DispatchGroup()
    for _ in 0..<3 {
      DispatchQueue.global().async(group: group) {
        repeat {
          let values = (try? predictor.predict(equal).scalars(as: Float.self)) ?? []
          if let least = values.min(), let most = values.max(), most - least < 1e-5 {} else { torn.add(1, ordering: .relaxed) }
          calls.add(1, ordering: .relaxed)
        } while !isDone.load(ordering: .relaxed)
      }
    }
    try model.fit(x, y, batchSize: 7, epochs: 30, verbose: .silent)
    isDone.store(true, ordering: .relaxed)
    group.wait()
    #expect(torn.load(ordering: .relaxed) == 0)
    #expect(calls.load(ordering: .relaxed) >= 3)
  }

  @Test func `Training is not changed by who asks meanwhile`() throws {
    let (alone, x, y) = try model()
    try alone.fit(x, y, batchSize: 7, epochs: 5, verbose: .silent)
    let (asked, _, _) = try model()
    let model = Unchecked(asked)
    let isDone = Atomic<Bool>(false)
    let group = DispatchGroup()
    for judges in [true, false] {
      DispatchQueue.global().async(group: group) {
        repeat {
          if judges {
            _ = try? model.value.evaluate(x, y, verbose: .silent)
          } else {
            _ = try? model.value.predict(x, verbose: .silent)
          }
        } while !isDone.load(ordering: .relaxed)
      }
    }
    let history = try asked.fit(x, y, batchSize: 7, epochs: 5, verbose: .silent)
    isDone.store(true, ordering: .relaxed)
    group.wait()
    #expect(zip(alone.weights, asked.weights).allSatisfy { $0.doubles == $1.doubles })
    #expect(history["loss"].count == 5)
  }

  @Test func `A second fit is refused`() throws {
    let (fitted, x, y) = try model()
    let model = Unchecked(fitted)
    let refusals = Mutex<[String]>([])
    let callback = LambdaCallback(onEpochBegin: { _ in
      @Sendable func refused(_ body: () throws -> Void) {
        do { try body() } catch { refusals.withLock { $0.append("\(error)") } }
      }
      refused { try model.value.fit(x, y, verbose: .silent) }
      let done = DispatchSemaphore(value: 0)
      DispatchQueue.global().async {
        refused { try model.value.fit(x, y, verbose: .silent) }
        refused { try model.value.trainOnBatch(x, y) }
        done.signal()
      }
      done.wait()
    })
    try fitted.fit(x, y, epochs: 1, verbose: .silent, callbacks: [callback])
    #expect(refusals.withLock { $0 } == [
      "fit: the model is being trained by a fit that has not ended; a callback cannot begin another",
      "fit: another thread's fit is training the model; one trains a model at a time",
      "trainOnBatch: another thread's fit is training the model; one trains a model at a time",
    ])
    try fitted.fit(x, y, epochs: 1, verbose: .silent)
  }
}

private final class Unchecked<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}
