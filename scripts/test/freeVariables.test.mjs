import { describe, expect, it } from "vitest";
import { forbiddenVariables, freeVariables } from "../freeVariables.mjs";

describe("freeVariables", () => {
  it.each([
    ["const a = 1; a + b", ["b"]],
    ["f(); function f() {}", []],
    ["{ let a; } a", ["a"]],
    ["{ var a; } a", []],
    ["{ function a() {} } a", ["a"]],
    ["(function g() { g })", []],
    ["(function g() {}); g", ["g"]],
    ["class A { static #x = 1; y = this.#x + z; w() {} static { var v; v } } v", ["v", "z"]],
    ["const { a, b: c = d, ...e } = {}; a; c; e; b", ["b", "d"]],
    ["const [a, [b]] = []; ((c, { d }, ...e) => a + b + c + d + e + f)", ["f"]],
    ["try {} catch (e) { e } e", ["e"]],
    ["try {} catch ({ e }) { e }", []],
    ["for (const i of x) i; i", ["i", "x"]],
    ["a.b.c; a[d]; ({ e: f, g }); ({ [h]: 1 })", ["a", "d", "f", "g", "h"]],
    ["out: for (;;) { break out; }", []],
    ["() => arguments", ["arguments"]],
    ["(function () { arguments })", []],
    ["a = 1", ["a"]],
    ["typeof a", ["a"]],
    ["import 'x'; export {}", ["export", "import"]],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
    ["`${a}`", ["a"]],
    ["switch (a) { case 1: let b; b }", ["a"]],
    ["import('x')", ["import()"]],
  ])("finds in %s the names %j", (source, names) => {
    expect(freeVariables(source)).toEqual(names);
  });
});

describe("forbiddenVariables", () => {
  it("lets the intrinsics of the language and exports pass", () => {
    expect(
      forbiddenVariables("exports.a = new Uint8Array(1); Math.max(1); new Date(5); Date.UTC(1970); JSON.parse('1')"),
    ).toEqual([]);
  });

  it.each([
    ["process.exit()", ["process"]],
    ["require('fs')", ["require"]],
    ["globalThis.process", ["globalThis"]],
    ["Buffer.alloc(1)", ["Buffer"]],
    ["eval('1')", ["eval"]],
    ["new Function('1')", ["Function"]],
    ["Math.random()", ["Math.random"]],
    ["Math['random']()", ["Math.random"]],
    ["Date.now(); new Date(); Date()", ["Date()", "Date.now", "new Date()"]],
    ["WebAssembly; fetch; setTimeout; console; crypto", ["WebAssembly", "console", "crypto", "fetch", "setTimeout"]],
  ])("refuses %s", (source, names) => {
    expect(forbiddenVariables(source)).toEqual(names);
  });

  it("does not mind a local variable with such a name", () => {
    expect(forbiddenVariables("const Math = { random() {} }, process = 1; Math.random(process)")).toEqual([]);
  });
});
