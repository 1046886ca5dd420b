/// Whether the compiler optimized this module: code that it did not allocates memory where optimized code has none, for each loop over an array, say.
package let tensorCoreIsOptimized: Bool = {
  var isOptimized = true
  assert({ isOptimized = false; return true }())
  return isOptimized
}()
