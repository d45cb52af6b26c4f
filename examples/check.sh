#!/bin/sh
# Checks the committed guests without any zkVM:
# - elf/SHA256SUMS and expected/ fit the files in elf/ and inputs/;
# - the same sources, built as Linux programs, give the expected results under qemu-riscv32;
# - a guest whose input is malformed prints why and exits with code 1.
set -eu
cd "$(dirname "$0")"

if ! command -v qemu-riscv32 >/dev/null; then
    echo "check.sh: qemu-riscv32 is missing. Install the Debian package: qemu-user" >&2
    exit 1
fi

(cd elf && sha256sum --quiet --check SHA256SUMS)

scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT
./build.sh --linux "$scratch"

for elf in elf/*.elf; do
    guest=$(basename "$elf" .elf)
    input=inputs/$guest.bin
    committed=$(cat "expected/$guest.hex")
    computed=$(./expect.py "$guest" "$input")
    if [ "$committed" != "$computed" ]; then
        echo "check.sh: expected/$guest.hex says $committed, expect.py computes $computed" >&2
        exit 1
    fi
    # self-read depends on its own text, which is another one in a Linux program.
    computed=$(./expect.py "$guest" "$input" "$scratch/$guest.elf")
    qemu-riscv32 "$scratch/$guest.elf" <"$input" >"$scratch/output"
    revealed=$(od -An -v -tx1 "$scratch/output" | tr -d ' \n')
    if [ "$revealed" != "$computed" ]; then
        echo "check.sh: $guest reveals $revealed under qemu, expected $computed" >&2
        exit 1
    fi
    status=0
    printf '\1\2' | qemu-riscv32 "$scratch/$guest.elf" 2>"$scratch/message" >/dev/null || status=$?
    if [ "$status" != 1 ] || ! grep -q input "$scratch/message"; then
        echo "check.sh: $guest exits with $status on a malformed input and prints:" >&2
        cat "$scratch/message" >&2
        exit 1
    fi
    echo "$guest: ok"
done
