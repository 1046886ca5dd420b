import CKernels

/// What each thread has of its own.
enum ThreadSlots {
  /// The trace that the thread records.
  static var trace: UnsafeMutableRawPointer? {
    get { ck_thread_slot_get() }
    set { ck_thread_slot_set(newValue) }
  }

  /// The innermost of the locks on variables that the thread holds.
  static var heldLocks: UnsafeMutableRawPointer? {
    get { ck_held_locks_get() }
    set { ck_held_locks_set(newValue) }
  }
}
