/**
 * Ports and channels for contracts (contracts §5.7): the open ones. No channel can be opened on this network yet.
 * @module
 */
import { computeKeeper } from "../computeKeeper.ts";
import { type ChainAnswers, ChainPanic, type ChainQuestion, optionalTextOf } from "./chainAnswer.ts";

/** Quirk: a contract is on record only once its instantiate has returned. @throws {ChainPanic} before that */
function ownPort({ context, contract }: ChainQuestion): string {
  const info = computeKeeper.contract(context, contract);
  if (info === undefined) throw new ChainPanic("the contract is not on record");
  return info.ibcPortId;
}

export const ibcAnswers: ChainAnswers = {
  port_id: (question) => ({ port_id: ownPort(question) }),
  list_channels: () => ({ channels: [] }),
  channel: (question) => {
    if (optionalTextOf(question.fields, "port_id") === undefined) ownPort(question);
    return {};
  },
};
