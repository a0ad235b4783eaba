/**
 * A real contract made as large as wanted: its functions once more and once more, under new indices, so that a load check has
 * real code to read. Run after `npm run build`.
 */
import { decodeModule, SectionId } from "../enclave/dist/engine/wasm/decodeModule.js";
import { WasmWriter } from "../enclave/dist/engine/wasm/wasmWriter.js";

/** @returns a module of at least `size` bytes that behaves as `wasm` does */
export function enlargeModule(wasm, size) {
  const { functions, sections } = decodeModule(wasm);
  const code = bodiesOf(wasm, sections.get(SectionId.Code));
  const copies = Math.ceil((size - wasm.length) / code.length);
  const out = new WasmWriter(size + 2 * code.length);
  out.raw(wasm, 0, 8);
  let at = 8;
  for (const [id, { start, end }] of sections) {
    const body = new WasmWriter(64);
    if (id === SectionId.Function) {
      body.u32(functions.length * (copies + 1));
      for (let i = 0; i <= copies; i++) for (const type of functions) body.u32(type);
    } else if (id === SectionId.Code) {
      body.u32(functions.length * (copies + 1));
      for (let i = 0; i <= copies; i++) body.raw(code);
    } else body.raw(wasm, start, end);
    out.section(id, body);
    at = end;
  }
  out.raw(wasm, at); // custom sections
  return out.view().slice();
}

/** A code section without its count. */
function bodiesOf(wasm, { start, end }) {
  let at = start;
  while (wasm[at] >= 0x80) at++;
  return wasm.subarray(at + 1, end);
}
