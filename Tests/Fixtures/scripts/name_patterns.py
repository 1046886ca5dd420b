"""What Python's regular expressions say of names: optimizers/name-patterns.json. Needs nothing but Python 3.11 or later."""
import argparse
import json
import platform
import random
import re
from pathlib import Path

NAMES = [
    "", "kernel", "bias", "dense/kernel", "dense_1/bias", "dense_12/kernel", "encoder/layer_0/dense/kernel", "encoder/layer_10/gamma",
    "embedding/embeddings", "aaaa", "aab", "ab", "abab", "b", "0", "10", "a-b", "a.b", "[x]", "a{2}", "밀집/커널", "é1", "_x", "a b", "line\nend", "end\n", "हिन्दी", "Ⓐ", "½", "DENSE/Kernel", "É1",
]
PATTERNS = [
    "", "kernel", "^kernel$", "^(b|g)a?", "dense", "dense/.*", "dense_\\d+", "dense(_\\d+)?/kernel", ".*/layer_[0-9]/.*", ".*layer_\\d{2}.*",
    "a*", "a+b", "(ab)*", "(ab)+", "a?b", "a{2}", "a{2,}", "a{,1}b", "a{1,3}b", "a{", "a{x}", "{", "[ab]+", "[^ab]+", "[a-c.]+", "[]x]+", "[^]]", "[\\w.-]+",
    "\\w+", "\\W", "\\d", "\\D+", "\\s", "\\S+", "\\bb", "\\Bb", "a\\.b", "a.b", "\\[x\\]", "(?:dense|embedding)/", "(?P<which>bias|gamma)", "a|b|", "(a|ab)(b|)",
    "(a*)*b", "(a+)+$", "(a|a)*b", "^$", "end$", "end\\Z", "\\Aend", "x*?a", "a+?b", "커널", "[가-힣]+", "line.end", "line\\send", "((a)(b))+", "()", "(|a)+", "^a|b$",
    "(^a)*b", "-", "a-b", "[a\\-b]+", "[\\d_]+", "\\.", "\\/", "(?i)dense/k", "(?i)[a-e]+", "(?i)[^a-e]+", "(?i)é\\d", "a{,}", "a{ 1}", "a{1,2", "a{1}b", "{a}", "}", "\\w+\\Z",
]
REFUSED = ["(", ")", "a)", "[a", "*a", "a**", "a{2}{3}", "{2}", "[b-a]", "[\\d-z]", "[a-\\d]", "a{3,2}", "\\", "^*", "\\q", "(?P<n>a", "+", "(?x", "a|*"]


def drawn(random_, depth=0):
    kinds = ["letter"] * 5 + ["class", "any", "sequence", "sequence", "choice", "repeat", "repeat", "group"]
    kind = random_.choice(kinds if depth < 4 else ["letter"])
    if kind == "letter":
        return random_.choice("ab/_1kn")
    if kind == "class":
        return random_.choice(["[ab]", "[^a]", "\\d", "\\w", "[a-k]", "\\b", "^", "$"])
    if kind == "any":
        return "."
    if kind == "sequence":
        return "".join(drawn(random_, depth + 1) for _ in range(random_.randint(1, 3)))
    if kind == "choice":
        return "(" + "|".join(drawn(random_, depth + 1) for _ in range(2)) + ")"
    part = "(" + drawn(random_, depth + 1) + ")"
    return part if kind == "group" else part + random_.choice(["*", "+", "?", "{2}", "{1,2}", "*?"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent)
    out = parser.parse_args().out
    random_ = random.Random(7)
    patterns = PATTERNS + sorted({drawn(random_) for _ in range(150)})
    cases = [
        {
            "pattern": pattern,
            "occurs": "".join(str(int(re.search(pattern, name) is not None)) for name in NAMES),
            "matches_whole": "".join(str(int(re.fullmatch(pattern, name) is not None)) for name in NAMES),
        }
        for pattern in patterns
    ]
    for pattern in REFUSED:
        try:
            re.compile(pattern)
        except re.error:
            continue
        raise SystemExit(f"Python takes {pattern!r}")
    result = {"python": platform.python_version(), "names": NAMES, "cases": cases, "refused": REFUSED}
    (out / "optimizers" / "name-patterns.json").write_text(json.dumps(result, ensure_ascii=False, indent=0) + "\n")


main()
