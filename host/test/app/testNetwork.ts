/**
 * A state machine on an in-memory store with an enclave that the test scripts, and transactions signed by development accounts.
 */
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { OcallHandlers } from "@sotto/boundary/calls";
import type { EcallName, EcallRequest, EcallResponse } from "@sotto/boundary/messages";
import { bytesToUtf8, concatBytes, hexToBytes, u64be, utf8ToBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { makeNobleCrypto } from "@sotto/common/crypto/nobleCrypto";
import type { Any } from "@sotto/common/wire/any";
import type { Coin } from "@sotto/common/wire/coin";
import { packSecp256k1PublicKey } from "@sotto/common/wire/publicKey";
import { AuthInfo, SignDoc, SignMode, TxBody, TxRaw } from "@sotto/common/wire/tx";
import type { FinalizeBlockResponse, QueryResponse } from "../../src/abci/application.ts";
import { formatAddress, parseAddress } from "../../src/app/core/addresses.ts";
import { DEVELOPMENT_ACCOUNTS, type DevelopmentAccount } from "../../src/app/genesis/developmentAccounts.ts";
import { makeDevelopmentGenesis } from "../../src/app/genesis/developmentGenesis.ts";
import { MODULE_STORES } from "../../src/app/modules/modules.ts";
import { makeStateMachine, type StateMachine } from "../../src/app/stateMachine.ts";
import type { EnclaveHost } from "../../src/enclaveHost/enclaveHost.ts";
import { makeMemoryEngine } from "../../src/store/memoryEngine.ts";
import { makeStateStore } from "../../src/store/stateStore.ts";
import type { StateStore } from "../../src/store/store.ts";

export const CHAIN_ID = "secretdev-1";
const noble = makeNobleCrypto();
const sha256 = (data: Uint8Array): Uint8Array => new Uint8Array(createHash("sha256").update(data).digest());
export const crypto: Crypto = { ...noble, sha256 };

type Handler<N extends EcallName> = (request: EcallRequest<N>, ocalls: OcallHandlers) => EcallResponse<N>;
export type EnclaveScript = { [N in EcallName]?: Handler<N> };

/** Calls are recorded by name and, where it matters, position. */
export type FakeEnclave = EnclaveHost & { readonly calls: string[]; readonly script: EnclaveScript };

export function makeFakeEnclave(): FakeEnclave {
  const calls: string[] = [];
  const script: EnclaveScript = {};
  const defaults: EnclaveScript = {
    beginBlock: () => ({ rerun: false, order: [] }),
    endTransaction: () => ({}),
    endBlock: () => ({ sealed: utf8ToBytes("sealed record") }),
    proposeRandom: ({ height }) => ({ transaction: randomTransaction(Number(height)) }),
    checkProposal: ({ transaction }) => ({ accepted: transaction[0] === 0 }),
  };
  return {
    measurement: new Uint8Array(32),
    calls,
    script,
    call: (name, request, ocalls) => {
      const detail = name === "endTransaction" ? ` ${JSON.stringify(request)}` : "";
      calls.push(`${name}${detail}`);
      const handler = (script[name] ?? defaults[name]) as Handler<typeof name> | undefined;
      if (handler === undefined) throw new Error(`the fake enclave has no ${name}`);
      return handler(request, ocalls as OcallHandlers);
    },
    close: () => {},
  };
}

/** 64 bytes in the shape of transaction 0. */
export function randomTransaction(height: number): Uint8Array {
  return concatBytes(Uint8Array.of(0), utf8ToBytes("SNRAND1"), u64be(height), new Uint8Array(48));
}

export type TestNetwork = {
  readonly machine: StateMachine;
  readonly enclave: FakeEnclave;
  readonly store: StateStore;
  readonly appHashes: Uint8Array[];
  /** Records in the order in which they were kept, with the height of the state at that moment. */
  readonly sealed: { readonly record: Uint8Array; readonly stateHeight: number }[];
  block(...transactions: Uint8Array[]): FinalizeBlockResponse;
  query<I extends DescMessage, O extends DescMessage>(
    method: { readonly input: I; readonly output: O; readonly path: string },
    request: MessageInitShape<I>,
    height?: number,
  ): { readonly answer: MessageShape<O>; readonly response: QueryResponse };
};

export const blockTimeNs = (height: number): bigint => 1_700_000_000_000_000_001n + BigInt(height) * 5_000_000_000n;
/** The account after those of development. */
export const NODE_ACCOUNT = formatAddress(new Uint8Array(20).fill(0x4e));
const PROPOSER = new Uint8Array(20).fill(7);

export type TestNetworkOptions = {
  readonly maxGas?: bigint;
  readonly chainId?: string;
  /** Members of `app_state.register` besides the keys, or in their place. */
  readonly register?: object;
};

function withRegister(appState: Uint8Array, members: object): Uint8Array {
  const state = JSON.parse(bytesToUtf8(appState));
  return utf8ToBytes(JSON.stringify({ ...state, register: { ...state.register, ...members } }));
}

export function makeTestNetwork(options: TestNetworkOptions = {}): TestNetwork {
  const { maxGas, chainId = CHAIN_ID, register = {} } = options;
  const store = makeStateStore(makeMemoryEngine(), { sha256, stores: MODULE_STORES });
  const enclave = makeFakeEnclave();
  const sealed: { record: Uint8Array; stateHeight: number }[] = [];
  const machine = makeStateMachine({
    keepSealed: (record) => sealed.push({ record, stateHeight: store.latestHeight }),
    chainId,
    store,
    enclave,
    crypto,
    decidedBlocks: () => ({ header: new Uint8Array(0), commit: new Uint8Array(0), validators: [], lastResults: [] }),
    headers: () => [],
    gunzip: (data, maxBytes) => new Uint8Array(gunzipSync(data)).slice(0, maxBytes),
    blockTimeNs,
  });
  const genesis = makeDevelopmentGenesis({
    crypto,
    moniker: "test",
    validatorKey: new Uint8Array(32).fill(9),
    networkKeys: { ioExchange: new Uint8Array(32).fill(1), seedExchange: new Uint8Array(32).fill(2) },
    nodeAccount: NODE_ACCOUNT,
    attestation: undefined,
  });
  const consensusParams = { ...genesis.consensusParams, ...(maxGas === undefined ? {} : { maxGas }) };
  const { appHash } = machine.initChain({
    time: blockTimeNs(0),
    chainId,
    initialHeight: 1,
    validators: genesis.validators,
    appState: withRegister(genesis.appState, register),
    consensusParams,
  });
  const appHashes = [appHash];
  const network: TestNetwork = {
    machine,
    enclave,
    store,
    appHashes,
    sealed,
    block: (...transactions) => {
      const height = store.latestHeight + 1;
      const response = machine.finalizeBlock({
        height,
        time: blockTimeNs(height),
        transactions: [randomTransaction(height), ...transactions],
        proposerAddress: PROPOSER,
        nextValidatorsHash: new Uint8Array(32),
        hash: new Uint8Array(32).fill(height),
        lastCommitVotes: [],
      });
      machine.commit();
      appHashes.push(response.appHash);
      return response;
    },
    query: (method, request, height = 0) => {
      const data = toBinary(method.input, create(method.input, request));
      const response = machine.query({ path: method.path, data, height });
      return { answer: fromBinary(method.output, response.value), response };
    },
  };
  return network;
}

export function account(name: string): DevelopmentAccount & { readonly bytes: Uint8Array; readonly number: bigint } {
  const number = DEVELOPMENT_ACCOUNTS.findIndex((one) => one.name === name);
  const found = DEVELOPMENT_ACCOUNTS[number] as DevelopmentAccount;
  return { ...found, bytes: parseAddress(found.address), number: BigInt(number) };
}

export type TxOptions = {
  readonly from?: string;
  readonly sequence?: bigint;
  readonly accountNumber?: bigint;
  readonly gas?: bigint;
  readonly fee?: readonly Coin[];
  readonly memo?: string;
  readonly timeoutHeight?: bigint;
  readonly mode?: number;
  readonly chainId?: string;
  readonly publicKey?: Any | undefined;
  readonly extensionOptions?: readonly Any[];
  /** Last touches to the signature. */
  readonly tamper?: (signature: Uint8Array) => Uint8Array;
};

export const uscrt = (amount: bigint | number): Coin => ({ denom: "uscrt", amount: amount.toString() });

/** A transaction of one signer, DIRECT. */
export function signTx(messages: readonly Any[], options: TxOptions = {}): Uint8Array {
  return signTxBy([options.from ?? "a"], messages, options);
}

/** A transaction that these accounts sign, in this order; the options are the same for each. */
export function signTxBy(names: readonly string[], messages: readonly Any[], options: TxOptions = {}): Uint8Array {
  const bodyBytes = TxBody.encode({
    messages,
    memo: options.memo ?? "",
    timeoutHeight: options.timeoutHeight ?? 0n,
    extensionOptions: options.extensionOptions ?? [],
    nonCriticalExtensionOptions: [],
  });
  const modeInfo = { single: { mode: options.mode ?? SignMode.Direct }, multi: undefined };
  const signers = names.map((name) => ({ ...account(name), key: hexToBytes(account(name).insecurePrivateKey) }));
  const signerInfos = signers.map(({ key }) => {
    const own = packSecp256k1PublicKey(crypto.secp256k1PublicKey(key) as Uint8Array);
    const publicKey = "publicKey" in options ? options.publicKey : own;
    return { publicKey, modeInfo, sequence: options.sequence ?? 0n };
  });
  const fee = { amount: options.fee ?? [uscrt(2_500)], gasLimit: options.gas ?? 25_000n, payer: "", granter: "" };
  const authInfoBytes = AuthInfo.encode({ signerInfos, fee, tip: undefined });
  const chainId = options.chainId ?? CHAIN_ID;
  const signatures = signers.map(({ key, number }) => {
    const accountNumber = options.accountNumber ?? number;
    const document = SignDoc.encode({ bodyBytes, authInfoBytes, chainId, accountNumber });
    const signature = crypto.secp256k1Sign(sha256(document), key) as Uint8Array;
    return options.tamper?.(signature) ?? signature;
  });
  return TxRaw.encode({ bodyBytes, authInfoBytes, signatures });
}
