"""Just enough of PromQL to find the metrics that an expression looks at; whether it parses at all is promtool's to say."""

import re

# A name and its matchers. Functions are followed by a bracket, labels stand inside braces or after `by`.
SELECTOR = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{[^}]*\})?")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')
GROUPING = re.compile(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
OURS = re.compile(r"^(waypost_|process_|up$|ALERTS$|[a-z_]+:waypost_)|^waypost_.*:")

# What a variable of a dashboard stands for when nobody has chosen anything.
VARIABLES = {
    "$__rate_interval": "1m",
    "$__interval": "15s",
    "$queue": ".*",
    "$number": ".*",
    "$message": "0193b5a0-0000-7000-8000-000000000000",
    "$trace": "0af7651916cd43dd8448eb211c80319c",
}


def filled(expr):
    """The expression with every variable replaced."""
    for name, value in VARIABLES.items():
        expr = expr.replace(name, value)
    return expr


def selectors(expr):
    """(name, matchers) of every metric in it, matchers as they are written, or empty."""
    found = []
    text = GROUPING.sub(" ", expr)
    at = 0
    while match := SELECTOR.search(text, at):
        name, matchers = match.group(1), match.group(2) or ""
        at = match.end()
        if OURS.search(name) and not text[at:].lstrip().startswith("("):
            found.append((name, matchers))
    return found


def words(matchers):
    """(label, words) that matchers ask for: one of `=`, several of a regular expression that lists them, none of any other."""
    for label, how, value in MATCHER.findall(matchers):
        plain = how in ("=", "!=") or re.fullmatch(r"[\w|]+", value)
        yield label, value.split("|") if plain and value else []


def base_name(name):
    """The metric as it is documented: a histogram has three series."""
    for suffix in ("_bucket", "_sum", "_count"):
        if name.endswith(suffix):
            return name.removesuffix(suffix)
    return name
