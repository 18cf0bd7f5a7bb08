import { Command, CommanderError } from 'commander';
import { acceptHistory } from './commands/accept-history.ts';
import { apply } from './commands/apply.ts';
import { audit } from './commands/audit.ts';
import { doctor } from './commands/doctor.ts';
import { failback, failover } from './commands/failover.ts';
import { groups } from './commands/groups.ts';
import { laterCommands } from './commands/later.ts';
import { pause } from './commands/pause.ts';
import { redrive } from './commands/redrive.ts';
import { release } from './commands/release.ts';
import { reverse } from './commands/reverse.ts';
import { rescale } from './commands/rescale.ts';
import { remap } from './commands/remap.ts';
import { resume } from './commands/resume.ts';
import { skipGap } from './commands/skip-gap.ts';
import { stack } from './commands/stack.ts';
import { start } from './commands/start.ts';
import { status } from './commands/status.ts';
import { stop } from './commands/stop.ts';
import { watch } from './commands/watch.ts';
import { worker } from './commands/worker.ts';
import { failureText, failureValue } from './failure.ts';
import { version } from './version.ts';

const DONE = 0;
const FAILED = 1;
const WRONG_USE = 2;

const COMMANDS = [
  worker,
  apply,
  start,
  status,
  watch,
  groups,
  pause,
  resume,
  rescale,
  skipGap,
  redrive,
  acceptHistory,
  remap,
  reverse,
  release,
  stop,
  audit,
  failover,
  failback,
  doctor,
  stack,
  laterCommands,
];

/**
 * Runs one command line (without node and script) and answers with the exit code: 0 done, 1 failed, 2 wrong use.
 * With `--json` stdout holds one JSON document, `{ "error": ... }` when it failed; the sentence for people goes to stderr.
 */
export async function run(argv: readonly string[]): Promise<number> {
  const program = buildProgram();
  try {
    await program.parseAsync(argv, { from: 'user' });
    return DONE;
  } catch (error) {
    const json = argv.includes('--json');
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return DONE;
      if (json) printError({ error: error.message.replace(/^error: /, '') });
      return WRONG_USE;
    }
    process.stderr.write(`${failureText(error, argv.includes('--debug'))}\n`);
    if (json) printError(failureValue(error));
    return FAILED;
  }
}

function printError(value: object): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

function buildProgram(): Command {
  const program = new Command('replicator')
    .description('Copies messages between RocketMQ clusters as durable Temporal workflows.')
    .version(version())
    .option('--config <file>', 'configuration file (default: $REPLICATOR_CONFIG, else ./replicator.yaml)')
    .option('--json', 'print one JSON document instead of text')
    .option('--debug', 'show where an error comes from')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(add --help to see what there is)')
    .exitOverride();
  for (const add of COMMANDS) add(program);
  return program;
}
