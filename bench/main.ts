import { assertDiskHolds, removeBrokers, startBrokers, startOldSource, type Brokers } from './brokers.ts';
import { FAR_BYTES, measureFar } from './far.ts';
import { measureIdle } from './idle.ts';
import { LATENCY_BYTES, measureLatency } from './latency.ts';
import { readOptions, USAGE, type BenchOptions, type Scenario } from './options.ts';
import { createFlowGroup } from './pump.ts';
import {
  backlogSummary,
  brokersText,
  farSummary,
  idleSummary,
  largeSummary,
  latencySummary,
  machine,
  machineText,
} from './report.ts';
import { LARGE, measureLarge, measureRounds } from './rounds.ts';

const SMALL_SIZE = 100;
const LARGE_SIZE = 16 * 1024;
/** A round stores its messages on the source, twice by the raw send, and by the pump, with some properties. */
const TIMES_STORED = 4.7;

try {
  const options = readOptions(process.argv.slice(2));
  if (options) await bench(options);
  else console.log(USAGE);
} catch (error) {
  console.error(`bench: ${(error as Error).message}`);
  process.exitCode = 1;
}

async function bench(options: BenchOptions): Promise<void> {
  const say = (line: string) => process[options.json ? 'stderr' : 'stdout'].write(`${line}\n`);
  await assertDiskHolds(options.scenarios.reduce((sum, scenario) => sum + bytesOf(scenario, options), 0));
  const host = machine();
  say(machineText(host));
  say(brokersText(options));
  onInterrupt();
  try {
    const brokers = await startBrokers(options, say);
    await createFlowGroup(brokers);
    const results: Partial<Record<Scenario, unknown>> = {};
    for (const scenario of options.scenarios) {
      say(`\n${scenario}`);
      results[scenario] = await measure(scenario, brokers, options, say);
    }
    if (options.json) console.log(JSON.stringify({ machine: host, largePulls: options.largePulls, ...results }));
    for (const { cluster } of [brokers.east, brokers.west]) cluster.close();
  } finally {
    await removeBrokers();
  }
}

async function measure(
  scenario: Scenario,
  brokers: Brokers,
  options: BenchOptions,
  say: (line: string) => void,
): Promise<unknown> {
  switch (scenario) {
    case 'backlog': {
      const backlog = await measureRounds(brokers, loadOf(scenario, options), say);
      const large = await measureLarge(brokers);
      say(`${backlogSummary(backlog)}\n${largeSummary(backlog, large)}`);
      return { ...backlog, large };
    }
    case 'small':
    case 'large': {
      const result = await measureRounds(brokers, loadOf(scenario, options), say);
      say(backlogSummary(result));
      return result;
    }
    case 'old-source': {
      const old = { ...brokers, east: await startOldSource(options) };
      await createFlowGroup(old);
      const result = await measureRounds(old, loadOf(scenario, options), say);
      old.east.cluster.close();
      say(backlogSummary(result));
      return result;
    }
    case 'far-source':
    case 'far-destination': {
      const result = await measureFar(brokers, scenario === 'far-source' ? 'east' : 'west');
      say(farSummary(result));
      return result;
    }
    case 'latency': {
      const result = await measureLatency(brokers);
      say(latencySummary(result));
      return result;
    }
    case 'idle': {
      const result = await measureIdle(brokers, options.queues);
      say(idleSummary(result));
      return result;
    }
  }
}

/** Messages of 16 KiB are fewer, so that all of them fit on a disk. */
function loadOf(scenario: Scenario, { rounds, messages, size }: BenchOptions) {
  if (scenario === 'small') return { name: scenario, rounds, messages, size: SMALL_SIZE };
  if (scenario === 'large') return { name: scenario, rounds, messages: Math.ceil(messages / 10), size: LARGE_SIZE };
  return { name: scenario, rounds, messages, size };
}

/** Upper bound of what the brokers store for it. */
function bytesOf(scenario: Scenario, options: BenchOptions): number {
  if (scenario === 'idle') return 0;
  if (scenario === 'latency') return LATENCY_BYTES;
  if (scenario.startsWith('far-')) return FAR_BYTES * TIMES_STORED;
  const { rounds, messages, size } = loadOf(scenario, options);
  const besides = scenario === 'backlog' ? LARGE.reduce((sum, load) => sum + load.size * load.messages, 0) : 0;
  return ((size + 100) * messages * (rounds + 1) + besides) * TIMES_STORED;
}

/** The servers outlive this process, so they are removed before it ends. */
function onInterrupt(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      void removeBrokers().finally(() => process.exit(1));
    });
}
