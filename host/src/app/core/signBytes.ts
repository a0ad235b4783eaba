/**
 * What a signer signs in each mode (chain §6.2 to §6.5).
 * @module
 */
import type { Registry } from "@bufbuild/protobuf";
import { utf8ToBytes } from "@sotto/common/bytes";
import type { JsonInput } from "@sotto/common/json";
import { aminoObstacle, eip191SignBytes, formatAminoSignDoc } from "@sotto/common/signing/aminoSignDoc";
import { SignDoc, SignMode } from "@sotto/common/wire/tx";
import { makeRegistry } from "../../proto/registry.ts";
import { aminoMessageJson } from "../amino/messageJson.ts";
import { AppError } from "./appError.ts";
import { type AppTx, signerInfosOf } from "./tx.ts";

export type SignerData = { readonly chainId: string; readonly accountNumber: bigint };

const MODE_NAMES: { readonly [mode: number]: string } = {
  [SignMode.Unspecified]: "SIGN_MODE_UNSPECIFIED",
  [SignMode.Textual]: "SIGN_MODE_TEXTUAL",
  [SignMode.DirectAux]: "SIGN_MODE_DIRECT_AUX",
};

/** @throws {AppError} without a code: a mode that this node does not know, or a transaction that cannot be signed in it */
export type SignBytesOf = (tx: AppTx, index: number, mode: number, signer: SignerData) => Uint8Array;

/** Keeps the last transaction's messages in mind: their JSON is the same for all who sign it. */
export function makeSignBytes(): SignBytesOf {
  // Most nodes see amino documents sooner or later, but none at its start.
  let registry: Registry | undefined;
  let last: { readonly tx: AppTx; readonly msgs: JsonInput } | undefined;

  const messagesOf = (tx: AppTx): JsonInput => {
    if (last?.tx === tx) return last.msgs;
    registry ??= makeRegistry();
    const types = registry;
    const msgs = tx.decoded.body.messages.map((any) => aminoMessageJson(types, any));
    last = { tx, msgs };
    return msgs;
  };

  const aminoDocument = (tx: AppTx, index: number, { chainId, accountNumber }: SignerData): string => {
    const obstacle = aminoObstacle(tx.decoded);
    if (obstacle !== undefined) throw AppError.plain(obstacle);
    const sequence = signerInfosOf(tx)[index]?.sequence ?? 0n;
    return formatAminoSignDoc(tx.decoded, { chainId, accountNumber, sequence }, messagesOf(tx));
  };

  return (tx, index, mode, signer) => {
    switch (mode) {
      case SignMode.Direct: {
        const { bodyBytes, authInfoBytes } = tx.decoded.raw;
        return SignDoc.encode({ bodyBytes, authInfoBytes, ...signer });
      }
      case SignMode.LegacyAminoJson:
        return utf8ToBytes(aminoDocument(tx, index, signer));
      case SignMode.Eip191:
        return eip191SignBytes(aminoDocument(tx, index, signer));
      default:
        throw AppError.plain(`unsupported sign mode ${MODE_NAMES[mode] ?? mode}`);
    }
  };
}
