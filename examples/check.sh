#!/bin/sh
# Checks the committed guests without any zkVM:
# - elf/SHA256SUMS and expected/ fit the files in elf/ and inputs/;
# - the guests, those for OpenVM as Linux programs built from the same sources, give the expected
#   results under qemu-riscv32 or qemu-riscv64;
# - a guest whose input is malformed prints why and exits with code 1.
set -eu
cd "$(dirname "$0")"

for tool in qemu-riscv32 qemu-riscv64; do
    if ! command -v $tool >/dev/null; then
        echo "check.sh: $tool is missing. Install the Debian package: qemu-user" >&2
        exit 1
    fi
done

(cd elf && sha256sum --quiet --check SHA256SUMS)

scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT
./build.sh --linux "$scratch"

for elf in elf/*.elf; do
    name=$(basename "$elf" .elf)
    # NAME-rv64 is a Linux program as it is, with the input and the result of NAME.
    guest=${name%-rv64}
    qemu=qemu-riscv64
    if [ "$guest" = "$name" ]; then
        qemu=qemu-riscv32
        elf=$scratch/$guest.elf
    fi
    input=inputs/$guest.bin
    committed=$(cat "expected/$guest.hex")
    computed=$(./expect.py "$guest" "$input")
    if [ "$committed" != "$computed" ]; then
        echo "check.sh: expected/$guest.hex says $committed, expect.py computes $computed" >&2
        exit 1
    fi
    # self-read depends on its own text, which is another one in a Linux program.
    computed=$(./expect.py "$guest" "$input" "$elf")
    $qemu "$elf" <"$input" >"$scratch/output"
    revealed=$(od -An -v -tx1 "$scratch/output" | tr -d ' \n')
    if [ "$revealed" != "$computed" ]; then
        echo "check.sh: $name reveals $revealed under qemu, expected $computed" >&2
        exit 1
    fi
    status=0
    printf '\1\2' | $qemu "$elf" 2>"$scratch/message" >/dev/null || status=$?
    if [ "$status" != 1 ] || ! grep -q input "$scratch/message"; then
        echo "check.sh: $name exits with $status on a malformed input and prints:" >&2
        cat "$scratch/message" >&2
        exit 1
    fi
    echo "$name: ok"
done
