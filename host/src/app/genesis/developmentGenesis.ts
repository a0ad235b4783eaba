/**
 * The genesis of a development network: accounts, parameters, one validator (clients §3.3, §3.4).
 * @module
 */
import type { NetworkKeys } from "@sotto/boundary/messages";
import { consensusAddress, moduleAddress } from "@sotto/common/address";
import { bytesToBase64, bytesToHex, utf8ToBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { formatJson, type JsonInput } from "@sotto/common/json";
import type { ConsensusParams, ValidatorUpdate } from "../../abci/application.ts";
import { formatAddress, formatConsensusAddress, formatValidator, parseAddress } from "../core/addresses.ts";
import { DEVELOPMENT_ACCOUNTS } from "./developmentAccounts.ts";

export const DENOM = "uscrt";
const FUNDS = 10n ** 18n;
/** Enough for ten million starts. */
const NODE_FUNDS = 10n ** 12n;
const SELF_BOND = 10n ** 17n;
/** Bonded tokens for one unit of voting power. */
const POWER_REDUCTION = 10n ** 6n;

export type DevelopmentGenesis = {
  /** The `app_state` of a genesis file, JSON. */
  readonly appState: Uint8Array;
  readonly validators: readonly ValidatorUpdate[];
  readonly consensusParams: ConsensusParams;
};

export type DevelopmentGenesisInput = {
  readonly crypto: Crypto;
  readonly moniker: string;
  /** ed25519, 32 bytes. */
  readonly validatorKey: Uint8Array;
  readonly networkKeys: NetworkKeys;
  /** Bech32; numbered and funded after the development accounts. */
  readonly nodeAccount: string;
  /** Undefined for a network that admits no nodes. */
  readonly attestation: Attestation | undefined;
};

/** What the first node is, and by that what it admits. */
export type Attestation = {
  /** Evidence proves nothing on this network's platform. */
  readonly insecure: boolean;
  readonly enclave: {
    readonly tee: "sgx" | "tdx";
    readonly measurement: Uint8Array;
    readonly signer: Uint8Array;
    readonly productId: number;
    readonly securityVersion: number;
  };
  readonly machine: { readonly id: Uint8Array; readonly owner: Uint8Array };
  /** Bech32. */
  readonly nodeAccount: string;
  /** Undefined: as proposed. */
  readonly executionOrder: ExecutionOrder | undefined;
};

/** Who decides in which order the transactions of a block run: its proposer, or its random (consensus §5 T16). */
export type ExecutionOrder = "proposed" | "shuffled";

type Members = { readonly [name: string]: JsonInput };

export function makeDevelopmentGenesis(input: DevelopmentGenesisInput): DevelopmentGenesis {
  const appState: Members = {
    auth: authState(input.nodeAccount),
    bank: bankState(input),
    staking: stakingState(input),
    slashing: slashingState(input),
    compute: { params: { compile_cost: "0.8", max_contract_size: "2097152" } },
    register: registrationState(input),
  };
  return {
    appState: utf8ToBytes(formatJson(appState)),
    validators: [{ publicKey: input.validatorKey, power: SELF_BOND / POWER_REDUCTION }],
    // 22,020,096 is CometBFT's default, and what the enclave takes in one block.
    consensusParams: { maxBytes: 22_020_096n, maxGas: -1n },
  };
}

function operatorText(): string {
  return DEVELOPMENT_ACCOUNTS[0]?.address ?? "";
}

function authState(nodeAccount: string): Members {
  const addresses = [...DEVELOPMENT_ACCOUNTS.map(({ address }) => address), nodeAccount];
  const accounts = addresses.map((address, index) => ({
    "@type": "/cosmos.auth.v1beta1.BaseAccount",
    address,
    pub_key: null,
    account_number: index.toString(),
    sequence: "0",
  }));
  const params = {
    max_memo_characters: "256",
    tx_sig_limit: "7",
    tx_size_cost_per_byte: "10",
    sig_verify_cost_ed25519: "590",
    sig_verify_cost_secp256k1: "1000",
  };
  return { params, accounts };
}

/** The validator's bond is taken from its funds, as a genesis transaction would. */
function bankState({ crypto, nodeAccount }: DevelopmentGenesisInput): Members {
  const coins = (amount: bigint) => [{ denom: DENOM, amount: amount.toString() }];
  const balances = DEVELOPMENT_ACCOUNTS.map(({ address }) => ({
    address,
    coins: coins(address === operatorText() ? FUNDS - SELF_BOND : FUNDS),
  }));
  const pool = { address: formatAddress(moduleAddress(crypto, "bonded_tokens_pool")), coins: coins(SELF_BOND) };
  const node = { address: nodeAccount, coins: coins(NODE_FUNDS) };
  return { params: { default_send_enabled: true }, balances: [...balances, node, pool] };
}

function stakingState({ moniker, validatorKey }: DevelopmentGenesisInput): Members {
  const delegator = operatorText();
  const operator = formatValidator(parseAddress(delegator));
  const validator = {
    operator_address: operator,
    consensus_pubkey: { "@type": "/cosmos.crypto.ed25519.PubKey", key: bytesToBase64(validatorKey) },
    jailed: false,
    status: "BOND_STATUS_BONDED",
    tokens: SELF_BOND.toString(),
    delegator_shares: SELF_BOND.toString(),
    description: { moniker, identity: "", website: "", security_contact: "", details: "" },
    unbonding_height: "0",
    unbonding_time: "1970-01-01T00:00:00Z",
    commission: {
      commission_rates: { rate: "0.1", max_rate: "0.2", max_change_rate: "0.01" },
      update_time: "1970-01-01T00:00:00Z",
    },
    min_self_delegation: "1",
  };
  const params = {
    unbonding_time: "90s",
    max_validators: 100,
    max_entries: 7,
    historical_entries: 10_000,
    bond_denom: DENOM,
    min_commission_rate: "0",
  };
  const delegations = [{ delegator_address: delegator, validator_address: operator, shares: SELF_BOND.toString() }];
  return { params, validators: [validator], delegations };
}

function slashingState({ crypto, validatorKey }: DevelopmentGenesisInput): Members {
  const address = formatConsensusAddress(consensusAddress(crypto, validatorKey));
  const info = {
    address,
    start_height: "0",
    index_offset: "0",
    jailed_until: "1970-01-01T00:00:00Z",
    tombstoned: false,
    missed_blocks_counter: "0",
  };
  const params = {
    signed_blocks_window: "100",
    min_signed_per_window: "0.5",
    downtime_jail_duration: "600s",
    slash_fraction_double_sign: "0.05",
    slash_fraction_downtime: "0.01",
  };
  return { params, signing_infos: [{ address, validator_signing_info: info }] };
}

function registrationState({ networkKeys, attestation }: DevelopmentGenesisInput): Members {
  const { ioExchange, seedExchange } = networkKeys;
  return {
    reg_info: null,
    node_exch_key: { bytes: bytesToBase64(seedExchange) },
    io_exch_key: { bytes: bytesToBase64(ioExchange) },
    ...(attestation === undefined ? {} : admissionState(attestation)),
  };
}

/** Enclaves of the same build as the first one; on hardware, on machines that the authority has listed. */
function admissionState({ insecure, enclave, machine, nodeAccount, executionOrder }: Attestation): Members {
  const measurement = bytesToHex(enclave.measurement);
  const sgx = {
    mrenclave: measurement,
    ...(insecure ? {} : { mrsigner: bytesToHex(enclave.signer) }),
    isv_prod_id: enclave.productId,
    minimum_isv_svn: enclave.securityVersion,
  };
  return {
    attestation: {
      roots: [insecure ? "sim-insecure" : "intel"],
      statuses: insecure ? ["UpToDate"] : ["UpToDate", "SWHardeningNeeded"],
      advisories: [],
      minimum_tcb_evaluation_data_number: 0,
      retired_fmspcs: [],
      sgx: enclave.tee === "sgx" ? [sgx] : [],
      tdx: enclave.tee === "tdx" ? [{ measurement }] : [],
      machines: insecure ? "any" : "listed",
      max_evidence_age: 100,
      reattest_every: 0,
      // The keys of the development accounts are public.
      authority: insecure ? operatorText() : nodeAccount,
      ...(executionOrder === "shuffled" ? { execution_order: executionOrder } : {}),
    },
    machines: [{ machine_id: bytesToHex(machine.id), owner: bytesToHex(machine.owner) }],
  };
}
