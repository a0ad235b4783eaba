#!/usr/bin/env node
/**
 * Generates `gen/` from the published definitions (@protobufs/*) with those of `definitions/` laid over them.
 *
 * Run: `node host/src/proto/generate.mjs`. The result is committed, so that nothing is generated at installation.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules = resolve(here, "../../../node_modules");
const PUBLISHED = ["cosmos", "tendermint", "gogoproto", "cosmos_proto", "google", "amino"];
/** What the state machine and the servers speak; imports of these are generated too. */
const WANTED = [
  "cosmos/auth/v1beta1",
  "cosmos/bank/v1beta1",
  "cosmos/base/abci/v1beta1",
  "cosmos/base/node/v1beta1",
  "cosmos/base/query/v1beta1",
  "cosmos/base/tendermint/v1beta1",
  "cosmos/base/v1beta1",
  "cosmos/consensus/v1",
  "cosmos/crypto/ed25519",
  "cosmos/crypto/multisig",
  "cosmos/crypto/secp256k1",
  "cosmos/distribution/v1beta1",
  "cosmos/mint/v1beta1",
  "cosmos/msg/v1",
  "cosmos/slashing/v1beta1",
  "cosmos/staking/v1beta1",
  "cosmos/tx",
  "google/api",
  "secret",
  "sotto",
  "tendermint/abci",
  "tendermint/crypto",
  "tendermint/p2p",
  "tendermint/types",
  "tendermint/version",
];

/** TypeScript enums are no types to be erased: each becomes a constant object and a union of its values. */
function replaceEnums(source) {
  return source.replace(/^export enum (\w+) \{\n(.*?)^\}\n/gms, (_, name, body) => {
    const members = body.replace(/^( {2}\w+) = (-?\d+),$/gm, "$1: $2,");
    return `export const ${name} = {\n${members}} as const;\nexport type ${name} = (typeof ${name})[keyof typeof ${name}];\n`;
  });
}

/** Our own `fileDesc`: see there. */
function replaceFileDesc(source, file) {
  const path = relative(dirname(file), join(here, "fileDesc.ts"));
  return source.replace(
    /^import \{(.*) fileDesc,? ?(.*)\} from "@bufbuild\/protobuf\/codegenv2";$/m,
    (_, before, after) => {
      const rest = `${before} ${after}`.trim().replace(/,$/, "");
      const others = rest === "" ? "" : `import { ${rest} } from "@bufbuild/protobuf/codegenv2";\n`;
      return `${others}import { fileDesc } from "${path}";`;
    },
  );
}

function adapt(file) {
  writeFileSync(file, replaceFileDesc(replaceEnums(readFileSync(file, "utf8")), file));
}

const work = mkdtempSync(join(tmpdir(), "proto-"));
try {
  for (const name of PUBLISHED) cpSync(join(modules, "@protobufs", name), join(work, name), { recursive: true });
  cpSync(join(here, "definitions"), work, { recursive: true });
  // The published google/protobuf is older than the one built into buf and @bufbuild/protobuf.
  rmSync(join(work, "google/protobuf"), { recursive: true });
  writeFileSync(join(work, "buf.yaml"), "version: v2\n");
  const template = {
    version: "v2",
    plugins: [
      {
        local: [process.execPath, join(modules, "@bufbuild/protoc-gen-es/bin/protoc-gen-es")],
        out: join(here, "gen"),
        opt: ["target=ts", "import_extension=ts"],
        include_imports: true,
      },
    ],
  };
  rmSync(join(here, "gen"), { recursive: true, force: true });
  const paths = WANTED.flatMap((path) => ["--path", path]);
  execFileSync(join(modules, ".bin/buf"), ["generate", "--template", JSON.stringify(template), ...paths], {
    cwd: work,
    stdio: "inherit",
  });
  for (const file of readdirSync(join(here, "gen"), { recursive: true })) {
    if (file.endsWith("_pb.ts")) adapt(join(here, "gen", file));
  }
} finally {
  rmSync(work, { recursive: true });
}
