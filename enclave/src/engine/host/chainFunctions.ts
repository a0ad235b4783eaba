/**
 * Imports that reach outside of the contract: storage, chain queries, debug prints, and the two that look at gas.
 *
 * Spec: contracts §2.2, §2.3, §2.7, §2.8.
 * @module
 */
import { EngineError, EngineErrorCode } from "../engineError.ts";
import type { Guest } from "./guest.ts";
import type { HostFunction, HostFunctions } from "./hostFunction.ts";

const READ_GAS = 1000n;
const WRITE_GAS = 2000n;
const WRITE_GAS_PER_BYTE = 5000n;
const CHECK_GAS_GAS = 8192n;
const MIN_EVAPORATION = 8000n;
const GAS_PER_SDK_GAS = 1000n;

function refuseInQuery(guest: Guest): void {
  if (guest.call.readOnly) throw new EngineError(EngineErrorCode.UnauthorizedWrite);
}

const dbRead: HostFunction = {
  params: 1,
  result: "i32",
  bind: (guest) => (key) => {
    const { imports } = guest.call;
    guest.useGas(READ_GAS);
    const value = imports.read(guest.copyRegion(key));
    return value === undefined ? 0 : guest.newRegion(value);
  },
};

const dbWrite: HostFunction = {
  params: 2,
  result: "none",
  bind: (guest) => (keyPointer, valuePointer) => {
    refuseInQuery(guest);
    guest.useGas(WRITE_GAS);
    const key = guest.copyRegion(keyPointer);
    const value = guest.copyRegion(valuePointer);
    guest.useGas(WRITE_GAS_PER_BYTE * BigInt(value.length));
    guest.call.imports.write(key, value);
    return undefined;
  },
};

const dbRemove: HostFunction = {
  params: 1,
  result: "none",
  bind: (guest) => (key) => {
    refuseInQuery(guest);
    guest.call.imports.remove(guest.copyRegion(key));
    return undefined;
  },
};

const queryChain: HostFunction = {
  params: 1,
  result: "i32",
  bind: (guest) => (request) => guest.newRegion(guest.call.imports.query(guest.copyRegion(request), guest.gasLeft)),
};

const debug: HostFunction = {
  params: 1,
  result: "none",
  bind: (guest) => (message) => {
    const { debugPrint } = guest.call.imports;
    if (debugPrint !== undefined) debugPrint(guest.copyRegion(message));
    return undefined;
  },
};

const checkGas: HostFunction = {
  params: 0,
  result: "i64",
  bind: (guest) => () => {
    const { gasLimit } = guest.call;
    guest.useGas(CHECK_GAS_GAS);
    return (gasLimit - guest.gasLeft) / GAS_PER_SDK_GAS;
  },
};

const gasEvaporate: HostFunction = {
  params: 1,
  result: "i32",
  bind: (guest) => (amount) => {
    void guest.call;
    // The number is sign-extended, so a negative one is far above any limit (contracts §2.8).
    const gas = BigInt.asUintN(64, BigInt(amount) * GAS_PER_SDK_GAS);
    guest.useGas(gas < MIN_EVAPORATION ? MIN_EVAPORATION : gas);
    return 0;
  },
};

export const chainFunctions: HostFunctions = {
  db_read: dbRead,
  db_write: dbWrite,
  db_remove: dbRemove,
  query_chain: queryChain,
  debug,
  debug_print: debug,
  check_gas: checkGas,
  gas_evaporate: gasEvaporate,
};
