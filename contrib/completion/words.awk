# Reads --help of a program and prints the words that may come next, one a line: commands, verbs, options.
# program: its name; typed: the words before, without options and their values.

# A word of a usage line without what says that it may be left out.
function bare(word) {
    gsub(/[][,().]/, "", word)
    return word
}

# Whether a word of a usage line stands for the one that was typed: itself, one of several, or any.
function stands(word, wanted,    list, count, i) {
    if (word ~ /^[A-Z]/)
        return 1
    count = split(word, list, "|")
    for (i = 1; i <= count; i++)
        if (list[i] == wanted)
            return 1
    return 0
}

function offer(word) {
    if (!(word in offered))
        print word
    offered[word] = 1
}

function offer_options(text) {
    while (match(text, /--[a-z][a-z0-9-]*/)) {
        offer(substr(text, RSTART, RLENGTH))
        text = substr(text, RSTART + RLENGTH)
        options++
    }
}

# One usage line: what follows the typed words in it, and its options.
function look(line,    part, count, i, at, list, names) {
    count = split(line, part, /[ \t]+/)
    at = 1
    for (i = 2; i <= count; i++) {
        if (part[i] ~ /--/) {
            # An option's value is no word of the command.
            if (part[i] !~ /\]$/ && part[i + 1] ~ /^[A-Z]/)
                i++
            continue
        }
        if (bare(part[i]) !~ /^[A-Za-z]/)
            continue
        if (at > words) {
            if (bare(part[i]) ~ /^[a-z][a-z|-]*$/ && part[i - 1] !~ /,$/) {
                names = split(bare(part[i]), list, "|")
                for (at = 1; at <= names; at++)
                    if (list[at] != "options")
                        offer(list[at])
            }
            offer_options(line)
            return
        }
        if (!stands(bare(part[i]), want[at]))
            return
        at++
    }
    if (at > words)
        offer_options(line)
}

function done() {
    if (usage != "")
        look(usage)
    usage = ""
}

BEGIN { words = split(typed, want, " ") }

{ text = text " " $0 }

$1 == "usage:" || (usage != "" && $1 == program) {
    done()
    usage = $0
    sub(/^(usage:)? */, "", usage)
    next
}

usage != "" && /^ / { usage = usage " " $0; next }

{ done() }

words == 0 && /^  [a-z]+( [^ ]+)?  +[^ ]/ { offer($1) }

END {
    done()
    if (options == 0 || words == 0)
        offer_options(text)
}
