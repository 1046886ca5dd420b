/// What an element of a stream is made of: a tensor, or several of them.
private protocol ElementPart {
  var tensors: [Tensor] { get }
  /// What they are called, in their order; nil where they are told by their places.
  var names: [String]? { get }
  /// As many other tensors in their places.
  func replaced(by tensors: ArraySlice<Tensor>) -> Self
}

extension Tensor: ElementPart {
  fileprivate var tensors: [Tensor] { [self] }
  fileprivate var names: [String]? { nil }
  fileprivate func replaced(by tensors: ArraySlice<Tensor>) -> Tensor { tensors.first! }
}

extension [Tensor]: ElementPart {
  fileprivate var tensors: [Tensor] { self }
  fileprivate var names: [String]? { nil }
  fileprivate func replaced(by tensors: ArraySlice<Tensor>) -> [Tensor] { Array(tensors) }
}

extension [String: Tensor]: ElementPart {
  fileprivate var tensors: [Tensor] { keys.sorted().map { self[$0]! } }
  fileprivate var names: [String]? { keys.sorted() }
  fileprivate func replaced(by tensors: ArraySlice<Tensor>) -> [String: Tensor] {
    Dictionary(uniqueKeysWithValues: Swift.zip(keys.sorted(), tensors))
  }
}

/// The tensors in an element of a stream, and an element made of others like them.
struct ElementLayout<Element> {
  private let parts: (Element) -> [any ElementPart]
  private let element: ([any ElementPart]) -> Element
  /// How rows of different shapes become a batch; nil where they have to be of one.
  var padding: RowPadding?

  /// How elements of this type are taken apart; nil when they are of no type that batches are made of.
  static var known: ElementLayout? {
    func single<A: ElementPart>(_: A.Type) -> ElementLayout? {
      guard Element.self == A.self else { return nil }
      return ElementLayout(parts: { [$0 as! A] }, element: { $0[0] as! Element })
    }
    func pair<A: ElementPart, B: ElementPart>(_: A.Type, _: B.Type) -> ElementLayout? {
      guard Element.self == (A, B).self else { return nil }
      return ElementLayout(
        parts: {
          let element = $0 as! (A, B)
          return [element.0, element.1]
        }, element: { ($0[0] as! A, $0[1] as! B) as! Element })
    }
    func triple<A: ElementPart, B: ElementPart, C: ElementPart>(_: A.Type, _: B.Type, _: C.Type) -> ElementLayout? {
      guard Element.self == (A, B, C).self else { return nil }
      return ElementLayout(
        parts: {
          let element = $0 as! (A, B, C)
          return [element.0, element.1, element.2]
        }, element: { ($0[0] as! A, $0[1] as! B, $0[2] as! C) as! Element })
    }
    let kinds: [any ElementPart.Type] = [Tensor.self, [Tensor].self, [String: Tensor].self]
    for first in kinds {
      if let layout = single(first) { return layout }
      for second in kinds {
        if let layout = pair(first, second) { return layout }
        for third in kinds { if let layout = triple(first, second, third) { return layout } }
      }
    }
    return nil
  }

  /// What is wrong with elements that are of no type which batches are made of.
  static var mismatch: String {
    "elements are \(Element.self); expected Tensor, [Tensor], [String: Tensor], or a pair or triple of these"
  }

  func tensors(_ element: Element) -> [Tensor] { parts(element).flatMap(\.tensors) }

  /// The element with these tensors in place of its own.
  func rebuilt(_ element: Element, _ tensors: [Tensor]) -> Element {
    var rest = tensors[...]
    return self.element(
      parts(element).map { part in
        let own = rest.prefix(part.tensors.count)
        rest = rest.dropFirst(own.count)
        return part.replaced(by: own)
      })
  }

  private init(parts: @escaping (Element) -> [any ElementPart], element: @escaping ([any ElementPart]) -> Element) {
    self.parts = parts
    self.element = element
  }

  /// Elements of the same shapes as one with an axis more in front of each tensor.
  func stacked(_ elements: [Element], _ place: @autoclosure () -> String) throws -> Element {
    let step = padding == nil ? "batch" : "paddedBatch"
    let names = parts(elements[0]).map(\.names)
    let isNamed = names.contains { $0 != nil }
    for (number, element) in elements.enumerated() where isNamed {
      let own = parts(element).map(\.names)
      guard own == names else {
        func text(_ names: [[String]?]) -> String { names.compactMap { $0 }.map { $0.joined(separator: ", ") }.joined(separator: "; ") }
        throw DescentError(
          .data, "Dataset.\(step): row \(number) of \(place()) has tensors named \(text(own)), but the first has \(text(names))")
      }
    }
    let rows = try padding?.padded(elements.map(tensors), place()) ?? elements.map(tensors)
    let first = rows[0]
    for (number, row) in rows.enumerated() {
      guard row.count == first.count, zip(row, first).allSatisfy({ $0.shape == $1.shape && $0.dtype == $1.dtype }) else {
        throw DescentError(
          .data,
          """
          Dataset.\(step): row \(number) of \(place()) is \(row.map { "\($0.dtype) \($0.shape)" }), but the first is \
          \(first.map { "\($0.dtype) \($0.shape)" }); expected \(padding == nil ? "equal shapes" : "as many tensors of equal dtypes")
          """)
      }
    }
    let tensors = first.indices.map { part -> Tensor in
      let size = first[part].count * first[part].dtype.byteCount
      return Tensor(shape: [rows.count] + first[part].shape, dtype: first[part].dtype) { target in
        for (number, row) in rows.enumerated() where size > 0 {
          row[part].withBytes {
            UnsafeMutableRawBufferPointer(rebasing: target[(number * size)..<((number + 1) * size)]).copyMemory(from: $0)
          }
        }
      }
    }
    return rebuilt(elements[0], tensors)
  }

  /// How many rows a batch has.
  /// - Throws: ``DescentError`` of kind `data` when its tensors differ in that, or there are none.
  func rowCount(_ batch: Element, _ place: @autoclosure () -> String) throws -> Int {
    let shapes = tensors(batch).map(\.shape)
    guard let rows = shapes.first?.first, shapes.allSatisfy({ $0.first == rows }) else {
      throw DescentError(.data, "\(place()): shapes are \(shapes); expected tensors with as many rows each")
    }
    return rows
  }

  /// One row of a batch.
  func row(_ index: Int, of batch: Element) -> Element {
    rebuilt(batch, tensors(batch).map { rowOf($0, index) })
  }
}

/// A row of a tensor, without the axis of rows.
func rowOf(_ tensor: Tensor, _ index: Int) -> Tensor {
  let shape = Array(tensor.shape.dropFirst())
  let size = shape.reduce(tensor.dtype.byteCount, *)
  return Tensor(shape: shape, dtype: tensor.dtype) { target in
    tensor.withBytes { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[(index * size)..<((index + 1) * size)])) }
  }
}
