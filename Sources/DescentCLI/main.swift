import Descent
func now() -> Double { var t = timespec(); clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); return Double(t.tv_sec) + Double(t.tv_nsec) * 1e-9 }
import Glibc
for _ in 0..<3 { let t = now(); let d = try FashionMNIST.load(); print(d.train.images.shape, d.test.labels.shape, now() - t) }
var text = "a,b,c,d,label\n"
for i in 0..<400_000 { text += "\(i),\(Double(i)/7),-1.5e-3,\(Float(i)*0.01),\(i % 3 == 0 ? "cat" : "dog")\n" }
let b = Array(text.utf8)
var t = now(); let c = try CSVTable(b, name: "x", target: "label"); var dt = now() - t
print(c.features.shape, c.classNames!, Double(b.count) / dt / 1e6, "MB/s")
text = "label," + (0..<784).map { "p\($0)" }.joined(separator: ",") + "\n"
for i in 0..<10_000 { text += "\(i % 10)" ; for j in 0..<784 { text += ",\((i*j) % 256)" }; text += "\n" }
let b2 = Array(text.utf8)
t = now(); let c2 = try CSVTable(b2, name: "x", target: "label"); dt = now() - t
print(c2.features.shape, Double(b2.count) / dt / 1e6, "MB/s")
