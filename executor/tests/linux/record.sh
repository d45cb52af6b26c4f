#!/bin/sh
# Builds the guests and records what they print under qemu-user. Needs riscv64-unknown-elf-gcc and
# qemu-user 7.2; the tests that read the results need neither.
set -eu
cd "$(dirname "$0")"

for guest in threads leader space files slices; do
  riscv64-unknown-elf-gcc -march=rv64imac -mabi=lp64 -mcmodel=medany -mno-relax -O2 -Wall -ffreestanding -nostdlib \
    -nostartfiles -static -Wl,--no-relax -fno-tree-loop-distribute-patterns -Wl,--build-id=none "$guest.c" -o "$guest.elf"
  status=0
  qemu-riscv64 "$guest.elf" >"$guest.txt" </dev/null || status=$?
  echo "exit $status" >>"$guest.txt"
done
sha256sum ./*.elf >SHA256SUMS
