/// A Swift name as Keras spells it in files: `velocityHat` as `velocity_hat`, `ReLU` as `re_lu`, `Conv1DTranspose` as
/// `conv1d_transpose`. (Keras: `to_snake_case`.)
package func snakeCase(_ name: String) -> String {
  var result = ""
  let letters = Array(name)
  for (index, letter) in letters.enumerated() {
    if letter.isUppercase && index > 0 {
      let followsLower = letters[index - 1].isLowercase
      let startsWord = index + 1 < letters.count && letters[index + 1].isLowercase
      if followsLower || startsWord { result += "_" }
    }
    result += letter.lowercased()
  }
  return result
}
