
# Names that change while this file doesn't: the system's users and groups.
_sgidlint_names() {
    local -a words
    local line="${COMP_LINE:0:COMP_POINT}" cur prev head
    read -ra words <<<"$line"
    [[ "$line" == *[[:space:]] ]] && words+=("")
    cur="${words[-1]}" prev="${words[-2]}"
    case "$cur" in
        --set=* | --run-as=* | --as=*) prev="${cur%%=*}" cur="${cur#*=}" ;;
    esac
    COMPREPLY=()
    case "$prev:$cur" in
        -s:*=* | --set:*=*)
            head="${cur%%=*}="
            if [[ "$head" == owner= ]]; then
                COMPREPLY=($(compgen -u -- "${cur#*=}"))
            else
                COMPREPLY=($(compgen -g -- "${cur#*=}"))
            fi
            ;;
        -s:* | --set:*)
            COMPREPLY=($(compgen -W "@KEYS@" -S = -- "$cur"))
            compopt -o nospace 2>/dev/null
            ;;
        --run-as:*:* | --as:*:*)
            head="${cur%%:*}:"
            COMPREPLY=($(compgen -g -- "${cur#*:}"))
            ;;
        --run-as:*) COMPREPLY=($(compgen -u -- "$cur")) ;;
        --as:*) COMPREPLY=($(compgen -u -W @others -- "$cur")) ;;
        -p:* | --policy:*)
            COMPREPLY=($(compgen -W '@POLICIES@' -- "$cur") $(compgen -f -X '!*.toml' -- "$cur") $(compgen -d -S / -- "$cur"))
            [[ "${COMPREPLY[*]}" == */ ]] && compopt -o nospace 2>/dev/null
            ;;
        undo:[^-]* | undo: | log:[^-]* | log:)
            # The program as it was named: it knows the runs.
            COMPREPLY=($(compgen -W "$("${words[0]}" log --format json 2>/dev/null |
                sed -n 's/^{"type":"run","id":"\([^"]*\)".*/\1/p')" -- "$cur"))
            ;;
        explain:[^-]* | explain:)
            COMPREPLY=($(compgen -W '@LINTS@' -- "$cur"))
            [[ "$cur" == */* ]] && COMPREPLY=($(compgen -f -- "$cur"))
            ;;
        *)
            _sgidlint "$@"
            # Commands first: options are offered once a dash says that one is meant.
            if [[ "$cur" != -* ]]; then
                local word kept=()
                for word in "${COMPREPLY[@]}"; do [[ "$word" == -* ]] || kept+=("$word"); done
                COMPREPLY=("${kept[@]}")
            fi
            return
            ;;
    esac
    # What stands before a word break is no part of the word that is completed.
    [[ -n "$head" && "$COMP_WORDBREAKS" != *"${head: -1}"* ]] && COMPREPLY=("${COMPREPLY[@]/#/$head}")
    return 0
}
complete -F _sgidlint_names -o bashdefault -o default sgidlint
