/**
 * Compiled contracts as other code: the same instructions under another hash, with further exports.
 */
import { HEADER, section, uleb } from "./assemble.ts";

type Section = { readonly id: number; readonly content: Uint8Array };

const EXPORTS = 7;
const FUNCTION = 0;

function readUleb(bytes: Uint8Array, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let at = start, shift = 1; ; at++, shift *= 128) {
    const byte = bytes[at] as number;
    value += (byte & 127) * shift;
    if (byte < 128) return { value, end: at + 1 };
  }
}

function sectionsOf(code: Uint8Array): Section[] {
  const sections: Section[] = [];
  for (let at = HEADER.length; at < code.length; ) {
    const { value: length, end } = readUleb(code, at + 1);
    sections.push({ id: code[at] as number, content: code.subarray(end, end + length) });
    at = end + length;
  }
  return sections;
}

const named = (text: string): number[] => [...uleb(text.length), ...new TextEncoder().encode(text)];

/** The function index behind an export. */
function functionOf(exports: Uint8Array, wanted: string): number {
  let { value: count, end: at } = readUleb(exports, 0);
  for (; count > 0; count--) {
    const { value: length, end } = readUleb(exports, at);
    const name = new TextDecoder().decode(exports.subarray(end, end + length));
    const { value: index, end: next } = readUleb(exports, end + length + 1);
    if (name === wanted) return index;
    at = next;
  }
  throw new Error(`no export ${wanted}`);
}

/** The module with an export more, of the function that `like` names. */
export function withExport(code: Uint8Array, name: string, like: string): Uint8Array {
  const bytes = sectionsOf(code).flatMap(({ id, content }) => {
    if (id !== EXPORTS) return section(id, [...content]);
    const { value: count, end } = readUleb(content, 0);
    const added = [...named(name), FUNCTION, ...uleb(functionOf(content, like))];
    return section(id, [...uleb(count + 1), ...content.subarray(end), ...added]);
  });
  return Uint8Array.from([...HEADER, ...bytes]);
}

/** The module with a custom section more: other bytes, and nothing else. */
export function withMark(code: Uint8Array, mark: string): Uint8Array {
  return Uint8Array.from([...code, ...section(0, [...named("mark"), ...named(mark)])]);
}
