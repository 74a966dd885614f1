# Storage traces of field cases (storage/FC-*.trace, thimble-image(1) replay): each gives the figures it states.
. "$(dirname "$0")/../e2e/lib.sh"
for trace in "$(dirname "$0")"/storage/FC-*.trace; do
    thimble image replay "$trace"
    expect "$(basename "$trace" .trace)__$(sed -n '1s/^# FC-[0-9]*[:,] //; 1s/[^A-Za-z0-9%]\{1,\}/_/g; 1p' "$trace")" 0
done
finish
