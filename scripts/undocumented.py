"""Lists the public declarations without a comment, of their own or of the protocol or class that asks for them, and the public
initializers of two arguments or more whose comment leaves some of them out.

    python3 scripts/undocumented.py FOLDER…     # of symbol graphs, as swift-symbolgraph-extract writes them

Ends with status 1 if there are any. `scripts/docs.sh` runs it.
"""
import json
import pathlib
import re
import sys

# `- Parameter name:`, or `- name:` under `- Parameters:`.
ALONE = re.compile(r"\s*- Parameter \w+:")
HEAD = re.compile(r"(\s*)- Parameters:")


def described(comment):
    """How many arguments a comment describes."""
    count, depth = 0, None
    for line in comment:
        head = HEAD.match(line)
        if head:
            depth = len(head[1])
        elif ALONE.match(line):
            count, depth = count + 1, None
        elif depth is not None:
            indent = len(line) - len(line.lstrip())
            if indent > depth:
                count += bool(re.match(r"\s+- \w+:", line))
            elif line.strip():
                depth = None
    return count


def main():
    symbols = []
    for folder in sys.argv[1:]:
        for path in sorted(pathlib.Path(folder).glob("*.symbols.json")):
            symbols += json.loads(path.read_text())["symbols"]

    def place(symbol):
        location = symbol.get("location")
        return (location["uri"].split("/Sources/")[-1], location["position"]["line"] + 1) if location else None

    # Names that stand in one declaration share its comment.
    told = {place(symbol) for symbol in symbols if "docComment" in symbol}
    found = {}
    for symbol in symbols:
        where = place(symbol)
        if where is None:
            continue
        declaration = "".join(part["spelling"] for part in symbol["declarationFragments"])
        if where not in told:
            found[where] = declaration
        elif symbol["kind"]["identifier"] == "swift.init" and "docComment" in symbol:
            # The name has a colon for each argument: `init(_:name:isTrainable:)`.
            arguments = symbol["pathComponents"][-1].count(":")
            known = described([line["text"] for line in symbol["docComment"]["lines"]])
            if arguments > 1 and known < arguments:
                found[where] = f"describes {known} of {arguments} arguments: {declaration}"
    for (file, line), text in sorted(found.items()):
        print(f"Sources/{file}:{line}: {text}")
    sys.exit(bool(found))


main()
