/**
 * The command `sotto`.
 *
 * Commands load what they need when they run: `start` must not wait for what only `demo` uses.
 * @module
 */
import { CodedError } from "@sotto/common/errors";
import { PLATFORM_NAMES } from "@sotto/host/node/platformNames";
import { Command, Option } from "commander";
import type { ShowFlags, VerifyFlags } from "./attest.ts";
import {
  collectUrl,
  type JoinFlags,
  parseCount,
  parseListenAddress,
  parseUnixTime,
  parseUrl,
  type StartFlags,
} from "./options.ts";
import type { QueryFlags, TxFlags } from "./register.ts";

const home = (): Option =>
  new Option("--home <folder>", "where the network's state is").env("SOTTO_HOME").default("./.sotto");
const json = (): Option => new Option("--json", "for programs");
const restUrl = (): Option =>
  new Option("--url <url>", "REST endpoint of a node")
    .env("SOTTO_URL")
    .default("http://localhost:1317")
    .argParser(parseUrl);
const platform = (): Option =>
  new Option("--platform <name>", "what the enclave runs on; sim protects nothing")
    .env("SOTTO_PLATFORM")
    .choices([...PLATFORM_NAMES])
    .default("sim");
const peer = (): Option =>
  new Option("--peer <url>", "CometBFT RPC of a node to follow; several times: the next one when one fails")
    .env("SOTTO_PEER")
    .argParser(collectUrl);
const from = (): Option =>
  new Option("--from <key>", "development account (validator, a, b, c, d), or a file with a mnemonic or a key in hex");

/** What every command has that runs a node. */
function nodeCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .addOption(home())
    .addOption(
      new Option("--rest <host:port>", "REST endpoint; port 0 takes a free one")
        .env("SOTTO_REST")
        .default(parseListenAddress("1317"), "localhost:1317")
        .argParser(parseListenAddress),
    )
    .addOption(
      new Option("--rpc <host:port>", "CometBFT RPC endpoint")
        .env("SOTTO_RPC")
        .default(parseListenAddress("26657"), "localhost:26657")
        .argParser(parseListenAddress),
    )
    .addOption(
      new Option("--enclave <where>", "run the enclave in the executor's thread or in a process of its own")
        .env("SOTTO_ENCLAVE")
        .choices(["inline", "process"])
        .default("inline"),
    )
    .addOption(platform())
    .addOption(
      new Option("--keep-heights <n>", "past heights that stay readable; 0 keeps all")
        .env("SOTTO_KEEP_HEIGHTS")
        .default(0)
        .argParser(parseCount),
    );
}

function addNodeCommands(program: Command): void {
  nodeCommand(program, "start", "start the network, or go on where it ended")
    .addOption(
      new Option(
        "--chain-id <id>",
        "of a new network: secretdev-1, which admits nobody else, or NAME-sim, whose members attest (default: secretdev-1)",
      ).env("SOTTO_CHAIN_ID"),
    )
    .addOption(
      new Option(
        "--execution-order <order>",
        "of a new network: transactions run as their block's proposer placed them, or shuffled by its random (default: proposed)",
      ).choices(["proposed", "shuffled"]),
    )
    .addOption(peer())
    .addOption(
      new Option("--collect <ms>", "how long transactions that arrive together wait for a common block")
        .env("SOTTO_COLLECT")
        .default(100)
        .argParser(parseCount),
    )
    .addOption(
      new Option("--block-interval <ms>", "longest time between two blocks")
        .env("SOTTO_BLOCK_INTERVAL")
        .default(5_000)
        .argParser(parseCount),
    )
    .action(async (flags: StartFlags) => (await import("./start.ts")).start(flags));

  nodeCommand(program, "join", "join a running network: attest, be given the seed, follow; goes on where it ended")
    .addOption(peer().makeOptionMandatory())
    .requiredOption("--genesis <file>", "genesis file of the network, from somebody whom you trust")
    .addOption(from())
    .action(async (flags: JoinFlags) => (await import("./join.ts")).join(flags));

  program
    .command("reset")
    .description("forget the network in the home folder and start over with the next `sotto start`")
    .addOption(home())
    .action(async (flags: { home: string }) => (await import("./reset.ts")).reset(flags.home));
}

function addAttestCommands(program: Command): void {
  const attest = program.command("attest").description("evidence of enclaves");
  attest
    .command("verify")
    .description("verify a quote or whole evidence; exit status 0 only where the policy admits it")
    .argument("<quote>", "file with a quote, or with evidence as a registration carries it")
    .option("--collateral <file>", "packed or JSON; whole evidence has its own")
    .addOption(new Option("--at <unixtime>", "as of this time (default: now)").argParser(parseUnixTime))
    .option("--policy <file>", "a network's policy (default: Intel's root, no enclave approved)")
    .addOption(json())
    .action(async (quote: string, flags: VerifyFlags) => (await import("./attest.ts")).verify(quote, flags));
  attest
    .command("show")
    .description("what this home's enclave is: measurement, signer, machine")
    .addOption(home())
    .addOption(platform())
    .addOption(json())
    .action(async (flags: ShowFlags) => (await import("./attest.ts")).show(flags));
}

function addRegisterCommands(program: Command): void {
  const query = program
    .command("query")
    .description("ask a network")
    .command("register")
    .description("who is registered, which machines may be");
  const ask = (name: string, description: string): Command =>
    query.command(name).description(description).addOption(restUrl()).addOption(json());
  const load = () => import("./register.ts");
  ask("nodes", "nodes that were admitted").action(async (flags: QueryFlags) => (await load()).queryNodes(flags));
  ask("node", "one of them")
    .argument("<key>", "its registration key, 64 hex digits")
    .action(async (key: string, flags: QueryFlags) => (await load()).queryNode(key, flags));
  ask("machines", "the allow list").action(async (flags: QueryFlags) => (await load()).queryMachines(flags));
  ask("policy", "the attestation policy, JSON").action(async (flags: QueryFlags) => (await load()).queryPolicy(flags));
  ask("params", "chain id and public keys").action(async (flags: QueryFlags) => (await load()).queryParams(flags));

  const tx = program
    .command("tx")
    .description("change a network")
    .command("register")
    .description("as the authority that the policy names");
  const change = (name: string, description: string): Command =>
    tx.command(name).description(description).addOption(restUrl()).addOption(from().makeOptionMandatory());
  change("allow", "add machines to the allow list")
    .argument("<machines>", "machine ids of 40 hex digits, separated by commas")
    .action(async (machines: string, flags: TxFlags) => (await load()).allow(machines, flags));
  change("remove", "take machines off the allow list")
    .argument("<machines>", "machine ids of 40 hex digits, separated by commas")
    .action(async (machines: string, flags: TxFlags) => (await load()).remove(machines, flags));
  change("policy", "put another policy in place of the network's")
    .argument("<file>", "JSON, as `sotto query register policy` shows it")
    .action(async (file: string, flags: TxFlags) => (await load()).policy(file, flags));
}

function makeProgram(): Command {
  const program = new Command("sotto")
    .description(
      "Networks that run confidential contracts: encrypted inputs, state and outputs.\nThe simulated platform is for development: it protects nothing from whoever runs it.",
    )
    .version("0.1.0")
    .showHelpAfterError("(sotto --help lists the commands)");
  addNodeCommands(program);
  addAttestCommands(program);
  addRegisterCommands(program);
  program
    .command("demo")
    .description("play a private token's story on a running network and show who sees what")
    .addOption(home())
    .addOption(
      new Option("--url <url>", "REST endpoint of the network").env("SOTTO_URL").default("http://localhost:1317"),
    )
    .action(async (flags: { home: string; url: string }) => (await import("./demo.ts")).demo(flags));
  return program;
}

/** Runs one command line; failures end in one sentence and exit status 1. */
export async function main(argv: readonly string[]): Promise<void> {
  // A reader of our output that goes away, such as `head`, must not take a running network with it.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  try {
    await makeProgram().parseAsync(argv as string[]);
  } catch (error) {
    process.stderr.write(`sotto: ${describeError(error)}\n`);
    process.exitCode = 1;
  }
}

function describeError(error: unknown): string {
  if (error instanceof CodedError) return error.message;
  return error instanceof Error ? `unexpected failure: ${error.message}` : "unexpected failure";
}
