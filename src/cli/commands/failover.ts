import { Option, type Command } from 'commander';
import { FAILOVER_SIGNALS, type FailoverSignal } from '../../replication/failover/messages.ts';
import { FailoverFailed } from '../failure.ts';
import { atLeastOne, changing, replicationName, type ChangeOptions } from '../options.ts';
import { print } from '../output.ts';
import { withTemporal } from '../temporal.ts';

interface MoveOptions extends ChangeOptions {
  readonly mode?: string;
  readonly fence: string;
  readonly strandedTail?: string;
  readonly dryRun?: boolean;
  readonly confirm?: boolean;
  readonly patience?: number;
  readonly drainWithin?: number;
  readonly settleWithin?: number;
  readonly send?: FailoverSignal;
  readonly follow?: boolean;
}

/** What goes into the workflow's input as it is. */
const GIVEN: readonly (keyof MoveOptions)[] = [
  'fence',
  'strandedTail',
  'dryRun',
  'confirm',
  'patience',
  'drainWithin',
  'settleWithin',
  'by',
  'reason',
];

export function failover(program: Command): void {
  moving(
    program
      .command('failover')
      .description('move an application to the other cluster of a replication; shows each step until it is over')
      .addOption(
        new Option('--mode <mode>', 'switchover: both sides are alive; failover: the one that it leaves is lost')
          .choices(['switchover', 'failover'])
          .default('switchover'),
      ),
    'switchover',
  );
}

export function failback(program: Command): void {
  moving(
    program
      .command('failback')
      .description('the way home after a failover: deal with what is stranded, copy back, then switch over')
      .addOption(
        new Option(
          '--stranded-tail <policy>',
          'what becomes of messages that the lost source has stored and that were never copied: copy them now, put them aside into the quarantine, leave them',
        )
          .choices(['copy', 'aside', 'leave'])
          .default('copy'),
      ),
    'failback',
  );
}

function moving(command: Command, usually: string): void {
  changing(
    command
      .argument('<name>', 'replication', replicationName)
      .addOption(
        new Option(
          '--fence <fence>',
          "what stops the source's producers: topic (routes only, takes 55 s), broker (every send is refused at once), external (you say so)",
        )
          .choices(['topic', 'broker', 'external'])
          .default('topic'),
      )
      .option('--dry-run', 'look at everything, report what would be done, and change nothing')
      .option('--confirm', 'wait for --send confirm before the point of no return')
      .option('--patience <seconds>', 'how long to wait for confirm or producersStopped (default: 600)', atLeastOne)
      .option('--drain-within <seconds>', 'how long copying up to the cut may take (default: 120)', atLeastOne)
      .option(
        '--settle-within <seconds>',
        'how long consumers may take to finish what they have fetched (default: 60)',
        atLeastOne,
      )
      .addOption(new Option('--send <signal>', 'say this to the one that runs').choices([...FAILOVER_SIGNALS]))
      .option('--follow', 'follow the one that runs, without starting one'),
  ).action(async (name: string, _options, done: Command) => {
    await move(name, usually, done.optsWithGlobals<MoveOptions>());
  });
}

async function move(name: string, usually: string, options: MoveOptions): Promise<void> {
  const { followFailover, sendSignal, startFailover } = await import('../run-failover.ts');
  const { failoverText, Progress } = await import('../failover-text.ts');
  if (options.send) {
    const { send } = options;
    await withTemporal((temporal) => sendSignal(temporal, name, send, options));
    print(options, { name, sent: send }, `failover ${name}: ${send} sent; --follow shows what comes of it`);
    return;
  }
  const given = Object.fromEntries(GIVEN.map((key) => [key, options[key]]));
  const input = { ...given, replication: name, mode: options.mode ?? usually };
  const progress = new Progress(options.json ? () => undefined : (line) => process.stdout.write(`${line}\n`));
  const result = await withTemporal(async (temporal) => {
    if (!options.follow) await startFailover(temporal, input);
    return await followFailover(temporal, name, progress);
  });
  if (result.outcome !== 'done' && result.outcome !== 'dry-run') throw new FailoverFailed(result, failoverText(result));
  print(options, result, failoverText(result));
}
