#!/bin/bash
# Links between our documents lead somewhere: to files that exist and to headings in them; and README.md leads to every
# page of docs/.
# Environment: SOURCE (the project).
set -eu
cd "${SOURCE:?}"
failed=0
fail() { echo "doc_links: $*"; failed=1; }
headings() { # headings FILE: as the anchors that they get
    sed -n 's/^##* //p' "$1" | tr '[:upper:]' '[:lower:]' | sed 's/[^a-z0-9_ -]//g; s/ /-/g'
}
links=0
for page in *.md docs/*.md golden/*.md; do
    folder=$(dirname "$page")
    while read -r link; do
        case $link in http*) continue ;; esac
        links=$((links + 1))
        file=${link%%#*}
        if [ -z "$file" ]; then file=$page; else file=$folder/$file; fi
        [ -e "$file" ] || { fail "$page leads to $link, which does not exist"; continue; }
        case $link in *#*) headings "$file" | grep -qxF "${link#*#}" || fail "$page leads to $link: no such heading" ;; esac
    done < <(grep -oE '\]\([^) ]+\)' "$page" | sed 's/^](//; s/)$//')
done
[ $links -ge 50 ] || fail "only $links links were found: this test proves nothing"
for page in docs/*.md; do
    grep -qF "($page" README.md || fail "README.md does not lead to $page"
done
exit $failed
