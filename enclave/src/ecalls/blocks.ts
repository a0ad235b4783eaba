/**
 * Ecalls around blocks: propose and judge the random, begin, run, end (consensus §3.5, §3.7).
 * @module
 */
import type { EcallHandlers } from "@sotto/boundary/calls";
import { makeRandomTransaction } from "../block/blockRandom.ts";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import type { EnclaveState } from "./enclaveState.ts";

const RANDOM_LENGTH = 32;

type Blocks = Pick<
  EcallHandlers,
  "proposeRandom" | "checkProposal" | "beginBlock" | "execMessage" | "endTransaction" | "endBlock"
>;

export function makeBlocks(state: EnclaveState, randomBytes: (length: number) => Uint8Array): Blocks {
  return {
    proposeRandom: ({ height, proposer }) => {
      const network = state.network();
      network.requireUnlatched();
      const place = network.nextRandomPlace(height, proposer);
      if (place === undefined) {
        throw new RefusalError(RefusalCode.BlockHeight, `proposal: ${height} is not the next height`);
      }
      const { crypto, keys } = network.services;
      return { transaction: makeRandomTransaction(crypto, keys, place, randomBytes(RANDOM_LENGTH)) };
    },

    checkProposal: ({ height, proposer, transaction }) => {
      const network = state.network();
      network.requireUnlatched();
      return { accepted: network.acceptsRandom(height, proposer, transaction) };
    },

    beginBlock: (block) => state.network().beginBlock(block),

    execMessage: ({ transaction, message, signers }) => state.network().execMessage(transaction, message, signers),

    endTransaction: ({ transaction, kept }) => {
      state.network().endTransaction(transaction, kept);
      return {};
    },

    endBlock: () => ({ sealed: state.network().endBlock() }),
  };
}
