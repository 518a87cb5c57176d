
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
