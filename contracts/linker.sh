#!/bin/sh
# The linker, called by rustc as `linker.sh -flavor wasm ... --export NAME ...`, without the exports of the C library of secp256k1.
#
# The toolkit always brings that library; permits are verified by the host instead, so nothing here calls it. But its symbols would
# be exported, and what is exported stays: 64 KiB of tables, to be copied into the memory of every single call.
set -eu
held=
for argument in "$@"; do
    shift
    if [ -n "$held" ]; then
        held=
        case $argument in
        rustsecp256k1_*) ;;
        *) set -- "$@" --export "$argument" ;;
        esac
        continue
    fi
    case $argument in
    --export) held=yes ;;
    # Would bring them back. All that is wanted is named by --export.
    --export-dynamic) ;;
    *) set -- "$@" "$argument" ;;
    esac
done
exec lld "$@"
