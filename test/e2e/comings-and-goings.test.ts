import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { LiveReplication } from '../support/live-replication.ts';
import { mixedMessages, seeded } from '../support/messages.ts';
import { useStack, type TestCluster } from '../support/servers.ts';
import { FULL, SEED } from '../support/sizes.ts';
import { WorkerProcess } from '../support/worker-process.ts';

const MINUTE = 60_000;
/** The storm goes on for so long, and until each event has happened once. */
const STORM_MS = FULL ? 10 * MINUTE : 15_000;
const MOST_WORKERS = FULL ? 20 : 3;
const LONGEST_CALM_MS = FULL ? 4000 : 2000;
/** Longer than a frozen worker is waited for, so that some wake when others have taken over, and some before. */
const LONGEST_FREEZE_MS = FULL ? 40_000 : 20_000;
/** Locks of pumps that were ended by force may have to lapse, and a frozen worker swallows tasks. */
const RECOVERY_MS = 3 * MINUTE;
const MESSAGES_PER_SECOND = 150;

const stack = useStack();
const random = seeded(SEED);
const workers: WorkerProcess[] = [];
const frozen: { readonly worker: WorkerProcess; readonly until: number }[] = [];
/** Workers that were told to end. */
const leaving: Promise<void>[] = [];
const happened = new Map<string, number>();
let live: LiveReplication;

afterEach(async () => {
  await live.close();
  for (const { worker } of frozen) worker.thaw();
  await Promise.all([...workers, ...frozen.map(({ worker }) => worker)].map((worker) => worker.kill()));
});

/** Cards of a deck; `false` where it cannot be now. */
const EVENTS: readonly (readonly [cards: number, name: string, event: () => Promise<unknown> | false])[] = [
  [4, 'a worker starts', () => workers.length + frozen.length < MOST_WORKERS && start()],
  [1, 'SIGTERM', () => withWorker((worker) => leaving.push(worker.stop()))],
  [1, 'SIGKILL', () => withWorker((worker) => worker.kill())],
  [1, 'SIGSTOP', () => withWorker(freeze)],
  [1, 'a broker restarts', () => restart(random() < 0.5 ? stack.east : stack.west)],
];

it(
  'R4, R6: workers that come, go, die, freeze and wake, and brokers that restart: nothing is lost or out of order, and what is repeated is told',
  async () => {
    console.log(`seed ${SEED}`);
    live = await LiveReplication.create(stack);
    await start();
    await live.start({ parallelism: 4 });
    // large ones, so that a freeze meets half-written frames
    const count = Math.ceil((MESSAGES_PER_SECOND * STORM_MS) / 1000);
    const mix = { count, seed: SEED, meanBytes: 5000, large: count / 50, largestBytes: 3_000_000 };
    const producing = live.produceOn(mixedMessages(mix), MESSAGES_PER_SECOND, new AbortController().signal);
    producing.catch(() => undefined);
    await live.reaches(1, MINUTE);
    const ends = performance.now() + STORM_MS;
    while (performance.now() < ends || EVENTS.some(([, name]) => !happened.has(name)))
      for (const [name, event] of shuffledDeck()) {
        wake(performance.now());
        const done = event();
        if (done !== false) happened.set(name, (happened.get(name) ?? 0) + 1);
        await done;
        await sleep(LONGEST_CALM_MS * random());
      }
    const copied = await eventually(MINUTE, () => live.copied());
    wake(Infinity);
    if (workers.length === 0) await start();
    const produced = await producing;
    console.log(`${copied} of ${produced} copied in the storm: ${JSON.stringify(Object.fromEntries(happened))}`);
    await live.reaches(undefined, RECOVERY_MS);
    await Promise.all(leaving);
    const { source, ...verdict } = await live.verdict();
    console.log(`${verdict.repeated} of ${source} repeated`);
    expect(verdict).toMatchObject({ lost: 0, outOfOrder: 0, changed: 0 });
    await eventually(RECOVERY_MS, async () => (await live.status()).counters.repeated === verdict.repeated);
  },
  STORM_MS + 3 * RECOVERY_MS,
);

function shuffledDeck(): (readonly [name: string, event: () => Promise<unknown> | false])[] {
  const deck = EVENTS.flatMap(([cards, name, event]) => Array.from({ length: cards }, () => [name, event] as const));
  return deck
    .map((card) => ({ card, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ card }) => card);
}

async function start(): Promise<void> {
  workers.push(await WorkerProcess.start(stack));
}

/** Takes one that is awake out of the list. */
function withWorker(act: (worker: WorkerProcess) => unknown): Promise<unknown> | false {
  const [worker] = workers.splice(Math.floor(random() * workers.length), 1);
  return worker !== undefined && Promise.resolve(act(worker));
}

function freeze(worker: WorkerProcess): void {
  worker.freeze();
  frozen.push({ worker, until: performance.now() + LONGEST_FREEZE_MS * random() });
}

function wake(time: number): void {
  for (const sleeper of frozen.filter(({ until }) => until <= time)) {
    frozen.splice(frozen.indexOf(sleeper), 1);
    sleeper.worker.thaw();
    workers.push(sleeper.worker);
  }
}

async function restart({ broker }: TestCluster): Promise<void> {
  await (random() < 0.5 ? broker.kill() : broker.stop());
  await broker.start();
}
