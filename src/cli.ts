/** The command line: what can be said, and the one place the process ends. Each command is loaded when it is called. */
import { Command, CommanderError } from "commander"
import { CliError, exit } from "./errors"
import { ownVersion } from "./version"

type Flags = Record<string, unknown>

/** What `--json` needs to know should something fail before a command has options of its own. */
const invocation = {
  command: "",
  feature: null as string | null,
  json: process.argv.includes("--json"),
  color: !process.argv.includes("--no-color"),
  app: ".",
}

const program = new Command("chimerai")
  .description("Adds multi-factor authentication to an existing Next.js app, as source code you own.")
  .version(ownVersion(), "--version")
  .option("--no-color", "plain output")
  .option("--verbose", "say more: where each fact was read, the package manager's output")
  .showHelpAfterError("(chimerai --help shows what there is)")
  .exitOverride()
  .configureOutput({ outputError: () => {} })

function featureCommand(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .argument("<feature>", "what to install: see chimerai list")
    .argument("[dir]", "the app's folder (default: the current one)")
    .option("--cwd <dir>", "the same as [dir]")
    .option("-y, --yes", "take the documented defaults, never ask")
    .option("--dry-run", "print the plan, write nothing")
    .option("--json", "one JSON document on stdout, everything else on stderr")
    .option("--app <dir>", "the app's folder in a workspace")
    .option("--no-install", "do not run the package manager; its command is printed")
    .option("--pm <name>", "npm, pnpm, yarn or bun, instead of what was detected")
    .option("--templates <dir>", "a feature folder of your own instead of the built-in one")
    .option("--allow-dirty", "edit files that have uncommitted changes")
    .option("--rollback", "restore what an interrupted run had changed")
    .option("--resume", "finish what an interrupted run had begun")
    .option("--no-color", "plain output")
    .option("--verbose", "say more")
}

/** The facts that can be overruled, one each. */
const overruled = (command: Command): Command =>
  command
    .option("--diff", "print the plan as unified diffs")
    .option("--auth <file>", "the file that calls NextAuth")
    .option("--schema <path>", "the Prisma schema, a file or a folder")
    .option("--user-model <name>", "the model of users")
    .option("--user-email <field>", "the field that users are known by: their address, or what they sign in with")
    .option("--prisma-client <file#export>", "the module that exports the Prisma client")

overruled(featureCommand("add", "install a feature into a Next.js app"))
  .option("--strict", "a manual step left over is a failure (exit 5)")
  .action(async (feature: string, dir: string | undefined, flags: Flags) => {
    const { add } = await import("./commands/add")
    process.exitCode = await asking(flags, async () => add(await read("add", feature, dir, flags)))
  })

featureCommand("remove", "take a feature out again")
  .option("--force", "also files you have edited")
  .option("--purge", "also the encryption key in the env file")
  .action(async (feature: string, dir: string | undefined, flags: Flags) => {
    const { remove } = await import("./commands/remove")
    process.exitCode = await asking(flags, async () => remove(await read("remove", feature, dir, flags)))
  })

overruled(featureCommand("update", "bring an installed feature to this version"))
  .option("--force", "also where your changes meet this version's: both, between markers")
  .action(async (feature: string, dir: string | undefined, flags: Flags) => {
    const { update } = await import("./commands/update")
    process.exitCode = await asking(flags, async () => update(await read("update", feature, dir, flags)))
  })

program
  .command("status")
  .alias("doctor")
  .description("what is installed, what has drifted, and what is still to do (exit 1)")
  .argument("[dir]", "the app's folder (default: the current one)")
  .option("--cwd <dir>", "the same as [dir]")
  .option("--app <dir>", "the app's folder in a workspace")
  .option("--json", "one JSON document on stdout")
  .option("--no-color", "plain output")
  .option("--verbose", "say more")
  .action(async (dir: string | undefined, flags: Flags) => {
    const options = await read("status", "mfa", dir, flags)
    const { status } = await import("./commands/status")
    process.exitCode = await status(options)
  })

program
  .command("list")
  .description("features and their options")
  .option("--json", "one JSON document on stdout")
  .action(async (flags: Flags) => {
    invocation.command = "list"
    const { list } = await import("./commands/list")
    process.exitCode = list({ json: flags.json === true, color: invocation.color, verbose: false })
  })

/** Runs a command, and once more for each answer that it turns out to need, where there is a person to give it. */
async function asking(flags: Flags, run: () => Promise<number>): Promise<number> {
  try {
    const code = await run()
    if (code !== exit.interrupted) await tellCommand()
    return code
  } catch (error) {
    if (!(error instanceof CliError) || !error.details.choice || flags.yes || flags.json) throw error
    const { canAsk, choose } = await import("./report/prompt")
    const value = canAsk() ? await choose(error.message, error.details.choice) : null
    if (value === null) throw error
    return asking(Object.assign(flags, { [error.details.choice.flag]: value }), run)
  }
}

async function tellCommand(): Promise<void> {
  const { commandWithoutQuestions } = await import("./report/prompt")
  const command = commandWithoutQuestions()
  if (command === null) return
  const { createReport, wantsColor } = await import("./report/port")
  createReport({ json: false, verbose: false, color: wantsColor(invocation.color) }).out(`The same without questions: ${command}`)
}

async function read(command: string, feature: string, dir: string | undefined, flags: Flags) {
  Object.assign(invocation, { command, feature })
  const { readOptions } = await import("./commands/options")
  const { wantsColor } = await import("./report/port")
  const all = { ...program.opts(), ...flags }
  const options = { ...readOptions(feature, dir, all), color: wantsColor(invocation.color) }
  invocation.app = options.app
  return options
}

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = await fail(error)
}

async function fail(error: unknown): Promise<number> {
  if (error instanceof CommanderError && error.exitCode === 0) return exit.done
  // No command at all: commander has printed the help.
  if (error instanceof CommanderError && error.code === "commander.help") return exit.usage
  const known =
    error instanceof CliError
      ? error
      : error instanceof CommanderError
        ? new CliError("unknown_option", error.message.replace(/^error: /, ""), { suggestion: "chimerai --help shows what there is." })
        : (ofDepth(error) ?? ofSystem(error as NodeJS.ErrnoException) ?? internal(error))
  if (known.details.file && invocation.app !== ".") {
    const { shownFrom } = await import("./report/paths")
    known.details.file = shownFrom(invocation.app)(known.details.file)
  }
  if (invocation.json) {
    const { errorDocument } = await import("./report/json")
    const { printJson } = await import("./report/port")
    printJson(errorDocument(invocation.command, invocation.feature, ownVersion(), known))
  }
  const { errorText } = await import("./report/error")
  const { createReport, wantsColor } = await import("./report/port")
  createReport({ json: true, verbose: false, color: wantsColor(invocation.color) }).note(errorText(known))
  return known.exitCode
}

/** What is nested without measure ends every reader that calls itself, and none has written anything by then. */
function ofDepth(error: unknown): CliError | null {
  if (!(error instanceof RangeError)) return null
  return new CliError("nested_too_deeply", "A file of this app is nested more deeply than it can be read.", {
    suggestion: "Nothing was changed. Take the deepest nesting out of its code, schema or configs, then run this again.",
  })
}

/** What the system says of a file, before anything was written: the writes have errors of their own. */
function ofSystem({ code, syscall, path, message }: NodeJS.ErrnoException): CliError | null {
  if (code === undefined || syscall === undefined) return null
  if (syscall === "uv_cwd")
    return new CliError("io_error", "The folder that this runs in is gone. Nothing was changed.", {
      suggestion: "Change to one that is there.",
    })
  const text = path === undefined ? message : `${path} cannot be read (${code}, ${syscall})`
  return new CliError("io_error", `${text}. Nothing was changed.`, { suggestion: "Mend the cause, then run this again." })
}

function internal(error: unknown): CliError {
  const text =
    process.argv.includes("--verbose") && error instanceof Error
      ? (error.stack ?? error.message)
      : String((error as Error)?.message ?? error)
  return new CliError("internal", `Something went wrong in chimerai itself: ${text}`, {
    suggestion: "Please report this, with the output of the same command and --verbose.",
  })
}
