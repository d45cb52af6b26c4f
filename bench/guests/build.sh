#!/bin/sh
# Builds the guests. Needs clang-19 and lld-19; nothing else needs this script.
set -eu
cd "$(dirname "$0")"
for name in keccak calls; do
  for xlen in 32 64; do
    abi=ilp32
    [ "$xlen" = 64 ] && abi=lp64
    clang-19 --target=riscv$xlen -march=rv${xlen}im -mabi=$abi -mno-relax -O2 -Wall -ffreestanding -nostdlib \
      -fno-ident -fuse-ld=lld-19 -Wl,-Ttext=0x200800 -Wl,--image-base=0x200000 "$name.c" -o "$name-rv${xlen}im.elf"
  done
done
sha256sum ./*.elf >SHA256SUMS
