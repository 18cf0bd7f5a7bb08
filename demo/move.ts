import { setTimeout as sleep } from 'node:timers/promises';
import { onlyBroker, queuesOn } from './clusters.ts';
import { countConsumed, type Consumption } from './consumption.ts';
import { QUEUES } from './copy.ts';
import { DemoFailed } from './failure.ts';
import { Failover } from './failover.ts';
import { give } from './operator.ts';
import { OrderProducer, type Ledger } from './order-producer.ts';
import type { Scene } from './scene.ts';
import { thousands } from './text.ts';

const LOOK_EVERY_MS = 200;
const CONSUME_LIMIT_MS = 120_000;
/** How long orders are produced and consumed on either side, the failover apart. */
const WORK_MS = 5_000;

export interface Moved extends Consumption {
  /** As the failover measured them: nobody could produce; no consumer got anything. ms */
  readonly writePauseMs: number;
  readonly readPauseMs: number;
  /** As the application saw it: from the last order that `east` acknowledged to the first one that it consumed on `west`. ms */
  readonly rtoMs: number;
}

/**
 * The second part: an application produces to `east` and consumes there, with RocketMQ's own Java client; a switchover moves it to `west`.
 * @param copied orders of the first part, which the application consumes as well
 * @throws DemoFailed, TransportError, the signal's reason
 */
export async function move(scene: Scene, copied: Ledger): Promise<Moved> {
  const { screen, signal, name, group, operator, consumers } = scene;
  screen.step(`$ replicator resume ${name}`);
  await give(operator, 'resume', name, 'the application moves', signal);
  await consume(scene, 'east');
  screen.step(`an application consumes on east: group ${group}, with RocketMQ's Java client`);
  const onEast = await produceOn(scene, 'east');
  const acknowledged = () => ordersIn(copied) + onEast.producer.acknowledged;
  await until(scene, 'the application did not catch up', CONSUME_LIMIT_MS, () => {
    const consumed = consumers.ledger('east').length;
    screen.live(line(acknowledged(), consumed));
    return acknowledged() - consumed < scene.options.rate / 2;
  });
  screen.step('it has consumed everything, and goes on as orders come');
  await sleep(WORK_MS, undefined, { signal });

  const failover = new Failover(scene);
  screen.step(`$ replicator failover ${name} --fence external`);
  failover.begin();
  await failover.until(({ waitingFor }) => waitingFor === 'producersStopped');
  await onEast.stop();
  const stoppedAt = Date.now();
  screen.step(`the application stops producing; $ replicator failover ${name} --send producersStopped`);
  await failover.send('producersStopped');
  await failover.untilDone('open');
  const onWest = await produceOn(scene, 'west');
  screen.step('the application produces on west');
  await failover.untilDone('enable-groups');
  await consumers.stop('east');
  await consume(scene, 'west');
  screen.step('and consumes there');
  const { writePauseMs, readPauseMs } = await failover.end();

  await sleep(WORK_MS, undefined, { signal });
  await onWest.stop();
  const ledgers = [copied, onEast.producer.ledger, onWest.producer.ledger];
  const all = ledgers.reduce((sum, ledger) => sum + ordersIn(ledger), 0);
  const ledger = () => [...consumers.ledger('east'), ...consumers.ledger('west')];
  await until(scene, 'the application did not consume everything', CONSUME_LIMIT_MS, () => {
    screen.live(line(all, ledger().length));
    return countConsumed(ledgers, ledger()).consumedLost === 0;
  });
  screen.step(`the application ends: ${thousands(all)} orders acknowledged by east and west`);
  await consumers.stop('west');
  const [first] = consumers.ledger('west');
  return {
    ...countConsumed(ledgers, ledger()),
    ...{ writePauseMs: writePauseMs!, readPauseMs: readPauseMs!, rtoMs: first!.at - stoppedAt },
  };
}

async function consume({ stack, consumers, group, name }: Scene, cluster: 'east' | 'west'): Promise<void> {
  const { nameServers: servers } = stack.clusters[cluster];
  await consumers.start({ name: cluster, mode: 'push', servers, group, topic: name });
}

interface Producing {
  readonly producer: OrderProducer;
  /** Resolves when nothing is under way any more. @throws DemoFailed */
  stop(): Promise<void>;
}

async function produceOn(scene: Scene, cluster: 'east' | 'west'): Promise<Producing> {
  const { clusters, name, options, signal, cleanup, nextOrder } = scene;
  const writer = clusters[cluster].openDestination();
  const queues = queuesOn(await onlyBroker(clusters[cluster]), name, QUEUES);
  const producer = new OrderProducer(writer, queues, options.rate, nextOrder);
  const end = new AbortController();
  const producing = producer.run(AbortSignal.any([signal, end.signal]));
  // told by `stop`
  producing.catch(() => undefined);
  const stop = async () => {
    end.abort();
    await producing.finally(() => {
      writer.close();
    });
  };
  cleanup.add(() => stop().catch(() => undefined));
  return { producer, stop };
}

/** @throws DemoFailed after `limitMs` */
async function until({ signal }: Scene, what: string, limitMs: number, reached: () => boolean): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!reached()) {
    if (performance.now() > deadline) throw new DemoFailed(`${what} within ${limitMs / 1000} s`);
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

function ordersIn(ledger: Ledger): number {
  return [...ledger.values()].reduce((sum, numbers) => sum + numbers.length, 0);
}

function line(acknowledged: number, consumed: number): string {
  return `            acknowledged ${thousands(acknowledged, 9)}   consumed ${thousands(consumed, 9)}`;
}
