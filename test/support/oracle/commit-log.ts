import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Reads a broker's commit log from its files, by a plain decoder of its own: nothing of the product takes part. The broker writes
 * through a shared memory mapping, so what it has stored can be read while it runs, and after it was killed.
 */
export interface LoggedMessage {
  readonly topic: string;
  readonly queue: number;
  readonly queueOffset: number;
  readonly flag: number;
  readonly sysFlag: number;
  readonly bornTimestamp: number;
  readonly storeTimestamp: number;
  readonly body: Buffer;
  /** Names and values in stored order, one character a byte. */
  readonly properties: readonly (readonly [name: string, value: string])[];
}

const MESSAGE = 0xdaa320a7;
const MESSAGE_WITH_LONG_TOPIC = 0xdaa320ab;
const REST_OF_FILE_IS_EMPTY = 0xcbd43194;

/** Calls back for each message of the topic, in the order in which the broker stored them. */
export async function readCommitLog(
  storePath: string,
  topic: string,
  onMessage: (message: LoggedMessage) => void,
): Promise<void> {
  const folder = join(storePath, 'commitlog');
  for (const name of (await readdir(folder)).filter((file) => /^\d{20}$/.test(file)).sort())
    await readLogFile(join(folder, name), topic, onMessage);
}

async function readLogFile(path: string, topic: string, onMessage: (message: LoggedMessage) => void): Promise<void> {
  const file = await open(path);
  try {
    const { size: fileSize } = await file.stat();
    const head = Buffer.alloc(8);
    let buffer = Buffer.alloc(0);
    let bufferStart = 0;
    for (let position = 0; position + 8 <= fileSize;) {
      const at = position - bufferStart;
      let size: number;
      let magic: number;
      if (at + 8 <= buffer.length) {
        size = buffer.readInt32BE(at);
        magic = buffer.readUInt32BE(at + 4);
      } else {
        await file.read(head, 0, 8, position);
        size = head.readInt32BE(0);
        magic = head.readUInt32BE(4);
      }
      if (size === 0 || magic === REST_OF_FILE_IS_EMPTY) return;
      if (magic !== MESSAGE && magic !== MESSAGE_WITH_LONG_TOPIC)
        throw new Error(`${path}: byte ${position} begins no message (magic ${magic.toString(16)})`);
      if (position + size > bufferStart + buffer.length) {
        buffer = Buffer.alloc(Math.min(Math.max(size, 8 * 1024 * 1024), fileSize - position));
        await file.read(buffer, 0, buffer.length, position);
        bufferStart = position;
      }
      const start = position - bufferStart;
      const message = decode(buffer.subarray(start, start + size), magic === MESSAGE_WITH_LONG_TOPIC);
      if (message.topic === topic) onMessage(message);
      position += size;
    }
  } finally {
    await file.close();
  }
}

/** MessageDecoder.decode of the broker's own classes, in the plainest form. */
function decode(record: Buffer, longTopic: boolean): LoggedMessage {
  let at = 12;
  const int = () => record.readInt32BE((at += 4) - 4);
  const long = () => Number(record.readBigInt64BE((at += 8) - 8));
  const bytes = (length: number) => record.subarray((at += length) - length, at);
  const queue = int();
  const flag = int();
  const queueOffset = long();
  long();
  const sysFlag = int();
  const bornTimestamp = long();
  bytes((sysFlag & 0x10) === 0 ? 8 : 20);
  const storeTimestamp = long();
  bytes((sysFlag & 0x20) === 0 ? 8 : 20);
  int();
  long();
  const body = bytes(int());
  const topicLength = longTopic ? record.readInt16BE((at += 2) - 2) : record.readInt8((at += 1) - 1);
  const topic = bytes(topicLength).toString('latin1');
  const properties = bytes(record.readInt16BE((at += 2) - 2)).toString('latin1');
  if (at !== record.length) throw new Error(`a message of ${record.length} bytes has fields of ${at}`);
  return {
    topic,
    queue,
    flag,
    queueOffset,
    sysFlag,
    bornTimestamp,
    storeTimestamp,
    body,
    properties: properties
      .split('\u0002')
      .filter((property) => property !== '')
      .map((property) => {
        const end = property.indexOf('\u0001');
        return [property.slice(0, end), property.slice(end + 1)] as const;
      }),
  };
}
