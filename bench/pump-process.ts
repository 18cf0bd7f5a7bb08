/** The pump in a process of its own, so that its memory can be told: takes jobs from the parent, one at a time. */
import { ByteBudget, MESSAGE_MEMORY } from '../src/pump/byte-budget.ts';
import { runPump } from '../src/pump/pump.ts';
import { openRemotingCluster } from '../src/transport/remoting/cluster.ts';
import type { Batch, Cluster } from '../src/transport/types.ts';
import { Meter } from './meter.ts';
import type { PumpAnswer, PumpJob, PumpMeasured } from './pump-messages.ts';

const LIMIT_MS = 600_000;
const READABLE_LIMIT_MS = 60_000;

let jobs = 0;

process.on('message', (job: PumpJob) => {
  void copy(job)
    .catch((error: unknown): PumpAnswer => ({ error: (error as Error).message }))
    .then((answer) => process.send!(answer));
});
process.on('disconnect', () => process.exit());

async function copy({ input, sourceNameServers, destinationNameServers, messages }: PumpJob): Promise<PumpMeasured> {
  const source = openRemotingCluster({ name: input.source, nameServers: sourceNameServers });
  const destination = openRemotingCluster({ name: input.destination, nameServers: destinationNameServers });
  const done = new AbortController();
  const name = `bench-${process.pid}-${jobs++}`;
  const meter = new Meter();
  const reader = destination.openDestination();
  let batches = 0;
  let readable: Promise<void> | undefined;
  let troubles: readonly string[] = [];
  const onStored = (batch: Batch) => {
    meter.add(batch.messages);
    batches++;
    if (meter.messages < messages) return;
    readable = reader.dispatched(input.queues[0]!.to.broker, READABLE_LIMIT_MS);
    readable.catch(() => undefined);
    done.abort();
  };
  const began = performance.now();
  try {
    await runPump(input, {
      source,
      destination: watched(destination, onStored),
      owner: name,
      formerOwners: [],
      attempt: 1,
      pump: name,
      budget: new ByteBudget(MESSAGE_MEMORY),
      assertCurrent: () => Promise.resolve(),
      heartbeat: (progress) => {
        troubles = progress.troubles;
      },
      report: ({ blocked }) => {
        troubles = blocked.map(({ reason }) => reason);
        return Promise.resolve();
      },
      cancelled: done.signal,
      stintMs: LIMIT_MS,
    });
    await readable;
    if (meter.began === undefined || !readable)
      throw new Error(`${meter.messages} of ${messages} messages in ${LIMIT_MS / 1000} s; ${troubles.join('; ')}`);
    // maxRSS is in KiB
    const peakRss = process.resourceUsage().maxRSS * 1024;
    return { rate: meter.rate(), startMs: Math.round(meter.began - began), batches, peakRss };
  } finally {
    reader.close();
    source.close();
    destination.close();
  }
}

/** The same cluster, but each acknowledged batch is told. */
function watched(cluster: Cluster, onStored: (batch: Batch) => void): Cluster {
  return {
    name: cluster.name,
    admin: cluster.admin,
    openSource: () => cluster.openSource(),
    openDestination: () => {
      const destination = cluster.openDestination();
      const send = destination.send.bind(destination);
      destination.send = async (queue, batch, timeoutMs) => {
        const offset = await send(queue, batch, timeoutMs);
        onStored(batch);
        return offset;
      };
      return destination;
    },
    close: () => {
      cluster.close();
    },
  };
}
