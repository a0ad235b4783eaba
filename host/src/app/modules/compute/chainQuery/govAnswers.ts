/**
 * Proposals for contracts (contracts §5.7): those in their voting period. Nobody can make one on this network yet.
 * @module
 */
import type { ChainAnswers } from "./chainAnswer.ts";

export const govAnswers: ChainAnswers = { proposals: () => ({ proposals: [] }) };
