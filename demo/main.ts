import { once } from 'node:events';
import { Cleanup } from './cleanup.ts';
import { holds } from './check.ts';
import { readOptions, USAGE, type DemoOptions } from './options.ts';
import { nextSteps, reportJson, reportText } from './report.ts';
import { runDemo, type DemoResult } from './run.ts';
import { Screen } from './screen.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  let options: DemoOptions | undefined;
  try {
    options = readOptions(argv);
  } catch (error) {
    return fail(error, argv.includes('--json'));
  }
  if (!options) {
    console.log(USAGE);
    return 0;
  }
  return await demo(options);
}

async function demo(options: DemoOptions): Promise<number> {
  const screen = new Screen(options.json ? process.stderr : process.stdout);
  const cleanup = new Cleanup();
  const interrupted = interruption(screen);
  let outcome: { result: DemoResult } | { error: unknown };
  try {
    outcome = { result: await runDemo(options, screen, cleanup, interrupted) };
    await show(outcome.result, options, screen, interrupted);
  } catch (error) {
    screen.say();
    outcome = { error };
  }
  try {
    await cleanup.run();
  } catch (error) {
    if ('result' in outcome) outcome = { error };
  }
  if ('error' in outcome) return fail(interrupted.aborted ? interrupted.reason : outcome.error, options.json);
  if (options.json) console.log(JSON.stringify(reportJson(outcome.result)));
  return holds(outcome.result) ? 0 : 1;
}

async function show(result: DemoResult, options: DemoOptions, screen: Screen, interrupted: AbortSignal): Promise<void> {
  screen.say(`\n${reportText(result)}\n`);
  screen.say(
    holds(result)
      ? 'Every order arrived once, in order and unchanged, though the worker that copied was killed;\nand the application moved without losing one or consuming one twice.\n'
      : 'NOT EVERY PROMISE WAS KEPT: see the figures above.\n',
  );
  if (options.exit || interrupted.aborted) return;
  screen.say(nextSteps(result));
  await once(interrupted, 'abort');
}

/** Aborts when somebody wants the demo to end, or nobody reads it any more. A second Ctrl-C ends it at once. */
function interruption(screen: Screen): AbortSignal {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(1);
    screen.say('\nstopping (Ctrl-C again to leave everything as it is)');
    controller.abort(new Error('interrupted'));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', () => {
      controller.abort(new Error('nobody reads the output any more'));
    });
  return controller.signal;
}

function fail(error: unknown, json: boolean): number {
  const message = error instanceof Error ? error.message : String(error);
  console.error(`demo: ${message}`);
  if (json) console.log(JSON.stringify({ error: message }));
  return 1;
}
