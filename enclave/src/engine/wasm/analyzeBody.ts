/**
 * What one function costs: gas of each instruction sequence, operand stack, and what it contains that must not run.
 *
 * Looks at bodies that have passed full validation, so indices and stack heights are right. Spec: contracts §4.1, §1.4 step 7, §1.6.
 * @module
 */
import {
  blockResults,
  type DecodedModule,
  type FunctionBody,
  type FunctionType,
  functionTypeOf,
  type WasmImport,
} from "./decodeModule.ts";
import { endsSequence, isFloatOp, isFloatType, isStore, Op, stackEffectOf } from "./opcodes.ts";
import { WasmReader } from "./wasmReader.ts";

/** W for each instruction (contracts §4.2). */
export const GAS_PER_INSTRUCTION = 2;

export type BodyReport = {
  /** W of each sequence, in the order in which sequences open; dead ones are not listed. */
  readonly costs: readonly number[];
  /** Most values that are on the operand stack at once. */
  readonly deepest: number;
  /** Stores to memory. */
  readonly stores: boolean;
  /** Calls nothing that has a stack frame of its own. */
  readonly isLeaf: boolean;
  /** Floating point in the sense of contracts §1.4 step 7, parameters included. */
  readonly usesFloat: boolean;
  /** Calls an import that the host does not have (contracts §1.7). */
  readonly callsUnlinked: boolean;
};

/** One open sequence: `counted` if it is not inside dead code, `live` until an instruction that never falls through; `cost` its place in the list of costs. */
type Sequence = {
  readonly counted: boolean;
  live: boolean;
  readonly height: number;
  readonly results: number;
  cost: number;
};

export type BodyContext = {
  readonly module: DecodedModule;
  readonly imported: readonly WasmImport[];
  /** By function index: the host has no such import. */
  readonly unlinked: readonly boolean[];
};

/** @param type the function's type; `body` its code, already validated */
export function analyzeBody(context: BodyContext, type: FunctionType, body: FunctionBody): BodyReport {
  const { module } = context;
  const reader = new WasmReader(module.bytes, body.code.start, body.code.end);
  const costs = [0];
  let sequence: Sequence = { counted: true, live: true, height: 0, results: type.results.length, cost: 0 };
  const outer: Sequence[] = [];
  const isFloatLocal = makeFloatLocals(type, body);
  const namesFloats = isFloatLocal !== undefined || module.globals.some((item) => isFloatType(item.type));
  let height = 0;
  let deepest = 0;
  let stores = false;
  let isLeaf = true;
  let usesFloat = type.params.some(isFloatType);
  let callsUnlinked = false;
  while (reader.at < reader.end) {
    const opcode = reader.instruction();
    if (opcode === Op.End) {
      height = sequence.height + sequence.results;
      // The value of a block is an operand behind its end, even if the end is only reached through dead code.
      if (sequence.counted && height > deepest) deepest = height;
      sequence = outer.pop() ?? sequence;
      continue;
    }
    if (opcode === Op.Else) {
      height = sequence.height;
      sequence = openSequence(costs, sequence.counted, sequence.height, sequence.results);
      continue;
    }
    const counted = sequence.counted && sequence.live;
    if (counted && opcode !== Op.Nop) {
      (costs[sequence.cost] as number) += GAS_PER_INSTRUCTION;
      height += stackEffectOf(opcode);
      stores ||= isStore(opcode);
      if (opcode === Op.Call || opcode === Op.CallIndirect) {
        const callee = calleeType(context, opcode, reader.immediate);
        height += callee.results.length - callee.params.length;
        isLeaf = false;
        if (opcode === Op.Call && context.unlinked[reader.immediate]) callsUnlinked = true;
      }
      if (height > deepest) deepest = height;
    }
    if (sequence.live && !usesFloat) {
      usesFloat = isFloatOp(opcode) || (namesFloats && namesFloat(module, isFloatLocal, opcode, reader.immediate));
    }
    if (opcode === Op.Block || opcode === Op.Loop || opcode === Op.If) {
      outer.push(sequence);
      sequence = openSequence(costs, counted, height, blockResults(reader.immediate));
    } else if (endsSequence(opcode)) sequence.live = false;
  }
  return { costs, deepest, stores, isLeaf, usesFloat, callsUnlinked };
}

function openSequence(costs: number[], counted: boolean, height: number, results: number): Sequence {
  // A block that is opened in dead code is looked at for floats, as if it were live, but not counted.
  const cost = counted ? costs.push(0) - 1 : -1;
  return { counted, live: true, height, results, cost };
}

function calleeType(context: BodyContext, opcode: number, index: number): FunctionType {
  const { module, imported } = context;
  const type = opcode === Op.Call ? functionTypeOf(module, imported, index) : module.types[index];
  if (type === undefined) throw new Error(`validated code refers to a function or type ${index} that does not exist`);
  return type;
}

/** A test whether the local of an index is a float; undefined if none is. */
function makeFloatLocals(type: FunctionType, body: FunctionBody): ((index: number) => boolean) | undefined {
  const floats = body.locals.some((group) => isFloatType(group.type)) || type.params.some(isFloatType);
  if (!floats) return undefined;
  return (index) => {
    if (index < type.params.length) return isFloatType(type.params[index] as number);
    let left = index - type.params.length;
    for (const group of body.locals) {
      if (left < group.count) return isFloatType(group.type);
      left -= group.count;
    }
    return false;
  };
}

/** Whether an instruction is about a local or global that is a float. */
function namesFloat(
  module: DecodedModule,
  isFloatLocal: ((index: number) => boolean) | undefined,
  opcode: number,
  index: number,
): boolean {
  if (opcode >= Op.LocalGet && opcode <= Op.LocalTee) return isFloatLocal?.(index) ?? false;
  return (opcode === Op.GlobalGet || opcode === Op.GlobalSet) && isFloatType(module.globals[index]?.type ?? 0);
}
