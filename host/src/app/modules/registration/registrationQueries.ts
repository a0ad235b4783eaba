/**
 * Queries of module register: the chain's (chain §4.5), and ours for nodes, machines and policy.
 * @module
 */
import {
  bytesToBase64,
  bytesToHex,
  bytesToUtf8,
  concatBytes,
  EMPTY_BYTES,
  hexToBytes,
  utf8ToBytes,
} from "@sotto/common/bytes";
import { CodedError } from "@sotto/common/errors";
import { MasterKey, RegistrationNodeInfo } from "@sotto/common/wire/registration";
import { Query } from "../../../proto/gen/secret/registration/v1beta1/query_pb.ts";
import { Query as SottoQuery } from "../../../proto/gen/sotto/registration/v1/query_pb.ts";
import { AppError, GrpcCode, sdkError } from "../../core/appError.ts";
import { type Context, storeOf } from "../../core/context.ts";
import { type PageRequest, paginate } from "../../core/pagination.ts";
import { type QueryRoute, serveQueries } from "../../core/queryRouter.ts";
import {
  ATTESTED_PREFIX,
  IO_EXCHANGE_KEY,
  MACHINE_PREFIX,
  MACHINE_RECORD_PREFIX,
  NODE_EXCHANGE_KEY,
  nodeInfoKey,
  POLICY_KEY,
  REGISTER_STORE,
} from "./keys.ts";

const MACHINE_LENGTH = 20;
const OWNER_LENGTH = 32;
const NODE_KEY_LENGTH = 32;
const NOT_AUTHENTICATED = "Node has not been authenticated yet";

const store = (context: Context) => storeOf(context, REGISTER_STORE);
const invalidArgument = (text: string) => AppError.status(GrpcCode.InvalidArgument, text);

/** @throws {AppError} sdk/9 before genesis */
function readKey(context: Context, key: Uint8Array): Uint8Array {
  const value = store(context).get(key);
  if (value === undefined) throw sdkError(9, "Chain has not been initialized yet");
  return MasterKey.decode(value).bytes;
}

function encryptedSeedOf(context: Context, nodeKey: Uint8Array): Uint8Array {
  const value = store(context).get(nodeInfoKey(nodeKey));
  if (value === undefined) throw sdkError(9, NOT_AUTHENTICATED);
  return RegistrationNodeInfo.decode(value).encryptedSeed;
}

const chainQueries = (): QueryRoute[] =>
  serveQueries(Query, {
    txKey: (context) => ({ key: readKey(context, IO_EXCHANGE_KEY) }),
    registrationKey: (context) => {
      const [io, node] = [readKey(context, IO_EXCHANGE_KEY), readKey(context, NODE_EXCHANGE_KEY)];
      const document = {
        reg_info: null,
        node_exch_key: { bytes: bytesToBase64(node) },
        io_exch_key: { bytes: bytesToBase64(io) },
      };
      return { key: utf8ToBytes(JSON.stringify(document)) };
    },
    encryptedSeed: (context, { pubKey }) => {
      if (pubKey.length === 0) throw AppError.registered("register", 8, "public key");
      return { encryptedSeed: encryptedSeedOf(context, pubKey) };
    },
  });

/** @param attested height and machine, as the enclave wrote them */
function describeNode(context: Context, nodeKey: Uint8Array, attested: Uint8Array) {
  return {
    nodeKey: bytesToHex(nodeKey),
    height: new DataView(attested.buffer, attested.byteOffset).getBigUint64(0),
    machineId: bytesToHex(attested.subarray(8)),
    encryptedSeed: encryptedSeedOf(context, nodeKey),
  };
}

const isNone = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);
const hexOrNone = (bytes: Uint8Array): string => (isNone(bytes) ? "" : bytesToHex(bytes));

/** 20 bytes: listed by the authority; 72: owner, machine, and the machine that it replaced; a removal has the last alone. */
function describeRecord(index: Uint8Array, record: Uint8Array) {
  const owned = record.length > MACHINE_LENGTH;
  const [machineAt, replacedAt] = owned ? [OWNER_LENGTH, OWNER_LENGTH + MACHINE_LENGTH] : [0, MACHINE_LENGTH];
  return {
    index: new DataView(index.buffer, index.byteOffset).getUint32(0),
    machineId: hexOrNone(record.subarray(machineAt, replacedAt)),
    owner: hexOrNone(record.subarray(0, machineAt)),
    replacedMachineId: hexOrNone(record.subarray(replacedAt)),
  };
}

/** Entries under one prefix, a page of them. */
function list<T>(
  context: Context,
  prefix: Uint8Array,
  request: PageRequest | undefined,
  read: (key: Uint8Array, value: Uint8Array) => T,
) {
  return paginate(store(context), prefix, request, { read, both: invalidArgument });
}

function parseNodeKey(text: string): Uint8Array {
  try {
    const key = hexToBytes(text);
    if (key.length === NODE_KEY_LENGTH) return key;
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
  }
  throw invalidArgument(`node_key: expected ${2 * NODE_KEY_LENGTH} hex digits`);
}

const ownQueries = (): QueryRoute[] =>
  serveQueries(SottoQuery, {
    nodes: (context, { pagination: request }) => {
      const read = (key: Uint8Array, value: Uint8Array) => describeNode(context, key, value);
      const { items: nodes, pagination } = list(context, ATTESTED_PREFIX, request, read);
      return { nodes, pagination };
    },
    node: (context, { nodeKey: text }) => {
      const nodeKey = parseNodeKey(text);
      const attested = store(context).get(concatBytes(ATTESTED_PREFIX, nodeKey));
      if (attested === undefined) throw AppError.status(GrpcCode.NotFound, NOT_AUTHENTICATED);
      return { node: describeNode(context, nodeKey, attested) };
    },
    machines: (context, { pagination: request }) => {
      const read = (key: Uint8Array, value: Uint8Array) => ({ machineId: bytesToHex(key), owner: hexOrNone(value) });
      const { items: machines, pagination } = list(context, MACHINE_PREFIX, request, read);
      return { machines, pagination };
    },
    machineRecords: (context, { pagination: request }) => {
      const { items: records, pagination } = list(context, MACHINE_RECORD_PREFIX, request, describeRecord);
      return { records, pagination };
    },
    policy: (context) => ({ policy: bytesToUtf8(store(context).get(POLICY_KEY) ?? EMPTY_BYTES) }),
  });

export function registrationQueries(): QueryRoute[] {
  return [...chainQueries(), ...ownQueries()];
}
