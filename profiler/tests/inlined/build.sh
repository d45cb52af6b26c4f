#!/bin/sh
# Builds the guest with debug information. Needs clang-19 and lld-19; the tests that run it need neither.
set -eu
cd "$(dirname "$0")"
clang-19 --target=riscv64 -march=rv64im -mabi=lp64 -mno-relax -std=c++17 -O2 -g -Wall -ffreestanding \
  -nostdlib -fno-ident -fno-exceptions -fno-asynchronous-unwind-tables -fdebug-prefix-map="$PWD"=/guest \
  -fdebug-compilation-dir=/guest -fuse-ld=lld-19 -Wl,-Ttext=0x200800 -Wl,--image-base=0x200000 \
  -Wl,--build-id=none guest.cpp -o guest.elf
sha256sum guest.elf >SHA256SUMS
