import { ByteBudget, MESSAGE_MEMORY } from '../src/pump/byte-budget.ts';
import { runPump } from '../src/pump/pump.ts';
import { openRemotingCluster } from '../src/transport/remoting/cluster.ts';
import type { Cluster } from '../src/transport/types.ts';
import type { Flow } from './pump-messages.ts';

let jobs = 0;

export interface RunOptions {
  readonly cancelled: AbortSignal;
  readonly limitMs: number;
  /** What is watched on its way. */
  readonly watch: (
    source: Cluster,
    destination: Cluster,
  ) => { readonly source: Cluster; readonly destination: Cluster };
}

/** Runs a pump without Temporal until it is cancelled or its time is over. Resolves with what troubled it last. */
export async function runBenchPump(
  { input, sourceNameServers, destinationNameServers }: Flow,
  { cancelled, limitMs, watch }: RunOptions,
): Promise<readonly string[]> {
  const source = openRemotingCluster({ name: input.source, nameServers: sourceNameServers });
  const destination = openRemotingCluster({ name: input.destination, nameServers: destinationNameServers });
  const name = `bench-${process.pid}-${jobs++}`;
  let troubles: readonly string[] = [];
  try {
    await runPump(input, {
      ...watch(source, destination),
      owner: name,
      formerOwners: [],
      isFormerAtRest: false,
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
      cancelled,
      stintMs: limitMs,
    });
    return troubles;
  } finally {
    source.close();
    destination.close();
  }
}
