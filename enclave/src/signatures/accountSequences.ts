/**
 * Sequences of the accounts that sign in one block: what ran before does not run again, whatever the host's ante chain says
 * (consensus §5 T9).
 *
 * What an honest host admits has the account's present sequence. That is never below the proven one before the block, nor below what
 * followed the account's last message in it.
 * @module
 */
import { concatBytes } from "@sotto/common/bytes";
import { CodedError } from "@sotto/common/errors";
import { ACCOUNT_RECORDS_PREFIX, BaseAccount } from "@sotto/common/wire/account";
import { Any } from "@sotto/common/wire/any";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import { binaryText } from "../lruCache.ts";

export class AccountSequences {
  readonly #readAccount: (key: Uint8Array) => Uint8Array | undefined;
  /** Lowest sequence that may come next, by address. */
  readonly #next = new Map<string, bigint>();

  /** @param readAccount a record of the accounts' store before the block, proven */
  constructor(readAccount: (key: Uint8Array) => Uint8Array | undefined) {
    this.#readAccount = readAccount;
  }

  /**
   * Notes that an account's transaction with this sequence runs.
   * @param address 20 bytes
   * @throws {RefusalError} UsedSequence: no honest host runs it, so it is no result; BadProof, HostMisbehavior
   */
  use(address: Uint8Array, sequence: bigint): void {
    const name = binaryText(address);
    const next = this.#next.get(name) ?? sequenceOf(this.#readAccount(concatBytes(ACCOUNT_RECORDS_PREFIX, address)));
    if (sequence < next) {
      throw new RefusalError(
        RefusalCode.UsedSequence,
        `transaction: its signer is at sequence ${next}, this one has ${sequence} and was run before`,
      );
    }
    this.#next.set(name, sequence + 1n);
  }
}

/** 0 for no account, and for kinds of accounts that sign nothing here. */
function sequenceOf(record: Uint8Array | undefined): bigint {
  if (record === undefined) return 0n;
  try {
    const { typeUrl, value } = Any.decode(record);
    return typeUrl === BaseAccount.typeUrl ? BaseAccount.decode(value).sequence : 0n;
  } catch (error) {
    if (error instanceof CodedError) return 0n;
    throw error;
  }
}
