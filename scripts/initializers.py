"""Writes the initializers and factories of the optimizers, so that what all of them take is stated once: here.

    python3 scripts/initializers.py            # after a property of an optimizer, or the list below, was changed
    python3 scripts/initializers.py --check    # whether that was forgotten

Each optimizer's own parameters are its public stored properties with their comments and defaults. What is written stands at the end of
the optimizer's file; the list of common settings is written to Base/OptimizerOptions+Setting.swift.
"""
import pathlib
import re
import sys
import textwrap

SOURCES = pathlib.Path(__file__).resolve().parent.parent / "Sources" / "Optimizers"
WIDTH = 132
MARK = "// MARK: - Initializers (written by scripts/initializers.py)\n"
RATE = "(any LearningRateConvertible)?"

# Keras's common arguments in Keras's order: name, type, what it is.
COMMON = [
    ("weightDecay", "Double?", "strength of the weight decay"),
    ("clipnorm", "Double?", "greatest L2 norm of each gradient; no limit by default"),
    ("clipvalue", "Double?", "greatest absolute value of a gradient's element; no limit by default"),
    ("globalClipnorm", "Double?", "greatest L2 norm of all gradients together; no limit by default"),
    ("useEMA", "Bool?", "whether averages of the weights over time are kept; false by default"),
    ("emaMomentum", "Double?", "share of the old average in the new; 0.99 by default"),
    ("emaOverwriteFrequency", "Int?", "updates after which the averages replace the weights; never by default"),
    ("lossScaleFactor", "Double?", "multiplies the loss and divides the gradients; 1 by default"),
    ("gradientAccumulationSteps", "Int?", "micro-steps whose mean gradient makes an update; 1 by default"),
    ("name", "String?", "its name in Keras's JSON; made from the class's by default"),
    ("decay", "Double?", "Keras 2's time decay: the rate is divided by 1 + decay · (updates done); 0 by default"),
]
CONVENTION = ("convention", "Convention", "whose defaults and formula are meant; Keras 3's by default")
# Whose references have the weight decay behind the learning rate, as Keras's AdamW has.
DECAY_FIRST = {
    "AdamW", "ADOPT", "AdEMAMix", "AdamWScheduleFree", "Adan", "CautiousAdamW", "CautiousLion", "DAdaptAdam", "DAdaptSGD", "LARS",
    "NAdamW", "Novograd", "Prodigy", "RAdamScheduleFree", "SGDScheduleFree", "Shampoo", "SOAP", "Sophia",
}
# LBFGS has no others.
ONLY = {"LBFGS": ["name"]}
KERAS_2 = {
    "SGD": ["momentum", "decay", "nesterov"],
    "RMSprop": ["rho", "epsilon", "decay"],
    "Adagrad": ["epsilon", "decay"],
    "Adadelta": ["rho", "epsilon", "decay"],
    "Adam": ["beta_1", "beta_2", "epsilon", "decay", "amsgrad"],
    "Adamax": ["beta_1", "beta_2", "epsilon", "decay"],
    "Nadam": ["beta_1", "beta_2", "epsilon", "schedule_decay"],
}


class Property:
    def __init__(self, name, type, default, doc, path=None):
        self.name, self.default, self.doc = name, default, doc
        self.path = path or f"self.{name}"
        self.type = type


def infer(annotation, default):
    if annotation:
        return annotation
    if default in ("true", "false"):
        return "Bool"
    if re.fullmatch(r"-?\d+", default):
        return "Int"
    if re.fullmatch(r"-?[\d.e-]+", default):
        return "Double"
    return default.split(".")[0]


def properties(text, known):
    """The stored properties of the struct in `text`."""
    head = re.split(r"\n  public init\(", text, maxsplit=1)[0]
    found, doc = [], []
    for line in head.splitlines():
        if line.startswith("  /// "):
            doc.append(line.strip()[4:])
            continue
        match = re.fullmatch(r"  public var (\w+)(?:: ([^={]+?))?(?: = (.+))?", line)
        if match and match[1] not in ("options", "name"):
            name, annotation, default = match.groups()
            inner = re.fullmatch(r"(\w+)\(\)", default or "")
            if inner and inner[1] in known:
                for property in known[inner[1]]:
                    path = f"{name}.{property.name}"
                    found.append(Property(property.name, property.type, property.default, property.doc, path))
            else:
                found.append(Property(name, infer(annotation, default or ""), default, " ".join(doc)))
        doc = []
    return found


def lower(name):
    for prefix in ("SGD", "ADOPT", "LARS", "LBFGS", "SOAP", "RMS"):
        if name.startswith(prefix):
            return prefix.lower() + name[len(prefix):]
    return name[0].lower() + name[1:]


def wrapped(items, indent, first):
    """`first` and the items, separated by commas, in lines that are short enough."""
    line = first + ", ".join(items) + ")"
    if len(line) <= WIDTH - 4:
        return line
    body = textwrap.wrap(", ".join(items).replace(" ", "\0").replace(",\0", ", "), WIDTH - indent - 2, break_long_words=False)
    pad = " " * (indent + 2)
    return first + "\n" + "\n".join(pad + part.replace("\0", " ") for part in body) + "\n" + " " * indent + ")"


def documentation(parameters):
    lines = ["/// - Parameters:"]
    for name, _, text in parameters:
        lines += textwrap.wrap(f"- {name}: {text}.", WIDTH - 8, initial_indent="///   ", subsequent_indent="///     ")
    return "\n".join("  " + line for line in lines) + "\n"


def sentence(property):
    text = property.doc.rstrip(".")
    text = text[0].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text
    default = property.default
    if default is None:
        return text if "`nil`" in text or "nil" in text else f"{text}; nil by default"
    shown = default.split(".")[-1] if re.match(r"[A-Z]", default) else default
    shown = f"`.{shown}`" if re.match(r"[A-Z]", default) else "none" if shown == "[]" else shown.removesuffix(".0")
    return f"{text}; {shown} by default"


def written(name, own, rate, decay):
    common = [entry for entry in COMMON if entry[0] in ONLY.get(name, [entry[0]])]
    decay_text = f"strength of the weight decay; {decay or 'none'} by default"
    common = [(n, t, decay_text if n == "weightDecay" else d) for n, t, d in common]
    parameters = [("learningRate", RATE, f"size of the steps, a number or a schedule; {rate} by default")]
    first = name in DECAY_FIRST
    if first:
        parameters += [entry for entry in common if entry[0] == "weightDecay"]
    parameters += [(p.name, p.type if p.type.endswith("?") else p.type + "?", sentence(p)) for p in own]
    parameters += [entry for entry in common if not (first and entry[0] == "weightDecay")]
    parameters.append(CONVENTION)
    signature = [f"{n}: {t} = " + (".keras3" if n == "convention" else "nil") for n, t, _ in parameters]
    passed = [f"{n}: {n}" for n, _, _ in parameters]
    names = [n for n, _, _ in common]
    result = MARK + f"\nextension {name} {{\n"
    result += f"  /// What is not given has the convention's default. ``OptimizerOptions`` says in which order all is done.\n  ///\n"
    result += documentation(parameters)
    result += wrapped(signature, 2, "  public init(") + " {\n"
    result += "    self.init()\n    adopt(convention)\n"
    for property in own:
        result += f"    if let {property.name} {{ {property.path} = {property.name} }}\n"
    result += wrapped([f"{n}: {n}" for n in ["learningRate"] + names], 4, "    options.set(") + "\n  }\n"
    result += keras2(name, own, common)
    result += "}\n\n"
    result += f"extension Optimizer where Self == {name} {{\n"
    result += f"  /// ``{name}`` with its defaults.\n  public static var {lower(name)}: {name} {{ {name}() }}\n\n"
    result += f"  /// ``{name}`` with the given settings; see its initializer.\n"
    result += wrapped(signature, 2, f"  public static func {lower(name)}(") + f" -> {name} {{\n"
    result += wrapped(passed, 4, f"    {name}(") + "\n  }\n}\n"
    return result


def keras2(name, own, common):
    """Keras 2's spelling, which the compiler answers with the right one."""
    if name not in KERAS_2:
        return ""
    types = {p.name: p.type.removesuffix("?") + "?" for p in own} | {n: t for n, t, _ in common}

    def camel(key):
        return re.sub(r"_(\w)", lambda match: match[1].upper(), key)

    literal = KERAS_2[name] + ["clipnorm", "clipvalue"]
    behind = [p.name for p in own] + [n for n, _, _ in common]
    early = ["decay"] + [p.name for p in own] + ["clipnorm", "clipvalue"]
    result = ""
    message = f'"Keras 2\'s lr is learningRate: {name}(learningRate: …)"'
    seen = set()
    for labels in (behind, literal, early):
        items = ["lr: " + RATE] + [f"{label}: {types[camel(label)]} = nil" for label in labels if camel(label) in types]
        if tuple(items) in seen:
            continue
        seen.add(tuple(items))
        result += f"\n  @available(*, unavailable, message: {message})\n"
        result += wrapped(items, 2, "  public init(").replace("decay: Double? = nil", "decay: Double?", 1 if labels is early else 0)
        result += " { self.init() }\n"
    return result


def options():
    fields = [("learningRate", RATE)] + [(n, t) for n, t, _ in COMMON]
    result = "// Written by scripts/initializers.py, where the list is.\n\n"
    result += "extension OptimizerOptions {\n  /// Sets what is given.\n"
    result += wrapped([f"{n}: {t} = nil" for n, t in fields], 2, "  mutating func set(") + " {\n"
    for name, _ in fields:
        result += f"    if let {name} {{ self.{name} = {name}{'.learningRate' if name == 'learningRate' else ''} }}\n"
    result += "  }\n}\n"
    return result


def main():
    check = "--check" in sys.argv
    files = sorted(SOURCES.glob("*.swift")) + sorted((SOURCES / "Beyond").glob("*.swift"))
    texts = {path: path.read_text() for path in files}
    known, outputs = {}, {SOURCES / "Base" / "OptimizerOptions+Setting.swift": options()}
    names = {}
    for path, text in texts.items():
        match = re.search(r"public struct (\w+): Optimizer \{", text)
        if match and match[1] != "MultiOptimizer":
            names[path] = match[1]
    # Those that contain another come after it.
    ordered = sorted(names, key=lambda path: ("= AdamW()" in texts[path], "= Adam()" in texts[path] or "= Lion()" in texts[path]))
    head = re.compile(r"OptimizerOptions\(learningRate: ([\d.]+)(?:, weightDecay: ([\d.]+))?")
    rates = {}
    for path in ordered:
        name, text = names[path], texts[path]
        # What was written last time, or by hand, goes.
        text = text.split(MARK)[0]
        text = re.sub(r"\nextension Optimizer where Self == \w+ \{.*?\n\}\n", "", text, flags=re.S)
        text = re.sub(r"\n  public init\(\n?[^{]*\blearningRate: .*?\n  \}\n", "", text, flags=re.S)
        own = properties(text[text.index(f"public struct {name}"):], known)
        known[name] = own
        found = head.search(text)
        inner = re.search(r"public var \w+ = (AdamW|Adam|Lion)\(\)", text)
        rates[name] = found.groups() if found else rates[inner[1]]
        if name == "AdamW":
            rates[name] = (rates[name][0], "0.004")
        outputs[path] = text.rstrip("\n") + "\n\n" + written(name, own, *rates[name])
    stale = [path for path, text in outputs.items() if not path.exists() or path.read_text() != text]
    if check:
        for path in stale:
            print(f"{path.relative_to(SOURCES)} is not what scripts/initializers.py writes")
        sys.exit(bool(stale))
    for path in stale:
        path.write_text(outputs[path])


main()
