/**
 * Records of the register store, read and written with their gas (chain §1.8, §4.3), and ours: 05 policy, 06 allow list, 07 evidence
 * seen, 08 when a node attested, 09 since when the policy is what it is.
 *
 * The allow list is one entry for each machine, so that who is on it is one proven read, and who was taken off cannot be passed over
 * (registration §7 N). Records under 03 are the history of it: 20 bytes for a machine that the authority listed; 72, owner, machine and
 * the machine that it replaced, for one that registered; a removal has the replaced one alone.
 * @module
 */
import { bytesToHex, concatBytes, u32be, u64be } from "@sotto/common/bytes";
import { RegistrationNodeInfo } from "@sotto/common/wire/registration";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import { chargeDelete, chargeGet, chargeSet, type GasMeter } from "../state/gasMeter.ts";

const STORE = "register";
const Prefix = {
  Node: 1,
  Record: 3,
  LastRecord: 4,
  Policy: 5,
  Machine: 6,
  Evidence: 7,
  Attested: 8,
  PolicySince: 9,
} as const;

export const MACHINE_LENGTH = 20;
const OWNER_LENGTH = 32;
const HEIGHT_LENGTH = 8;
const NO_MACHINE = new Uint8Array(MACHINE_LENGTH);
/** Owner of a machine that was listed and that nobody has registered. */
export const NO_OWNER = new Uint8Array(OWNER_LENGTH);

/** The proven state, without prices. */
export type RegisterReader = { read(store: typeof STORE, key: Uint8Array): Uint8Array | undefined };
export type RegisterState = RegisterReader & {
  write(store: typeof STORE, key: Uint8Array, value: Uint8Array | undefined): void;
};

/** When a node attested last, and from which machine. */
export type Attestation = { readonly height: bigint; readonly machine: Uint8Array };

const keyOf = (prefix: number, ...rest: readonly Uint8Array[]) => concatBytes(Uint8Array.of(prefix), ...rest);
const LAST_RECORD = keyOf(Prefix.LastRecord);

/** Reads of it that nobody pays for: the enclave's own, at the beginning of a block. */
export const policyIn = (state: RegisterReader): Uint8Array | undefined => state.read(STORE, keyOf(Prefix.Policy));
/** Height of the block that put the policy in place; 0 for that of genesis. */
export function policySinceIn(state: RegisterReader): bigint {
  const value = state.read(STORE, keyOf(Prefix.PolicySince));
  if (value !== undefined && value.length !== HEIGHT_LENGTH) throw corrupt("height of the policy");
  return value === undefined ? 0n : readU64(value);
}
/** {@link NO_OWNER} for one that nobody has registered; undefined for one that is not listed. */
export function machineOwnerIn(state: RegisterReader, machine: Uint8Array): Uint8Array | undefined {
  const owner = state.read(STORE, keyOf(Prefix.Machine, machine));
  if (owner !== undefined && owner.length !== OWNER_LENGTH) throw corrupt(`machine ${bytesToHex(machine)}`);
  return owner;
}
export function attestationIn(state: RegisterReader, nodeKey: Uint8Array): Attestation | undefined {
  const value = state.read(STORE, keyOf(Prefix.Attested, nodeKey));
  if (value === undefined) return undefined;
  if (value.length !== HEIGHT_LENGTH + MACHINE_LENGTH) throw corrupt("attestation");
  return { height: readU64(value), machine: value.slice(HEIGHT_LENGTH) };
}

/** The register store of one message, charged to one meter. */
export class RegisterStore {
  readonly #state: RegisterState;

  constructor(state: RegisterState, meter: GasMeter) {
    this.#state = {
      read: (store, key) => {
        const value = state.read(store, key);
        chargeGet(meter, key.length, value?.length ?? 0);
        return value;
      },
      write: (store, key, value) => {
        if (value === undefined) chargeDelete(meter);
        else chargeSet(meter, key.length, value.length);
        state.write(store, key, value);
      },
    };
  }

  /** JSON, if the network has one. */
  policy(): Uint8Array | undefined {
    return policyIn(this.#state);
  }

  savePolicy(policy: Uint8Array, height: bigint): void {
    this.#state.write(STORE, keyOf(Prefix.Policy), policy);
    this.#state.write(STORE, keyOf(Prefix.PolicySince), u64be(height));
  }

  attestation(nodeKey: Uint8Array): Attestation | undefined {
    return attestationIn(this.#state, nodeKey);
  }

  saveNode(nodeKey: Uint8Array, node: RegistrationNodeInfo, { height, machine }: Attestation): void {
    this.#state.write(STORE, keyOf(Prefix.Node, nodeKey), RegistrationNodeInfo.encode(node));
    this.#state.write(STORE, keyOf(Prefix.Attested, nodeKey), concatBytes(u64be(height), machine));
  }

  hasSeenEvidence(hash: Uint8Array): boolean {
    return this.#state.read(STORE, keyOf(Prefix.Evidence, hash)) !== undefined;
  }

  noteEvidence(hash: Uint8Array, height: bigint): void {
    this.#state.write(STORE, keyOf(Prefix.Evidence, hash), u64be(height));
  }

  /** As {@link machineOwnerIn}. */
  machineOwner(machine: Uint8Array): Uint8Array | undefined {
    return machineOwnerIn(this.#state, machine);
  }

  /** A machine of the authority's choice. */
  listMachine(machine: Uint8Array): void {
    this.#state.write(STORE, keyOf(Prefix.Machine, machine), NO_OWNER);
    this.#appendRecord(machine);
  }

  /** @param replaced taken off the list for it, if any */
  ownMachine(machine: Uint8Array, owner: Uint8Array, replaced: Uint8Array | undefined): void {
    if (replaced !== undefined) this.#state.write(STORE, keyOf(Prefix.Machine, replaced), undefined);
    this.#state.write(STORE, keyOf(Prefix.Machine, machine), owner);
    this.#appendRecord(concatBytes(owner, machine, replaced ?? NO_MACHINE));
  }

  removeMachine(machine: Uint8Array): void {
    this.#state.write(STORE, keyOf(Prefix.Machine, machine), undefined);
    this.#appendRecord(concatBytes(NO_OWNER, NO_MACHINE, machine));
  }

  #appendRecord(record: Uint8Array): void {
    const last = this.#state.read(STORE, LAST_RECORD);
    const index = u32be(last === undefined ? 0 : readU32(last) + 1);
    this.#state.write(STORE, keyOf(Prefix.Record, index), record);
    this.#state.write(STORE, LAST_RECORD, index);
  }
}

function readU32(value: Uint8Array): number {
  if (value.length !== 4) throw corrupt("last index");
  return new DataView(value.buffer, value.byteOffset).getUint32(0, false);
}

function readU64(value: Uint8Array): bigint {
  return new DataView(value.buffer, value.byteOffset).getBigUint64(0, false);
}

function corrupt(what: string): RefusalError {
  return new RefusalError(RefusalCode.HostMisbehavior, `register store: ${what} does not decode`);
}
