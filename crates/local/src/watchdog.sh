# Runs "$@" so that it cannot outlive who started it.
#
# Standard input is a pipe that the parent holds. The shell forks a watchdog that reads it and then becomes the
# server itself, so the parent's child IS the server. The watchdog hears:
#   "done"       the server has ended and was waited for: nothing left to do
#   "stop"       end the server politely, by force after the grace period
#   end of file  the parent is gone, however it died: like "stop", and then remove the folder if one is given
#
# Arguments: signal for a polite end, grace in seconds, folder to remove ("" for none), program, its arguments.
signal=$1 grace=$2 folder=$3
shift 3
exec 3<&0 </dev/null

# A dead process that nobody has waited for yet (its parent is gone, and whoever inherits it takes his time) still takes
# signals; where there is /proc, that tells.
alive() {
    kill -0 $$ || return 1
    [ -r /proc/$$/status ] || return 0
    while read -r key value _; do
        [ "$key" = State: ] && [ "$value" = Z ] && return 1
    done </proc/$$/status
    return 0
}

# Forked twice, so that the server does not find itself with a child that it never made.
( (
    trap '' HUP INT TERM
    word=gone
    read -r word || word=gone
    [ "$word" = done ] && exit 0
    kill -s "$signal" $$
    left=$((grace * 10))
    while alive && [ "$left" -gt 0 ]; do
        sleep 0.1 || sleep 1
        left=$((left - 1))
    done
    kill -s KILL $$
    [ "$word" = gone ] && [ -n "$folder" ] && rm -rf -- "$folder"
) <&3 3<&- >/dev/null 2>&1 & )

exec 3<&-
exec "$@"
