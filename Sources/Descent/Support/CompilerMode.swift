/// Whether the compiler optimized this module, as `tensorCoreIsOptimized` of TensorCore says of that.
package let descentIsOptimized: Bool = {
  var isOptimized = true
  assert({ isOptimized = false; return true }())
  return isOptimized
}()
