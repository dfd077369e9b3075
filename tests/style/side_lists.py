"""Side lists of parameters in the sources below a folder: lists of parameters stand in the table, as columns.

    side_lists.py TABLE FOLDER...

A side list is an initializer in braces that holds two parameters or more, as PARAMETER(section, name) or as "section.name",
or a file that compares rows or names with two parameters or more. Prints FILE:LINE and the parameters of each; exit code 1
when there are some."""

import pathlib
import re
import sys

ROW = re.compile(r"^PARAMETER_[A-Z]+\((\w+), (\w+),", re.M)
NAMED = re.compile(r'\bPARAMETER\((\w+), (\w+)\)|"(\w+\.\w+)"')
COMPARED = re.compile(
    r'(?:[=!]=|\bcase) PARAMETER\((\w+), (\w+)\)|\bPARAMETER\((\w+), (\w+)\) [=!]='
    r'|\bstrn?cmp\([^;"]*"(\w+\.\w+)"|\bstrn?cmp\("(\w+\.\w+)"'
)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def named(pattern, text, names):
    """(place, name) of each parameter that the pattern finds."""
    for match in pattern.finditer(text):
        words = [word for word in match.groups() if word is not None]
        name = ".".join(words)
        if name in names:
            yield match.start(), name


def initializers(text):
    """(begin, end) of the outermost braces without a statement in them."""
    open_braces = []
    found = []
    for place, sign in enumerate(text):
        if sign == "{":
            open_braces.append(place)
        elif sign == "}" and open_braces:
            begin = open_braces.pop()
            if ";" not in text[begin:place]:
                found = [pair for pair in found if pair[0] < begin] + [(begin, place)]
    return found


def side_lists(text, names):
    """(place, names) of each list."""
    text = COMMENT.sub(blank, text)
    for begin, end in initializers(text):
        inside = sorted({name for _, name in named(NAMED, text[begin:end], names)})
        if len(inside) > 1:
            yield begin, inside
    compared = list(named(COMPARED, text, names))
    if len({name for _, name in compared}) > 1:
        yield compared[0][0], sorted({name for _, name in compared})


def main():
    table, *folders = map(pathlib.Path, sys.argv[1:])
    names = {f"{section}.{name}" for section, name in ROW.findall(table.read_text())}
    if len(names) < 100:
        sys.exit(f"{table}: only {len(names)} parameters: this proves nothing")
    sources = sorted(path for folder in folders for path in folder.rglob("*.[ch]"))
    if not sources:
        sys.exit("no sources: this proves nothing")
    failed = False
    for path in sources:
        text = path.read_text()
        for place, found in side_lists(text, names):
            print(f"{path}:{text.count(chr(10), 0, place) + 1}: {', '.join(found)}")
            failed = True
    sys.exit(failed)


main()
