import ArgumentParser
import Descent

/// How many rows make a batch.
enum BatchSize: ExpressibleByArgument, Equatable {
  case rows(Int)
  case all

  init?(argument: String) {
    if argument == "all" {
      self = .all
    } else if let count = Int(argument), count > 0 {
      self = .rows(count)
    } else {
      return nil
    }
  }

  var defaultValueDescription: String {
    switch self {
    case .rows(let count): String(count)
    case .all: "all"
    }
  }

  func count(of rows: Int) -> Int {
    switch self {
    case .rows(let count): count
    case .all: max(rows, 1)
    }
  }
}

/// Words with commas between them; `none` for no word.
struct WordList: ExpressibleByArgument, Equatable {
  let words: [String]

  init?(argument: String) {
    words = argument == "none" ? [] : argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    if words.contains("") { return nil }
  }
}

/// The sizes of hidden layers; `none` for no hidden layer.
struct LayerSizes: ExpressibleByArgument, Equatable {
  let sizes: [Int]

  init?(argument: String) {
    guard let words = WordList(argument: argument)?.words else { return nil }
    sizes = words.compactMap { Int($0) }
    if sizes.count != words.count || sizes.contains(where: { $0 < 1 }) { return nil }
  }

  var defaultValueDescription: String { sizes.isEmpty ? "none" : sizes.map(String.init).joined(separator: ",") }
}

/// `auto`, or Keras's number.
enum VerbosityOption: String, ExpressibleByArgument, CaseIterable {
  case auto, silent = "0", bar = "1", line = "2"

  var verbosity: Verbosity {
    switch self {
    case .auto: .auto
    case .silent: .silent
    case .bar: .progressBar
    case .line: .oneLine
    }
  }
}
