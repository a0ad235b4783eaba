/**
 * What Intel's certificate says of a platform: who it is and the levels of its components (registration §6.4).
 * @module
 */
import { bytesToHex, concatBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { InputError, InputErrorCode } from "@sotto/common/errors";
import { type DerReader, DerTag, readDerSequence } from "@sotto/common/wire/der";

/** Content of 1.2.840.113741.1.13.1, in hex; the fields are below it. */
const PREFIX = "2a864886f84d010d01";
const COMPONENTS = 16;
const MACHINE_ID = 20;

const Field = { ppid: "01", tcb: "02", pceId: "03", fmspc: "04" } as const;
const PCE_SVN = 17;

export type Platform = {
  /** 16 bytes: the platform's own number. */
  readonly ppid: Uint8Array;
  /** Security versions of the 16 components. */
  readonly components: readonly number[];
  readonly pceSvn: number;
  /** Two bytes. */
  readonly pceId: Uint8Array;
  /** Six bytes: family, model, stepping, platform, custom SKU. */
  readonly fmspc: Uint8Array;
};

function malformed(what: string): InputError {
  return new InputError(InputErrorCode.Malformed, `PCK certificate: ${what}`);
}

/**
 * Reads the content of Intel's extension. The platform instance id and the configuration of platforms with several packages, which
 * come after, are of no use here.
 * @throws {InputError} Malformed
 */
export function readPckExtension(extension: Uint8Array): Platform {
  const fields = readFields(readDerSequence(extension), PREFIX);
  const octets = (name: keyof typeof Field, length: number): Uint8Array => {
    const reader = take(fields, Field[name]);
    const value = reader.octets();
    reader.end();
    if (value.length !== length) throw malformed(`${name} has ${value.length} bytes, expected ${length}`);
    return value;
  };
  const tcb = take(fields, Field.tcb);
  const levels = readFields(tcb.enter(DerTag.Sequence), PREFIX + Field.tcb);
  tcb.end();
  const level = (number: number): number => {
    const reader = take(levels, number.toString(16).padStart(2, "0"));
    const value = reader.smallUnsigned();
    reader.end();
    return value;
  };
  return {
    ppid: octets("ppid", 16),
    components: Array.from({ length: COMPONENTS }, (_, i) => level(i + 1)),
    pceSvn: level(PCE_SVN),
    pceId: octets("pceId", 2),
    fmspc: octets("fmspc", 6),
  };
}

/** Values of a sequence of { OID, value }, by the last byte of the OID. */
function readFields(list: DerReader, prefix: string): Map<string, DerReader> {
  const fields = new Map<string, DerReader>();
  while (!list.isAtEnd) {
    const reader = list.enter(DerTag.Sequence);
    const oid = reader.oid();
    const name = oid.slice(prefix.length);
    if (!oid.startsWith(prefix) || name.length !== 2 || fields.has(name)) {
      throw malformed(`a field that is not known or there twice, ${oid}`);
    }
    fields.set(name, reader);
  }
  return fields;
}

function take(fields: ReadonlyMap<string, DerReader>, name: string): DerReader {
  const reader = fields.get(name);
  if (reader === undefined) throw malformed(`no field ${Number.parseInt(name, 16)}`);
  return reader;
}

/** As the collateral writes it. */
export function formatFmspc({ fmspc }: Platform): string {
  return bytesToHex(fmspc).toUpperCase();
}

/** Who a machine is, whatever its patch level: 20 bytes (registration §7 O). */
export function machineIdOf(crypto: Crypto, { ppid, pceId }: Platform): Uint8Array {
  return crypto.sha256(concatBytes(ppid, pceId)).slice(0, MACHINE_ID);
}
