/// The tensors in an element of a stream, and an element made of others like them.
struct ElementLayout<Element> {
  let tensors: (Element) -> [Tensor]
  /// The element with these tensors in place of its own.
  let rebuilt: (Element, [Tensor]) -> Element

  /// How elements of this type are taken apart; nil when they are of no type that batches are made of.
  static var known: ElementLayout? {
    typealias Names = [String: Tensor]
    func layout<Known>(_ tensors: @escaping (Known) -> [Tensor], _ rebuilt: @escaping (Known, [Tensor]) -> Known) -> ElementLayout? {
      ElementLayout(tensors: { tensors($0 as! Known) }, rebuilt: { rebuilt($0 as! Known, $1) as! Element })
    }
    func values(_ names: Names) -> [Tensor] { names.keys.sorted().map { names[$0]! } }
    func named(_ like: Names, _ tensors: some Sequence<Tensor>) -> Names {
      Dictionary(uniqueKeysWithValues: zip(like.keys.sorted(), tensors))
    }
    if Element.self == Tensor.self { return layout({ (element: Tensor) in [element] }) { $1[0] } }
    if Element.self == (Tensor, Tensor).self { return layout({ (element: (Tensor, Tensor)) in [element.0, element.1] }) { ($1[0], $1[1]) } }
    if Element.self == (Tensor, Tensor, Tensor).self {
      return layout({ (element: (Tensor, Tensor, Tensor)) in [element.0, element.1, element.2] }) { ($1[0], $1[1], $1[2]) }
    }
    if Element.self == Names.self { return layout({ (element: Names) in values(element) }) { named($0, $1) } }
    if Element.self == (Names, Tensor).self {
      return layout({ (element: (Names, Tensor)) in values(element.0) + [element.1] }) { (named($0.0, $1.dropLast()), $1.last!) }
    }
    if Element.self == (Names, Names).self {
      return layout({ (element: (Names, Names)) in values(element.0) + values(element.1) }) {
        (named($0.0, $1.prefix($0.0.count)), named($0.1, $1.dropFirst($0.0.count)))
      }
    }
    if Element.self == (Names, Tensor, Tensor).self {
      return layout({ (element: (Names, Tensor, Tensor)) in values(element.0) + [element.1, element.2] }) {
        (named($0.0, $1.dropLast(2)), $1[$1.count - 2], $1.last!)
      }
    }
    if Element.self == (Names, Names, Tensor).self {
      return layout({ (element: (Names, Names, Tensor)) in values(element.0) + values(element.1) + [element.2] }) {
        (named($0.0, $1.prefix($0.0.count)), named($0.1, $1.dropFirst($0.0.count).dropLast()), $1.last!)
      }
    }
    if Element.self == [Tensor].self { return layout({ (element: [Tensor]) in element }) { $1 } }
    if Element.self == ([Tensor], Tensor).self {
      return layout({ (element: ([Tensor], Tensor)) in element.0 + [element.1] }) { (Array($1.dropLast()), $1.last!) }
    }
    return nil
  }

  /// The layout of a type that batches can be made of.
  static func needed(for step: String) -> ElementLayout {
    guard let known else {
      programmingError(
        """
        Dataset.\(step): elements are \(Element.self); expected Tensor, (Tensor, Tensor), (Tensor, Tensor, Tensor), [Tensor], \
        [String: Tensor], or pairs and triples that begin with one of the last two
        """)
    }
    return known
  }

  /// Elements of the same shapes as one with an axis more in front of each tensor.
  func stacked(_ elements: [Element], _ place: @autoclosure () -> String) throws -> Element {
    let rows = elements.map(tensors)
    let first = rows[0]
    for (number, row) in rows.enumerated() {
      guard row.count == first.count, zip(row, first).allSatisfy({ $0.shape == $1.shape && $0.dtype == $1.dtype }) else {
        throw DescentError(
          .data,
          """
          Dataset.batch: row \(number) of \(place()) is \(row.map { "\($0.dtype) \($0.shape)" }), but the first is \
          \(first.map { "\($0.dtype) \($0.shape)" }); rows of a batch have equal shapes
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
