/**
 * The versions that the servers name, because clients choose their dialect by them (clients §5.2, §5.3).
 * @module
 */

/** Clients of the RPC look at `0.38.`. */
export const COMET_VERSION = "0.38.23";
/** Explorers look at `v0.50.`. */
export const SDK_VERSION = "v0.50.14";
export const PROTOCOL_VERSION = { p2p: 8n, block: 11n, app: 0n } as const;
/** What the node says of its own RPC; it is the default, not where it listens. */
export const RPC_ADDRESS = "tcp://127.0.0.1:26657";
