#!/bin/sh
# Builds the guests and writes elf/NAME.elf, elf/SHA256SUMS and expected/NAME.hex.
#
#   ./build.sh              the guests
#   ./build.sh --linux DIR  the guests for OpenVM as Linux programs, into DIR (for check.sh)
#
# Each guest is built by itself, so that what the others depend on changes nothing in it.
# The result does not depend on where this checkout or the package cache lies.
set -eu
linux_out=""
if [ "${1-}" = --linux ]; then
    mkdir -p "$2"
    linux_out=$(cd "$2" && pwd)
fi
cd "$(dirname "$0")"
here=$(pwd -P)

out="$here/elf"
if [ -n "$linux_out" ]; then
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
/usr/bin/cargo fetch --locked
remap_registries=""
for registry in "$cache"/registry/src/*; do
    remap_registries="$remap_registries
--remap-path-prefix=$registry=registry"
done
flags="\
-Clinker=ld.lld-19
-Clinker-flavor=ld.lld
-Clink-arg=-Tguest.ld
-Clink-arg=--fatal-warnings
-Clink-arg=--build-id=none
-Clink-arg=--discard-locals
--remap-path-prefix=$here=guests
--remap-path-prefix=/usr/lib/rustlib/src/rust=rust
--remap-path-prefix=/usr/src/rustc-$release=rust$remap_registries"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$here/target}"

# build TARGET PACKAGE NAME [OPTION...]: writes NAME.elf.
build() {
    target=$1 package=$2 elf=$out/$3.elf
    shift 3
    extra=""
    # The one target with `Arc`. A guest has one thread, so its atomics can be plain accesses.
    if [ "$target" = riscv32im-risc0-zkvm-elf ]; then
        extra="
-Cpasses=lower-atomic"
    fi
    CARGO_ENCODED_RUSTFLAGS=$(printf '%s' "$flags$extra" | tr '\n' "$separator") \
        /usr/bin/cargo build --locked --release --package "$package" --target "$target" "$@" \
        -Zbuild-std=core,alloc -Zbuild-std-features=compiler-builtins-mem
    cp "$CARGO_TARGET_DIR/$target/release/$package" "$elf"
    if strings "$elf" | grep -F -e "$here" -e "$cache" -e "$HOME/" -e index.crates.io >&2; then
        echo "build.sh: $elf names a folder of this machine (above)" >&2
        exit 1
    fi
}

# The guests for OpenVM; as Linux programs with the option `--features linux`.
build_openvm() {
    for guest in keccak sha256 sort-vm self-read ecrecover; do
        build riscv32im-unknown-none-elf $guest $guest "$@"
    done
    build riscv32im-risc0-zkvm-elf revm-token revm-token "$@"
}

if [ -n "$linux_out" ]; then
    build_openvm --features linux
    exit
fi
build_openvm
build riscv32im-unknown-none-elf sort-vm sort-vm-talk --features talk
for guest in keccak sha256 sort-vm; do
    build riscv64im-unknown-none-elf $guest $guest-rv64 --features linux
done
(cd "$out" && sha256sum -- *.elf >SHA256SUMS)
./expect.py --write
