/**
 * Module register: the network's public keys, and the nodes that were admitted (chain §4).
 *
 * Store `register`: 01 ‖ node key → RegistrationNodeInfo; 02 ‖ name → MasterKey.
 * @module
 */
import { base64ToBytes, bytesToBase64, concatBytes, utf8ToBytes } from "@sotto/common/bytes";
import { bytes, field, message } from "@sotto/common/wire/message";
import { Query } from "../../proto/gen/secret/registration/v1beta1/query_pb.ts";
import { AppError, sdkError } from "../core/appError.ts";
import { type Context, storeOf } from "../core/context.ts";
import type { Module } from "../core/module.ts";
import { serveQueries } from "../core/queryRouter.ts";

const MasterKey = message("secret.registration.v1beta1.MasterKey", { bytes: field(1, bytes) });
const RegistrationNodeInfo = message("secret.registration.v1beta1.RegistrationNodeInfo", {
  certificate: field(1, bytes),
  encryptedSeed: field(2, bytes),
});

const STORE = "register";
const nodeKey = (publicKey: Uint8Array): Uint8Array => concatBytes(Uint8Array.of(1), publicKey);
const masterKey = (name: string): Uint8Array => concatBytes(Uint8Array.of(2), utf8ToBytes(name));
const NODE_EXCHANGE = masterKey("NodeExchMasterKey");
const IO_EXCHANGE = masterKey("IoExchMasterKey");

/** @throws {AppError} sdk/9 before genesis */
function readKey(context: Context, key: Uint8Array): Uint8Array {
  const value = storeOf(context, STORE).get(key);
  if (value === undefined) throw sdkError(9, "Chain has not been initialized yet");
  return MasterKey.decode(value).bytes;
}

export function makeRegistrationModule(): Module {
  return {
    name: "register",
    initGenesis: (context, genesis) => {
      const members = (genesis ?? {}) as { readonly [name: string]: { readonly bytes?: unknown } | undefined };
      const store = storeOf(context, STORE);
      for (const [name, key] of [
        ["node_exch_key", NODE_EXCHANGE],
        ["io_exch_key", IO_EXCHANGE],
      ] as const) {
        const text = members[name]?.bytes;
        const value = typeof text === "string" ? base64ToBytes(text) : undefined;
        if (value?.length !== 32)
          throw new RangeError(`genesis of register: expected 32 bytes in base64 as ${name}.bytes`);
        store.set(key, MasterKey.encode({ bytes: value }));
      }
    },
    queries: serveQueries(Query, {
      txKey: (context) => ({ key: readKey(context, IO_EXCHANGE) }),
      registrationKey: (context) => {
        const [io, node] = [readKey(context, IO_EXCHANGE), readKey(context, NODE_EXCHANGE)];
        const document = {
          reg_info: null,
          node_exch_key: { bytes: bytesToBase64(node) },
          io_exch_key: { bytes: bytesToBase64(io) },
        };
        return { key: utf8ToBytes(JSON.stringify(document)) };
      },
      encryptedSeed: (context, { pubKey }) => {
        if (pubKey.length === 0) throw AppError.registered("register", 8, "public key");
        const value = storeOf(context, STORE).get(nodeKey(pubKey));
        if (value === undefined) throw sdkError(9, "Node has not been authenticated yet");
        return { encryptedSeed: RegistrationNodeInfo.decode(value).encryptedSeed };
      },
    }),
  };
}
