
# Names that change while this file doesn't: the system's users and groups.
_sgidlint_parameter() {
    if compset -P 'owner='; then
        _users
    elif compset -P '*='; then
        _groups
    else
        compadd -S '=' -- @KEYS@
    fi
}
_sgidlint_account() {
    if compset -P '*:'; then
        _groups
    else
        _users -S ':' -q
    fi
}
_sgidlint_policy() {
    compadd -- @POLICIES@
    _files -g '*.toml'
}
_sgidlint_subject() {
    compadd -- @LINTS@
    _files
}
_sgidlint_run() {
    local -a runs
    runs=(${(f)"$(_call_program runs sgidlint log --format json 2>/dev/null | sed -n 's/^{"type":"run","id":"\([^"]*\)".*/\1/p')"})
    compadd -a runs
}
