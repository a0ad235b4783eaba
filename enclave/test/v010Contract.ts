/**
 * A v0.10 contract by hand, which answers with what it is sent.
 *
 * A message is the contract's own output, in front of which may stand `W` and eight characters of a key to be written; then `T`
 * (trap) or `L` (endless loop) may stand in place of the output. A reply gets an empty v0.10 result. The query `R` and a key
 * answers 1 if the key is there and 0 if not, in base64 of the digit; any other query answers itself.
 */
import { assemble, type TestFunction } from "./engine/assemble.ts";
import { ALLOCATE } from "./engine/testContract.ts";

const REGION = [["i32", "i32"], ["i32"]] as const;
const KEY_REGION = 64;
const OUTPUT_REGION = 80;
const REPLIED_REGION = 96;
const PRESENT_REGION = 112;
const ABSENT_REGION = 128;
const KEY_LENGTH = 8;
const CODE = (letter: string) => letter.charCodeAt(0);

const FIRST_IS = (letter: string) => `local.get 2 i32.load8_u i32.const ${CODE(letter)} i32.eq`;
const KEY = `i32.const ${KEY_REGION} local.get 2 i32.const 1 i32.add i32.store
  i32.const ${KEY_REGION} i32.const ${KEY_LENGTH} i32.store +4 i32.const ${KEY_REGION} i32.const ${KEY_LENGTH} i32.store +8`;

/** Locals: 2 is where the rest of the message begins, 3 how long it is. */
const ANSWER = `local.get 1 i32.load local.set 2 local.get 1 i32.load +8 local.set 3
  ${FIRST_IS("W")} if
    ${KEY} i32.const ${KEY_REGION} i32.const ${KEY_REGION} call 1
    local.get 2 i32.const ${KEY_LENGTH + 1} i32.add local.set 2 local.get 3 i32.const ${KEY_LENGTH + 1} i32.sub local.set 3
  end
  ${FIRST_IS("T")} if unreachable end
  ${FIRST_IS("L")} if loop br 0 end end
  local.get 2 i32.load8_u +2 i32.const ${CODE("i")} i32.eq if i32.const ${REPLIED_REGION} return end
  i32.const ${OUTPUT_REGION} local.get 2 i32.store
  i32.const ${OUTPUT_REGION} local.get 3 i32.store +4 i32.const ${OUTPUT_REGION} local.get 3 i32.store +8
  i32.const ${OUTPUT_REGION}`;

const QUERY = `local.get 0 i32.load local.set 2
  ${FIRST_IS("R")} if
    ${KEY} i32.const ${KEY_REGION} call 0 if i32.const ${PRESENT_REGION} return end i32.const ${ABSENT_REGION} return
  end
  local.get 0`;

function regionOf(at: number, length: number): Uint8Array {
  return Uint8Array.from([at, length, length].flatMap((word) => [word & 255, word >> 8, 0, 0]));
}

const TEXTS: readonly (readonly [region: number, at: number, text: string])[] = [
  [REPLIED_REGION, 256, '{"Ok":{"messages":[],"log":[]}}'],
  [PRESENT_REGION, 320, '{"Ok":"MQ=="}'],
  [ABSENT_REGION, 352, '{"Ok":"MA=="}'],
];

/** @param prints it prints its environment first, which no contract may that is uploaded */
export function v010Contract({ prints = false } = {}): Uint8Array {
  const answer = (name: string): TestFunction => ({
    name,
    type: REGION,
    locals: ["i32", "i32"],
    code: prints ? `local.get 0 call 2 ${ANSWER}` : ANSWER,
  });
  return assemble({
    imports: [
      ["env", "db_read", [["i32"], ["i32"]]],
      ["env", "db_write", [["i32", "i32"], []]],
      ...(prints ? [["env", "debug", [["i32"], []]] as const] : []),
    ],
    memory: [1],
    globals: [["i32", true, 4096]],
    functions: [
      ALLOCATE,
      { name: "deallocate", type: [["i32"], []], code: "" },
      { name: "cosmwasm_vm_version_3", type: [[], []], code: "" },
      answer("init"),
      answer("handle"),
      answer("migrate"),
      { name: "query", type: [["i32"], ["i32"]], locals: ["i32", "i32"], code: QUERY },
    ],
    data: TEXTS.flatMap(([region, at, text]) => [
      [region, regionOf(at, text.length)],
      [at, text],
    ]),
  });
}
