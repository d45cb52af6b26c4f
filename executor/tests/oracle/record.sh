#!/bin/sh
# Builds the oracle's guests and records with qemu-user what they execute. Needs clang-19, lld-19,
# binutils-riscv64-unknown-elf, gcc and qemu-user 7.2; the tests that read the results need none.
#
# guest-isa.txt: the output, the number of executed instructions, one line per function with those in
# it, and one line per address whose instruction was executed another number of times than the one
# executed before it (in order of address).
set -eu
cd "$(dirname "$0")"
scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT
gcc -O2 -Wall -shared -fPIC count.c -o "$scratch/count.so"

for guest in calls:32imac calls:64imac sort:32im sort:64imac mix:32imac mix:64im floats:32imafdc floats:64imafdc; do
  name=${guest%:*} isa=${guest#*:}
  xlen=$(printf %.2s "$isa")
  abi=ilp32
  [ "$xlen" = 64 ] && abi=lp64
  case $isa in *fd*) abi=${abi}d ;; esac
  out=$name-rv$isa
  clang-19 --target=riscv$xlen -march=rv$isa -mabi=$abi -mno-relax -O2 -Wall -ffreestanding -fno-math-errno -nostdlib \
    -fno-ident -fuse-ld=lld-19 -Wl,-Ttext=0x200800 -Wl,--image-base=0x200000 "$name.c" -o "$out.elf"
  qemu-riscv$xlen -plugin "$scratch/count.so" "$out.elf" >"$scratch/output" 2>"$scratch/counts"
  riscv64-unknown-elf-nm -n -S --radix=d "$out.elf" | awk '$3 ~ /[tT]/' >"$scratch/symbols"
  {
    echo "output $(cat "$scratch/output")"
    awk '{ total += $2 } END { printf "instructions %d\n", total }' "$scratch/counts"
    awk 'FNR == NR { start[NR] = $1; end[NR] = $1 + $2; name[NR] = $4; n = NR; next }
         { for (i = 1; i <= n; i++) if (start[i] <= $1 && $1 < end[i]) count[i] += $2 }
         END { for (i = 1; i <= n; i++) if (count[i]) printf "function %s %d\n", name[i], count[i] }' \
      "$scratch/symbols" "$scratch/counts"
    awk '$2 != last { printf "at %#x %d\n", $1, $2; last = $2 }' "$scratch/counts"
  } >"$out.txt"
done
sha256sum ./*.elf >SHA256SUMS
