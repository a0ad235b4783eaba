/**
 * Reads the messages in a contract's output (contracts §5.3, enclave §3.1).
 *
 * Members that nobody knows are passed over, variants that nobody knows make the whole output unreadable.
 * @module
 */
import type { Coin } from "@sotto/boundary/messages";
import type { JsonObject, JsonValue } from "@sotto/common/json";
import {
  type ContractInput,
  type ContractMessage,
  type IbcTimeout,
  REPLY_ON,
  type SubMessage,
  VOTE_OPTIONS,
} from "./contractMessage.ts";
import {
  asBoolean,
  asByteList,
  asBytes,
  asList,
  asObject,
  asOneOf,
  asOptional,
  asText,
  asU64,
  asU64Text,
  asU128Text,
  asVariant,
  misfit,
} from "./jsonShape.ts";

type Read = (fields: JsonObject) => ContractMessage;
/** Readers by module and variant; a module without variants has one. */
type Readers = Readonly<Record<string, Read | Readonly<Record<string, Read>>>>;

function parseCoin(value: JsonValue): Coin {
  const coin = asObject(value);
  return { denom: asText(coin.get("denom")), amount: asU128Text(coin.get("amount")) };
}

function coinsOf(fields: JsonObject, member: string): readonly Coin[] {
  return asList(fields.get(member), parseCoin);
}

function amountOf(fields: JsonObject): Coin {
  return parseCoin(fields.get("amount") ?? null);
}

/** What all messages to contracts carry must parse, and then is nobody's business: the call tree runs inside. */
function checkCallbackSig(fields: JsonObject): void {
  asOptional(fields.get("callback_sig"), asByteList);
}

/** Where the two versions of messages to contracts differ. */
type WasmDialect = {
  /** Name of the code hash. */
  readonly codeHash: string;
  /** Of a new contract. */
  readonly admin: (fields: JsonObject) => string | undefined;
  readonly label: (fields: JsonObject) => string;
};

function wasmReaders({ codeHash, admin, label }: WasmDialect): Readonly<Record<string, Read>> {
  const input = (fields: JsonObject): ContractInput => {
    checkCallbackSig(fields);
    return { codeHash: asText(fields.get(codeHash)), msg: asBytes(fields.get("msg")) };
  };
  const contractOf = (fields: JsonObject): string => asText(fields.get("contract_addr"));
  return {
    execute: (fields) => ({
      kind: "wasmExecute",
      contract: contractOf(fields),
      ...input(fields),
      funds: coinsOf(fields, "send"),
    }),
    instantiate: (fields) => ({
      kind: "wasmInstantiate",
      admin: admin(fields),
      codeId: asU64(fields.get("code_id")),
      ...input(fields),
      funds: coinsOf(fields, "send"),
      label: label(fields),
    }),
    migrate: (fields) => ({
      kind: "wasmMigrate",
      contract: contractOf(fields),
      ...input(fields),
      codeId: asU64(fields.get("code_id")),
    }),
    update_admin: (fields) => {
      checkCallbackSig(fields);
      return { kind: "wasmUpdateAdmin", contract: contractOf(fields), admin: asText(fields.get("admin")) };
    },
    clear_admin: (fields) => {
      checkCallbackSig(fields);
      return { kind: "wasmClearAdmin", contract: contractOf(fields) };
    },
  };
}

const STAKING = {
  delegate: (fields) => ({
    kind: "delegate",
    validator: asText(fields.get("validator")),
    amount: amountOf(fields),
  }),
  undelegate: (fields) => ({
    kind: "undelegate",
    validator: asText(fields.get("validator")),
    amount: amountOf(fields),
  }),
  redelegate: (fields) => ({
    kind: "redelegate",
    source: asText(fields.get("src_validator")),
    destination: asText(fields.get("dst_validator")),
    amount: amountOf(fields),
  }),
} satisfies Readonly<Record<string, Read>>;

const custom: Read = () => ({ kind: "custom" });

const V010_VOTE_OPTIONS = ["Yes", "No", "Abstain", "NoWithVeto"] as const;

const V010_READERS: Readers = {
  custom,
  bank: {
    send: (fields) => ({
      kind: "bankSend",
      from: asText(fields.get("from_address")),
      to: asText(fields.get("to_address")),
      amount: coinsOf(fields, "amount"),
    }),
  },
  staking: {
    ...STAKING,
    withdraw: (fields) => ({
      kind: "withdraw",
      validator: asText(fields.get("validator")),
      recipient: asOptional(fields.get("recipient"), asText),
    }),
  },
  wasm: wasmReaders({
    codeHash: "callback_code_hash",
    admin: () => undefined,
    label: (fields) => (fields.has("label") ? asText(fields.get("label")) : ""),
  }),
  gov: {
    vote: (fields) => {
      asOneOf(fields.get("vote_option"), V010_VOTE_OPTIONS);
      // Quirk: the chain looks the option up under another spelling, and what it does not find is a yes (contracts §5.4).
      return { kind: "vote", proposal: asU64(fields.get("proposal")), option: "yes" };
    },
  },
};

function parseTimeout(value: JsonValue): IbcTimeout {
  const fields = asObject(value);
  return {
    block: asOptional(fields.get("block"), (given) => {
      const block = asObject(given);
      return { revision: asU64(block.get("revision")), height: asU64(block.get("height")) };
    }),
    timestamp: asOptional(fields.get("timestamp"), asU64Text),
  };
}

const V1_READERS: Readers = {
  custom,
  finalize_tx: () => ({ kind: "finalizeTx" }),
  stargate: (fields) => ({
    kind: "stargate",
    typeUrl: asText(fields.get("type_url")),
    value: asBytes(fields.get("value")),
  }),
  bank: {
    send: (fields) => ({
      kind: "bankSend",
      from: undefined,
      to: asText(fields.get("to_address")),
      amount: coinsOf(fields, "amount"),
    }),
    burn: (fields) => {
      coinsOf(fields, "amount");
      return { kind: "bankBurn" };
    },
  },
  staking: STAKING,
  distribution: {
    set_withdraw_address: (fields) => ({ kind: "setWithdrawAddress", address: asText(fields.get("address")) }),
    withdraw_delegator_reward: (fields) => ({ kind: "withdrawReward", validator: asText(fields.get("validator")) }),
  },
  ibc: {
    transfer: (fields) => ({
      kind: "ibcTransfer",
      channel: asText(fields.get("channel_id")),
      to: asText(fields.get("to_address")),
      amount: amountOf(fields),
      timeout: parseTimeout(fields.get("timeout") ?? null),
      memo: asOptional(fields.get("memo"), asText) ?? "",
    }),
    send_packet: (fields) => {
      asText(fields.get("channel_id"));
      asBytes(fields.get("data"));
      parseTimeout(fields.get("timeout") ?? null);
      return { kind: "ibcSendPacket" };
    },
    close_channel: (fields) => ({ kind: "ibcCloseChannel", channel: asText(fields.get("channel_id")) }),
  },
  wasm: wasmReaders({
    codeHash: "code_hash",
    admin: (fields) => asOptional(fields.get("admin"), asText),
    label: (fields) => asText(fields.get("label")),
  }),
  gov: {
    vote: (fields) => ({
      kind: "vote",
      proposal: asU64(fields.get("proposal_id")),
      option: asOneOf(fields.get("vote"), VOTE_OPTIONS),
    }),
  },
};

function readMessage(readers: Readers, value: JsonValue): ContractMessage {
  const { name: module, body } = asVariant(value);
  const found = Object.hasOwn(readers, module) ? readers[module] : undefined;
  if (found === undefined) throw misfit();
  if (typeof found === "function") return found(asObject(body));
  const { name: variant, body: fields } = asVariant(body);
  const read = Object.hasOwn(found, variant) ? found[variant] : undefined;
  if (read === undefined) throw misfit();
  return read(asObject(fields));
}

/** A v0.10 message, which becomes one that nobody waits for (contracts §6.3). @throws {EnclaveError} FailedToDeserialize */
export function parseV010Message(value: JsonValue): SubMessage {
  return { id: 0n, message: readMessage(V010_READERS, value), gasLimit: undefined, replyOn: "never" };
}

/** @throws {EnclaveError} FailedToDeserialize, also for kinds that are not known */
export function parseSubMessage(value: JsonValue): SubMessage {
  const fields = asObject(value);
  const wasEncrypted = fields.get("was_msg_encrypted");
  // The enclave says itself what was.
  if (wasEncrypted !== undefined) asBoolean(wasEncrypted);
  return {
    id: asU64(fields.get("id")),
    message: readMessage(V1_READERS, fields.get("msg") ?? null),
    gasLimit: asOptional(fields.get("gas_limit"), asU64),
    replyOn: asOneOf(fields.get("reply_on"), REPLY_ON),
  };
}
