# bash completion for thimble: commands and options are read from --help, so they cannot go stale.
_thimble() {
    local cur=${COMP_WORDS[COMP_CWORD]} words
    if [ "$COMP_CWORD" -eq 1 ]; then
        words=$(thimble --help 2>/dev/null | sed -nE 's/^  ([a-z]+) .*/\1/p')
    elif [[ ${COMP_WORDS[1]} == exec && ${COMP_WORDS[COMP_CWORD - 1]} == -- ]]; then
        words=$(compgen -c -- "$cur")
    elif [[ $cur == -* ]]; then
        words=$(thimble "${COMP_WORDS[1]}" --help 2>/dev/null | grep -oE '^ +(-., )?--[a-z-]+' | grep -oE -- '--[a-z-]+')
    elif [[ ${COMP_WORDS[COMP_CWORD - 1]} =~ ^(-b|--board)$ || ${COMP_WORDS[1]} == boards ]]; then
        words=$(thimble boards 2>/dev/null | sed -nE 's/^([a-z0-9-]+) +[a-z0-9+-]+ [0-9.]+ MHz.*/\1/p')
    elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == --link ]]; then
        words=$(thimble boards --links 2>/dev/null | sed -nE 's/^([a-z0-9-]+) .*/\1/p')
    elif [[ $COMP_CWORD -eq 2 && ${COMP_WORDS[1]} =~ ^(image|ota|fleet)$ ]]; then
        words=$(thimble "${COMP_WORDS[1]}" --help 2>/dev/null | sed -nE 's/^  ([a-z]+) [A-Z].*/\1/p')
    else
        COMPREPLY=()
        compopt -o default
        return
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _thimble thimble
