/**
 * Collateral from the forms in which it arrives: packed, as evidence carries it, and JSON, as tools hand it around
 * (registration §2.2, §6.6).
 *
 * The two documents are cut out of their wrappers by position: the signatures are over exactly this text.
 * @module
 */
import { bytesToUtf8, concatBytes, equalBytes, hexToBytes, utf8ToBytes } from "@sotto/common/bytes";
import { InputError, InputErrorCode } from "@sotto/common/errors";
import { type JsonValue, parseJson } from "@sotto/common/json";
import { MAX_COLLATERAL_PART, unpackCollateral } from "@sotto/common/wire/collateral";
import type { Collateral } from "./attestation.ts";
import { JsonMembers, readHex } from "./jsonMembers.ts";
import { revocationListDer } from "./revocationList.ts";

const SIGNATURE = 64;
const BEFORE_SIGNATURE = utf8ToBytes(',"signature":"');
const AFTER_SIGNATURE = utf8ToBytes('"}');

const malformed = (what: string): InputError => new InputError(InputErrorCode.Malformed, `collateral: ${what}`);

/** A document and its signature. */
type SignedText = { readonly text: Uint8Array; readonly signature: Uint8Array };

/** Cuts `{"<name>":…,"signature":"<hex>"}`, which must have exactly this form. */
function cutWrapper(wrapper: Uint8Array, name: string): SignedText {
  const before = utf8ToBytes(`{"${name}":`);
  const hexAt = wrapper.length - AFTER_SIGNATURE.length - 2 * SIGNATURE;
  const textEnd = hexAt - BEFORE_SIGNATURE.length;
  const hex = wrapper.subarray(Math.max(hexAt, 0), hexAt + 2 * SIGNATURE);
  const frame = concatBytes(before, wrapper.subarray(before.length, textEnd), BEFORE_SIGNATURE, hex, AFTER_SIGNATURE);
  if (textEnd <= before.length || !equalBytes(frame, wrapper)) {
    throw malformed(`expected {"${name}":…,"signature":"…"} without white space`);
  }
  return { text: wrapper.subarray(before.length, textEnd), signature: hexToBytes(bytesToUtf8(hex)) };
}

/** @throws {InputError} Malformed */
export function readPackedCollateral(bytes: Uint8Array): Collateral {
  const parts = unpackCollateral(bytes);
  const tcbInfo = cutWrapper(parts.tcbInfo, "tcbInfo");
  const qeIdentity = cutWrapper(parts.qeIdentity, "enclaveIdentity");
  return {
    tee: parts.tee,
    pckCrlIssuerChain: parts.pckCrlIssuerChain,
    rootCaCrl: revocationListDer(parts.rootCaCrl),
    pckCrl: revocationListDer(parts.pckCrl),
    tcbInfoIssuerChain: parts.tcbInfoIssuerChain,
    tcbInfo: tcbInfo.text,
    tcbInfoSignature: tcbInfo.signature,
    qeIdentityIssuerChain: parts.qeIdentityIssuerChain,
    qeIdentity: qeIdentity.text,
    qeIdentitySignature: qeIdentity.signature,
  };
}

/** Bytes as hex or as a list of numbers. */
function readBytes(value: JsonValue | undefined, name: string): Uint8Array {
  if (typeof value === "string") return readHex(value, value.length / 2, name, malformed);
  const isBytes = Array.isArray(value) && value.every((byte) => typeof byte === "bigint" && byte >= 0n && byte < 256n);
  if (!isBytes) throw malformed(`${name}: expected hex or a list of bytes`);
  return Uint8Array.from(value, Number);
}

/**
 * Collateral as one JSON object. A chain of PCK certificates in it is passed over: that of the quote counts.
 * @throws {InputError} Malformed
 * @throws {JsonError}
 */
export function readJsonCollateral(bytes: Uint8Array): Collateral {
  const members = new JsonMembers(parseJson(bytes), "", malformed);
  const text = (name: string): Uint8Array => limited(utf8ToBytes(members.text(name)), name);
  const binary = (name: string): Uint8Array => limited(readBytes(members.take(name), name), name);
  const collateral = {
    tee: undefined,
    pckCrlIssuerChain: text("pck_crl_issuer_chain"),
    rootCaCrl: binary("root_ca_crl"),
    pckCrl: binary("pck_crl"),
    tcbInfoIssuerChain: text("tcb_info_issuer_chain"),
    tcbInfo: text("tcb_info"),
    tcbInfoSignature: binary("tcb_info_signature"),
    qeIdentityIssuerChain: text("qe_identity_issuer_chain"),
    qeIdentity: text("qe_identity"),
    qeIdentitySignature: binary("qe_identity_signature"),
  };
  members.take("pck_certificate_chain");
  members.end();
  return collateral;
}

function limited(part: Uint8Array, name: string): Uint8Array {
  if (part.length > MAX_COLLATERAL_PART) throw malformed(`${name} has ${part.length} bytes`);
  return part;
}
