/// IMDB: 25,000 training and 25,000 test reviews of films, each a list of word numbers, and whether it is positive.
///
/// The file holds Python objects, as a pickle. It is read by a reader of Descent's own that knows lists, numbers and arrays and calls
/// nothing: no file can make it run anything. Source: <https://keras.io/api/datasets/imdb/>.
public enum IMDB {
  static let file = DatasetFile(
    name: "imdb.npz", checksum: "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
    origin: DatasetFile.keras + "imdb.npz")
  static let index = DatasetFile(
    name: "imdb_word_index.json", checksum: "bfafd718b763782e994055a2d397834f", origin: DatasetFile.keras + "imdb_word_index.json")

  /// Reads the data set, as `keras.datasets.imdb.load_data` does, in the same order for the same seed.
  ///
  ///     let ((xTrain, yTrain), (xTest, yTest)) = try IMDB.loadData(numWords: 10_000)
  ///     let x = try padSequences(xTrain, maxlen: 256)
  /// - Parameters:
  ///   - path: the file's name in the folder.
  ///   - numWords: words with numbers from this on become `oovChar`; nil for the greatest number that occurs, as Keras does (which
  ///     drops the rarest word).
  ///   - skipTop: words with smaller numbers become `oovChar`.
  ///   - maxlen: sequences of this length or more are left out.
  ///   - seed: for the order, that of NumPy's `RandomState`.
  ///   - startChar: begins each sequence; nil for none.
  ///   - oovChar: stands for words that are left out; nil to leave no trace of them.
  ///   - indexFrom: what is added to each word's number.
  ///   - folder: nil for Keras's cache.
  /// - Returns: sequences, and `int32` labels [n].
  /// - Throws: ``DescentError`` of kind `file`; of kind `data` when no sequence is short enough.
  public static func loadData(
    path: String = "imdb.npz", numWords: Int? = nil, skipTop: Int = 0, maxlen: Int? = nil, seed: UInt32 = 113, startChar: Int? = 1,
    oovChar: Int? = 2, indexFrom: Int = 3, folder: String? = nil
  ) throws -> TrainAndTest<[[Int32]]> {
    let place = try file.path(in: folder, as: path)
    let archive = try NPZ(place)
    let words = try WordNumbers(
      numWords: numWords, skipTop: skipTop, startChar: startChar, oovChar: oovChar, indexFrom: indexFrom, name: place)
    var generator = MersenneTwister(numpySeed: seed)
    func part(_ name: String) throws -> LabelledSequences {
      var part = try LabelledSequences(archive.sequences("x_" + name), archive.tensor("y_" + name), name: place)
      part.shuffle(&generator)
      words.begin(&part)
      part.removeLong(maxlen)
      if part.sequences.isEmpty {
        throw DescentError(.data, "\(place): no sequence is shorter than maxlen (\(maxlen ?? 0)); take a greater one")
      }
      return part
    }
    var (train, test) = (try part("train"), try part("test"))
    let limit = words.limit(train.sequences + test.sequences)
    words.restrict(&train, below: limit)
    words.restrict(&test, below: limit)
    return ((train.sequences, Tensor(train.labels)), (test.sequences, Tensor(test.labels)))
  }

  /// The number of each word, before `indexFrom` is added.
  /// - Parameters:
  ///   - path: the file's name in the folder.
  ///   - folder: where it lies; nil for Keras's cache.
  /// - Throws: ``DescentError`` of kind `file` when it is not there, saying where people get it, or is not what it should be.
  public static func wordIndex(path: String = "imdb_word_index.json", folder: String? = nil) throws -> [String: Int] {
    try readWordIndex(index.path(in: folder, as: path))
  }
}

/// Reuters: 11,228 newswires, each a list of word numbers, on 46 topics. Read as ``IMDB`` is.
/// Source: <https://keras.io/api/datasets/reuters/>.
public enum Reuters {
  static let file = DatasetFile(
    name: "reuters.npz", checksum: "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916",
    origin: DatasetFile.keras + "reuters.npz")
  static let index = DatasetFile(
    name: "reuters_word_index.json", checksum: "4d44cc38712099c9e383dc6e5f11a921",
    origin: DatasetFile.keras + "reuters_word_index.json")

  /// What the topics 0 to 45 are.
  public static let labelNames = [
    "cocoa", "grain", "veg-oil", "earn", "acq", "wheat", "copper", "housing", "money-supply", "coffee", "sugar", "trade", "reserves",
    "ship", "cotton", "carcass", "crude", "nat-gas", "cpi", "money-fx", "interest", "gnp", "meal-feed", "alum", "oilseed", "gold",
    "tin", "strategic-metal", "livestock", "retail", "ipi", "iron-steel", "rubber", "heat", "jobs", "lei", "bop", "zinc", "orange",
    "pet-chem", "dlr", "gas", "silver", "wpi", "hog", "lead",
  ]

  /// Reads the data set, as `keras.datasets.reuters.load_data` does, in the same order for the same seed.
  /// - Parameters:
  ///   - testSplit: the part that becomes the test set, at least 0 and at most 1.
  ///   - path: as that of ``IMDB/loadData(path:numWords:skipTop:maxlen:seed:startChar:oovChar:indexFrom:folder:)``.
  ///   - numWords: as that of ``IMDB/loadData(path:numWords:skipTop:maxlen:seed:startChar:oovChar:indexFrom:folder:)``.
  ///   - skipTop: as that of ``IMDB/loadData(path:numWords:skipTop:maxlen:seed:startChar:oovChar:indexFrom:folder:)``.
  ///   - maxlen: as that of ``IMDB/loadData(path:numWords:skipTop:maxlen:seed:startChar:oovChar:indexFrom:folder:)``.
  ///   - seed: as that of ``IMDB/loadData(path:numWords:skipTop:maxlen:seed:startChar:oovChar:indexFrom:folder:)``.
  ///   - startChar: as that of ``IMDB/loadData(path:numWords:skipTop:maxlen:seed:startChar:oovChar:indexFrom:folder:)``.
  ///   - oovChar: as that of ``IMDB/loadData(path:numWords:skipTop:maxlen:seed:startChar:oovChar:indexFrom:folder:)``.
  ///   - indexFrom: as that of ``IMDB/loadData(path:numWords:skipTop:maxlen:seed:startChar:oovChar:indexFrom:folder:)``.
  ///   - folder: as that of ``IMDB/loadData(path:numWords:skipTop:maxlen:seed:startChar:oovChar:indexFrom:folder:)``.
  /// - Returns: sequences, and `int32` labels [n].
  /// - Throws: ``DescentError`` of kind `file`.
  public static func loadData(
    path: String = "reuters.npz", numWords: Int? = nil, skipTop: Int = 0, maxlen: Int? = nil, testSplit: Double = 0.2,
    seed: UInt32 = 113, startChar: Int? = 1, oovChar: Int? = 2, indexFrom: Int = 3, folder: String? = nil
  ) throws -> TrainAndTest<[[Int32]]> {
    try NumberRange.fraction.check("testSplit", testSplit, "Reuters")
    let place = try file.path(in: folder, as: path)
    let archive = try NPZ(place)
    let words = try WordNumbers(
      numWords: numWords, skipTop: skipTop, startChar: startChar, oovChar: oovChar, indexFrom: indexFrom, name: place)
    var all = try LabelledSequences(archive.sequences("x"), archive.tensor("y"), name: place)
    var generator = MersenneTwister(numpySeed: seed)
    all.shuffle(&generator)
    words.begin(&all)
    all.removeLong(maxlen)
    words.restrict(&all, below: words.limit(all.sequences))
    let count = Int(Double(all.sequences.count) * (1 - testSplit))
    return (
      (Array(all.sequences[..<count]), Tensor(Array(all.labels[..<count]))),
      (Array(all.sequences[count...]), Tensor(Array(all.labels[count...])))
    )
  }

  /// The number of each word, before `indexFrom` is added.
  /// - Parameters:
  ///   - path: the file's name in the folder.
  ///   - folder: where it lies; nil for Keras's cache.
  /// - Throws: ``DescentError`` of kind `file` when it is not there, saying where people get it, or is not what it should be.
  public static func wordIndex(path: String = "reuters_word_index.json", folder: String? = nil) throws -> [String: Int] {
    try readWordIndex(index.path(in: folder, as: path))
  }
}

/// Texts as word numbers, and what each is about.
private struct LabelledSequences {
  var sequences: [[Int32]]
  var labels: [Int32]

  init(_ sequences: [[Int32]], _ labels: Tensor, name: String) throws {
    guard labels.shape == [sequences.count] else {
      throw DescentError(.file, "\(name): has \(sequences.count) sequences but labels of shape \(labels.shape)")
    }
    self.sequences = sequences
    self.labels = labels.cast(to: .int32).scalars()
  }

  mutating func shuffle(_ generator: inout MersenneTwister) {
    let order = generator.nextNumPyOrder(sequences.count)
    (sequences, labels) = (order.map { sequences[$0] }, order.map { labels[$0] })
  }

  /// Keeps what is shorter than `maxlen`; 0 keeps all, as Keras does.
  mutating func removeLong(_ maxlen: Int?) {
    guard let maxlen, maxlen != 0 else { return }
    let kept = sequences.indices.filter { sequences[$0].count < maxlen }
    (sequences, labels) = (kept.map { sequences[$0] }, kept.map { labels[$0] })
  }
}

/// What becomes of word numbers.
private struct WordNumbers {
  let numWords: Int?
  let skipTop: Int
  let startChar: Int32?
  let oovChar: Int32?
  let indexFrom: Int32

  init(numWords: Int?, skipTop: Int, startChar: Int?, oovChar: Int?, indexFrom: Int, name: String) throws {
    func narrow(_ number: Int, _ what: String) throws -> Int32 {
      guard let narrow = Int32(exactly: number) else {
        throw DescentError(.invalidArgument, "\(name): \(what) is \(number), which does not fit 32 bits")
      }
      return narrow
    }
    self.numWords = numWords == 0 ? nil : numWords
    self.skipTop = skipTop
    self.startChar = try startChar.map { try narrow($0, "startChar") }
    self.oovChar = try oovChar.map { try narrow($0, "oovChar") }
    self.indexFrom = try narrow(indexFrom, "indexFrom")
  }

  func begin(_ part: inout LabelledSequences) {
    let start = startChar.map { [$0] } ?? []
    part.sequences = part.sequences.map { start + $0.map { $0 &+ indexFrom } }
  }

  func limit(_ sequences: [[Int32]]) -> Int {
    numWords ?? sequences.reduce(0) { max($0, Int($1.max() ?? 0)) }
  }

  func restrict(_ part: inout LabelledSequences, below limit: Int) {
    func isKept(_ word: Int32) -> Bool { skipTop <= word && word < limit }
    part.sequences = part.sequences.map { sequence in
      if let oovChar { sequence.map { isKept($0) ? $0 : oovChar } } else { sequence.filter(isKept) }
    }
  }
}

private func readWordIndex(_ path: String) throws -> [String: Int] {
  let json = try JSONValue(parsing: ByteSource(path: path).allBytes(), name: path)
  guard let object = json.object else { throw DescentError(.file, "\(path): expected words and their numbers") }
  var index: [String: Int] = [:]
  for (word, number) in object.members {
    guard let number = number.int else { throw DescentError(.file, "\(path): the number of '\(word)' is \(number)") }
    index[word] = number
  }
  return index
}
