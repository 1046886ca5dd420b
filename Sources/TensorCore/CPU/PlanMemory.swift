import CKernels

/// The memory a plan owns: kernels' contexts, constants, intermediate results.
final class PlanMemory {
  private var blocks: [UnsafeMutableRawPointer] = []
  private var kept: [AnyObject] = []
  private var groups: [UnsafeMutablePointer<ck_group>] = []

  deinit {
    groups.forEach { ck_group_discard_code($0) }
    blocks.forEach { $0.deallocate() }
  }

  func allocateGroup() -> UnsafeMutablePointer<ck_group> {
    let group = allocate(ck_group.self, 1)
    groups.append(group)
    return group
  }

  func translateGroups(vectorBytes: Int) -> Int { groups.count { ck_group_translate($0, Int64(vectorBytes)) } }

  func allocate<Element>(_ type: Element.Type, _ count: Int) -> UnsafeMutablePointer<Element> {
    let size = max(count, 1) * MemoryLayout<Element>.stride
    let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: Buffer.alignment)
    block.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    blocks.append(block)
    return block.bindMemory(to: type, capacity: max(count, 1))
  }

  func store<Element>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
    let memory = allocate(Element.self, elements.count)
    memory.update(from: elements, count: elements.count)
    return memory
  }

  func keep(_ object: AnyObject) { kept.append(object) }
}
