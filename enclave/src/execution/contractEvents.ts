/**
 * Events of the contract module, in the form and order of chain §2.10 and §2.19.
 * @module
 */
import type { Event } from "@sotto/boundary/messages";
import { compareAsUtf8, utf8ToBytes } from "@sotto/common/bytes";
import { trimWhiteSpace } from "@sotto/common/whiteSpace";
import type { ContractResponse } from "../messages/contractOutput.ts";
import type { OutputEncryption } from "../messages/outputEncryption.ts";
import { ComputeCode, computeFailure } from "./chainFailure.ts";

const CONTRACT_ADDRESS = "contract_address";
/** Trimmed event types must be longer. */
const SHORT_TYPE = 2;

function makeEvent(type: string, attributes: Readonly<Record<string, string>>): Event {
  return { type, attributes: Object.entries(attributes).map(([key, value]) => ({ key, value })) };
}

/** The `message` event; both addresses in Bech32. @param contract only for instantiate and execute */
export function messageEvent(sender: string, contract?: string): Event {
  const about = contract === undefined ? {} : { [CONTRACT_ADDRESS]: contract };
  return makeEvent("message", { module: "compute", sender, ...about });
}

/** Of an upload, before the work. @param sender Bech32 */
export function uploadEvent(sender: string): Event {
  return makeEvent("message", { module: "compute", sender, signer: sender });
}

export function codeIdEvent(codeId: bigint): Event {
  return makeEvent("message", { code_id: codeId.toString() });
}

export function contractEvent(type: "execute" | "reply", contract: string): Event {
  return makeEvent(type, { [CONTRACT_ADDRESS]: contract });
}

export function instantiateEvent(contract: string, codeId: bigint): Event {
  return makeEvent("instantiate", { [CONTRACT_ADDRESS]: contract, code_id: codeId.toString() });
}

export function migrateEvent(contract: string, codeId: bigint): Event {
  return makeEvent("migrate", { code_id: codeId.toString(), [CONTRACT_ADDRESS]: contract });
}

/** @param newAdmin Bech32, or empty */
export function adminEvent(contract: string, newAdmin: string): Event {
  return makeEvent("update_contract_admin", { [CONTRACT_ADDRESS]: contract, new_admin_address: newAdmin });
}

/**
 * The `wasm` event and the contract's own ones, attributes encrypted where the contract did not say otherwise.
 * @throws {ChainFailure} compute 21
 */
export function responseEvents(contract: string, response: ContractResponse, encryption: OutputEncryption): Event[] {
  const own = { key: CONTRACT_ADDRESS, value: contract };
  const attributes = response.attributes.map((attribute) => encryption.attribute(attribute));
  const wasm = { type: "wasm", attributes: [own, ...attributes.filter(({ key }) => key !== CONTRACT_ADDRESS)] };
  const custom = response.events.map((event) => {
    const type = trimWhiteSpace(event.type);
    if (utf8ToBytes(type).length <= SHORT_TYPE) throw invalidEvent(`Event type too short: '${type}'`);
    const checked = event.attributes.map((attribute) => checkAttribute(encryption.attribute(attribute)));
    return { type: `wasm-${type}`, attributes: [own, ...checked] };
  });
  return [wasm, ...custom];
}

function checkAttribute(attribute: { readonly key: string; readonly value: string }) {
  const key = trimWhiteSpace(attribute.key);
  const value = trimWhiteSpace(attribute.value);
  if (key === "") throw invalidEvent(`Empty attribute key. Value: ${value}`);
  if (value === "") throw invalidEvent(`Empty attribute value. Key: ${key}`);
  if (key.startsWith("_")) throw invalidEvent(`Attribute key starts with reserved prefix _: '${key}'`);
  return { key, value };
}

function invalidEvent(reason: string) {
  return computeFailure(ComputeCode.InvalidEvent, `${reason}: invalid event`);
}

/** Quirk: events of a contract's sub-message leave with their attributes sorted by key, equal keys in order (contracts §6.4). */
export function sortAttributes(event: Event): Event {
  // Those from further below have been sorted there.
  const isSorted = event.attributes.every(({ key }, i, all) => compareAsUtf8(all[i - 1]?.key ?? "", key) <= 0);
  if (isSorted) return event;
  const attributes = [...event.attributes].sort((a, b) => compareAsUtf8(a.key, b.key));
  return { type: event.type, attributes };
}
