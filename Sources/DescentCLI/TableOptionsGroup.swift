import ArgumentParser
import Descent

/// How a table's file is written, where that is not to be found out.
struct TableReadingOptions: ParsableArguments {
  @Option(help: ArgumentHelp("What stands between a table's fields: a character, tab or space. (default: found out)", valueName: "character"))
  var separator: String?

  @Option(help: ArgumentHelp("What stands before a table's decimals: '.' or ','. (default: found out)", valueName: "mark"))
  var decimalMark: String?

  @Option(help: ArgumentHelp("A table's encoding, as iconv calls it: UTF-16, CP949, CP1252. (default: found out)", valueName: "name"))
  var encoding: String?

  @Flag(help: "The first line of the table holds no names; its columns are called column1, column2, … (default: found out)")
  var noHeader = false

  var reading: TableReading {
    get throws {
      func character(_ text: String?, _ option: String) throws -> Character? {
        guard let text else { return nil }
        if let word = ["tab": "\t", "\\t": "\t", "space": " "][text] { return Character(word) }
        guard text.count == 1 else { throw ValidationError("\(option) is '\(text)'; expected a single character, tab or space.") }
        return text.first
      }
      let mark = try character(decimalMark, "--decimal-mark")
      if let mark, mark != ".", mark != "," { throw ValidationError("--decimal-mark is '\(mark)'; expected '.' or ','.") }
      return TableReading(
        separator: try character(separator, "--separator"), decimalMark: mark, hasHeader: noHeader ? false : nil, encoding: encoding)
    }
  }

  var isUsed: Bool { separator != nil || decimalMark != nil || encoding != nil || noHeader }
}

/// What is made of a table's columns and rows in training.
struct TableTrainingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Whether the target is a number or a class. (default: told by its values)",
      discussion: """
        Words are classes. Whole numbers are classes if there are at most two different ones, or at most 20 with ten rows each on average; all other \
        numbers are numbers.
        """,
      valueName: "regression|classification"))
  var task: TableTaskOption?

  @Option(help: ArgumentHelp("The columns to predict from, with commas between them. (default: all that are of use)", valueName: "columns"))
  var features: WordList?

  @Option(help: ArgumentHelp("Columns to leave out, with commas between them.", valueName: "columns"))
  var drop: WordList?

  @Option(
    help: ArgumentHelp(
      "What the values of columns are: number, category, date, identifier or text. (default: told by the values)",
      discussion: """
        number: scaled by mean and deviation of the training rows. category: a place for each of the 50 most frequent values and one for all others. date: days \
        since the first, time of the year and of the day, weekday. identifier: left out, and written beside predictions. text: left out. Missing values (?, NA, \
        N/A, nan, null, -, none at all) get the typical value or a place of their own, and a mark that they were missing.
        """,
      valueName: "column=kind,…"))
  var types: WordList?

  @Option(
    help: ArgumentHelp(
      "The part of a table's rows, of pictures or of texts to train on, and with a comma the part to validate on; the rest is for testing. (default: 0.8,0.2)",
      discussion: "Rows are drawn by the seed, of each class alike. Scales, typical values and categories are learned from the training rows alone.",
      valueName: "part[,part]"))
  var split: WordList?

  @Option(help: ArgumentHelp("balanced: the rows of rare classes count more, so that all classes count the same.", valueName: "balanced"))
  var classWeight: ClassWeightOption?

  @Option(
    help: ArgumentHelp("A page (.html) to write on the run: curves, what was taken for what, errors, and which columns the network makes use of.", valueName: "file"))
  var report: String?

  func validate() throws {
    if let report, !hasEnding(report, ".html") { throw ValidationError("--report is '\(report)'; expected a file ending in .html.") }
  }

  /// Whether something was asked for that pictures do not have.
  var isOfTables: Bool { task != nil || features != nil || drop != nil || types != nil }

  var isUsed: Bool { task != nil || report != nil || features != nil || drop != nil || types != nil || split != nil || classWeight != nil }

  func options(seed: UInt64, validationSplit: Double?) throws -> TableOptions {
    var options = TableOptions()
    options.seed = seed
    options.task = task?.task
    options.features = features?.words
    options.dropped = drop?.words ?? []
    for word in types?.words ?? [] {
      let parts = word.split(separator: "=", omittingEmptySubsequences: false)
      let known = ColumnKind.allCases.filter { $0 != .constant }.map(\.rawValue)
      guard parts.count == 2, let kind = ColumnKind(rawValue: String(parts[1])), kind != .constant else {
        throw ValidationError("--types has '\(word)'; expected column=kind with one of \(known.joined(separator: ", ")).")
      }
      options.kinds[String(parts[0])] = kind
    }
    if let split {
      if validationSplit != nil { throw ValidationError("--split and --validation-split are given; leave one out.") }
      let parts = split.words.compactMap(Double.init)
      guard parts.count == split.words.count, (1...2).contains(parts.count), parts[0] > 0, parts.allSatisfy({ $0 >= 0 }), parts.reduce(0, +) <= 1 + 1e-9 else {
        throw ValidationError("--split is '\(split.words.joined(separator: ","))'; expected one or two parts greater than 0 and together at most 1: 0.8 or 0.7,0.15.")
      }
      options.trainingPart = parts[0]
      if parts.count == 2 { options.validationPart = parts[1] }
    } else if let validationSplit {
      options.trainingPart = 1 - validationSplit
    }
    return options
  }
}

/// `--task`.
enum TableTaskOption: String, ExpressibleByArgument, CaseIterable {
  case regression, classification

  var task: TableTask { self == .regression ? .regression : .classification }
}

/// `--class-weight`.
enum ClassWeightOption: String, ExpressibleByArgument, CaseIterable {
  case balanced
}
