import { assertDiskHolds, removeBrokers, startBrokers, type Brokers } from './brokers.ts';
import { measureRound, type Round } from './measure.ts';
import { readOptions, USAGE, type BenchOptions } from './options.ts';
import { createFlowGroup, PumpProcess } from './pump.ts';
import { machine, machineText, medianOf, summary, tableHead, tableRow, type BenchResult } from './report.ts';

/** Messages that fill the pump's memory, if anything does: large ones, and the largest that a broker takes by default. */
const LARGE = [
  { size: 1024 * 1024, messages: 400 },
  { size: 4_000_000, messages: 100 },
];
/** A round stores its messages on the source, by the raw send, and by the pump, with some properties. */
const TIMES_STORED = 3.5;

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
  const { rounds, messages, size } = options;
  const bytes = [...LARGE, { size: size + 100, messages: messages * (rounds + 1) }].reduce(
    (sum, part) => sum + part.size * part.messages,
    0,
  );
  await assertDiskHolds(bytes * TIMES_STORED);
  const host = machine();
  say(machineText(host));
  say('starting two brokers');
  onInterrupt();
  try {
    const brokers = await startBrokers(say);
    await createFlowGroup(brokers);
    const counted = await measureRounds(brokers, options, say);
    const large = [];
    for (const load of LARGE) large.push({ size: load.size, round: await measureLarge(brokers, load) });
    const result: BenchResult = { machine: host, size, rounds: counted, median: medianOf(counted), large };
    say(`\n${summary(result)}`);
    if (options.json) console.log(JSON.stringify(result));
    for (const { cluster } of [brokers.east, brokers.west]) cluster.close();
  } finally {
    await removeBrokers();
  }
}

async function measureRounds(
  brokers: Brokers,
  { rounds, messages, size }: BenchOptions,
  say: (line: string) => void,
): Promise<Round[]> {
  const pump = new PumpProcess();
  const counted: Round[] = [];
  try {
    say(`backlog of ${messages.toLocaleString('en-US')} messages of ${size} bytes, 4 queues\n\n${tableHead()}`);
    for (let number = 0; number <= rounds; number++) {
      const round = await measureRound(brokers, pump, { topic: `round-${number}`, messages, size });
      say(tableRow(number === 0 ? 'warm-up' : String(number), round, size));
      if (number > 0) counted.push(round);
    }
  } finally {
    pump.end();
  }
  say(tableRow('median', medianOf(counted), size));
  return counted;
}

async function measureLarge(brokers: Brokers, load: (typeof LARGE)[number]): Promise<Round> {
  const pump = new PumpProcess();
  try {
    return await measureRound(brokers, pump, { topic: `large-${load.size}`, ...load });
  } finally {
    pump.end();
  }
}

/** The servers outlive this process, so they are removed before it ends. */
function onInterrupt(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      void removeBrokers().finally(() => process.exit(1));
    });
}
