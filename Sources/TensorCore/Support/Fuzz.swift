/// Keras's `K.epsilon()`: what keeps logarithms and quotients of probabilities and norms finite.
package let fuzz = 1e-7
