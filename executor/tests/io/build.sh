#!/bin/sh
# Builds echo.c with examples/rt/c for every environment: ENVIRONMENT-WIDTH.elf. Takes clang-19 and lld-19.
set -eu
cd "$(dirname "$0")"
io=../../../examples/rt/c

build() { # environment, macro, width, text, image base, more
    if [ "$3" = 32 ]; then isa="-march=rv32im -mabi=ilp32"; else isa="-march=rv64im_zicsr -mabi=lp64 -mcmodel=medany"; fi
    # shellcheck disable=SC2086
    clang-19 --target=riscv$3 $isa -O2 -Wall -Wextra -Werror -ffreestanding -fno-builtin -mno-relax \
        -nostdlib -static -fuse-ld=lld-19 "-D$2" "-I$io" echo.c "$io/zkvm_io.c" -Wl,-e,_start \
        -Wl,-z,max-page-size=4096 "-Wl,-Ttext=$4" "-Wl,--image-base=$5" $6 -o "$1-$3.elf"
}

build openvm ZKVM_OPENVM 32 0x200800 0x200000 ""
build sp1 ZKVM_SP1 32 0x200800 0x200000 ""
build sp1 ZKVM_SP1 64 0x78000000 0x77fff000 ""
build zisk ZKVM_ZISK 64 0x80000000 0x7ffff000 "-Wl,-Tdata=0xa0080000 -Wl,-Tbss=0xa0100000"
build risc0 ZKVM_RISC0 32 0x200800 0x200000 ""
build bare ZKVM_LINUX 32 0x200800 0x200000 ""
build bare ZKVM_LINUX 64 0x200800 0x200000 ""
