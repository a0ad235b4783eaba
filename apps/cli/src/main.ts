/**
 * The command `sotto`.
 *
 * Commands load what they need when they run: `start` must not wait for what only `demo` uses.
 * @module
 */
import { CodedError } from "@sotto/common/errors";
import { Command, Option } from "commander";
import { parseCount, parseListenAddress, type StartFlags } from "./options.ts";

const home = (): Option =>
  new Option("--home <folder>", "where the network's state is").env("SOTTO_HOME").default("./.sotto");

function makeProgram(): Command {
  const program = new Command("sotto")
    .description(
      "A network of one node that runs confidential contracts: encrypted inputs, state and outputs.\nFor development: the simulated platform protects nothing from whoever runs it.",
    )
    .version("0.1.0")
    .showHelpAfterError("(sotto --help lists the commands)");

  program
    .command("start")
    .description("start the network, or go on where it ended")
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
    .addOption(
      new Option("--keep-heights <n>", "past heights that stay readable; 0 keeps all")
        .env("SOTTO_KEEP_HEIGHTS")
        .default(0)
        .argParser(parseCount),
    )
    .action(async (flags: StartFlags) => (await import("./start.ts")).start(flags));

  program
    .command("reset")
    .description("forget the network in the home folder and start over with the next `sotto start`")
    .addOption(home())
    .action(async (flags: { home: string }) => (await import("./reset.ts")).reset(flags.home));

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
