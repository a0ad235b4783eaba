/**
 * Genesis of module register (chain §4.6), with ours: the attestation policy and the machines that may run the network.
 *
 *     { reg_info: null, node_exch_key: { bytes }, io_exch_key: { bytes }, attestation?: policy, machines?: [{ machine_id, owner? }] }
 *
 * Nodes cannot be taken over from another network: their evidence is bound to its genesis (registration §7 B).
 * @module
 */
import { base64ToBytes, bytesToHex, concatBytes, hexToBytes, u32be, utf8ToBytes } from "@sotto/common/bytes";
import { CodedError } from "@sotto/common/errors";
import { formatJson, type JsonInput } from "@sotto/common/json";
import { MasterKey } from "@sotto/common/wire/registration";
import { parseAddress } from "../../core/addresses.ts";
import { type Context, storeOf } from "../../core/context.ts";
import {
  IO_EXCHANGE_KEY,
  LAST_RECORD_KEY,
  MACHINE_PREFIX,
  MACHINE_RECORD_PREFIX,
  NODE_EXCHANGE_KEY,
  POLICY_KEY,
  REGISTER_STORE,
} from "./keys.ts";

const KEY_LENGTH = 32;
const MACHINE_LENGTH = 20;
const OWNER_LENGTH = 32;
const NO_OWNER = new Uint8Array(OWNER_LENGTH);
/** A root that proves nothing, for networks whose chain id says so (registration §2.7). */
const SIM_ROOT = "sim-insecure";
const SIM_CHAIN_SUFFIX = "-sim";

type Members = { readonly [name: string]: unknown };

/** @throws {RangeError} with the member that is not as it must be */
export function initRegistrationGenesis(context: Context, genesis: unknown): void {
  const members = membersOf(genesis ?? {}, "an object");
  const store = storeOf(context, REGISTER_STORE);
  const { reg_info: nodes } = members;
  if (nodes !== undefined && nodes !== null && !(Array.isArray(nodes) && nodes.length === 0)) {
    throw invalid("expected no nodes in reg_info: evidence holds on the network that it was made for");
  }
  store.set(NODE_EXCHANGE_KEY, masterKey(members, "node_exch_key"));
  store.set(IO_EXCHANGE_KEY, masterKey(members, "io_exch_key"));
  if (members.attestation !== undefined) store.set(POLICY_KEY, policy(members.attestation, context.block.chainId));
  const machines = members.machines ?? [];
  if (!Array.isArray(machines)) throw invalid("expected a list as machines");
  machines.forEach((entry, index) => {
    const { machineId, owner } = machine(entry);
    const key = concatBytes(MACHINE_PREFIX, machineId);
    if (store.has(key)) throw invalid(`machine ${bytesToHex(machineId)} comes twice`);
    store.set(key, owner);
    store.set(concatBytes(MACHINE_RECORD_PREFIX, u32be(index)), machineRecord(machineId, owner));
    store.set(LAST_RECORD_KEY, u32be(index));
  });
}

/** As the enclave writes them: an entry without owner is the authority's (chain §4.3). */
function machineRecord(machineId: Uint8Array, owner: Uint8Array): Uint8Array {
  const isUnowned = owner.every((byte) => byte === 0);
  return isUnowned ? machineId : concatBytes(owner, machineId, new Uint8Array(MACHINE_LENGTH));
}

function masterKey(members: Members, name: string): Uint8Array {
  const text = (members[name] as Members | null | undefined)?.bytes;
  const value = typeof text === "string" ? tryDecode(base64ToBytes, text) : undefined;
  if (value?.length !== KEY_LENGTH) throw invalid(`expected ${KEY_LENGTH} bytes in base64 as ${name}.bytes`);
  return MasterKey.encode({ bytes: value });
}

/** What the enclave will read in full; here what would leave a network without anybody to mend it. */
function policy(value: unknown, chainId: string): Uint8Array {
  const members = membersOf(value, "an object as attestation");
  const { authority, roots } = members;
  if (typeof authority !== "string") throw invalid("expected an address as attestation.authority");
  parseAddress(authority);
  if (!Array.isArray(roots)) throw invalid("expected a list as attestation.roots");
  if (roots.includes(SIM_ROOT) && !chainId.endsWith(SIM_CHAIN_SUFFIX)) {
    throw invalid(`root ${SIM_ROOT} proves nothing: expected a chain id that ends in ${SIM_CHAIN_SUFFIX}`);
  }
  return utf8ToBytes(formatJson(value as JsonInput));
}

function machine(entry: unknown): { readonly machineId: Uint8Array; readonly owner: Uint8Array } {
  const { machine_id: id, owner } = membersOf(entry, "objects in machines");
  const machineId = typeof id === "string" ? tryDecode(hexToBytes, id) : undefined;
  if (machineId?.length !== MACHINE_LENGTH) throw invalid(`expected ${2 * MACHINE_LENGTH} hex digits as machine_id`);
  if (owner === undefined) return { machineId, owner: NO_OWNER };
  const bytes = typeof owner === "string" ? tryDecode(hexToBytes, owner) : undefined;
  if (bytes?.length !== OWNER_LENGTH) throw invalid(`expected ${2 * OWNER_LENGTH} hex digits as owner`);
  return { machineId, owner: bytes };
}

function membersOf(value: unknown, expected: string): Members {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Members;
  throw invalid(`expected ${expected}`);
}

function tryDecode(decode: (text: string) => Uint8Array, text: string): Uint8Array | undefined {
  try {
    return decode(text);
  } catch (error) {
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}

function invalid(reason: string): RangeError {
  return new RangeError(`genesis of register: ${reason}`);
}
