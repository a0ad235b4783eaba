import { base64ToBytes, concatBytes, utf8ToBytes } from "@sotto/common/bytes";
import { packCollateral, unpackCollateral } from "@sotto/common/wire/collateral";
import { describe, expect, it } from "vitest";
import { toPem } from "../../../platform/src/sim/certificates.ts";
import { EvidenceErrorCode as Code } from "../../src/evidence/evidenceError.ts";
import {
  ADMITTED,
  flipped,
  type JsonCollateral,
  parseCollateral,
  refusal,
  type Sample,
  SGX,
  TDX_A,
  TDX_B,
  toPacked,
  verifySample,
} from "./samples.ts";

type Expected = { readonly step: number; readonly codes: readonly number[] };
const at = (step: number, ...codes: number[]): Expected => ({ step, codes });

/** Flips one bit in bytes of a range, some of them if it is long, and expects the same step for each. */
function expectRefused(sample: Sample, [from, length]: readonly [number, number], { step, codes }: Expected): void {
  const stride = Math.max(1, Math.floor(length / 8));
  for (let i = 0; i < length; i += stride) {
    const quote = flipped(sample.quote, from + i, 1 << (i % 8));
    const refused = refusal(verifySample(sample, { quote }));
    expect({ at: from + i, step: refused?.step, known: codes.includes(refused?.code ?? 0) }).toEqual({
      at: from + i,
      step,
      known: true,
    });
  }
}

const quoteSignature = at(9, Code.QuoteSignature);
const unsupported = at(4, Code.UnsupportedQuote);
const qe = at(8, Code.QuotingEnclave);
const layout = at(3, Code.Malformed, Code.TrailingBytes);
const certificate = at(5, Code.CertificateChain, Code.Malformed);

/** Offset and length of each field, step and codes that refuse it. */
const SGX_FIELDS: readonly (readonly [string, number, number, Expected])[] = [
  ["version", 0, 2, unsupported],
  ["kind of key", 2, 2, unsupported],
  ["kind of enclave", 4, 4, unsupported],
  ["SVNs of the header", 8, 4, quoteSignature],
  ["vendor", 12, 16, unsupported],
  ["user data", 28, 20, quoteSignature],
  ["CPUSVN", 48, 16, quoteSignature],
  ["MISCSELECT", 64, 4, quoteSignature],
  ["ATTRIBUTES", 96, 16, quoteSignature],
  ["MRENCLAVE", 112, 32, quoteSignature],
  ["MRSIGNER", 176, 32, quoteSignature],
  ["ISVPRODID and ISVSVN", 304, 4, quoteSignature],
  ["REPORTDATA", 368, 64, quoteSignature],
  ["length of the signature section", 432, 4, layout],
  ["signature", 436, 64, quoteSignature],
  ["attestation key", 500, 64, qe],
  ["QE report", 564, 384, qe],
  ["signature of the QE report", 948, 64, qe],
  ["length of the authentication data", 1012, 2, layout],
  ["authentication data", 1014, 32, qe],
  ["type of the certification data", 1046, 2, layout],
  ["length of the certification data", 1048, 4, layout],
];

/** Of version 4, where the section begins at 636. */
const TDX_FIELDS: readonly (readonly [string, number, number, Expected])[] = [
  ["version: of 5 the layout is another", 0, 1, layout],
  ["version, high byte", 1, 1, unsupported],
  ["kind of enclave", 4, 4, unsupported],
  ["reserved bytes of the header", 8, 4, quoteSignature],
  ["vendor", 12, 16, unsupported],
  ["TEE_TCB_SVN", 48, 16, quoteSignature],
  ["MRSEAM and MRSIGNERSEAM", 64, 96, quoteSignature],
  ["attributes", 160, 24, quoteSignature],
  ["MRTD", 184, 48, quoteSignature],
  ["MRCONFIGID, MROWNER, MROWNERCONFIG", 232, 144, quoteSignature],
  ["RTMRs", 376, 192, quoteSignature],
  ["REPORTDATA", 568, 64, quoteSignature],
  ["length of the signature section", 632, 4, layout],
  ["signature", 636, 64, quoteSignature],
  ["attestation key", 700, 64, qe],
  ["type of the outer certification data", 764, 2, layout],
  ["length of the outer certification data", 766, 4, layout],
  ["QE report", 770, 384, qe],
  ["signature of the QE report", 1154, 64, qe],
  ["length of the authentication data", 1218, 2, layout],
  ["authentication data", 1220, 32, qe],
  ["type of the certification data", 1252, 2, layout],
  ["length of the certification data", 1254, 4, layout],
  ["zeros after the section", 4936, 70, at(3, Code.TrailingBytes)],
];

describe("registration §6.1 to §6.3: a changed quote", () => {
  it.each(SGX_FIELDS)("of SGX: %s", (_, from, length, expected) => expectRefused(SGX, [from, length], expected));
  it.each(TDX_FIELDS)("of TDX: %s", (_, from, length, expected) => {
    expectRefused(TDX_A, [from, length], expected);
    expectRefused(TDX_B, [from, length], expected);
  });

  it.each([
    ["leaf", 0, certificate],
    ["intermediate", 1, certificate],
    ["root", 2, at(5, Code.UntrustedRoot)],
  ] as const)("of either: a changed %s among its certificates", (_, index, { step, codes }) => {
    for (const sample of [SGX, TDX_B]) {
      const chain = certificatesOf(sample);
      const der = chain[index] as Uint8Array;
      for (let i = 0; i < der.length; i += 37) {
        const changed = toPem(chain.map((one, k) => (k === index ? flipped(der, i, 1 << (i % 8)) : one)));
        const refused = refusal(verifySample(sample, { quote: withCertificates(sample, changed) }));
        expect({ i, step: refused?.step, known: codes.includes((refused?.code ?? 0) as never) }).toEqual({
          i,
          step,
          known: true,
        });
      }
    }
  });
});

/** Where the PEM of the samples begins; it reaches to the end of the signature section. */
const PEM_START = { sgx: 1052, tdx: 1258 } as const;

function pemOf({ tee, quote }: Sample): string {
  const end = tee === "sgx" ? quote.length : quote.length - 70;
  return new TextDecoder().decode(quote.subarray(PEM_START[tee], end));
}

function derOf(pem: string): Uint8Array[] {
  return [...pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]+)-----END/g)].map((match) =>
    base64ToBytes((match[1] as string).replaceAll(/\s/g, "")),
  );
}

const certificatesOf = (sample: Sample): Uint8Array[] => derOf(pemOf(sample));

/** The quote with other certificates in the same number of bytes: what is too short is filled up with line ends. */
function withCertificates(sample: Sample, pem: string): Uint8Array {
  const original = pemOf(sample);
  if (pem.length > original.length) throw new Error("longer than the original");
  const quote = sample.quote.slice();
  quote.set(utf8ToBytes(pem), PEM_START[sample.tee]);
  quote.set(utf8ToBytes(original.slice(pem.length)), PEM_START[sample.tee] + pem.length);
  return quote;
}

type Part = keyof JsonCollateral;
const crl = at(6, Code.CollateralSignature, Code.Malformed);
const document = at(7, Code.CollateralSignature);

describe("registration §2.2, §6.6: changed collateral", () => {
  const changedJson = (sample: Sample, part: Part, change: (text: string) => string) => {
    const collateral = parseCollateral(sample.json);
    const changed = toPacked({ ...collateral, [part]: change(collateral[part]) }, sample.tee);
    return refusal(verifySample(sample, { collateral: { kind: "packed", value: changed } }));
  };
  const flipHex = (text: string, digit: number): string =>
    text.slice(0, digit) + (Number.parseInt(text.charAt(digit), 16) ^ 4).toString(16) + text.slice(digit + 1);

  it.each([
    ["root_ca_crl", crl],
    ["pck_crl", crl],
    ["tcb_info_signature", document],
    ["qe_identity_signature", document],
  ] as const)("%s", (part, { step, codes }) => {
    for (const sample of [SGX, TDX_A]) {
      const { length } = parseCollateral(sample.json)[part];
      for (let digit = 0; digit < length; digit += length > 3000 ? 401 : 29) {
        const refused = changedJson(sample, part, (text) => flipHex(text, digit));
        // A list in hex must begin as a sequence: with another first byte it is no list at all.
        if (digit < 2 && part.endsWith("crl")) expect(refused?.code).toBe(Code.Malformed);
        else
          expect({ digit, step: refused?.step, known: codes.includes((refused?.code ?? 0) as never) }).toEqual({
            digit,
            step,
            known: true,
          });
      }
    }
  });

  it.each(["tcb_info", "qe_identity"] as const)("%s: any letter of the text", (part) => {
    const { length } = parseCollateral(SGX.json)[part];
    for (let i = 0; i < length; i += 101) {
      const change = (text: string): string =>
        text.slice(0, i) + String.fromCharCode(text.charCodeAt(i) ^ 1) + text.slice(i + 1);
      expect(changedJson(SGX, part, change)).toEqual({ code: Code.CollateralSignature, step: 7 });
    }
  });

  it.each(["tcb_info", "qe_identity"] as const)("%s: indented again, or with its members in another order", (part) => {
    const signature = { code: Code.CollateralSignature, step: 7 };
    expect(changedJson(SGX, part, (text) => JSON.stringify(JSON.parse(text), null, 2))).toEqual(signature);
    expect(changedJson(SGX, part, (text) => ` ${text}`)).toEqual(signature);
    const reversed = (text: string) => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text)).reverse()));
    expect(changedJson(SGX, part, reversed)).toEqual(signature);
    expect(changedJson(SGX, part, (text) => JSON.stringify(JSON.parse(text)))).toBeUndefined();
  });

  it("indented wrappers, and those with other members or in another order", () => {
    const parts = unpackCollateral(SGX.packed);
    const wrapper = new TextDecoder().decode(parts.tcbInfo);
    const { tcbInfo, signature } = JSON.parse(wrapper) as Record<string, unknown>;
    for (const text of [
      wrapper.replace('{"tcbInfo":', '{ "tcbInfo":'),
      wrapper.replace('"signature":"', '"signature": "'),
      wrapper.replace('{"tcbInfo":', '{"TcbInfo":'),
      `${wrapper} `,
      JSON.stringify({ signature, tcbInfo }),
      JSON.stringify({ tcbInfo, signature, more: 1 }),
      JSON.stringify({ tcbInfo }),
      wrapper.replace(/.{4}"\}$/, '"}'),
      "",
    ]) {
      const value = packCollateral({ ...parts, tcbInfo: utf8ToBytes(text) });
      const refused = refusal(verifySample(SGX, { collateral: { kind: "packed", value } }));
      expect(refused).toEqual({ code: Code.Malformed, step: 1 });
    }
  });

  it.each(["pck_crl_issuer_chain", "tcb_info_issuer_chain", "qe_identity_issuer_chain"] as const)("%s", (part) => {
    for (const index of [0, 1]) {
      const chain = derOf(parseCollateral(SGX.json)[part]);
      const der = chain[index] as Uint8Array;
      for (let i = 0; i < der.length; i += 97) {
        const changed = toPem(chain.map((one, k) => (k === index ? flipped(der, i) : one)));
        expect(changedJson(SGX, part, () => changed)?.step).toBe(5);
      }
    }
  });

  it("swapped: documents, signatures, lists, whole sets of other machines", () => {
    const own = parseCollateral(SGX.json);
    const swaps: Partial<JsonCollateral>[] = [
      { tcb_info: own.qe_identity, tcb_info_signature: own.qe_identity_signature },
      { qe_identity: own.tcb_info, qe_identity_signature: own.tcb_info_signature },
      { tcb_info_signature: own.qe_identity_signature },
      { root_ca_crl: own.pck_crl },
      { pck_crl: own.root_ca_crl },
    ];
    for (const swap of swaps) {
      const value = toPacked({ ...own, ...swap }, "sgx");
      expect(refusal(verifySample(SGX, { collateral: { kind: "packed", value } }))).toBeDefined();
    }
    for (const sample of ADMITTED) {
      for (const other of ADMITTED) {
        if (sample === other) continue;
        for (const collateral of [
          { kind: "packed", value: other.packed },
          { kind: "json", value: other.json },
        ] as const) {
          expect(refusal(verifySample(sample, { collateral, timeSeconds: other.time }))).toBeDefined();
        }
      }
    }
  });
});

describe("registration §2.8: step 1 and 3, sizes", () => {
  const TOO_SMALL = { code: Code.Malformed, step: 1 };

  it("refuses a quote cut at any length, but for zeros that are no part of it", () => {
    for (const sample of [SGX, TDX_B]) {
      const end = sample.tee === "sgx" ? sample.quote.length : sample.quote.length - 70;
      for (let length = 0; length < end; length += length > end - 30 ? 7 : 149) {
        const refused = refusal(verifySample(sample, { quote: sample.quote.subarray(0, length) }));
        expect(refused).toEqual(length < 1020 ? TOO_SMALL : { code: Code.Malformed, step: 3 });
      }
      for (let length = end; length <= sample.quote.length; length += 10) {
        expect(verifySample(sample, { quote: sample.quote.subarray(0, length) }).kind).toBe("attested");
      }
    }
  });

  it("refuses bytes after the quote that are not zero, and quotes beyond 8192 bytes", () => {
    const padded = (length: number, last: number): Uint8Array => {
      const out = new Uint8Array(length);
      out.set(SGX.quote);
      out[length - 1] = last;
      return out;
    };
    expect(verifySample(SGX, { quote: padded(8192, 0) }).kind).toBe("attested");
    expect(refusal(verifySample(SGX, { quote: padded(8192, 1) }))).toEqual({ code: Code.TrailingBytes, step: 3 });
    expect(refusal(verifySample(SGX, { quote: padded(8193, 0) }))).toEqual(TOO_SMALL);
    expect(refusal(verifySample(SGX, { quote: concatBytes(SGX.quote, SGX.quote.subarray(0, 9)) }))).toEqual({
      code: Code.TrailingBytes,
      step: 3,
    });
  });

  it("refuses packed and JSON collateral cut at any length", () => {
    for (let length = 0; length < SGX.packed.length; length += 211) {
      const value = SGX.packed.subarray(0, length);
      expect(refusal(verifySample(SGX, { collateral: { kind: "packed", value } }))).toEqual(TOO_SMALL);
    }
    for (let length = 0; length < SGX.json.length - 2; length += 211) {
      const value = SGX.json.subarray(0, length);
      expect(refusal(verifySample(SGX, { collateral: { kind: "json", value } }))).toEqual(TOO_SMALL);
    }
  });

  it("takes JSON collateral in bytes as well as in hex, and refuses members that it does not know or misses", () => {
    const json = parseCollateral(SGX.json);
    const list = (hex: string): number[] => [...Buffer.from(hex, "hex")];
    const verify = (changes: object) =>
      refusal(
        verifySample(SGX, {
          collateral: { kind: "json", value: utf8ToBytes(JSON.stringify({ ...json, ...changes })) },
        }),
      );
    expect(
      verify({ root_ca_crl: list(json.root_ca_crl), tcb_info_signature: list(json.tcb_info_signature) }),
    ).toBeUndefined();
    expect(verify({ pck_certificate_chain: "-----BEGIN CERTIFICATE-----" })).toBeUndefined();
    for (const wrong of [{ extra: 1 }, { pck_crl: undefined }, { pck_crl: [256] }, { pck_crl: "0" }, { tcb_info: 1 }]) {
      expect(verify(wrong)).toEqual(TOO_SMALL);
    }
    expect(verify({ tcb_info: "x".repeat(65_537) })).toEqual(TOO_SMALL);
  });
});
