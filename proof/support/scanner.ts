/**
 * Looks for markers in bytes, in every form in which one could appear there, and in forms of forms.
 *
 * One pass for any number of needles: a table of the first four bytes says where to look closer.
 * @module
 */

/** A secret that must appear nowhere. Text holds quotes or the like if its JSON form is to differ. */
export type Marker = { readonly name: string; readonly secret: string | Uint8Array };

export type Finding = { readonly marker: string; readonly form: string; readonly place: string };

type Needle = { readonly marker: string; readonly form: string; readonly bytes: Buffer };

/** Shorter needles would be found by chance. */
const MIN_NEEDLE = 7;

/** What is left of the base64 of `bytes` wherever they stand in a longer text, with `skip` bytes before them modulo 3. */
function base64Core(bytes: Buffer, skip: number, encoding: "base64" | "base64url"): string {
  const text = Buffer.concat([Buffer.alloc(skip), bytes])
    .toString(encoding)
    .replace(/=+$/, "");
  const from = Math.ceil((skip * 8) / 6);
  const to = Math.floor(((skip + bytes.length) * 8) / 6);
  return text.slice(from, to);
}

type Formed = { readonly form: string; readonly bytes: Buffer };

/** Forms that are text again, and can therefore be formed once more. */
function textForms(bytes: Buffer): Formed[] {
  const hex = bytes.toString("hex");
  const forms: Formed[] = [
    { form: "hex, lower case", bytes: Buffer.from(hex) },
    { form: "hex, upper case", bytes: Buffer.from(hex.toUpperCase()) },
  ];
  for (const skip of [0, 1, 2]) {
    forms.push({ form: `base64, offset ${skip}`, bytes: Buffer.from(base64Core(bytes, skip, "base64")) });
    forms.push({ form: `base64 of URLs, offset ${skip}`, bytes: Buffer.from(base64Core(bytes, skip, "base64url")) });
  }
  return forms;
}

function wideForms(text: Buffer): Formed[] {
  const little = Buffer.from(text.toString("latin1"), "utf16le");
  return [
    { form: "UTF-16, little endian", bytes: little },
    { form: "UTF-16, big endian", bytes: Buffer.from(little).swap16() },
  ];
}

/** What escapers of JSON make of a text, without the quotes. */
function jsonForms(text: string): Formed[] {
  const json = JSON.stringify(text).slice(1, -1);
  const all = [...text].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
  const go = json.replace(/[<>&]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
  return [
    { form: "JSON", bytes: Buffer.from(json) },
    { form: "JSON, slashes escaped", bytes: Buffer.from(json.replaceAll("/", "\\/")) },
    { form: "JSON, HTML escaped", bytes: Buffer.from(go) },
    { form: "JSON, all escaped", bytes: Buffer.from(all) },
    { form: "JSON, all escaped, upper case", bytes: Buffer.from(all.toUpperCase().replaceAll("\\U", "\\u")) },
    { form: "JSON in JSON", bytes: Buffer.from(JSON.stringify(json).slice(1, -1)) },
  ];
}

/** Every byte sequence that betrays the marker. */
export function needlesOf({ name, secret }: Marker): Needle[] {
  const bytes = Buffer.from(secret as string);
  const forms: Formed[] = [{ form: "raw", bytes }, ...textForms(bytes)];
  if (typeof secret === "string") forms.push(...wideForms(bytes), ...jsonForms(secret));
  else forms.push({ form: "numbers", bytes: Buffer.from(bytes.join(",")) });
  const second = forms
    .filter(({ form }) => form !== "raw")
    .flatMap((first) =>
      [...textForms(first.bytes), ...wideForms(first.bytes)].map(({ form, bytes: twice }) => ({
        form: `${form} of ${first.form}`,
        bytes: twice,
      })),
    );
  const seen = new Set<string>();
  const needles: Needle[] = [];
  for (const { form, bytes: needle } of [...forms, ...second]) {
    const key = needle.toString("latin1");
    if (needle.length < MIN_NEEDLE || seen.has(key)) continue;
    seen.add(key);
    needles.push({ marker: name, form, bytes: needle });
  }
  return needles;
}

const hashOf = (word: number): number => (Math.imul(word, 0x9e3779b1) >>> 16) & 0xffff;

export class Scanner {
  readonly #byWord = new Map<number, Needle[]>();
  readonly #mayStart = new Uint8Array(0x10000);
  /** Bytes looked at so far. */
  scanned = 0;

  constructor(markers: readonly Marker[]) {
    for (const needle of markers.flatMap(needlesOf)) {
      const word = needle.bytes.readUInt32BE(0);
      const known = this.#byWord.get(word);
      if (known === undefined) this.#byWord.set(word, [needle]);
      else known.push(needle);
      this.#mayStart[hashOf(word)] = 1;
    }
  }

  /** Each marker and form is reported once for each call. @param place says where the bytes come from */
  scan(place: string, data: Uint8Array): Finding[] {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const found = new Map<Needle, Finding>();
    this.scanned += bytes.length;
    let word = 0;
    for (let at = 0; at < bytes.length; at++) {
      word = (word << 8) | (bytes[at] as number);
      if (at < 3 || this.#mayStart[hashOf(word)] === 0) continue;
      for (const needle of this.#byWord.get(word >>> 0) ?? []) {
        const start = at - 3;
        if (found.has(needle) || start + needle.bytes.length > bytes.length) continue;
        if (bytes.compare(needle.bytes, 0, needle.bytes.length, start, start + needle.bytes.length) === 0) {
          found.set(needle, { marker: needle.marker, form: needle.form, place });
        }
      }
    }
    return [...found.values()];
  }
}
