/**
 * Compiled contracts as other code: the same instructions under another hash.
 */
import { section, uleb } from "./assemble.ts";

const named = (text: string): number[] => [...uleb(text.length), ...new TextEncoder().encode(text)];

/** The module with a custom section more: other bytes, and nothing else. */
export function withMark(code: Uint8Array, mark: string): Uint8Array {
  return Uint8Array.from([...code, ...section(0, [...named("mark"), ...named(mark)])]);
}

/** The module with an export under another name of the same length. */
export function renameExport(code: Uint8Array, from: string, to: string): Uint8Array {
  // An export is its name, the kind (0: a function) and an index.
  const [wanted, name] = [Buffer.from([...named(from), 0]), Buffer.from([...named(to), 0])];
  const at = Buffer.from(code).indexOf(wanted);
  if (at < 0 || wanted.length !== name.length) throw new Error(`cannot rename ${from} to ${to}`);
  const renamed = code.slice();
  renamed.set(name, at);
  return renamed;
}
