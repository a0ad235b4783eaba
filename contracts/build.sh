#!/bin/sh
# Builds wasm/*.wasm bit for bit, or with --check says whether what is committed is what the sources give.
#
# The network's contracts may use only WebAssembly's first version. Rust emits that by itself up to 1.69 or so, hence Debian's
# compiler; its cargo in turn cannot read today's registries, so a current cargo fetches (--locked) and the old one builds offline.
# Nothing is installed: what is missing is named, with the command that brings it.
set -eu
cd "$(dirname "$0")"
here=$(pwd -P)

RUSTC_1_63=${RUSTC_1_63:-/usr/bin/rustc}
CARGO_1_65=${CARGO_1_65:-/usr/bin/cargo}
FETCH_CARGO=${FETCH_CARGO:-cargo}
target=${CARGO_TARGET_DIR:-$here/target}

fail() {
    echo "build.sh: $*" >&2
    exit 1
}

apt_line="apt-get install rustc cargo libstd-rust-dev-wasm32 lld clang llvm"
"$RUSTC_1_63" --version 2>/dev/null | grep -q '^rustc 1\.63\.' || fail "needs Debian's rustc 1.63 as $RUSTC_1_63: $apt_line"
"$CARGO_1_65" --version >/dev/null 2>&1 || fail "needs Debian's cargo as $CARGO_1_65: $apt_line"
test -d "$("$RUSTC_1_63" --print sysroot)/lib/rustlib/wasm32-unknown-unknown/lib" || fail "needs the standard library for wasm32: $apt_line"
command -v clang >/dev/null && command -v llvm-ar >/dev/null && command -v lld >/dev/null ||
    fail "needs clang, llvm-ar and lld: $apt_line"

case ${1:-} in
"" | --check) ;;
*) fail "usage: build.sh [--check]" ;;
esac

# The sources of all dependencies, once for each lock file.
vendor=$target/vendor
lock_hash=$(sha256sum Cargo.lock | cut -d' ' -f1)
if [ "$(cat "$vendor/.lock-hash" 2>/dev/null)" != "$lock_hash" ]; then
    rm -rf "$vendor"
    mkdir -p "$target"
    "$FETCH_CARGO" vendor --quiet --locked "$vendor" >/dev/null || fail "could not fetch the dependencies with '$FETCH_CARGO' (a current cargo is needed)"
    echo "$lock_hash" >"$vendor/.lock-hash"
fi

# Paths that would otherwise reach the panic texts. The last one that fits is taken.
cargo_home=${CARGO_HOME:-$HOME/.cargo}
export RUSTC="$RUSTC_1_63"
export RUSTFLAGS="-C linker=$here/linker.sh -C linker-flavor=wasm-ld -C link-arg=-s --remap-path-prefix=$HOME=/home --remap-path-prefix=$cargo_home=/cargo --remap-path-prefix=$here=/src --remap-path-prefix=$target=/target --remap-path-prefix=$vendor=/vendor"
export CC_wasm32_unknown_unknown=clang AR_wasm32_unknown_unknown=llvm-ar
export CFLAGS_wasm32_unknown_unknown="-ffile-prefix-map=$here=/src -ffile-prefix-map=$vendor=/vendor"
unset CARGO_ENCODED_RUSTFLAGS RUSTC_WRAPPER CARGO_BUILD_RUSTFLAGS 2>/dev/null || :

# build_one <package> <cargo features, or ""> <size of the stack in memory> <name of the file>
build_one() {
    "$CARGO_1_65" \
        --config 'source.crates-io.replace-with="vendored"' \
        --config "source.vendored.directory=\"$vendor\"" \
        rustc --quiet --offline --locked --release --target wasm32-unknown-unknown \
        --target-dir "$target/wasm" --package "$1" --features "$2" -- -C "link-arg=-zstack-size=$3"
    cp "$target/wasm/wasm32-unknown-unknown/release/$(echo "$1" | tr - _).wasm" "$out/$4.wasm"
    chmod 644 "$out/$4.wasm"
}

out=$target/out
rm -rf "$out"
mkdir -p "$out"
# The tokens have a small stack because each call gets its memory anew; the probe has what compilers give by themselves.
build_one private-token "" 131072 private_token
build_one snip721 "" 131072 snip721
build_one snip1155 "" 131072 snip1155
build_one probe "" 1048576 probe
build_one probe floats 1048576 floats
build_one probe v010 1048576 probe_v010
build_one probe v2 1048576 probe_v2
build_one probe ibc 1048576 probe_ibc

(cd "$out" && sha256sum *.wasm) >"$out/SHA256SUMS"
if [ "${1:-}" = --check ]; then
    cat "$out/SHA256SUMS"
    cmp -s "$out/SHA256SUMS" wasm/SHA256SUMS || fail "the build differs from wasm/SHA256SUMS"
    (cd wasm && sha256sum --quiet -c SHA256SUMS) || fail "a committed file differs from wasm/SHA256SUMS"
    echo "build.sh: the committed files are what the sources give"
else
    mkdir -p wasm
    cp "$out"/*.wasm "$out/SHA256SUMS" wasm/
    cat wasm/SHA256SUMS
fi
