import KerasFiles
import TestSupport
import Testing

/// Models for tables in `.keras` files.
@Suite struct TableModelTests {
  private let folder = TemporaryFolder()

  private var table: TableFile {
    get throws {
      let rows = (0..<60).map { row in
        let b = row % 4 == 0 ? "" : "\(row % 5)", kind = ["cat", "dog", "cow"][row % 3]
        return "r\(row),\(row % 9),\(b),\(kind),2024-0\(row % 9 + 1)-1\(row % 7),\(row % 3 == 0 ? "yes" : "no")"
      }
      return try TableFile(Array(("id,a,b,kind,day,y\n" + rows.joined(separator: "\n")).utf8), name: "t.csv")
    }
  }

  @Test func `the file keeps what columns become and what classes are called`() throws {
    let data = try TableData(table, target: "y")
    let model = try data.preprocessing.network(hidden: [8], seed: 1)
    try data.preprocessing.compile(model)
    try model.fit(data.training.x, data.training.y, epochs: 2, verbose: 0)
    try model.save(folder.file("m.keras"))
    let read = try Model.load(folder.file("m.keras"))
    #expect(read.table == data.preprocessing)
    let (first, second) = (try model.predict(table), try read.predict(table))
    #expect(first.csv == second.csv && first.csv.hasPrefix("id,y,P(no),P(yes)\nr0,"))
    #expect(try read.scores(table).count == 60)
    // Without it a model is read as ever, and says so when it is asked for a table.
    read.table = nil
    try read.save(folder.file("plain.keras"))
    let plain = try Model.load(folder.file("plain.keras"))
    #expect(plain.table == nil)
    let error = #expect(throws: DescentError.self) { _ = try plain.predict(table) }
    #expect(error?.message.contains("knows nothing of a table's columns") == true)
  }

  @Test func `a description that makes no sense is refused`() throws {
    let json = try TableData(table, target: "y").preprocessing.json
    func changed(_ path: [String], _ value: JSONValue?) -> JSONValue {
      func change(_ json: JSONValue, _ path: ArraySlice<String>) -> JSONValue {
        guard let key = path.first else { return value ?? .null }
        if let list = json.array, let place = Int(key) { return .array(list.enumerated().map { $0.offset == place ? change($0.element, path.dropFirst()) : $0.element }) }
        var object = json.object ?? JSONObject()
        object[key] = path.count == 1 && value == nil ? nil : change(object[key] ?? .null, path.dropFirst())
        return .object(object)
      }
      return change(json, path[...])
    }
    #expect(try TablePreprocessing(json: changed(["extra"], 1)).columns.count == 5)
    let broken: [([String], JSONValue?)] = [
      (["version"], 2), (["version"], nil), (["target"], nil), (["target", "name"], 1), (["target", "task"], "regression"), (["target", "task"], "x"), (["target", "classes"], ["a"]),
      (["target", "classes"], ["a", 1]), (["target", "deviation"], 0), (["target", "mean"], "NaN"), (["columns"], nil), (["columns"], []), (["columns", "1", "kind"], "color"),
      (["columns", "1", "name"], nil), (["columns", "1", "name"], "id"), (["columns", "1", "mean"], nil), (["columns", "1", "deviation"], -1), (["columns", "3", "values"], ["a", "a"]),
      (["columns", "3", "values"], ["a", 1]), (["columns", "3", "has_others"], nil), (["columns", "4", "parts"], ["hour"]), (["columns", "4", "parts"], []), (["columns", "0", "left_out"], nil),
    ]
    for (path, value) in broken {
      #expect(throws: DescentError.self, "\(path)") { _ = try TablePreprocessing(json: changed(path, value)) }
    }
    // Columns that are not those of the network.
    let model = try TableData(table, target: "y").preprocessing.network(hidden: [4])
    model.table = try TablePreprocessing(json: changed(["columns", "3", "values"], ["cat"]))
    model.table = try TableData(table, target: "a").preprocessing
    #expect(throws: DescentError.self) { _ = try model.predict(table) }
  }
}
