# Prints each if, else, for and while whose statement has no braces.
#
#   awk -f tools/braces.awk FILE.c ...
#
# Reads formatted sources: such a keyword begins its line, and a condition may go on over several.
# The loop that a macro stands for (#define FOR_EACH…) has its braces where the macro is used.

function code(line)
{
    gsub(/\\./, "", line)
    gsub(/"[^"]*"/, "", line)
    gsub(/'[^']*'/, "", line)
    gsub(/\/\*.*\*\//, "", line)
    sub(/\/[\/*].*$/, "", line)
    sub(/[ \t\\]+$/, "", line)
    return line
}

# Takes a line of the condition: when its parentheses are closed, a brace must follow.
function take(line, i, letter)
{
    for (i = 1; i <= length(line); i++) {
        letter = substr(line, i, 1)
        depth += (letter == "(") - (letter == ")")
        if (letter == ")" && depth == 0) {
            open = 0
            if (substr(line, i + 1) !~ /^ \{/) {
                print FILENAME ":" start
            }
            return
        }
    }
}

FNR == 1 {
    open = 0
}

{
    line = code($0)
}

open {
    take(line)
    macro = 0
    next
}

line ~ /^[ \t]*(\} )?else( |$)/ && line !~ /else (\{|if )/ {
    print FILENAME ":" FNR
}

line ~ /^[ \t]*((\} )?else )?(if|for|while) \(/ && !macro {
    open = 1
    depth = 0
    start = FNR
    sub(/^[^(]*/, "", line)
    take(line)
}

{
    macro = /^#define .*\\$/
}
