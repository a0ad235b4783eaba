/**
 * Registered error texts by codespace and code (chain §2.4, §4.2, §6.8, §7.24): the last part of every transaction log.
 * @module
 */

const TEXTS: { readonly [codespace: string]: { readonly [code: number]: string } } = {
  sdk: {
    2: "tx parse error",
    3: "invalid sequence",
    4: "unauthorized",
    5: "insufficient funds",
    6: "unknown request",
    7: "invalid address",
    8: "invalid pubkey",
    9: "unknown address",
    10: "invalid coins",
    11: "out of gas",
    12: "memo too large",
    13: "insufficient fee",
    14: "maximum number of signatures exceeded",
    15: "no signatures supplied",
    18: "invalid request",
    19: "tx already in mempool",
    20: "mempool is full",
    21: "tx too large",
    22: "key not found",
    26: "invalid height",
    28: "invalid chain-id",
    29: "invalid type",
    30: "tx timeout height",
    31: "unknown extension options",
    32: "incorrect account sequence",
    34: "failed unpacking protobuf message from Any",
    35: "internal logic error",
    36: "conflict",
    37: "feature not supported",
    38: "not found",
    41: "invalid gas limit",
    40404: "Cannot send messages after last tx marker was set",
  },
  compute: {
    2: "instantiate contract failed",
    3: "execute contract failed",
    4: "query contract failed",
    5: "migrate contract failed",
    6: "contract account already exists",
    7: "insufficient gas",
    8: "invalid genesis",
    9: "not found",
    10: "invalid CosmosMsg from the contract",
    11: "empty",
    12: "exceeds limit",
    13: "invalid",
    14: "duplicate",
    15: "create contract failed",
    16: "parse signature failed",
    17: "unsupported for this contract",
    18: "unknown message from the contract",
    19: "reply to contract failed",
    21: "invalid event",
    22: "max transfer channels",
    30: "max call depth exceeded",
    31: "max contract size exceeded",
  },
  register: {
    1: "Initialize node seed failed",
    2: "Failed to authenticate node",
    3: "Failed to validate seed parameters",
    4: "Failed to initialize bootstrap",
    5: "Type error",
    6: "Certificate invalid or does not exist",
    7: "not found",
    8: "invalid",
  },
  bank: {
    2: "no inputs to send transaction",
    3: "no outputs to send transaction",
    4: "sum inputs != sum outputs",
    5: "send transactions are disabled",
    6: "client denom metadata not found",
    7: "invalid key",
    8: "duplicate entry",
    9: "multiple senders not allowed",
  },
  slashing: {
    2: "address is not associated with any known validator",
    3: "validator does not exist for that address",
    8: "no validator signing info found",
  },
};

export function findRegisteredText(codespace: string, code: number): string | undefined {
  return TEXTS[codespace]?.[code];
}

/** @throws {RangeError} an error that nobody registered is a programming mistake */
export function registeredText(codespace: string, code: number): string {
  const text = findRegisteredText(codespace, code);
  if (text === undefined) throw new RangeError(`no error ${codespace}/${code} is registered`);
  return text;
}
