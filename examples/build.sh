#!/bin/sh
# Builds the guests and writes elf/NAME.elf, elf/SHA256SUMS and expected/NAME.hex.
#
#   ./build.sh              the guests for OpenVM
#   ./build.sh --linux DIR  the same guests as Linux programs, into DIR (for check.sh)
#
# The result does not depend on where this checkout or the package cache lies.
set -eu
linux_out=""
if [ "${1-}" = --linux ]; then
    mkdir -p "$2"
    linux_out=$(cd "$2" && pwd)
fi
cd "$(dirname "$0")"
here=$(pwd -P)
guests="keccak sha256 sort-vm self-read"
target=riscv32im-unknown-none-elf

features=""
out="$here/elf"
if [ -n "$linux_out" ]; then
    features="--features linux"
    out=$linux_out
fi

missing=""
need() { [ -e "$1" ] || missing="$missing $2"; }
need /usr/bin/rustc rustc-web
need /usr/bin/cargo cargo-web
need /usr/lib/rustlib/src/rust/library/core/Cargo.toml rust-web-src
need /usr/bin/ld.lld-19 lld-19
need /usr/bin/cc gcc
need /usr/bin/strings binutils
need /usr/bin/python3 python3
if [ -n "$missing" ]; then
    echo "build.sh: tools are missing. Install these Debian packages:$missing" >&2
    exit 1
fi
# Debian's plain rustc is older than the lock file of the library source expects.
version=$(/usr/bin/rustc --version)
case $version in
"rustc 1.9"[6-9].* | "rustc 1."[1-9][0-9][0-9].*) ;;
*)
    echo "build.sh: /usr/bin/rustc is $version, but 1.96 or later is needed." \
        "Install these Debian packages: rustc-web cargo-web rust-web-src" >&2
    exit 1
    ;;
esac

release=${version#rustc }
release=${release%% *}
cache=${CARGO_HOME:-$HOME/.cargo}
unset RUSTFLAGS RUSTUP_TOOLCHAIN
export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
# One flag a line, as cargo wants them in this variable.
separator=$(printf '\037')
/usr/bin/cargo fetch --locked --target $target
remap_registries=""
for registry in "$cache"/registry/src/*; do
    remap_registries="$remap_registries
--remap-path-prefix=$registry=registry"
done
CARGO_ENCODED_RUSTFLAGS=$(printf '%s' "\
-Clinker=ld.lld-19
-Clinker-flavor=ld.lld
-Clink-arg=-Tguest.ld
-Clink-arg=--fatal-warnings
-Clink-arg=--build-id=none
-Clink-arg=--discard-locals
--remap-path-prefix=$here=guests
--remap-path-prefix=/usr/lib/rustlib/src/rust=rust
--remap-path-prefix=/usr/src/rustc-$release=rust$remap_registries" | tr '\n' "$separator")
export CARGO_ENCODED_RUSTFLAGS
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$here/target}"

# shellcheck disable=SC2086 # no feature is no argument
/usr/bin/cargo build --locked --release --workspace $features --target $target \
    -Zbuild-std=core,alloc -Zbuild-std-features=compiler-builtins-mem

for guest in $guests; do
    cp "$CARGO_TARGET_DIR/$target/release/$guest" "$out/$guest.elf"
    if strings "$out/$guest.elf" |
        grep -F -e "$here" -e "$cache" -e "$HOME/" -e index.crates.io >&2; then
        echo "build.sh: $guest.elf names a folder of this machine (above)" >&2
        exit 1
    fi
done
if [ -z "$features" ]; then
    (cd "$out" && sha256sum -- *.elf >SHA256SUMS)
    ./expect.py --write
fi
