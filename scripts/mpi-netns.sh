#!/bin/bash
# Runs a command with one process on each of two hosts: network namespaces of this machine, joined by a cable of their own. As root.
#
#   scripts/mpi-netns.sh [--delay 1ms] [--loss 0.1%] [--rate 1gbit] [--processes 2] COMMAND …
#
# Delay, loss and rate are laid on the cable by the kernel's netem, at both ends; a kernel without it is an error. Open MPI's mpirun stands
# on the first host and reaches the second through this script in the place of ssh.
set -euo pipefail

if [ "${1:-}" = --agent ]; then
  # As mpirun calls ssh: HOST COMMAND …
  host=$2
  shift 2
  exec ip netns exec "$host" sh -c "$*"
fi

delay= loss= rate= processes=2
while [ $# -gt 0 ]; do
  case "$1" in
    --delay) delay=$2; shift 2 ;;
    --loss) loss=$2; shift 2 ;;
    --rate) rate=$2; shift 2 ;;
    --processes) processes=$2; shift 2 ;;
    --*) echo "mpi-netns: $1 is not understood" >&2; exit 2 ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "mpi-netns: network namespaces are made by root" >&2; exit 1; }
for tool in ip tc mpirun; do command -v "$tool" > /dev/null || { echo "mpi-netns: there is no $tool (Debian: iproute2, openmpi-bin)" >&2; exit 1; }; done

hosts=("descent-a-$$" "descent-b-$$")
cleanup() { for host in "${hosts[@]}"; do ip netns del "$host" 2> /dev/null || true; done; }
trap cleanup EXIT
for host in "${hosts[@]}"; do
  ip netns add "$host"
  ip -n "$host" link set lo up
done
ip link add cable0 netns "${hosts[0]}" type veth peer name cable0 netns "${hosts[1]}"
for place in 0 1; do
  ip -n "${hosts[$place]}" addr add "10.199.7.$((place + 1))/24" dev cable0
  ip -n "${hosts[$place]}" link set cable0 up
  if [ -n "$delay$loss$rate" ]; then
    # shellcheck disable=SC2086
    ip netns exec "${hosts[$place]}" tc qdisc add dev cable0 root netem ${delay:+delay $delay} ${loss:+loss $loss} ${rate:+rate $rate} ||
      { echo "mpi-netns: this kernel has no netem; leave --delay, --loss and --rate out" >&2; exit 1; }
  fi
done

# Names of hosts that are no names of the network: /etc/hosts as both see it.
names=$(mktemp)
trap 'cleanup; rm -f "$names"' EXIT
{ cat /etc/hosts; for place in 0 1; do echo "10.199.7.$((place + 1)) ${hosts[$place]}"; done; } > "$names"

# Shared memory would pass by the cable: both hosts are one machine to it.
ip netns exec "${hosts[0]}" unshare -m --uts sh -c '
  mount --make-rprivate / && mount --bind "$1" /etc/hosts && hostname "$2" || exit 1
  shift 2
  exec "$@"' sh "$names" "${hosts[0]}" \
  env OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 \
  mpirun --oversubscribe --bind-to none -n "$processes" --map-by node --host "${hosts[0]}:$(((processes + 1) / 2)),${hosts[1]}:$((processes / 2))" \
  --mca plm_rsh_agent "$(realpath "$0") --agent" --mca btl tcp,self --mca pml ob1 \
  --mca btl_tcp_if_include cable0 --mca oob_tcp_if_include cable0 "$@"
