# Reads C sources, named on the command line, and prints what is wrong with their includes: a room
# that uses one on a higher floor, and files that include each other in a circle. A file and its
# header count as one.
#
#   awk -f tools/includes.awk $(git ls-files '*.[ch]')

BEGIN {
    # The rooms by floor, lowest first; a room uses its own floor and those below.
    floors = "cores/include | server/base | server/http server/jose | server/contract | " \
        "server/caller server/provider server/hub | server/state server/tasks | server/flow | " \
        "server/consent | server/config | server/operator | " \
        "server/connect server/oauth server/psu server/payments | server"
    # Not mended yet: "FILE FILE", an include that does not count, or "ROOM ROOM", all of them.
    known = ""

    count = split(floors, word, " ")
    for (i = floor = 1; i <= count; i++)
        if (word[i] == "|")
            floor++
        else
            floor_of[word[i]] = floor
    count = split(known, word, ";")
    for (i = 1; i <= count; i++) {
        gsub(/^ +| +$/, "", word[i])
        is_known[word[i]] = 1
    }
    for (i = 1; i < ARGC; i++)
        exists[ARGV[i]] = 1
}

function folder(path)
{
    return path ~ /\// ? substr(path, 1, match(path, /\/[^\/]*$/) - 1) : ""
}

# The file that an include means; "" when it is none of ours.
function resolve(from, name,    i, count, roots)
{
    if ((folder(from) "/" name) in exists)
        return folder(from) "/" name
    count = split("server cores/include cores tools tools/openapi-compile tools/fixtures tools/hub-sim", roots, " ")
    for (i = 1; i <= count; i++)
        if ((roots[i] "/" name) in exists)
            return roots[i] "/" name
    return ""
}

function room(path)
{
    return path ~ /^cores\/include\// ? "cores/include" : folder(path)
}

function unit(path)
{
    return substr(path, 1, length(path) - 2)
}

/^#include ["<]/ {
    split($0, part, /["<>]/)
    to = resolve(FILENAME, part[2])
    if (to == "" || (FILENAME " " to) in is_known || (room(FILENAME) " " room(to)) in is_known)
        next
    if (room(FILENAME) in floor_of && floor_of[room(FILENAME)] < floor_of[room(to)])
        print FILENAME ":" FNR ": " room(FILENAME) " uses " room(to) ", which is above it"
    if (unit(FILENAME) != unit(to)) {
        edge[unit(FILENAME), unit(to)] = 1
        node[unit(FILENAME)] = node[unit(to)] = 1
    }
}

# What nobody in it includes, and what includes nobody in it, is in no circle: takes away all such.
END {
    do {
        taken = 0
        split("", ins)
        split("", outs)
        for (pair in edge) {
            split(pair, ends, SUBSEP)
            outs[ends[1]]++
            ins[ends[2]]++
        }
        for (name in node)
            if (!ins[name] || !outs[name]) {
                delete node[name]
                taken++
                for (pair in edge) {
                    split(pair, ends, SUBSEP)
                    if (ends[1] == name || ends[2] == name)
                        delete edge[pair]
                }
            }
    } while (taken)
    for (pair in edge) {
        split(pair, ends, SUBSEP)
        print "in a circle: " ends[1] " includes " ends[2]
    }
}
