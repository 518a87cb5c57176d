
# Names that change while this file doesn't: the system's users and groups.
function __sgidlint_parameters
    set -l groups (__fish_complete_groups | string replace -r '\t.*' '')
    set -l users (__fish_complete_users | string replace -r '\t.*' '')
    for key in @KEYS@
        if test $key = owner
            printf '%s\n' owner=$users
        else
            printf '%s\n' $key=$groups
        end
    end
end
function __sgidlint_accounts
    set -l user (commandline -ct | string match -r '^[^:]*:')
    if test -n "$user"
        printf '%s\n' $user(__fish_complete_groups | string replace -r '\t.*' '')
    else
        __fish_complete_users
    end
end
complete -c sgidlint -s s -l set -x -a '(__sgidlint_parameters)'
complete -c sgidlint -l run-as -x -a '(__sgidlint_accounts)'
complete -c sgidlint -l as -x -a '(__sgidlint_accounts) @others'
function __sgidlint_runs
    sgidlint log --format json 2>/dev/null | string replace -rf '^{"type":"run","id":"([^"]*)".*' '$1'
end
complete -c sgidlint -s p -l policy -r -F -a '@POLICIES@'
complete -c sgidlint -n '__fish_sgidlint_using_subcommand explain' -F -a '@LINTS@'
complete -c sgidlint -n '__fish_sgidlint_using_subcommand undo' -f -a '(__sgidlint_runs)'
complete -c sgidlint -n '__fish_sgidlint_using_subcommand log' -f -a '(__sgidlint_runs)'
complete -c sgidlint -n '__fish_sgidlint_using_subcommand policy; and __fish_seen_subcommand_from show use check test' -F -a '@POLICIES@'
