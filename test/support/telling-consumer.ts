import { once } from 'node:events';
import net from 'node:net';
import { writeFrameHead } from '../../src/remoting/protocol/write-frame.ts';
import type { ConsumedQueue } from '../../src/transport/types.ts';
import { onCommand } from './on-command.ts';
import { heartbeat, type OnlineConsumerOptions } from './online-consumer.ts';

const GET_CONSUMER_RUNNING_INFO = 307;
const ANSWER = 1;

/** A consumer that is there and tells what it holds, as the official push consumer does; it holds what the test says. */
export async function tellOnline(options: OnlineConsumerOptions): Promise<TellingConsumer> {
  const [host, port] = options.broker.split(':') as [string, string];
  const socket = net.connect(Number(port), host);
  await once(socket, 'connect');
  const consumer = new TellingConsumer(socket);
  await consumer.introduce(options);
  return consumer;
}

export class TellingConsumer {
  holds: readonly ConsumedQueue[] = [];
  /** How often it was asked. */
  asked = 0;
  readonly #socket: net.Socket;
  #onAnswer: () => void = () => undefined;

  constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    onCommand(socket, ({ code, opaque, flag }) => {
      if (flag & ANSWER) this.#onAnswer();
      else if (code === GET_CONSUMER_RUNNING_INFO) this.#tell(opaque);
    });
  }

  async introduce(options: OnlineConsumerOptions): Promise<void> {
    const answered = new Promise<void>((resolve) => {
      this.#onAnswer = resolve;
    });
    const { fields, body = [] } = heartbeat.build(options);
    const bytes = Buffer.concat(body);
    this.#socket.write(Buffer.concat([writeFrameHead(heartbeat.code, 1, 0, fields, bytes.length), bytes]));
    await answered;
  }

  close(): void {
    this.#socket.destroy();
  }

  /** ConsumerRunningInfo (org.apache.rocketmq.remoting.protocol.body), whose keys are objects. */
  #tell(opaque: number): void {
    this.asked++;
    const queues = this.holds.map(({ topic, broker, id, unfinished, commitOffset }) => {
      const key = JSON.stringify({ brokerName: broker, queueId: id, topic });
      return `${key}:${JSON.stringify({ cachedMsgCount: unfinished, transactionMsgCount: 0, commitOffset })}`;
    });
    const body = Buffer.from(`{"mqTable":{${queues.join()}},"mqPopTable":{}}`);
    this.#socket.write(Buffer.concat([writeFrameHead(0, opaque, ANSWER, {}, body.length), body]));
  }
}
