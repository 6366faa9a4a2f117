# What the commands of tools/ share: each sources this with its own arguments. --help prints the
# comment at the top of the command, --version the project's version.

command_file=$(realpath "$0")

print_help() {
    awk 'NR > 1 && !/^#/ {exit} NR > 1 {sub(/^# ?/, ""); print}' "$command_file"
}

# usage [MESSAGE]: ends the command for wrong usage.
usage() {
    [ $# = 0 ] || echo "tools/$(basename "$command_file"): $*" >&2
    print_help >&2
    exit 2
}

for argument in "$@"; do
    case $argument in
    --help) print_help && exit 0 ;;
    --version)
        echo "tools/$(basename "$command_file") $(cat "$(dirname "$command_file")/../.version")"
        exit 0
        ;;
    esac
done
unset argument
